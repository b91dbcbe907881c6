#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/review/status.h"
#include "policy/util/date.h"

const char *const status_slugs[STATUS_SLUGS + 1] = { "reload-failed", "config-newer", "socket-gone", "socket-closed",
	"no-mta", "dns-trouble", "store-failed", "sentinels-silent", "disk-full", "files-used-up", "journal-stuck",
	"journal-dropped", "record-failed", "privacy-key", "alert-command", "source-trouble", "source-wrong",
	"vendor-without-addresses", "export-reader", "export-stale", "hidden-clients", "vendor-forged-jump",
	"vendor-unproven-jump", "vendor-dkim-broken", "vendor-delayed", "source-drift", "policies-differ",
	"sources-differ", "sandbox-outdated" };

/* Where alerts go; memory that ran out is remembered by the arena. */
struct alerts {
	struct status_alert *list;
	size_t count;
	struct arena *arena;
};

static void
add(struct alerts *alerts, const char *slug, const char *subject, int64_t since, const char *text, const char *remedy)
{
	if (alerts->count < STATUS_ALERTS_MAX && subject != NULL && text != NULL && remedy != NULL)
		alerts->list[alerts->count++] = (struct status_alert){ slug, since, text, remedy, subject, false };
}

int64_t
status_seen(const struct status *status)
{
	return status->reload.again ? status->reload.at : 0;
}

/* Of what others do: no fault of this host. */
static void
add_notice(struct alerts *alerts, const char *slug, const char *subject, int64_t since, const char *text,
    const char *remedy)
{
	size_t before = alerts->count;

	add(alerts, slug, subject, since, text, remedy);
	if (alerts->count > before)
		alerts->list[before].notice = true;
}

/* ---- the configuration ---- */

/* The first fault that is no warning. */
static const char *
first_error(const struct status_strings *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		if (strncmp(faults->list[i], "warning: ", 9) != 0)
			return faults->list[i];
	return "there was no memory for it";
}

static void
judge_reload(const struct status *status, struct alerts *alerts)
{
	if (!status->reload.ok)
		add(alerts, "reload-failed", "", status->reload.at,
		    arena_format(alerts->arena, "the last reload was refused, the old policy is in force: %s",
			first_error(&status->reload.faults)),
		    "correct the configuration (greenlane check), then run greenlane reload");
}

static void
judge_files(const struct status *status, struct alerts *alerts)
{
	if (status->reload.ok && status->config_newer)
		add(alerts, "config-newer", "", 0,
		    arena_format(alerts->arena, "%s, or a file that it uses, has changed since it was loaded",
			status->config),
		    "run greenlane check, then greenlane reload");
}

/* ---- the MTA ---- */

bool
status_is_shut(const struct status_listener *listener)
{
	return listener->shut != NULL && listener->shut[0] != '\0';
}

/* What stands in its place keeps even a start from opening it. */
static const char *
remedy_of_gone(const struct status_listener *listener)
{
	if (listener->replaced)
		return listener->kept ? "move away what is there now: the socket is put back within ten seconds"
				      : "move away what is there now, then " STATUS_RESTART;
	return listener->kept ? "it is put back within ten seconds; find out what removes files there"
			      : STATUS_RESTART ", and find out what removes files there";
}

static void
judge_listener(const struct status_listener *listener, struct alerts *alerts)
{
	if (listener->unopened)
		add(alerts, "socket-gone", listener->name, 0,
		    arena_format(alerts->arena, "%s: %s could not be opened at the start", listener->name,
			listener->address),
		    "see what else uses that address (ss -ltnp), then " STATUS_RESTART);
	else if (!listener->present)
		add(alerts, "socket-gone", listener->name, 0,
		    arena_format(alerts->arena, "%s: the socket of %s was %s", listener->name, listener->address,
			listener->replaced ? "replaced" : "removed"),
		    remedy_of_gone(listener));
	else if (status_is_shut(listener))
		add(alerts, "socket-closed", listener->name, 0,
		    arena_format(alerts->arena, "%s: the socket of %s %s: who should connect cannot", listener->name,
			listener->address, listener->shut),
		    arena_format(alerts->arena, "%s, and find out what changes files there", listener->opens));
	else if (listener->closed[0] != '\0')
		add(alerts, "socket-closed", listener->name, 0,
		    arena_format(alerts->arena, STATUS_CLOSED, listener->name, listener->address, listener->closed),
		    arena_format(alerts->arena, STATUS_CLOSED_REMEDY, listener->closed));
}

