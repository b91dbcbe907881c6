#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/peers/daemon_status.h"
#include "milter/peers/source_figures.h"
#include "milter/peers/status_hosts.h"
#include "milter/peers/status_listeners.h"
#include "milter/peers/status_sources.h"
#include "milter/smtp/milter_io.h"
#include "milter/smtp/session.h"
#include "milter/state/source_files.h"
#include "milter/state/source_list.h"
#include "milter/system/clock.h"
#include "milter/system/files.h"
#include "milter/system/sandbox.h"
#include "policy/util/hash.h"

enum {
	ARENA_MAX = SOURCE_LIST_ARENA /* the copies are read into it */,
	METRICS_ARENA_MAX = 16 * 1024 * 1024,
	FILES_SHARE = 50
};
static const int64_t SOURCES_AGAIN = INT64_C(60) * 1000000; /* without any change: a copy may grow old */

struct daemon_status {
	const struct services *services;
	struct exports *exports;
	struct reload *reload;
	struct alert_command *command;
	struct opened_listeners listeners;
	char state_dir[4096], store[4096];
	int64_t since, since_ticks;
	pthread_mutex_t lock; /* guards the memory */
	struct alert_memory *memory;
	struct source_figures *figures; /* of the last look at the sources */
	struct status_hosts *hosts;
	/* of the looks, which one thread takes; in ticks */
	int64_t next_files, next_sources; /* not before then */
	int64_t looked, stamp;            /* at the sources */
};

static void
tell_journal(const struct journal_state *state, struct status *status)
{
	memcpy(status->verdicts, state->verdicts, sizeof status->verdicts);
	memcpy(status->passed_by, state->passed_by, sizeof status->passed_by);
	status->journal.dropped = state->dropped;
	status->journal.dropped_at = state->dropped_at;
	status->journal.held = state->log_held;
	status->journal.stuck_since = state->log_stuck_since;
	status->journal.log_trouble = state->log_trouble;
	status->journal.record = state->record;
	status->journal.record_trouble = state->record_trouble;
	status->journal.record_failed_since = state->record_failed_since;
	status->journal.privacy_trouble = state->privacy_trouble;
	status->journal.privacy_failed_since = state->privacy_failed_since;
}

/* False without memory. */
static bool
tell_store(const struct daemon_status *own, const struct settings *settings, struct status *status, struct arena *arena)
{
	struct store_report report = { .state = STORE_STATE_OFF };

	if (settings->greylist.on)
		store_report(own->services->store, &report);
	status->store.name = own->store;
	status->store.works = !settings->greylist.on || report.state == STORE_STATE_WORKS;
	status->store.state = store_state_word(report.state);
	status->store.since = report.since;
	status->store.passed = report.passed;
	status->store.why = arena_format(arena, "%s", report.why.text);
	status->store.silent_since = report.silent_since;
	status->store.silent = arena_format(arena, "%s", report.silent.text);
	return status->store.why != NULL && status->store.silent != NULL;
}

/* The servers in use, and since when none of them answers. */
static bool
tell_dns(const struct daemon_status *own, struct status *status, struct arena *arena)
{
	struct resolver_state state;
	const char **list = arena_take(arena, DNS_SERVERS_MAX * sizeof *list);
	bool done = list != NULL;

	resolver_tell(own->services->resolver, &state);
	for (size_t i = 0; done && i < state.servers.count; i++)
		done = (list[i] = arena_string(arena, state.servers.list[i])) != NULL;
	status->dns.servers = (struct status_strings){ list, state.servers.count };
	status->dns.file = state.resolv_conf;
	status->dns.failing_since = state.failing_since;
	return done;
}

static void
tell_shadow(const struct daemon_status *own, const struct snapshot *snapshot, struct status *status)
{
	struct shadow_counts counts;

	shadow_tally_look(own->services->shadow, snapshot, &counts);
	status->shadow.path = snapshot->judge.policy->settings.shadow;
	status->shadow.loads = snapshot->draft.policy != NULL;
	status->shadow.since = counts.since;
	status->shadow.judged = counts.judged;
	status->shadow.changed = counts.changed;
	status->shadow.cannot = counts.cannot;
}

