/* What is ill in what the daemon knows, and the object that says so. */
#include <string.h>

#include "policy/review/status.h"
#include "t/lib/tap.h"

enum { NOW = 1795910969 };

static const char *const faults[] = { "warning: x.conf:1: odd", "x.conf:2: wrong" };
static const char *const servers[] = { "127.0.0.1@53" };
static const struct status_listener listeners[] = {
	{ .name = "milter", .address = "unix:/run/m.sock", .closed = "", .present = true },
	{ .name = "milter", .address = "unix:/run/m.sock", .closed = "" },
	{ .name = "milter", .address = "unix:/run/m.sock", .closed = "/run/closed", .present = true },
	{ .name = "milter", .address = "unix:/run/m.sock", .closed = "", .kept = true },
	{ .name = "milter", .address = "unix:/run/m.sock", .closed = "", .replaced = true },
	{ .name = "milter", .address = "unix:/run/m.sock", .closed = "", .replaced = true, .kept = true },
	{ .name = "metrics", .address = "inet:9180@127.0.0.1", .closed = "", .unopened = true },
};
static const struct status_source sources[] = {
	{ "a:x.example", "acme", 0, "never answered", "", "", 0, 0, "", 0, 0 },
	{ "a:x.example", "acme", 0, "", "", "two SPF records", NOW - 60, NOW + 60, "", 0, 0 },
	{ "a:x.example", "acme", 3, "", "", "two SPF records", NOW - 60, NOW + 60, "", 0, 0 },
	{ "a:x.example", "acme", 3, "", "DNS did not answer", "", 0, 0, "", 0, 0 },
	{ "a:x.example", "acme", 0, "it was never unfolded", "no answer for A", "", 0, 0, "", 0, 0 },
};
static const struct status_vendor vendors[] = {
	{ .name = "acme", .mode = "enforce", .sources = 1, .known = 1 },
	{ .name = "acme",
	    .mode = "vouch",
	    .lock_open = true,
	    .forged_passed = 3,
	    .last = NOW,
	    .last_by = { [2] = NOW },
	    .asked = true,
	    .sources = 1,
	    .known = 1 },
};
static const struct status_export exports[] = {
	{ "postgrey", "/x/list", false, "", "", "", "", false },
	{ "postgrey", "/x/list", false, "", "", "cannot be read", "", false },
	{ "postgrey", "/x/list", true, "", "", "", "", false },
	{ "postgrey", "/x/list", true, "postgrey -hup", "'postgrey -hup' exited with status 1: no such process", "", "",
	    false },
	{ "postgrey", "/x/list", false, "", "", "", "cannot be created: Permission denied", false },
	{ "postgrey", "/x/list", true, "postgrey -hup", "'postgrey -hup' is new", "", "", true },
};
static const struct status_hidden hidden[] = { { "172.17.0.1", "", 3, NOW - 60, false } };

/* All is well; a row changes one thing. */
static const struct status well = { .version = "1",
	.config = "/etc/x.conf",
	.pid = 7,
	.since = NOW - 100,
	.now = NOW,
	.policy = "",
	.reload = { NOW - 100, true, false, { faults, 0 } },
	.mta = { .silence = 7200 },
	.store = { "works", true, "lmdb:/x", "", 0, 0, 0, "" },
	.journal = { .record = "", .record_trouble = "" },
	.alert_command = { .trouble = "" },
	.state_dir = "/x" };

static void
none(struct status *s)
{
	(void)s;
}
static void
refused(struct status *s)
{
	s->reload.ok = false, s->reload.faults.count = 2;
}
static void
starved(struct status *s)
{
	s->reload.ok = false;
}
static void
newer(struct status *s)
{
	s->config_newer = true;
}
static void
both(struct status *s)
{
	refused(s), newer(s);
}
static void
warned(struct status *s)
{
	s->reload.faults.count = 1;
}
static void
is_open(struct status *s)
{
	s->listeners = &listeners[0], s->listener_count = 1;
}
static void
is_gone(struct status *s)
{
	s->listeners = &listeners[1], s->listener_count = 1;
}
static void
is_closed(struct status *s)
{
	s->listeners = &listeners[2], s->listener_count = 1;
}
static const struct status_listener shut = { .name = "milter",
	.address = "unix:/run/m.sock",
	.closed = "",
	.present = true,
	.shut = "has mode 0600 now",
	.opens = "chmod 660 /run/m.sock" };