/* It came, and comes no more: its configuration has lost us. A night without mail is no fault, so that takes longer. */
static void
judge_last_contact(const struct status *status, struct alerts *alerts)
{
	int64_t often = STATUS_SILENCES * status->mta.silence,
		silence = often > STATUS_SILENCE_LEAST ? often : STATUS_SILENCE_LEAST;
	char last[DATE_TEXT];

	if (status->mta.sessions > 0 || status->mta.quiet < silence)
		return;
	add(alerts, "no-mta", "", status->now - status->mta.quiet + silence,
	    arena_format(alerts->arena, "no MTA has connected since %s: no mail is filtered",
		date_write(status->mta.last, last)),
	    "see whether the MTA runs, and smtpd_milters still names the milter's socket (greenlane check), then reload the MTA");
}

static void
judge_contact(const struct status *status, struct alerts *alerts)
{
	char since[DATE_TEXT];

	if (status->mta.last != 0) {
		judge_last_contact(status, alerts);
		return;
	}
	if (status->mta.quiet < status->mta.silence)
		return;
	add(alerts, "no-mta", "", status->now - status->mta.quiet + status->mta.silence,
	    arena_format(alerts->arena, "no MTA has connected since the start at %s: no mail is filtered",
		date_write(status->since, since)),
	    "name the milter's socket in smtpd_milters (greenlane setup postfix), then reload the MTA");
}

/* ---- DNS ---- */

static void
judge_dns(const struct status *status, struct alerts *alerts)
{
	char since[DATE_TEXT];

	if (status->dns.failing_since == 0 || status->dns.servers.count == 0)
		return;
	add(alerts, "dns-trouble", "", status->dns.failing_since,
	    arena_format(alerts->arena, "no name server has answered since %s; %s%s",
		date_write(status->dns.failing_since, since), status->dns.servers.list[0],
		status->dns.servers.count > 1 ? " and others are asked" : " is asked"),
	    status->dns.file == NULL
		? "check that name server, or name others in dns.servers and " STATUS_RESTART
		: arena_format(alerts->arena, "check that name server, or name another in %s or in dns.servers",
		      status->dns.file));
}

/* ---- what it keeps ---- */

static void
judge_store(const struct status *status, struct alerts *alerts)
{
	unsigned long long passed = status->store.passed;

	if (status->store.works)
		return;
	add(alerts, "store-failed", "", status->store.since,
	    arena_format(alerts->arena, "the greylist %s is %s: nobody is greylisted; %llu message%s passed because of it",
		status->store.name, status->store.state, passed, passed == 1 ? " has" : "s have"),
	    status->store.why[0] != '\0'
		? status->store.why
		: "see the log for the reason; repair it or move it away, then " STATUS_RESTART);
}

/* It works, until its master fails. */
static void
judge_sentinels(const struct status *status, struct alerts *alerts)
{
	int64_t since = status->store.silent_since;
	char when[DATE_TEXT];

	if (!status->store.works || since == 0 || status->now - since < STATUS_SILENT_SECONDS)
		return;
	add(alerts, "sentinels-silent", "", since,
	    arena_format(alerts->arena,
		"no Sentinel of the greylist %s has answered since %s: were its master to fail, the new one would not be found, "
		"and nobody would be greylisted",
		status->store.name, date_write(since, when)),
	    status->store.silent);
}

static void
judge_log(const struct status *status, struct alerts *alerts)
{
	unsigned long long dropped = status->journal.dropped, held = status->journal.held;
	struct arena *arena = alerts->arena;
	char since[DATE_TEXT];

	if (status->journal.stuck_since != 0 && status->now - status->journal.stuck_since >= STATUS_STUCK_SECONDS)
		add(alerts, "journal-stuck", "", status->journal.stuck_since,
		    arena_format(arena, "%s since %s: %llu log line%s", status->journal.log_trouble,
			date_write(status->journal.stuck_since, since), held, held == 1 ? " waits" : "s wait"),
		    "see what holds it up, or start it: systemctl restart systemd-journald, or rsyslog; "
		    "they are written when it takes lines again");
	if (status->journal.dropped_at > status_seen(status) && status->now - status->journal.dropped_at < 24 * 3600)
		add(alerts, "journal-dropped", "", status->journal.dropped_at,
		    arena_format(arena, "%llu log line%s dropped, the last within a day: the log is too slow", dropped,
			dropped == 1 ? " was" : "s were"),
		    "check that syslog keeps up and its disk has room, then run greenlane reload");
}