static bool
tell_sandbox(struct status *status, struct arena *arena)
{
	const char **lists[] = { NULL, NULL };
	struct status_strings *out[] = { &status->sandbox.reads, &status->sandbox.writes };
	enum sandbox_kind kind;
	struct fault lost = { .text = "" };
	size_t count = 0;

	while (sandbox_path_at(count, &kind) != NULL)
		count++;
	for (size_t i = 0; i < 2; i++) {
		lists[i] = arena_take(arena, (count + 1) * sizeof *lists[i]);
		*out[i] = (struct status_strings){ lists[i], 0 };
	}
	if (lists[0] == NULL || lists[1] == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *path = sandbox_path_at(i, &kind);

		lists[kind != SANDBOX_READ][out[kind != SANDBOX_READ]->count++] = path;
	}
	(void)sandbox_is_lost(&lost);
	status->sandbox.state = sandbox_words();
	status->sandbox.abi = sandbox_abi();
	status->sandbox.lost = arena_string(arena, lost.text);
	return status->sandbox.lost != NULL;
}

static bool
tell_copies(const struct daemon_status *own, const struct policy *policy, struct status *status, struct arena *arena)
{
	struct fault why = { .text = "" };
	char text[sizeof why.file + sizeof why.text + 16];
	bool kept = false;

	for (size_t i = 0; i < policy->source_count; i++)
		kept = kept || source_asks_dns(&policy->sources[i]);
	if (kept)
		source_files_trouble(own->state_dir, &why);
	fault_write(&why, text, sizeof text);
	status->copies_trouble = arena_string(arena, text);
	return status->copies_trouble != NULL;
}

/* What of the state is cheap to find out. */
static bool
tell_daemon(const struct daemon_status *own, const struct policy *policy, struct status *status, struct arena *arena)
{
	return tell_store(own, &policy->settings, status, arena) && reload_tell(own->reload, status, arena) &&
	    opened_listeners_tell(&own->listeners, status, arena) && tell_dns(own, status, arena) &&
	    tell_sandbox(status, arena) && tell_copies(own, policy, status, arena) &&
	    alert_command_tell(own->command, status, arena) && status_hidden(own->services->usage, status, arena) &&
	    status_hosts_tell(own->hosts, status, arena);
}

/* As many as it may have, when nothing can be opened; 0: something can. */
static uint64_t
files_used_up(void)
{
	struct rlimit limit;
	int one = open("/", O_PATH | O_CLOEXEC), why = errno;

	if (one >= 0)
		close(one);
	if (one >= 0 || (why != EMFILE && why != ENFILE))
		return 0;
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 0 ? limit.rlim_cur : 1;
}

static bool
gather(const struct daemon_status *own, const struct snapshot *snapshot, unsigned parts,
    const struct journal_state *journal, struct status *status, struct arena *arena)
{
	const struct policy *policy = snapshot->judge.policy;

	*status = (struct status){ .version = VERSION,
		.pid = getpid(),
		.since = own->since,
		.now = clock_now(),
		.monitor = policy->settings.monitor,
		.sources_fingerprint = snapshot->judge.ranges->fingerprint,
		.state_dir = own->state_dir,
		.disk_full = disk_lacks_room(own->state_dir),
		.files_most = files_used_up() };
	status->mta.last = session_last_contact();
	status->mta.quiet = (clock_ticks() - (status->mta.last != 0 ? session_contact_ticks() : own->since_ticks)) /
	    1000000;
	status->mta.sessions = session_count();
	status->mta.libmilter = milter_io_is_on() ? "archive" : "shared";
	status->mta.refused = milter_io_refused();
	status->mta.silence = policy->settings.alert.silence;
	tell_journal(journal, status);
	tell_shadow(own, snapshot, status);
	if ((parts & STATUS_CONFIG) != 0)
		reload_compare(own->reload, policy, status);
	return tell_daemon(own, policy, status, arena) &&
	    vendor_rates_tell(own->services->rates, policy, status, arena) &&
	    ((parts & STATUS_SOURCES) == 0 ||
		status_sources(policy, own->state_dir, own->exports, own->services->tally, status, arena)) &&
	    status_judge(status, parts, arena);
}