static void
is_shut(struct status *s)
{
	s->listeners = &shut, s->listener_count = 1;
}
static void
is_kept(struct status *s)
{
	s->listeners = &listeners[3], s->listener_count = 1;
}
static void
is_replaced(struct status *s)
{
	s->listeners = &listeners[4], s->listener_count = 1;
}
static void
is_replaced_and_kept(struct status *s)
{
	s->listeners = &listeners[5], s->listener_count = 1;
}

static void
is_unopened(struct status *s)
{
	s->listeners = &listeners[6], s->listener_count = 1;
}
static void
never_known(struct status *s)
{
	s->sources = &sources[4], s->source_count = 1;
}
static void
silent(struct status *s)
{
	s->since = NOW - 7200, s->mta.quiet = 7200;
}
static void
almost(struct status *s)
{
	s->since = NOW - 7199, s->mta.quiet = 7199;
}
static void
heard(struct status *s)
{
	s->since = NOW - 90000, s->mta.last = NOW - 80000, s->mta.quiet = 80000;
}
static void
stopped_coming(struct status *s)
{
	s->since = NOW - 900000, s->mta.last = NOW - 86400, s->mta.quiet = 86400;
}
static void
clock_was_set(struct status *s)
{
	s->since = NOW - 900000, s->mta.last = s->since, s->mta.quiet = 5;
}
static void
left_a_test(struct status *s)
{
	s->mta.last = NOW - 3599, s->mta.quiet = 3599, s->mta.silence = 1;
}
static void
left_an_hour_ago(struct status *s)
{
	s->mta.last = NOW - 3600, s->mta.quiet = 3600, s->mta.silence = 1;
}
static void
is_connected(struct status *s)
{
	stopped_coming(s);
	s->mta.sessions = 1;
}
static void
store_fails(struct status *s)
{
	s->store.state = "damaged", s->store.works = false, s->store.passed = 3;
}
static void
sentinels_silent(struct status *s)
{
	s->store.silent_since = s->now - STATUS_SILENT_SECONDS;
	s->store.silent = "the Sentinel at 192.0.2.1:26379 cannot be reached; start it";
}
static void
sentinels_restarted(struct status *s)
{
	sentinels_silent(s);
	s->store.silent_since++;
}
static void
store_and_sentinels(struct status *s)
{
	store_fails(s);
	sentinels_silent(s);
}
static void
store_off(struct status *s)
{
	s->store.state = "off";
}
static void
dns_works(struct status *s)
{
	s->dns.servers = (struct status_strings){ servers, 1 };
}
static void
dns_fails(struct status *s)
{
	dns_works(s);
	s->dns.failing_since = NOW - 60;
}
static void
dns_of_host_fails(struct status *s)
{
	dns_fails(s);
	s->dns.file = "/etc/resolv.conf";
}
static void
full(struct status *s)
{
	s->disk_full = true;
}
static void
no_files(struct status *s)
{
	s->files_most = 1024;
}
static void
dropped(struct status *s)
{
	s->journal.dropped = 3, s->journal.dropped_at = NOW - 60;
}
static void
dropped_once(struct status *s)
{
	s->journal.dropped = 3, s->journal.dropped_at = NOW - 90000;
}
static void
dropped_before(struct status *s)
{
	dropped(s), s->reload.at = NOW - 50, s->reload.again = true;
}
static void
stuck(struct status *s)
{
	s->journal.held = 3, s->journal.stuck_since = NOW - 3, s->journal.log_trouble = "/dev/log takes no lines";
}
static void
stuck_for_a_moment(struct status *s)
{
	stuck(s), s->journal.stuck_since = NOW - 2;
}
static void
command_is_new(struct status *s)
{
	s->alert_command.trouble = "'/x' is new", s->alert_command.is_new = true;
}
static void
command_fails(struct status *s)
{
	s->alert_command.trouble = "'/x' exited with status 3: why", s->alert_command.since = NOW - 5;
}
static void
no_key(struct status *s)
{
	s->journal.privacy_trouble = "/x/privacy.key is damaged", s->journal.privacy_failed_since = NOW - 5;
}

