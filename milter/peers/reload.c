#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "milter/peers/reload.h"
#include "milter/state/config_files.h"
#include "milter/state/sandbox_list.h"
#include "milter/state/shadow_files.h"
#include "milter/system/clock.h"
#include "milter/system/service_manager.h"

enum {
	PATIENCE_MS = 10 * 1000,     /* for DNS */
	FILES_BESIDE_SESSIONS = 1024 /* DNS sockets (at most 544), store, logs, listeners */
};

/* What a load said, and what lay on disk then. */
struct load_result {
	int64_t at;
	bool ok, again; /* again: not the first */
	struct faults *faults;
};

enum { DNS_ROOM = DNS_SERVERS_MAX * (DNS_SERVER_TEXT + 1) + 1200 /* timeout, path of trust_anchor */ };

struct reload {
	struct reload_parts parts;
	char listen[4096], state_dir[4096], store[4096]; /* as started: a change needs a restart */
	char user[256], dns[DNS_ROOM];
	bool sandbox_off;
	pthread_mutex_t turn; /* one reload at a time */
	pthread_mutex_t lock; /* guards all below; never held while files are read or DNS is asked */
	struct load_result last;
	struct faults *said;  /* the warnings of the policy in force; the turn's */
	uint64_t fingerprint; /* of the policy in force; 0: not known */
	uint64_t draft;       /* of the draft beside it; 0: there is none, or it is not known */
};

/* ---- faults ---- */

static bool
same_fault(const struct fault *a, const struct fault *b)
{
	return strcmp(a->text, b->text) == 0 && strcmp(a->file, b->file) == 0;
}

/* Was this warning said at the load before? */
static bool
was_said(const struct faults *before, const struct fault *fault)
{
	for (size_t i = 0; before != NULL && i < before->kept; i++)
		if (before->list[i].level == FAULT_WARNING && same_fault(&before->list[i].fault, fault))
			return true;
	return false;
}

static void
log_faults(struct reload *reload, const struct faults *faults)
{
	for (size_t i = 0; i < faults->kept; i++) {
		bool warning = faults->list[i].level == FAULT_WARNING;

		if (!warning || !was_said(reload->said, &faults->list[i].fault))
			journal_fault(reload->parts.journal, warning ? LOG_WARNING : LOG_ERR, &faults->list[i].fault);
	}
}

/* ---- what needs a restart ---- */

/* All that a resolver is opened with, as one string to compare. */
static void
write_dns(const struct settings *settings, char *out, size_t size)
{
	struct text text;

	text_open(&text, size - 1);
	for (size_t i = 0; i < settings->dns.servers.count; i++)
		text_format(&text, "%s ", settings->dns.servers.list[i]);
	text_format(&text, "timeout %lldms trust_anchor %s", (long long)settings->dns.timeout_ms,
	    settings->dns.trust_anchor[0] == '\0' ? "none" : settings->dns.trust_anchor);
	snprintf(out, size, "%s", text.bytes);
	text_close(&text);
}

static const char *
sandbox_word(bool off)
{
	return off ? "off" : "auto";
}

static void
warn_restart(struct reload *reload, const struct settings *settings)
{
	const struct listeners *listeners = reload->parts.listeners;
	char dns[sizeof reload->dns];
	const struct {
		const char *key, *then, *now;
	} rows[] = { { "milter.listen", reload->listen, settings->milter.listen },
		{ "delegate.listen", listeners_delegate(listeners), settings->delegate.listen },
		{ "socketmap.listen", listeners_socketmap(listeners), settings->socketmap_listen },
		{ "control.listen", listeners_control(listeners), settings->control.listen },
		{ "metrics.listen", listeners_metrics(listeners), settings->metrics_listen },
		{ "state_dir", reload->state_dir, settings->state_dir },
		{ "greylist.store", reload->store, settings->store }, { "user", reload->user, settings->user },
		{ "sandbox", sandbox_word(reload->sandbox_off), sandbox_word(settings->sandbox_off) },
		{ "dns", reload->dns, dns } };

	write_dns(settings, dns, sizeof dns);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].then, rows[i].now) != 0)
			journal_say(reload->parts.journal, LOG_WARNING,
			    "%s changed from '%s' to '%s': this needs a restart", rows[i].key, rows[i].then, rows[i].now);
}

/* Every session of the milter and of the other listeners takes a descriptor; a soft limit of 1024 would not even do
 * for half of max_sessions. */