static void
judge_kept(const struct status *status, struct alerts *alerts)
{
	struct arena *arena = alerts->arena;

	judge_store(status, alerts);
	judge_sentinels(status, alerts);
	if (status->copies_trouble != NULL && status->copies_trouble[0] != '\0')
		add(alerts, "source-trouble", "copies", 0,
		    arena_format(arena,
			"what the sources list cannot be kept, and would be lost at a restart without DNS: %s",
			status->copies_trouble),
		    "let greenlaned's user write there; it is tried again by itself");
	if (status->disk_full)
		add(alerts, "disk-full", "", 0, arena_format(arena, "the file system of %s is full", status->state_dir),
		    "free disk space there");
	if (status->files_most != 0)
		add(alerts, "files-used-up", "", 0,
		    arena_format(arena,
			"none of its %llu descriptors is free: no MTA can connect, and DNS cannot be asked",
			(unsigned long long)status->files_most),
		    "raise LimitNOFILE of the service (systemctl edit greenlaned) or lower milter.max_sessions, then " STATUS_RESTART);
	judge_log(status, alerts);
	if (status->journal.record_failed_since != 0)
		add(alerts, "record-failed", "", status->journal.record_failed_since,
		    arena_format(arena, "%s cannot be written: %s: verdicts are missing there", status->journal.record,
			status->journal.record_trouble),
		    "free disk space, or make its directory and let greenlaned's user write there; it is tried again by itself");
}

static void
judge_privacy(const struct status *status, struct alerts *alerts)
{
	if (status->journal.privacy_failed_since != 0)
		add(alerts, "privacy-key", "", status->journal.privacy_failed_since,
		    arena_format(alerts->arena, "log.privacy cannot use its key, and hides by another: %s",
			status->journal.privacy_trouble),
		    "do that, then run greenlane reload");
}

static void
judge_command(const struct status *status, struct alerts *alerts)
{
	if (status->alert_command.trouble[0] != '\0')
		add(alerts, "alert-command", "", status->alert_command.since,
		    arena_format(alerts->arena, "alert.command failed, so nobody may have been told: %s",
			status->alert_command.trouble),
		    status->alert_command.is_new
			? STATUS_RESTART
			: "correct alert.command or what it runs, then run greenlane reload: what is owed is run again");
}

/* Known by what fails, too; but only when it is used. */
static void
judge_sandbox(const struct status *status, struct alerts *alerts)
{
	if (status->sandbox.lost != NULL && status->sandbox.lost[0] != '\0')
		add(alerts, "sandbox-outdated", "", 0, status->sandbox.lost, STATUS_RESTART);
}

/* ---- sources ---- */

static const char *
subject_of(const struct status_source *source, struct arena *arena)
{
	return arena_format(arena, "%s %s", source->vendor, source->text);
}

static const char *
unknown_text(const struct status_source *source, struct arena *arena)
{
	if (source->missing[0] == '\0')
		return arena_format(arena, "%s of %s: three refreshes in a row failed, its last good copy is used: %s",
		    source->text, source->vendor, source->failing);
	return arena_format(arena, "%s of %s is not known: %s%s%s", source->text, source->vendor, source->missing,
	    source->failing[0] == '\0' ? "" : ": ", source->failing);
}

static void
judge_unknown(const struct status_source *source, struct alerts *alerts)
{
	if (source->missing[0] == '\0' && source->failing[0] == '\0')
		return;
	add(alerts, "source-trouble", subject_of(source, alerts->arena), 0, unknown_text(source, alerts->arena),
	    arena_format(alerts->arena,
		"it is asked again by itself: see whether DNS answers for it (greenlane sources --vendor %s), or write "
		"another source",
		source->vendor));
}

static void
judge_source(const struct status_source *source, struct alerts *alerts)
{
	static const char ask[] = "write the name that is published now, or ask the vendor to mend it";
	const char *since, *rest, *remedy = ask;
	char times[2][DATE_TEXT];

	if (source->wrong[0] == '\0') {
		judge_unknown(source, alerts);
		return;
	}
	since = date_write(source->wrong_since, times[0]);
	if (source->missing[0] == '\0' && source->networks == 0) {
		rest = "it no longer lists anything";
		remedy = "write the name that is published now, ask the vendor to mend it, or remove the source";
	} else {
		rest = arena_format(alerts->arena, "if this lasts until %s, it lists nothing",
		    date_write(source->wrong_until, times[1]));
	}
	add(alerts, "source-wrong", subject_of(source, alerts->arena), source->wrong_since,
	    arena_format(alerts->arena, "%s of %s: %s, since %s; %s", source->text, source->vendor, source->wrong,
		since, rest == NULL ? "" : rest),
	    remedy);
}