static void
no_record(struct status *s)
{
	s->journal.record = "/x/r", s->journal.record_trouble = "No space", s->journal.record_failed_since = NOW - 5;
}
static void
unknown(struct status *s)
{
	s->sources = &sources[0], s->source_count = 1;
}
static void
failing(struct status *s)
{
	s->sources = &sources[3], s->source_count = 1;
}
static void
gone(struct status *s)
{
	s->sources = &sources[1], s->source_count = 1;
}
static void
wrong(struct status *s)
{
	s->sources = &sources[2], s->source_count = 1;
}
static void
bare(struct status *s)
{
	s->vendors = &vendors[0], s->vendor_count = 1;
}
static void
asked(struct status *s)
{
	s->vendors = &vendors[1], s->vendor_count = 1;
}
static void
stale(struct status *s)
{
	s->exports = &exports[0], s->export_count = 1;
}
static void
unread(struct status *s)
{
	s->exports = &exports[1], s->export_count = 1;
}
static void
reader_is_new(struct status *s)
{
	s->exports = &exports[5], s->export_count = 1;
}
static void
untold(struct status *s)
{
	s->exports = &exports[3], s->export_count = 1;
}
static void
unwritten(struct status *s)
{
	s->exports = &exports[4], s->export_count = 1;
}
static void
fresh(struct status *s)
{
	s->exports = &exports[2], s->export_count = 1;
}
static void
hides(struct status *s)
{
	s->hidden = hidden, s->hidden_count = 1;
}
static const struct status_hidden through_ours = { "10.1.0.1", "", 12, NOW - 60, true };
static void
hides_in_own(struct status *s)
{
	s->hidden = &through_ours, s->hidden_count = 1;
}
static void
counts(struct status *s)
{
	dropped(s), s->journal.dropped = 1;
}
static void
loops(struct status *s)
{
	s->loopback_names = 3;
}

static const struct status_rates rates[] = {
	{ "acme", { .forged = { NOW - 3600, 30, 40, 5 } } },
	{ "acme", { .unproven = { NOW - 3600, 30, 40, 5 } } },
	{ "acme", { .broken_since = NOW - 60, .broken = 9, .broken_usual = 97 } },
	{ "acme", { .delayed = 3 } },
};
static void
rate(struct status *s, size_t i)
{
	s->rates = &rates[i], s->rate_count = 1;
}
static void
jumps(struct status *s)
{
	rate(s, 0);
}
static void
jumps_unproven(struct status *s)
{
	rate(s, 1);
}
static void
breaks(struct status *s)
{
	rate(s, 2);
}
static void
delays(struct status *s)
{
	rate(s, 3);
}
static void
drifts(struct status *s)
{
	static const struct status_source drifted = { "a:x.example", "acme", 3, "", "", "", 0, 0,
		"came 192.0.2.0/24 via x.example", 0, 0 };

	s->sources = &drifted, s->source_count = 1;
}

/* Two hosts that share the store; the first is ours. */
static void
shares(struct status *s, uint64_t policy, int64_t since, uint64_t networks)
{
	static struct fleet_source ours = { 1, 5, NOW - 900, NOW - 60, "acme spf:x.example" }, theirs;
	static struct fleet_host hosts[2];

	theirs = (struct fleet_source){ 1, networks, NOW - 900, NOW - 60, NULL };
	hosts[0] = (struct fleet_host){ "mx1", "1", 7, 9, NOW - 7000, &ours, 1 };
	hosts[1] = (struct fleet_host){ "mx2", "1", policy, 9, since, &theirs, 1 };
	s->hosts = hosts, s->host_count = 2;
}
static void
agrees(struct status *s)
{
	shares(s, 7, NOW - 700, 5);
}
static void
rolls_out(struct status *s)
{
	shares(s, 8, NOW - 599, 5);
}
static void
policies_differ(struct status *s)
{
	shares(s, 8, NOW - 600, 5);
}
static void
sources_differ(struct status *s)
{
	shares(s, 7, NOW - 700, 6);
}