void
reload_allow_sessions(struct reload *reload, unsigned most)
{
	unsigned sessions = most * (1 + listeners_count(reload->parts.listeners));
	rlim_t wanted = (rlim_t)sessions + FILES_BESIDE_SESSIONS, highest;
	struct rlimit limit;

	listeners_set_limit(reload->parts.listeners, most);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	highest = limit.rlim_max > LISTENER_BEYOND ? limit.rlim_max - LISTENER_BEYOND : limit.rlim_max;
	if (limit.rlim_cur >= wanted && limit.rlim_cur <= highest)
		return;
	limit.rlim_cur = highest < wanted || limit.rlim_cur > highest ? highest : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
		journal_say(reload->parts.journal, LOG_WARNING,
		    "only %llu files may be open, but %u sessions need %llu; raise LimitNOFILE",
		    (unsigned long long)limit.rlim_cur, sessions, (unsigned long long)wanted);
}

/* ---- one reload ---- */

/* The faults are given. */
static void
keep_result(struct reload *reload, bool ok, struct faults *faults)
{
	struct faults *before;

	pthread_mutex_lock(&reload->lock);
	before = reload->last.faults;
	reload->last = (struct load_result){ clock_now(), ok, true, faults };
	pthread_mutex_unlock(&reload->lock);
	faults_close(before);
}

static void
keep_fingerprint(struct reload *reload, const struct policy *policy)
{
	/* of what was read, whatever lies there by now */
	uint64_t draft = policy->draft != NULL ? policy->draft->fingerprint : shadow_files_fingerprint(policy);

	pthread_mutex_lock(&reload->lock);
	reload->fingerprint = policy->fingerprint;
	reload->draft = draft;
	pthread_mutex_unlock(&reload->lock);
}

static void
say_in_force(struct reload *reload)
{
	const struct snapshot *snapshot = snapshot_borrow(reload->parts.snapshots);
	const struct policy *policy = snapshot->judge.policy;
	struct text names;

	text_open(&names, 1024);
	for (size_t i = 0; i < policy->vendor_count; i++)
		text_format(&names, "%s%s", i > 0 ? ", " : "", policy->vendors[i].name);
	journal_say(reload->parts.journal, LOG_NOTICE, "reload: %zu vendor%s in force, mode %s: %s%s",
	    policy->vendor_count, text_s(policy->vendor_count), policy->settings.monitor ? "monitor" : "enforce",
	    names.bytes, names.cut ? "..." : "");
	text_close(&names);
	snapshot_return(reload->parts.snapshots, snapshot);
}

/* The policy is given. */
static bool
put_in_force(struct reload *reload, struct policy *policy, struct faults *faults)
{
	struct fault why = { .text = "" };

	warn_restart(reload, &policy->settings);
	reload_allow_sessions(reload, policy->settings.milter.max_sessions);
	journal_reopen(reload->parts.journal, policy->settings.log.facility, policy->settings.log.record);
	/* where state_dir has changed, that needs a restart */
	journal_set_privacy(reload->parts.journal, policy->settings.log.privacy, reload->state_dir);
	keep_fingerprint(reload, policy);
	if (refresh_adopt(reload->parts.refresh, policy, PATIENCE_MS, &why)) {
		say_in_force(reload);
		return true;
	}
	journal_fault(reload->parts.journal, LOG_ERR, &why);
	faults_add(faults, FAULT_ERROR, &why);
	return false;
}

static void
refuse(struct reload *reload, const struct faults *faults)
{
	size_t errors = faults == NULL ? 1 : faults->errors;

	journal_reopen(reload->parts.journal, NULL, NULL);
	journal_say(reload->parts.journal, LOG_ERR, "reload: %zu error%s in %s; the old policy stays in force", errors,
	    text_s(errors), reload->parts.config);
}

void
reload_tell_manager(struct reload *reload)
{
	const struct snapshot *snapshot = snapshot_borrow(reload->parts.snapshots);
	const struct policy *policy = snapshot->judge.policy;

	service_manager_tell(SERVICE_READY, "%s%zu vendor%s, mode %s",
	    reload->last.ok ? "" : "the last reload was refused; ", policy->vendor_count, text_s(policy->vendor_count),
	    policy->settings.monitor ? "monitor" : "enforce");
	snapshot_return(reload->parts.snapshots, snapshot);
}

/* What a restart would know, and the daemon cannot: commands that are not run until then, and paths for which the whole policy
 * is refused. The policy is given, and is what it was, or NULL. */
static struct policy *
look_at_restart(struct reload *reload, struct policy *policy, struct faults *faults)
{
	size_t before;

	if (faults == NULL)
		return policy;
	before = faults->errors;
	sandbox_list_check(reload->parts.config, policy, sandbox_list_covers, NULL, faults);
	if (policy != NULL)
		commands_warn(reload->parts.commands, policy, faults);
	if (faults->errors == before)
		return policy;
	policy_free(policy);
	return NULL;
}

