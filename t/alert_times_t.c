/*
 * How long it takes until what is ill is told, by the test's own clock: from the periods at which the daemon looks, which are
 * added up here, never from a run on this machine. A problem is told by second 10, or the table says why later.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/checks/resolver.h"
#include "milter/peers/alert_watch.h"
#include "milter/peers/ask_daemon.h"
#include "milter/state/exports.h"
#include "milter/state/source_watch.h"
#include "milter/store/store_watch.h"
#include "milter/system/condition.h"
#include "milter/system/journal.h"
#include "policy/review/alert_memory.h"
#include "policy/review/status.h"
#include "t/lib/tap.h"

enum { MOST_MS = 10 * 1000, SECOND = 1000, PHASE_MS = 125, EVER_MS = 3600 * 1000, SOURCE_MAX = 256 * 1024 };

/* seen_ms: from when it is so until the daemon's own state has it, at the worst. */
static const struct {
	const char *slug;
	int seen_ms;
	const char *later; /* NULL, or why it may take longer: what is added is then the contract's, not ours */
} rows[] = {
	{ "socket-gone", 0, NULL },
	{ "socket-closed", 0, NULL },
	{ "config-newer", 0, NULL },
	{ "reload-failed", 0, NULL },
	{ "sandbox-outdated", 0, NULL },
	{ "disk-full", 0, NULL },
	{ "files-used-up", 0, NULL },
	{ "journal-stuck", STATUS_STUCK_SECONDS *SECOND, NULL },
	{ "journal-dropped", 0, NULL },
	{ "hidden-clients", 0, NULL },
	{ "alert-command", 0, NULL },
	{ "privacy-key", 0, NULL },
	{ "record-failed", JOURNAL_LOOKS *ALERT_LOOK_SECONDS *SECOND, NULL },
	{ "store-failed", STORE_LOOK_SECONDS *SECOND, NULL },
	{ "sentinels-silent", STATUS_SILENT_SECONDS *SECOND,
	    "a Sentinel may be started anew, and mail is greylisted meanwhile" },
	{ "dns-trouble", RESOLVER_TROUBLE_MS, NULL },
	{ "export-reader", EXPORTS_LOOK_SECONDS *SECOND, NULL },
	{ "export-stale", 0, NULL },
	{ "no-mta", 0, "alert.silence is over first: a quiet site is no problem" },
	{ "source-wrong", 0, "DNS is asked again when the TTL ends" },
	{ "vendor-without-addresses", 0, "what is gone is believed after refresh.absent_after" },
	{ "source-trouble", 3 * SOURCE_RETRY_FIRST *SECOND,
	    "three refreshes in a row must fail, and the first is due by its TTL" },
	{ "source-drift", 0, "DNS is asked again when the TTL ends" },
	{ "vendor-dkim-broken", 0, "a share of mail is no share before some has come" },
	{ "vendor-forged-jump", 0, "the same" },
	{ "vendor-unproven-jump", 0, "the same" },
	{ "policies-differ", 0, "a rollout takes its time: they may differ for ten minutes" },
	{ "sources-differ", 0, "both ask DNS again twice before" },
	{ "vendor-delayed", 0, "the mail that others deferred has to come again" },
};

/* The tool sees these itself, while it asks. */
static const struct {
	const char *slug;
	int seen_ms;
} asked[] = {
	{ "hung", ASK_STATUS_MS + ASK_MILTER_MS },
	{ "not-running", 0 },
	{ "socket-gone", 0 },
};

/* ---- until it is told ---- */

static bool is_told;

static void
tell(void *slug, const struct alert_change *change)
{
	is_told = is_told || (change->ill && strcmp(slug, change->slug) == 0);
}

/* A look every ALERT_LOOK_SECONDS, the first at `phase`; the state is there from 0 and seen from seen_ms on. */
static int
told_after(const char *slug, int seen_ms, int phase)
{
	struct alert_memory *memory = alert_memory_open();
	struct status_alert alert = { slug, 0, "it", "mend it", "", false };
	int now = phase;

	if (memory == NULL)
		abort();
	for (is_told = false; now < EVER_MS; now += ALERT_LOOK_SECONDS * SECOND) {
		struct alert_time time = { 1795910969 + now / SECOND, now / SECOND };

		alert_memory_see(memory, STATUS_DAEMON, &alert, now >= seen_ms, time);
		alert_memory_tell(memory, time, tell, (void *)slug);
		if (is_told)
			break;
	}
	alert_memory_close(memory);
	return now;
}