static void
sandbox_is_lost_to(struct status *s)
{
	s->sandbox.lost = "log.record: /x is another one than at the start, and outside of the sandbox";
}
static void
sandbox_holds(struct status *s)
{
	s->sandbox.lost = "";
}

static const struct {
	const char *name;
	void (*change)(struct status *);
	const char *slug; /* "": well */
	const char *text; /* part of it */
} rows[] = {
	{ "nothing", none, "", "" },
	{ "a refused reload", refused, "reload-failed", "x.conf:2: wrong" },
	{ "a reload without memory", starved, "reload-failed", "no memory" },
	{ "a newer file", newer, "config-newer", "/etc/x.conf, or" },
	{ "a refused reload of a newer file", both, "reload-failed", "" },
	{ "warnings alone", warned, "", "" },
	{ "an open listener", is_open, "", "" },
	{ "a socket that is gone", is_gone, "socket-gone", "unix:/run/m.sock" },
	{ "that does not come back by itself", is_gone, "socket-gone",
	    "restart greenlaned (systemctl restart greenlaned), and find out what removes" },
	{ "that does", is_kept, "socket-gone", "it is put back within ten seconds; find out what removes" },
	{ "a socket with something else in its place", is_replaced, "socket-gone",
	    "move away what is there now, then restart greenlaned" },
	{ "a listener that could not be opened", is_unopened, "socket-gone",
	    "metrics: inet:9180@127.0.0.1 could not be opened at the start" },
	{ "what to do about it", is_unopened, "socket-gone", "see what else uses that address" },
	{ "that comes back where that is moved away", is_replaced_and_kept, "socket-gone",
	    "move away what is there now: the socket is put back" },
	{ "a closed folder", is_closed, "socket-closed", "/run/closed" },
	{ "a socket that was closed", is_shut, "socket-closed",
	    "milter: the socket of unix:/run/m.sock has mode 0600 now: who should connect cannot" },
	{ "an MTA that never came", silent, "no-mta", "no mail is filtered" },
	{ "one that may still come", almost, "", "" },
	{ "one that came long ago", heard, "", "" },
	{ "one that came a day ago, and not since", stopped_coming, "no-mta",
	    "see whether the MTA runs, and smtpd_milters still" },
	{ "one that came within an hour, whatever alert.silence is", left_a_test, "", "" },
	{ "and longer ago", left_an_hour_ago, "no-mta", "no mail is filtered" },
	{ "one that is still connected since then", is_connected, "", "" },
	{ "one that came lately, before the clock was set", clock_was_set, "", "" },
	{ "a store that fails", store_fails, "store-failed", "nobody is greylisted" },
	{ "a store that is off", store_off, "", "" },
	{ "Sentinels that do not answer", sentinels_silent, "sentinels-silent", "start it" },
	{ "Sentinels that are started anew", sentinels_restarted, "", "" },
	{ "a store that fails, whose Sentinels do not answer", store_and_sentinels, "store-failed",
	    "nobody is greylisted" },
	{ "DNS that fails", dns_fails, "dns-trouble",
	    "no name server has answered since 2026-11-29T00:08:29Z; 127.0.0.1@53" },
	{ "DNS of the configuration: the remedy", dns_fails, "dns-trouble",
	    "in dns.servers and restart greenlaned (systemctl" },
	{ "DNS of the host: the remedy", dns_of_host_fails, "dns-trouble",
	    "another in /etc/resolv.conf or in dns.servers" },
	{ "DNS that answers", dns_works, "", "" },
	{ "a full disk", full, "disk-full", "/x" },
	{ "no descriptor is free", no_files, "files-used-up", "none of its 1024 descriptors is free" },
	{ "lines dropped lately", dropped, "journal-dropped", "3 log lines" },
	{ "lines dropped once", dropped_once, "", "" },
	{ "one line dropped", counts, "journal-dropped", "1 log line was dropped" },
	{ "lines dropped before the last reload", dropped_before, "", "" },
	{ "a log that takes no lines", stuck, "journal-stuck",
	    "/dev/log takes no lines since 2026-11-29T00:09:26Z: 3 log lines wait" },
	{ "a log that is slow", stuck_for_a_moment, "", "" },
	{ "an alert command that is new: the remedy", command_is_new, "alert-command", "restart greenlaned (systemctl" },
	{ "an alert command that fails", command_fails, "alert-command", "status 3: why" },
	{ "a damaged key of log.privacy", no_key, "privacy-key", "is damaged" },
	{ "records that are lost", no_record, "record-failed", "No space" },
	{ "an unknown source", unknown, "source-trouble", "never answered" },
	{ "one that was never known: why", never_known, "source-trouble", "it was never unfolded: no answer for A" },
	{ "a source that fails", failing, "source-trouble", "three refreshes in a row failed" },
	{ "a source that is gone", gone, "source-wrong", "it no longer lists anything" },
	{ "a source that is wrong", wrong, "source-wrong", "if this lasts until" },
	{ "a vendor without addresses", bare, "vendor-without-addresses", "acme" },
	{ "a vendor whose source is asked", asked, "", "" },
	{ "a stale export", stale, "export-stale", "/x/list differs" },
	{ "a stale export: why", unwritten, "export-stale", "list now: it cannot be created: Permission denied" },
	{ "an unreadable export", unread, "export-stale", "cannot be read" },
	{ "a command of an export that is new: the remedy", reader_is_new, "export-reader",
	    "restart greenlaned (systemctl" },
	{ "a reader that was not told", untold, "export-reader",
	    "may not know the file: 'postgrey -hup' exited with status 1: no such process" },
	{ "a fresh export", fresh, "", "" },
	{ "a hidden client", hides, "hidden-clients", "172.17.0.1" },
	{ "hosts of others through one of ours", hides_in_own, "hidden-clients",
	    "hosts of several domains connect through 10.1.0.1, which is in own.networks, so their mail is not judged: 12 mails" },
	{ "names from loopback", loops, "hidden-clients", "3 or more names" },
	{ "forged mail that jumps", jumps, "vendor-forged-jump",
	    "30 of 40 messages that claimed acme within a day were forged, usual are 5 %" },
	{ "unproven mail that jumps", jumps_unproven, "vendor-unproven-jump", "were unproven" },
	{ "signatures that all fail", breaks, "vendor-dkim-broken",
	    "has proven its mail since 2026-11-29T00:08:29Z: 9 messages of its own hosts failed, usual are 97 % signed" },
	{ "mail that others delay", delays, "vendor-delayed", "3 recipients within a day" },
	{ "another host with the same policy", agrees, "", "" },
	{ "one that got another policy ten minutes ago", policies_differ, "policies-differ",
	    "mx2, which shares the greylist, has another policy since 2026-11-28T23:59:29Z: 0000000000000008, here 0000000000000007" },
	{ "one second before that", rolls_out, "", "" },
	{ "another host whose source differs", sources_differ, "sources-differ",
	    "acme spf:x.example lists something else at mx2, which shares the greylist, and both have asked DNS twice" },
	{ "a directory that was replaced since the start", sandbox_is_lost_to, "sandbox-outdated",
	    "log.record: /x is another one than at the start" },
	{ "directories as they were at the start", sandbox_holds, "", "" },
	{ "a source that has changed", drifts, "source-drift",
	    "of acme has changed since it was accepted: came 192.0.2.0/24" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *arena = arena_open(1 << 20);
		struct status status = well;
		bool ill = rows[i].slug[0] != '\0';

		rows[i].change(&status);
		ok(status_judge(&status, STATUS_ALL, arena), "%s is judged", rows[i].name);
		is_number((long long)status.alert_count, ill, "%s: %s", rows[i].name, ill ? "one line" : "well");
		if (ill && status.alert_count == 1) {
			is(status.alerts[0].slug, rows[i].slug, "%s: its word", rows[i].name);
			ok(strstr(status.alerts[0].text, rows[i].text) != NULL ||
				strstr(status.alerts[0].remedy, rows[i].text) != NULL,
			    "%s: %s", rows[i].name, status.alerts[0].text);
			ok(status.alerts[0].remedy[0] != '\0', "%s: a remedy", rows[i].name);
		}
		arena_close(arena);
	}
}