static void
judge_drift(const struct status_source *source, struct alerts *alerts)
{
	if (source->drift == NULL || source->drift[0] == '\0')
		return;
	add_notice(alerts, "source-drift", subject_of(source, alerts->arena), 0,
	    arena_format(alerts->arena, "%s of %s has changed since it was accepted: %s", source->text, source->vendor,
		source->drift),
	    arena_format(alerts->arena, "see greenlane sources --vendor %s; if that is right, add --accept",
		source->vendor));
}

static void
judge_vendor(const struct status_vendor *vendor, struct alerts *alerts)
{
	if (vendor->sources == 0 || vendor->known < vendor->sources || vendor->networks > 0 || vendor->asked)
		return;
	add(alerts, "vendor-without-addresses", vendor->name, 0,
	    arena_format(alerts->arena, "no source of %s lists an address: only signatures prove its mail", vendor->name),
	    "write the sources that it publishes now (greenlane vendor new DOMAIN prints them), then run greenlane reload");
}

/* ---- exports, hidden clients ---- */

static void
judge_export(const struct status_export *export, struct alerts *alerts)
{
	if (export->command[0] != '\0')
		add(alerts, "export-reader", export->file, 0,
		    arena_format(alerts->arena,
			"the command of export %s %s failed, so its reader may not know the file: %s", export->format,
			export->file, export->untold),
		    export->is_new
			? STATUS_RESTART
			: "correct that command or what it runs; it is run again within a minute, or at once by greenlane reload");
	if (export->fresh)
		return;
	add(alerts, "export-stale", export->file, 0,
	    export->trouble[0] != '\0'
		? arena_format(alerts->arena, "export %s %s is unknown: %s", export->format, export->file, export->trouble)
		: arena_format(alerts->arena, "export %s %s differs from what the sources list now%s%s", export->format,
		      export->file, export->unwritten[0] == '\0' ? "" : ": it ", export->unwritten),
	    "its directory must be there, and writable for greenlaned's user; it is written again within a minute, or at "
	    "once by greenlane reload");
}

static void
judge_hidden(const struct status *status, struct alerts *alerts)
{
	static const char remedy[] =
	    "pass the real address to the MTA, see HIDDEN CLIENTS in greenlaned(8), then run greenlane reload";
	char when[DATE_TEXT];

	for (size_t i = 0; i < status->hidden_count; i++) {
		const struct status_hidden *hidden = &status->hidden[i];

		if (hidden->own) {
			add(alerts, "hidden-clients", arena_format(alerts->arena, "%s own.networks", hidden->peer), 0,
			    arena_format(alerts->arena,
				"hosts of several domains connect through %s, which is in own.networks, so their mail is not "
				"judged: %u mail%s, last %s",
				hidden->peer, hidden->count, text_s(hidden->count), date_write(hidden->last, when)),
			    "pass the real address to the MTA, see HIDDEN CLIENTS in greenlaned(8), or name their domains in "
			    "own.domains if all are yours, then run greenlane reload");
			continue;
		}
		add(alerts, "hidden-clients", arena_format(alerts->arena, "%s %s", hidden->peer, hidden->relay), 0,
		    arena_format(alerts->arena, "the clients behind %s%s%s cannot be seen: %u mail%s, last %s",
			hidden->peer, hidden->relay[0] == '\0' ? "" : ", relay ", hidden->relay, hidden->count,
			text_s(hidden->count), date_write(hidden->last, when)),
		    remedy);
	}
	if (status->loopback_names > 0)
		add(alerts, "hidden-clients", "loopback", 0,
		    arena_format(alerts->arena,
			"hosts with %u or more names connected from loopback, which is exempt: their mail is not judged",
			status->loopback_names),
		    remedy);
}

/* ---- the mail of vendors ---- */

static void
judge_jump(const char *vendor, const struct rate_jump *jump, const char *slug, const char *what, const char *remedy,
    struct alerts *alerts)
{
	if (jump->since != 0)
		add_notice(alerts, slug, vendor, jump->since,
		    arena_format(alerts->arena, "%u of %u messages that claimed %s within a day were %s, usual are %u %%",
			jump->count, jump->all, vendor, what, jump->usual),
		    arena_format(alerts->arena, remedy, vendor));
}

static void
judge_broken(const char *vendor, const struct rate_findings *found, struct alerts *alerts)
{
	char since[DATE_TEXT];

	if (found->broken_since != 0)
		add(alerts, "vendor-dkim-broken", vendor, found->broken_since,
		    arena_format(alerts->arena,
			"no signature of %s has proven its mail since %s: %llu message%s of its own hosts failed, usual are %u %% "
			"signed",
			vendor, date_write(found->broken_since, since), (unsigned long long)found->broken,
			text_s((size_t)found->broken), found->broken_usual),
		    arena_format(alerts->arena,
			"see greenlane log --vendor %s; ask the vendor what it changed, and watch what its other proofs are "
			"worth here",
			vendor));
}