static int
worst_of(const char *slug, int seen_ms)
{
	int worst = 0;

	for (int phase = 0; phase < ALERT_LOOK_SECONDS * SECOND; phase += PHASE_MS) {
		int told = told_after(slug, seen_ms, phase);

		worst = told > worst ? told : worst;
	}
	return worst;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int worst = worst_of(rows[i].slug, rows[i].seen_ms);

		ok(worst <= MOST_MS || (rows[i].later != NULL && worst < EVER_MS), "%s is told after %d ms at most%s%s",
		    rows[i].slug, worst, rows[i].later == NULL ? "" : "; but ",
		    rows[i].later == NULL ? "" : rows[i].later);
		ok(rows[i].later != NULL || rows[i].seen_ms < MOST_MS, "%s: status has it before", rows[i].slug);
	}
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
		ok(asked[i].seen_ms <= MOST_MS, "%s: status says so after %d ms at most", asked[i].slug, asked[i].seen_ms);
	ok(worst_of("late", MOST_MS) > MOST_MS, "what is seen too late is found out");
}

/* ---- no slug is left out ---- */

static bool
is_row(const char *slug)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].slug, slug) == 0)
			return true;
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
		if (strcmp(asked[i].slug, slug) == 0)
			return true;
	return false;
}

/* Each word behind `call` in a source file. */
static void
test_source(const char *path, const char *call)
{
	static char text[SOURCE_MAX];
	const char *srcdir = getenv("srcdir"), *at = text;
	char full[512], slug[64];
	size_t count = 0;
	FILE *file;

	snprintf(full, sizeof full, "%s/%s", srcdir == NULL ? "." : srcdir, path);
	file = fopen(full, "r");
	text[file == NULL ? 0 : fread(text, 1, sizeof text - 1, file)] = '\0';
	if (file != NULL)
		fclose(file);
	for (; (at = strstr(at, call)) != NULL; at++)
		if (sscanf(at + strlen(call), "%63[a-z-]", slug) == 1) {
			count++;
			ok(is_row(slug), "%s of %s has a time", slug, path);
		}
	ok(count > 0, "%s has slugs", path);
}

/* ---- the thread that looks, by the clock of its own waits: no wait here takes any time ---- */

enum { LOOKS_MOST = 100 };

static pthread_mutex_t looks_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t looks_end = PTHREAD_COND_INITIALIZER;
static struct alert_memory *looks_memory;
static int64_t waited_ms, told_ms;
static int looks;
static bool is_over;

void
condition_init(pthread_cond_t *condition)
{
	pthread_cond_init(condition, NULL);
}

/* Long ago, so that nobody waits. */
struct timespec
condition_in(int64_t ms)
{
	waited_ms += ms;
	return (struct timespec){ 0, 0 };
}

const struct snapshot *
snapshot_borrow(struct snapshots *snapshots)
{
	static const struct policy policy = { .settings.alert.command = "" };
	static const struct snapshot snapshot = { .judge.policy = &policy };

	(void)snapshots;
	return &snapshot;
}

void
snapshot_return(struct snapshots *snapshots, const struct snapshot *snapshot)
{
	(void)snapshots, (void)snapshot;
}

void
alert_command_use(struct alert_command *command, const char *line, uint64_t policy_number)
{
	(void)command, (void)line, (void)policy_number;
}

void
alert_command_put(struct alert_command *command, const struct alert_change *change)
{
	(void)command;
	is_told = strcmp(change->slug, "socket-gone") == 0;
}

/* A socket is gone from the first look on. */
void
daemon_status_look(struct daemon_status *own, void (*tell_change)(void *, const struct alert_change *), void *context)
{
	struct status_alert alert = { "socket-gone", 0, "it", "mend it", "", false };
	struct alert_time time = { 1795910969 + waited_ms / SECOND, waited_ms / SECOND };

	(void)own;
	if (is_over)
		return;
	alert_memory_see(looks_memory, STATUS_DAEMON, &alert, 1, time);
	alert_memory_tell(looks_memory, time, tell_change, context);
	pthread_mutex_lock(&looks_lock);
	told_ms = waited_ms;
	is_over = is_told || ++looks == LOOKS_MOST;
	pthread_cond_signal(&looks_end);
	pthread_mutex_unlock(&looks_lock);
}

static void
test_watch(void)
{
	struct fault why;
	struct alert_watch *watch;

	is_told = false;
	looks_memory = alert_memory_open();
	watch = looks_memory == NULL ? NULL : alert_watch_open(NULL, NULL, NULL, NULL, &why);
	if (watch == NULL)
		abort();
	pthread_mutex_lock(&looks_lock);
	while (!is_over)
		pthread_cond_wait(&looks_end, &looks_lock);
	pthread_mutex_unlock(&looks_lock);
	alert_watch_close(watch);
	alert_memory_close(looks_memory);
	/* just after a look it would have been seen one wait later */
	ok(is_told && told_ms + ALERT_LOOK_SECONDS * SECOND <= MOST_MS,
	    "the thread that looks tells it when it has waited %lld ms", (long long)told_ms);
	is_number(told_ms, looks * ALERT_LOOK_SECONDS * SECOND, "it waits ALERT_LOOK_SECONDS after each look");
}

int
main(void)
{
	test_rows();
	test_watch();
	test_source("policy/review/status_judge.c", "add(alerts, \"");
	test_source("milter/tool/cmd_status.c", "add(found, \"");
	return done();
}