static void
test_json(void)
{
	static const struct status_alert more = { "hung", 0, "it \"hangs\"", "restart it", "", false };
	struct arena *arena = arena_open(1 << 20);
	struct status status = well;
	struct text out, all;

	text_open(&out, STATUS_JSON_MAX);
	text_open(&all, STATUS_JSON_MAX);
	status_write(&status, &out);
	ok(strstr(out.bytes, "\"ill\":false,\"alerts\":[]}") != NULL, "what is well ends so");
	ok(strstr(out.bytes, "\"policy\"") == NULL, "what is not known is left out");
	status_write_more((struct span){ out.bytes, out.length }, &more, 1, &all);
	ok(strstr(all.bytes,
	       "\"ill\":true,\"alerts\":[{\"slug\":\"hung\",\"text\":\"it \\\"hangs\\\"\",\"remedy\":\"restart it\"}]}") !=
		    NULL &&
		strncmp(all.bytes, out.bytes, 60) == 0,
	    "another alert joins it");
	asked(&status);
	status.sources_fingerprint = 0xabc;
	text_clear(&out);
	status_write(&status, &out);
	ok(strstr(out.bytes, "\"sources_fingerprint\":\"0000000000000abc\"") != NULL, "the fingerprint of the sources");
	ok(strstr(out.bytes,
	       "\"lock_open\":true,\"forged_passed\":3,\"last\":\"2026-11-29T00:09:29Z\","
	       "\"last_by\":{\"dkim\":\"2026-11-29T00:09:29Z\"}") != NULL,
	    "an open lock, what passed, the last mail and what proved it");
	status = well;
	newer(&status);
	text_clear(&out);
	text_clear(&all);
	ok(status_judge(&status, STATUS_ALL, arena), "something ill");
	status_write(&status, &out);
	status_write_more((struct span){ out.bytes, out.length }, &more, 0, &all);
	is(all.bytes, out.bytes, "no other alert changes nothing");
	text_clear(&all);
	status_write_more(span_of(""), &more, 1, &all);
	is(all.bytes,
	    "{\"ill\":true,\"alerts\":[{\"slug\":\"hung\",\"text\":\"it \\\"hangs\\\"\",\"remedy\":\"restart it\"}]}",
	    "without a daemon it stands alone");
	text_close(&out);
	text_close(&all);
	arena_close(arena);
}