static void
judge_rates(const struct status_rates *rates, struct alerts *alerts)
{
	const char *vendor = rates->vendor;
	unsigned delayed = rates->found.delayed;

	judge_jump(vendor, &rates->found.forged, "vendor-forged-jump", "forged",
	    "see greenlane log --vendor %s; where its mode is enforce they are refused, and nothing need be done",
	    alerts);
	judge_jump(vendor, &rates->found.unproven, "vendor-unproven-jump", "unproven",
	    "see greenlane log --vendor %s: the vendor may send from new hosts, or somebody forwards its mail", alerts);
	judge_broken(vendor, &rates->found, alerts);
	if (delayed > 0)
		add(alerts, "vendor-delayed", vendor, 0,
		    arena_format(alerts->arena,
			"mail of %s that greenlane vouches for was deferred by another program: %u recipient%s within a day",
			vendor, delayed, text_s(delayed)),
		    "see the alarm lines in the log: each names the program, and what stops it");
}

/* ---- the hosts that share the store ---- */

static void
judge_policies(const struct fleet_host *own, const struct fleet_host *host, int64_t now, struct alerts *alerts)
{
	int64_t since = fleet_policies_differ(own, host);
	char when[DATE_TEXT];

	if (since == 0 || now - since < FLEET_PATIENCE)
		return;
	add(alerts, "policies-differ", host->name, since,
	    arena_format(alerts->arena,
		"%s, which shares the greylist, has another policy since %s: %016" PRIx64 ", here %016" PRIx64,
		host->name, date_write(since, when), host->policy, own->policy),
	    "compare what greenlane config prints on both, bring the same vendor files and greenlane.conf to both, then "
	    "run greenlane reload on each");
}

static void
judge_their_sources(const struct fleet_host *own, const struct fleet_host *host, struct alerts *alerts)
{
	const struct fleet_source *source;
	size_t place = 0;

	while ((source = fleet_sources_differ(own, host, &place)) != NULL)
		add(alerts, "sources-differ", arena_format(alerts->arena, "%s %s", host->name, source->text),
		    source->changed,
		    arena_format(alerts->arena,
			"%s lists something else at %s, which shares the greylist, and both have asked DNS twice since",
			source->text, host->name),
		    "compare greenlane sources on both: their name servers answer otherwise, see dns.servers");
}

static void
judge_hosts(const struct status *status, struct alerts *alerts)
{
	for (size_t i = 1; i < status->host_count; i++) {
		judge_policies(&status->hosts[0], &status->hosts[i], status->now, alerts);
		judge_their_sources(&status->hosts[0], &status->hosts[i], alerts);
	}
}

static void
judge_daemon(const struct status *status, struct alerts *alerts)
{
	for (size_t i = 0; i < status->listener_count; i++)
		judge_listener(&status->listeners[i], alerts);
	judge_contact(status, alerts);
	judge_reload(status, alerts);
	judge_dns(status, alerts);
	judge_kept(status, alerts);
	judge_privacy(status, alerts);
	judge_command(status, alerts);
	judge_sandbox(status, alerts);
	judge_hidden(status, alerts);
	for (size_t i = 0; i < status->rate_count; i++)
		judge_rates(&status->rates[i], alerts);
	judge_hosts(status, alerts);
}

static void
judge_sources(const struct status *status, struct alerts *alerts)
{
	for (size_t i = 0; i < status->source_count; i++) {
		judge_source(&status->sources[i], alerts);
		judge_drift(&status->sources[i], alerts);
	}
	for (size_t i = 0; i < status->vendor_count; i++)
		judge_vendor(&status->vendors[i], alerts);
	for (size_t i = 0; i < status->export_count; i++)
		judge_export(&status->exports[i], alerts);
}

bool
status_judge(struct status *status, unsigned parts, struct arena *arena)
{
	struct alerts alerts = { arena_take(arena, STATUS_ALERTS_MAX * sizeof *alerts.list), 0, arena };

	if (alerts.list == NULL)
		return false;
	if ((parts & STATUS_DAEMON) != 0)
		judge_daemon(status, &alerts);
	if ((parts & STATUS_CONFIG) != 0)
		judge_files(status, &alerts);
	if ((parts & STATUS_SOURCES) != 0)
		judge_sources(status, &alerts);
	status->alerts = alerts.list;
	status->alert_count = alerts.count;
	return !arena_failed(arena);
}