/* The turn is ours. */
static void
take_turn(struct reload *reload)
{
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL ? NULL : shadow_files_load(reload->parts.config, faults);
	bool ok = false;

	service_manager_tell(SERVICE_RELOADING, "the configuration is read again");
	store_look(reload->parts.store);
	policy = look_at_restart(reload, policy, faults);
	if (faults != NULL)
		log_faults(reload, faults);
	if (policy == NULL)
		refuse(reload, faults);
	else
		ok = put_in_force(reload, policy, faults);
	if (ok)
		*reload->said = *faults;
	keep_result(reload, ok, faults);
	reload_tell_manager(reload);
}

void
reload_now(struct reload *reload)
{
	pthread_mutex_lock(&reload->turn);
	take_turn(reload);
	pthread_mutex_unlock(&reload->turn);
}

bool
reload_try(struct reload *reload)
{
	if (pthread_mutex_trylock(&reload->turn) != 0)
		return false;
	take_turn(reload);
	pthread_mutex_unlock(&reload->turn);
	return true;
}

/* ---- what came of it ---- */

/* The lock is held. */
static bool
tell_faults(const struct faults *faults, struct status_strings *out, struct arena *arena)
{
	size_t count = faults == NULL ? 0 : faults->kept;
	const char **list = arena_take(arena, (count + 1) * sizeof *list);
	char text[1024];

	if (list == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		fault_write(&faults->list[i].fault, text, sizeof text);
		list[i] = arena_format(arena, "%s%s", faults->list[i].level == FAULT_WARNING ? "warning: " : "", text);
		if (list[i] == NULL)
			return false;
	}
	*out = (struct status_strings){ list, count };
	return true;
}

bool
reload_tell(struct reload *reload, struct status *status, struct arena *arena)
{
	bool done;

	pthread_mutex_lock(&reload->lock);
	status->config = reload->parts.config;
	status->reload.at = reload->last.at;
	status->reload.ok = reload->last.ok;
	status->reload.again = reload->last.again;
	done = tell_faults(reload->last.faults, &status->reload.faults, arena);
	status->policy = reload->fingerprint == 0 ? "" : arena_format(arena, "%016" PRIx64, reload->fingerprint);
	pthread_mutex_unlock(&reload->lock);
	return done && status->policy != NULL;
}

void
reload_compare(struct reload *reload, const struct policy *policy, struct status *status)
{
	uint64_t now = 0;
	bool readable = config_files_fingerprint(reload->parts.config, policy, &now);
	uint64_t draft = shadow_files_fingerprint(policy);

	pthread_mutex_lock(&reload->lock);
	status->config_newer = (readable && reload->fingerprint != 0 && now != reload->fingerprint) ||
	    draft != reload->draft;
	pthread_mutex_unlock(&reload->lock);
}

/* ---- begin and end ---- */

struct reload *
reload_open(const struct reload_parts *parts, const struct policy *started, const struct faults *first, struct fault *why)
{
	struct reload *reload = calloc(1, sizeof *reload);
	const struct settings *settings = &started->settings;

	if (reload == NULL || (reload->last.faults = faults_open()) == NULL || (reload->said = faults_open()) == NULL) {
		if (reload != NULL)
			faults_close(reload->last.faults);
		free(reload);
		fault_set(why, "out of memory");
		return NULL;
	}
	reload->parts = *parts;
	pthread_mutex_init(&reload->turn, NULL);
	pthread_mutex_init(&reload->lock, NULL);
	snprintf(reload->listen, sizeof reload->listen, "%s", settings->milter.listen);
	reload->sandbox_off = settings->sandbox_off;
	snprintf(reload->state_dir, sizeof reload->state_dir, "%s", settings->state_dir);
	snprintf(reload->store, sizeof reload->store, "%s", settings->store);
	snprintf(reload->user, sizeof reload->user, "%s", settings->user);
	write_dns(settings, reload->dns, sizeof reload->dns);
	*reload->last.faults = *reload->said = *first;
	reload->last.at = clock_now();
	reload->last.ok = true;
	keep_fingerprint(reload, started);
	return reload;
}

void
reload_close(struct reload *reload)
{
	if (reload == NULL)
		return;
	faults_close(reload->last.faults);
	faults_close(reload->said);
	pthread_mutex_destroy(&reload->turn);
	pthread_mutex_destroy(&reload->lock);
	free(reload);
}