/* Each member that is there only when there is something to say. */
static void
test_members(void)
{
	static const struct fleet_host hosts[] = {
		{ .name = "mx1/1", .version = "1", .policy = 0xa, .ranges = 0xb, .since = 7 },
		{ .name = "mx2/1", .version = "1", .policy = 0xc }
	};
	struct {
		const char *name, *wanted;
		struct status status;
	} members[] = { { "a store that fails", "\"since\":9", well }, { "what passed unseen", "\"passed\":4", well },
		{ "a source that never answered", "\"missing\":\"never answered\"", well },
		{ "a source that fails", "\"failing\":\"DNS did not answer\"", well },
		{ "a source that is wrong", "\"wrong\":\"two SPF records\",\"wrong_since\":1795910909", well },
		{ "records that were dropped", "\"dropped_at\":8", well },
		{ "hosts that share the store",
		    "\"hosts\":[{\"name\":\"mx1/1\",\"own\":true,\"version\":\"1\",\"policy\":\"000000000000000a\",\"policy_since\":7,"
		    "\"sources_fingerprint\":\"000000000000000b\"},{\"name\":\"mx2/1\",\"own\":false,",
		    well },
		{ "why a draft could not judge", "\"was-exempt\":1", well },
		{ "an export that fails", "\"trouble\":\"cannot be read\"", well },
		{ "monitor mode", "\"mode\":\"monitor\"", well },
		{ "the policy", "\"policy\":\"00000000000000ff\"", well },
		{ "an open listener",
		    "\"listeners\":[{\"name\":\"milter\",\"address\":\"unix:/run/m.sock\",\"present\":true,\"reachable\":true},",
		    well },
		{ "one that is gone", "\"present\":false,\"reachable\":false},", well },
		{ "and one that is closed", "\"present\":true,\"reachable\":false}]", well },
		{ "how libmilter is linked", "\"libmilter\":\"archive\",\"refused\":2}", well },
		{ "the name servers", "\"dns\":{\"servers\":[\"127.0.0.1@53\"],\"failing_since\":5}", well },
		{ "that no descriptor is free", "\"files_used_up\":1024,", well },
		{ "a log that takes no lines", "\"held\":3,\"stuck_since\":6}", well },
		{ "where records go", "\"record\":\"/x/verdicts\",\"writable\":true}", well },
		{ "that they are lost", "\"record\":\"/x/verdicts\",\"writable\":false}", well },
		{ "what the sandbox lets it read and write",
		    "\"sandbox\":{\"state\":\"landlock abi 7\",\"abi\":7,\"reads\":[\"warning: x.conf:1: odd\",\"x.conf:2: wrong\"],"
		    "\"writes\":[\"127.0.0.1@53\"]}",
		    well } };
	struct text out;

	members[0].status.store.since = members[1].status.store.since = 9;
	members[1].status.store.passed = 4;
	for (size_t i = 2; i < 5; i++)
		members[i].status.source_count = 1;
	members[2].status.sources = &sources[0];
	members[3].status.sources = &sources[3];
	members[4].status.sources = &sources[1];
	members[5].status.journal.dropped_at = 8;
	members[6].status.hosts = hosts;
	members[6].status.host_count = 2;
	members[7].status.shadow.path = "/x.conf";
	cannot_counts_add(&members[7].status.shadow.cannot, "was-exempt", "");
	members[8].status.exports = &exports[1];
	members[8].status.export_count = 1;
	members[9].status.monitor = true;
	members[10].status.policy = "00000000000000ff";
	for (size_t i = 11; i < 14; i++)
		members[i].status.listeners = listeners, members[i].status.listener_count = 3;
	members[14].status.mta.libmilter = "archive", members[14].status.mta.refused = 2;
	members[15].status.dns.servers = (struct status_strings){ servers, 1 }, members[15].status.dns.failing_since = 5;
	members[16].status.files_most = 1024;
	members[17].status.journal.held = 3, members[17].status.journal.stuck_since = 6;
	members[18].status.journal.record = members[19].status.journal.record = "/x/verdicts";
	members[19].status.journal.record_failed_since = 4;
	members[20].status.sandbox.state = "landlock abi 7", members[20].status.sandbox.abi = 7;
	members[20].status.sandbox.reads = (struct status_strings){ faults, 2 };
	members[20].status.sandbox.writes = (struct status_strings){ servers, 1 };
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		text_open(&out, STATUS_JSON_MAX);
		status_write(&members[i].status, &out);
		if (!ok(strstr(out.bytes, members[i].wanted) != NULL, "the object says: %s", members[i].name))
			note("%s", out.bytes);
		text_close(&out);
	}
}

/* What strangers and vendors do turns nobody's monitoring red; what a vendor broke here does. */
static void
test_notices(void)
{
	static void (*const changes[])(struct status *) = { jumps, jumps_unproven, drifts, breaks, delays };

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct arena *arena = arena_open(1 << 20);
		struct status status = well;
		struct text out;
		bool notice = i < 3, judged;

		changes[i](&status);
		text_open(&out, STATUS_JSON_MAX);
		judged = status_judge(&status, STATUS_ALL, arena);
		status_write(&status, &out);
		ok(judged && strstr(out.bytes, notice ? "\"ill\":false" : "\"ill\":true") != NULL &&
			(strstr(out.bytes, "\"notice\":true") != NULL) == notice,
		    "%s is %s", status.alerts[0].slug, notice ? "a notice" : "ill");
		text_close(&out);
		arena_close(arena);
	}
}

int
main(void)
{
	test_rows();
	test_json();
	test_members();
	test_notices();
	return done();
}