/* ---- for whoever asks ---- */

static void
date_alerts(struct daemon_status *own, struct status *status)
{
	pthread_mutex_lock(&own->lock);
	alert_memory_date(own->memory, status->alerts, status->alert_count, status->now);
	pthread_mutex_unlock(&own->lock);
}

bool
daemon_status_write(struct daemon_status *own, struct text *out)
{
	const struct snapshot *snapshot = snapshot_borrow(own->services->snapshots);
	const struct policy *policy = snapshot->judge.policy;
	struct arena *arena = arena_open(ARENA_MAX);
	struct journal_state journal;
	struct status status;
	bool done;

	journal_look(own->services->journal, &journal);
	done = arena != NULL && gather(own, snapshot, STATUS_ALL, &journal, &status, arena) &&
	    status_lines(policy, own->state_dir, own->services->usage, &status, arena);
	if (done) {
		date_alerts(own, &status);
		status_write(&status, out);
	}
	arena_close(arena);
	snapshot_return(own->services->snapshots, snapshot);
	return done && !out->cut;
}

/* ---- for /metrics ---- */

/* Vendors that are enabled are told before their first mail. */
static void
know_vendors(const struct daemon_status *own)
{
	const struct snapshot *snapshot = snapshot_borrow(own->services->snapshots);
	const struct policy *policy = snapshot->judge.policy;

	for (size_t i = 0; i < policy->vendor_count; i++)
		counters_know(own->services->counters, policy->vendors[i].name);
	snapshot_return(own->services->snapshots, snapshot);
}

static void
count_dns(struct resolver_counts *counts, struct metrics *metrics)
{
	for (size_t i = 0; i < DNS_STATUSES; i++)
		metrics->dns[i] = atomic_load_explicit(&counts->answers[i], memory_order_relaxed);
	metrics->dns_cached = atomic_load_explicit(&counts->cached, memory_order_relaxed);
}

static void
tell_alerts(struct daemon_status *own, struct metrics *metrics)
{
	pthread_mutex_lock(&own->lock);
	for (size_t i = 0; i < STATUS_SLUGS; i++)
		metrics->alerts[i] = alert_memory_is_ill(own->memory, status_slugs[i]);
	pthread_mutex_unlock(&own->lock);
}

bool
daemon_status_metrics(struct daemon_status *own, struct text *out)
{
	struct metrics metrics = { .version = VERSION, .now = clock_now(), .sessions = session_count() };
	struct arena *arena = arena_open(METRICS_ARENA_MAX);
	struct store_report report;
	bool done;

	know_vendors(own);
	count_dns(&own->services->resolver->counts, &metrics);
	store_report(own->services->store, &report);
	metrics.store_failures = report.passed_ever;
	tell_alerts(own, &metrics);
	done = arena != NULL && counters_tell(own->services->counters, &metrics, arena) &&
	    source_figures_tell(own->figures, &metrics, arena);
	if (done)
		metrics_write(&metrics, out);
	arena_close(arena);
	return done;
}

/* ---- for alerts ---- */

static void
see_sources(struct daemon_status *own, const struct status *status)
{
	source_figures_keep(own->figures, status);
	status_hosts_see(own->hosts, status);
}

/* Looks at these parts, and remembers what of them is ill. Reading files takes a fiftieth of the time at most. */
static void
look_at(struct daemon_status *own, const struct snapshot *snapshot, unsigned parts, int64_t *next)
{
	int64_t begun = clock_ticks();
	struct arena *arena = arena_open(ARENA_MAX);
	struct journal_state journal;
	struct status status;

	journal_look(own->services->journal, &journal);
	if (arena != NULL && gather(own, snapshot, parts, &journal, &status, arena)) {
		pthread_mutex_lock(&own->lock);
		alert_memory_see(own->memory, parts, status.alerts, status.alert_count,
		    (struct alert_time){ status.now, clock_ticks() / 1000000 });
		pthread_mutex_unlock(&own->lock);
		if ((parts & STATUS_SOURCES) != 0)
			see_sources(own, &status);
	}
	arena_close(arena);
	*next = clock_ticks() + (clock_ticks() - begun) * FILES_SHARE;
}

/* Differs when a copy, an export or the policy is another. */
static int64_t
stamp_sources(const struct daemon_status *own, const struct snapshot *snapshot)
{
	const struct policy *policy = snapshot->judge.policy;
	uint64_t hash = HASH_START;
	int64_t copies = source_list_stamp(own->state_dir);

	hash = hash_bytes(hash, &snapshot->policy_number, sizeof snapshot->policy_number);
	hash = hash_bytes(hash, &copies, sizeof copies);
	for (size_t i = 0; i < policy->export_count; i++) {
		struct fault untold;
		struct stat st;

		if (stat(policy->exports[i].file, &st) != 0)
			continue;
		hash = hash_bytes(hash, &i, sizeof i);
		(void)exports_reader_trouble(own->exports, i, &untold);
		hash = hash_bytes(hash, untold.text, strlen(untold.text));
		hash = hash_bytes(hash, &st.st_mtim, sizeof st.st_mtim);
		hash = hash_bytes(hash, &st.st_ino, sizeof st.st_ino);
	}
	return (int64_t)hash;
}

void
daemon_status_look(struct daemon_status *own, void (*tell)(void *, const struct alert_change *), void *context)
{
	const struct snapshot *snapshot = snapshot_borrow(own->services->snapshots);
	int64_t stamp = stamp_sources(own, snapshot), ticks = clock_ticks(), unused;

	journal_check(own->services->journal);
	status_hosts_look(own->hosts, own->services->store, snapshot->judge.policy, snapshot->judge.ranges->fingerprint);
	look_at(own, snapshot, STATUS_DAEMON, &unused);
	if (ticks >= own->next_files)
		look_at(own, snapshot, STATUS_CONFIG, &own->next_files);
	if (ticks >= own->next_sources && (stamp != own->stamp || ticks >= own->looked + SOURCES_AGAIN)) {
		own->stamp = stamp;
		own->looked = ticks;
		look_at(own, snapshot, STATUS_SOURCES, &own->next_sources);
	}
	snapshot_return(own->services->snapshots, snapshot);
	pthread_mutex_lock(&own->lock);
	alert_memory_tell(own->memory, (struct alert_time){ clock_now(), clock_ticks() / 1000000 }, tell, context);
	pthread_mutex_unlock(&own->lock);
}

static void
close_memory(struct daemon_status *own)
{
	alert_memory_close(own->memory);
	source_figures_close(own->figures);
	status_hosts_close(own->hosts);
}

static bool
open_memory(struct daemon_status *own, const char *state_dir)
{
	own->memory = alert_memory_open();
	own->figures = source_figures_open();
	own->hosts = status_hosts_open(state_dir);
	if (own->memory != NULL && own->figures != NULL && own->hosts != NULL)
		return true;
	close_memory(own);
	return false;
}

struct daemon_status *
daemon_status_open(const struct services *services, struct exports *exports, struct reload *reload,
    struct alert_command *command, const struct listeners *listeners, const struct settings *started, struct fault *why)
{
	struct daemon_status *own = calloc(1, sizeof *own);

	if (own == NULL || !open_memory(own, started->state_dir)) {
		free(own);
		fault_set(why, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&own->lock, NULL);
	own->command = command;
	own->services = services;
	own->exports = exports;
	own->reload = reload;
	own->since = clock_now();
	own->since_ticks = clock_ticks();
	snprintf(own->state_dir, sizeof own->state_dir, "%s", started->state_dir);
	snprintf(own->store, sizeof own->store, "%s", started->store);
	opened_listeners_add(&own->listeners, "milter", started->milter.listen, true);
	opened_listeners_add(&own->listeners, "delegate", listeners_delegate(listeners), true);
	opened_listeners_add(&own->listeners, "socketmap", listeners_socketmap(listeners), true);
	opened_listeners_add(&own->listeners, "control", listeners_control(listeners), true);
	opened_listeners_add(&own->listeners, "metrics", listeners_metrics(listeners), listeners_has_metrics(listeners));
	return own;
}

void
daemon_status_close(struct daemon_status *own)
{
	if (own == NULL)
		return;
	pthread_mutex_destroy(&own->lock);
	close_memory(own);
	free(own);
}
