#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/state/refresh.h"
#include "milter/system/clock.h"
#include "policy/util/arena.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { SECOND = 1000000, PATIENCE_MS = 1000, SOURCES = 4, TURNS = 40, QUESTIONS_OF_A = 2, AHEAD = 16 };

/* ---- a clock that the test sets, and that counts how often it is read ---- */

/* Second 0 is before the host's start: a wait until any time of ours ends at once. */
enum { BEFORE_START = -1000000 };

static atomic_llong ticks;
static atomic_ulong looks;

int64_t
clock_ticks(void)
{
	looks++;
	usleep(20); /* sleeps: the thread under test reads it in a loop */
	return ticks;
}

int64_t
clock_now(void)
{
	return 1700000000 + ticks / SECOND - BEFORE_START;
}

/* ---- a journal that counts what was logged ---- */

static pthread_mutex_t said_lock = PTHREAD_MUTEX_INITIALIZER;
static char said[64 * 1024];

void
journal_say(struct journal *journal, int level, const char *fmt, ...)
{
	size_t length;
	va_list args;

	(void)journal;
	pthread_mutex_lock(&said_lock);
	length = strlen(said);
	va_start(args, fmt);
	snprintf(said + length, sizeof said - length, "%d ", level);
	length = strlen(said);
	vsnprintf(said + length, sizeof said - length, fmt, args);
	va_end(args);
	length = strlen(said);
	snprintf(said + length, sizeof said - length, "\n");
	pthread_mutex_unlock(&said_lock);
}

void
journal_fault(struct journal *journal, int level, const struct fault *fault)
{
	journal_say(journal, level, "%s", fault->text);
}

static long long
said_times(const char *words)
{
	long long count = 0;

	pthread_mutex_lock(&said_lock);
	for (const char *at = strstr(said, words); at != NULL; at = strstr(at + 1, words))
		count++;
	pthread_mutex_unlock(&said_lock);
	return count;
}

/* ---- DNS that may change at any time, counts, and can be slow ---- */

struct names {
	struct resolver interface; /* first: a resolver is a names */
	struct resolver *canned;
	struct canned_zone *zone;
	pthread_mutex_t lock;
	unsigned asked;
	atomic_uint waiting;              /* questions for slow names that are under way */
	sem_t slow;                       /* each of them takes one */
	char ahead[AHEAD][DNS_NAME_TEXT]; /* prefetched: has come by now */
	unsigned aheads;
};

static bool
is_ahead(struct names *names, const char *name)
{
	bool found = false;

	pthread_mutex_lock(&names->lock);
	for (size_t i = 0; i < AHEAD; i++)
		found = found || strcmp(names->ahead[i], name) == 0;
	pthread_mutex_unlock(&names->lock);
	return found;
}

/* A dead name uses up the whole budget; without budget only prefetched names are answered. */
static void
ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	struct names *names = (struct names *)resolver;

	if (strncmp(question->name, "slow", 4) == 0) {
		names->waiting++;
		sem_wait(&names->slow);
	}
	*out = (struct dns_answer){ .status = DNS_TEMPORARY };
	if (strncmp(question->name, "dead", 4) == 0)
		budget->left_ms = 0;
	if (budget->left_ms == 0 && !is_ahead(names, question->name))
		return;
	pthread_mutex_lock(&names->lock);
	names->asked++;
	resolver_ask(names->canned, question, budget, arena, out);
	pthread_mutex_unlock(&names->lock);
}

static void
prefetch(struct resolver *resolver, const struct dns_question *question)
{
	struct names *names = (struct names *)resolver;

	pthread_mutex_lock(&names->lock);
	if (strncmp(question->name, "dead", 4) != 0)
		snprintf(names->ahead[names->aheads++ % AHEAD], DNS_NAME_TEXT, "%s", question->name);
	pthread_mutex_unlock(&names->lock);
}

static unsigned
asked(struct names *names)
{
	unsigned count;

	pthread_mutex_lock(&names->lock);
	count = names->asked;
	pthread_mutex_unlock(&names->lock);
	return count;
}

/* Replaces all records of the name; line NULL: it does not exist. */
static void
zone_set(struct names *names, const char *name, const char *line)
{
	struct fault why;

	pthread_mutex_lock(&names->lock);
	canned_zone_drop(names->zone, name, 0);
	if (line != NULL && !canned_zone_line(names->zone, line, &why))
		abort();
	pthread_mutex_unlock(&names->lock);
}

/* ---- a policy of sources, a fixture to try it in ---- */

struct row {
	enum source_kind kind;
	const char *name, *text;
	enum source_use use;
	bool dropped;      /* by tags */
	int64_t max_stale; /* 0: a week */
	size_t lines;      /* of a file: 20.0.0.0/24, 20.0.1.0/24 and so on */
};

struct fixture {
	struct names names;
	struct snapshots *snapshots;
	struct refresh *refresh;
};

/* Wishes end with a NULL name. */
static struct policy *
policy_make(const struct row *rows, int64_t least, int64_t most)
{
	static struct prefix fixed, lines[256];
	struct arena *arena = arena_open(64 * 1024);
	struct policy *policy = arena == NULL ? NULL : arena_take(arena, sizeof *policy);
	struct source *sources = policy == NULL ? NULL : arena_take(arena, SOURCES * sizeof *sources);
	struct vendor *vendor = sources == NULL ? NULL : arena_take(arena, sizeof *vendor);

	if (vendor == NULL || !prefix_read("203.0.113.0/24", &fixed, NULL))
		abort();
	for (unsigned i = 0; i < 256; i++)
		lines[i] = (struct prefix){ { ADDRESS_V4, { 20, 0, (uint8_t)i, 0 } }, 24 };
	*vendor = (struct vendor){ .name = "acme", .sources = sources };
	policy->arena = arena;
	policy->sources = sources;
	policy->vendors = vendor;
	policy->vendor_count = 1;
	policy->settings.refresh.min = least;
	policy->settings.refresh.max = most;
	policy->settings.refresh.widest_ipv4 = 12;
	policy->settings.refresh.widest_ipv6 = 28;
	policy->settings.refresh.share_ppm = 1000;
	policy->settings.refresh.fall_percent = 50;
	for (; rows->name != NULL; rows++) {
		struct source *source = &sources[policy->source_count];

		*source = (struct source){ .number = (uint32_t)policy->source_count,
			.kind = rows->kind,
			.use = rows->use,
			.selected = !rows->dropped,
			.name = rows->name,
			.text = rows->text,
			.vendor = vendor,
			.max_stale = rows->max_stale > 0 ? rows->max_stale : 7 * 86400 };
		if (rows->kind == SOURCE_CIDR) {
			source->prefixes = &fixed;
			source->prefix_count = 1;
		} else if (rows->kind == SOURCE_FILE) {
			source->prefixes = lines;
			source->prefix_count = rows->lines;
		}
		vendor->source_count = ++policy->source_count;
	}
	return policy;
}

static void
adopt(struct fixture *fixture, const struct row *rows, int64_t least, int64_t most)
{
	struct fault why;

	if (!refresh_adopt(fixture->refresh, policy_make(rows, least, most), PATIENCE_MS, &why))
		abort();
}

static struct fixture *
fixture_open_in(const char *state_dir)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct fault why;

	if (fixture == NULL || (fixture->names.zone = canned_zone_open()) == NULL ||
	    (fixture->names.canned = resolver_canned(fixture->names.zone, &why)) == NULL)
		abort();
	fixture->names.interface.ask = ask;
	fixture->names.interface.prefetch = prefetch;
	pthread_mutex_init(&fixture->names.lock, NULL);
	sem_init(&fixture->names.slow, 0, 0);
	fixture->snapshots = snapshots_open(&why);
	fixture->refresh = fixture->snapshots == NULL
	    ? NULL
	    : refresh_open(&fixture->names.interface, fixture->snapshots, NULL, state_dir, &why);
	if (fixture->refresh == NULL)
		abort();
	ticks = (int64_t)BEFORE_START * SECOND;
	said[0] = '\0';
	return fixture;
}

static struct fixture *
fixture_open(void)
{
	return fixture_open_in("");
}

static void
start(struct fixture *fixture)
{
	struct fault why;

	if (!refresh_start(fixture->refresh, &why))
		abort();
}

static void
fixture_close(struct fixture *fixture)
{
	refresh_close(fixture->refresh);
	snapshots_close(fixture->snapshots);
	resolver_close(fixture->names.canned);
	canned_zone_close(fixture->names.zone);
	pthread_mutex_destroy(&fixture->names.lock);
	sem_destroy(&fixture->names.slow);
	free(fixture);
}

/* Sets the clock and lets the thread read it a few times. */
static void
at_second(int64_t second)
{
	unsigned long before;

	ticks = (BEFORE_START + second) * SECOND;
	before = looks;
	while (looks < before + TURNS)
		usleep(20); /* sleeps: until it looks again */
}

/* "listed" or "not listed" for an address, and "unknown" if the source is not known. */
static const char *
state_of(struct fixture *fixture, uint32_t number, const char *client)
{
	const struct snapshot *snapshot = snapshot_borrow(fixture->snapshots);
	const struct ranges *ranges = snapshot->judge.ranges;
	const char *state = ranges->states[number].known ? "not listed" : "unknown";
	struct address address;
	struct prefix_hits hits;

	if (!address_read(client, &address))
		abort();
	hits = prefix_table_find(ranges->table, &address);
	for (size_t i = 0; i < hits.count; i++)
		if (hits.numbers[i] == number)
			state = ranges->states[number].known ? "listed" : "listed but unknown";
	snapshot_return(fixture->snapshots, snapshot);
	return state;
}

static const struct row acme[] = { { .kind = SOURCE_A, .name = "out.acme.example", .text = "a:out.acme.example" }, { 0 } };

/* ---- time to live ---- */

static void
change_is_published(void)
{
	struct fixture *fixture = fixture_open();
	unsigned before;

	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.1");
	adopt(fixture, acme, 60, 86400);
	is(state_of(fixture, 0, "192.0.2.1"), "listed", "what a source publishes is listed from the start");
	is(state_of(fixture, 0, "192.0.2.2"), "not listed", "and nothing else");
	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.2");
	start(fixture);
	before = asked(&fixture->names);
	at_second(99);
	is(state_of(fixture, 0, "192.0.2.1"), "listed", "until its TTL ends it stays");
	is_number(asked(&fixture->names), before, "and is not asked for");
	at_second(102);
	is(state_of(fixture, 0, "192.0.2.2"), "listed", "after its TTL a change is in force");
	is(state_of(fixture, 0, "192.0.2.1"), "not listed", "and what was listed before is no longer listed");
	is_number(said_times("source a:out.acme.example of acme: lists 1 network"), 1, "the first list is logged");
	is_number(
	    said_times("drift: source a:out.acme.example of acme: came 192.0.2.2 via out.acme.example; went 192.0.2.1"),
	    1, "and what came and went, and through which name");
	at_second(210);
	is_number(said_times("drift:"), 1, "an unchanged answer is not");
	fixture_close(fixture);
}

/* TTL, refresh.min, refresh.max; when it is not asked for yet, and when it has been. */
static const struct {
	const char *line;
	int64_t least, most, before, after;
	const char *name;
} lives[] = {
	{ "out.acme.example 1 A 192.0.2.1", 60, 86400, 59, 62, "a short TTL is not shorter than refresh.min" },
	{ "out.acme.example 604800 A 192.0.2.1", 60, 3600, 3599, 3602, "a long one not longer than refresh.max" },
	{ "out.acme.example 0 A 192.0.2.1", 300, 300, 299, 302, "where both are the same, that is the time" },
};

static void
ttl_is_bounded(void)
{
	for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
		struct fixture *fixture = fixture_open();
		unsigned first;
		bool early;

		zone_set(&fixture->names, "out.acme.example", lives[i].line);
		adopt(fixture, acme, lives[i].least, lives[i].most);
		first = asked(&fixture->names);
		start(fixture);
		at_second(lives[i].before);
		early = asked(&fixture->names) != first;
		at_second(lives[i].after);
		ok(!early && asked(&fixture->names) == 2 * first, "%s", lives[i].name);
		fixture_close(fixture);
	}
}

/* ---- trouble ---- */

static void
known_source_keeps_serving(void)
{
	struct fixture *fixture = fixture_open();

	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.1");
	adopt(fixture, acme, 60, 86400);
	start(fixture);
	zone_set(&fixture->names, "out.acme.example", "out.acme.example * SERVFAIL");
	at_second(102);
	at_second(1000);
	is(state_of(fixture, 0, "192.0.2.1"), "listed", "a source that cannot be asked stays in use");
	is_number(said_times("what it listed before stays in use"), 1, "and its trouble is logged, once");
	zone_set(&fixture->names, "out.acme.example", NULL);
	at_second(2000);
	is(state_of(fixture, 0, "192.0.2.1"), "listed but unknown",
	    "so does one whose name is gone, but other addresses are unknown");
	is_number(said_times("what it listed before stays in use"), 2, "and other trouble is logged again");
	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.9");
	at_second(3000);
	is(state_of(fixture, 0, "192.0.2.9"), "listed", "when the trouble is over, what it lists is in force");
	fixture_close(fixture);
}

static const struct row two[] = { { .kind = SOURCE_A, .name = "out.acme.example", .text = "a:out.acme.example" },
	{ .kind = SOURCE_A, .name = "eu.acme.example", .text = "a:eu.acme.example" }, { 0 } };

static void
vendor_loses_all_addresses(void)
{
	struct fixture *fixture = fixture_open();

	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.1");
	zone_set(&fixture->names, "eu.acme.example", "eu.acme.example 100 A 192.0.2.2");
	adopt(fixture, two, 60, 86400); /* absent_after is 0: three askings are enough */
	zone_set(&fixture->names, "out.acme.example", NULL);
	for (int turn = 0; turn < 4; turn++)
		refresh_now(fixture->refresh, true);
	is(state_of(fixture, 0, "192.0.2.1"), "not listed", "a source that is gone lists nothing, and is not unknown");
	is(state_of(fixture, 1, "192.0.2.2"), "listed", "while another name of its vendor answers");
	is_number(said_times("vendor-without-addresses"), 0, "the vendor still has an address");
	zone_set(&fixture->names, "eu.acme.example", NULL);
	for (int turn = 0; turn < 4; turn++)
		refresh_now(fixture->refresh, true);
	is(state_of(fixture, 1, "192.0.2.2"), "not listed", "when the last one is gone");
	is_number(said_times("vendor-without-addresses: according to DNS no source of acme"), 1, "that is logged, once");
	adopt(fixture, two, 60, 86400);
	is_number(said_times("vendor-without-addresses"), 2, "and at a reload");
	fixture_close(fixture);
}

static const struct {
	size_t before, after;
	long long said;
	const char *name;
} falls[] = {
	{ 200, 200, 0, "a list that is as it was is not spoken of" },
	{ 200, 100, 0, "nor one that lost half" },
	{ 200, 99, 1, "one that lost more is" },
	{ 99, 200, 0, "one that grew is not" },
};

static void
list_that_falls_is_said(void)
{
	for (size_t i = 0; i < sizeof falls / sizeof *falls; i++) {
		struct row rows[] = {
			{ .kind = SOURCE_FILE, .name = "acme.list", .text = "file:acme.list", .lines = falls[i].before },
			{ 0 }
		};
		struct fixture *fixture = fixture_open();

		adopt(fixture, rows, 60, 86400);
		rows[0].lines = falls[i].after;
		adopt(fixture, rows, 60, 86400);
		is_number(said_times("source file:acme.list of acme: lists"), falls[i].said, "%s", falls[i].name);
		is(state_of(fixture, 0, falls[i].after == 200 ? "20.0.150.1" : "20.0.50.1"), "listed",
		    "%s: it is believed", falls[i].name);
		fixture_close(fixture);
	}
}

static void
unknown_source_stays_unknown(void)
{
	struct fixture *fixture = fixture_open();

	zone_set(&fixture->names, "out.acme.example", "out.acme.example * TIMEOUT");
	adopt(fixture, acme, 60, 86400);
	is(state_of(fixture, 0, "192.0.2.1"), "unknown", "a source that never answered is unknown, not empty");
	is_number(said_times("its addresses are not known"), 1, "and that is logged");
	start(fixture);
	at_second(6);
	is(state_of(fixture, 0, "192.0.2.1"), "unknown", "it stays so while there is no answer");
	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.1");
	at_second(20);
	is(state_of(fixture, 0, "192.0.2.1"), "listed", "and is known with the first answer");
	is(state_of(fixture, 0, "192.0.2.2"), "not listed", "also for addresses that it does not list");
	fixture_close(fixture);
}

static void
retries_back_off(void)
{
	static const char wanted[] = " 5 15 35 75 155 315 615 915 1215 1515 1815";
	struct fixture *fixture = fixture_open();
	struct text times;
	unsigned before;

	text_open(&times, 1024);
	zone_set(&fixture->names, "out.acme.example", "out.acme.example * SERVFAIL");
	adopt(fixture, acme, 60, 86400);
	start(fixture);
	for (int64_t second = 5; second <= 2000; second += 5) {
		before = asked(&fixture->names);
		at_second(second);
		if (asked(&fixture->names) != before)
			text_format(&times, " %lld", (long long)second);
	}
	is(times.bytes, wanted, "it is asked again after 5 seconds, then after twice as long each time, up to 5 minutes");
	is_number(said_times("its addresses are not known"), 1, "and the log is not flooded");
	text_close(&times);
	fixture_close(fixture);
}

/* ---- reload ---- */

static const struct row three[] = { { .kind = SOURCE_CIDR, .name = "", .text = "cidr:203.0.113.0/24" },
	{ .kind = SOURCE_SPF, .name = "globex.example", .text = "spf:globex.example" },
	{ .kind = SOURCE_A, .name = "out.acme.example", .text = "a:out.acme.example" }, { 0 } };
static const struct row none[] = { { 0 } };

static void
reload_keeps_what_is_known(void)
{
	struct fixture *fixture = fixture_open();
	unsigned before, for_globex;

	zone_set(&fixture->names, "globex.example", "globex.example 100 TXT \"v=spf1 ip4:198.51.100.0/24 -all\"");
	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.1");
	adopt(fixture, acme, 60, 86400);
	before = asked(&fixture->names);
	zone_set(&fixture->names, "out.acme.example", "out.acme.example * SERVFAIL");
	adopt(fixture, acme, 60, 86400);
	is_number(asked(&fixture->names), before, "a reload does not ask known sources");
	is(state_of(fixture, 0, "192.0.2.1"), "listed", "which stay in use, whatever DNS says now");
	adopt(fixture, three, 60, 86400);
	for_globex = asked(&fixture->names) - before;
	is_number(for_globex, 1, "it asks only the new source");
	is(state_of(fixture, 2, "192.0.2.1"), "listed", "the known one is used under its new number");
	is(state_of(fixture, 1, "198.51.100.77"), "listed", "next to the new one");
	is(state_of(fixture, 0, "203.0.113.1"), "listed", "and the one with written networks");
	adopt(fixture, none, 60, 86400);
	adopt(fixture, acme, 60, 86400);
	is(state_of(fixture, 0, "192.0.2.1"), "unknown",
	    "a source that was dropped is forgotten, and asked again when it returns");
	fixture_close(fixture);
}

static const struct row idle[] = {
	{ .kind = SOURCE_A, .name = "login.acme.example", .text = "a:login.acme.example", .use = USE_LOGIN },
	{ .kind = SOURCE_A, .name = "us.acme.example", .text = "a:us.acme.example", .dropped = true },
	{ .kind = SOURCE_CIDR, .name = "", .text = "cidr:203.0.113.0/24", .use = USE_API }, { 0 }
};

static void
idle_sources_cost_nothing(void)
{
	struct fixture *fixture = fixture_open();

	zone_set(&fixture->names, "login.acme.example", "login.acme.example 100 A 192.0.2.50");
	adopt(fixture, idle, 60, 86400);
	is_number(asked(&fixture->names), 2,
	    "sources of other territories are not asked, those of other uses are (A, AAAA)");
	is(state_of(fixture, 2, "203.0.113.1"), "not listed", "and list no address");
	is(state_of(fixture, 2, "192.0.2.50"), "not listed", "neither does one that was asked only for the exports");
	fixture_close(fixture);
}

static const struct row exists[] = { { .kind = SOURCE_SPF, .name = "macro.example", .text = "spf:macro.example" }, { 0 } };

static void
asked_source_is_marked(void)
{
	struct fixture *fixture = fixture_open();
	const struct snapshot *snapshot;

	zone_set(&fixture->names, "macro.example", "macro.example 100 TXT \"v=spf1 exists:%{i}.ok.example -all\"");
	adopt(fixture, exists, 60, 86400);
	snapshot = snapshot_borrow(fixture->snapshots);
	ok(snapshot->judge.ranges->states[0].known && snapshot->judge.ranges->states[0].asked,
	    "a source that cannot be listed is marked to be asked about each address");
	snapshot_return(fixture->snapshots, snapshot);
	is_number(said_times("and is asked for each address"), 1, "and the log says so");
	fixture_close(fixture);
}

/* ---- slow DNS ---- */

static const struct row slow[] = { { .kind = SOURCE_A, .name = "slow1.example", .text = "a:slow1.example" },
	{ .kind = SOURCE_A, .name = "slow2.example", .text = "a:slow2.example" },
	{ .kind = SOURCE_A, .name = "slow3.example", .text = "a:slow3.example" }, { 0 } };

static void
under_way(struct fixture *fixture, unsigned questions)
{
	while (fixture->names.waiting < questions)
		usleep(100); /* sleeps: until it looks again */
}

static void *
let_go(void *argument)
{
	struct fixture *fixture = argument;

	usleep(50 * 1000); /* sleeps: by then the reload waits; else the test shows less, but does not fail */
	for (unsigned i = 0; i < QUESTIONS_OF_A; i++)
		sem_post(&fixture->names.slow);
	return NULL;
}

static void
let_go_soon(struct fixture *fixture)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, let_go, fixture) != 0)
		abort();
	pthread_detach(thread);
}

/* Of three sources that hang, a reload waits only for the one in progress. */
static void
reload_goes_first(void)
{
	enum { PLENTY = 20 };
	struct fixture *fixture = fixture_open();
	unsigned before;

	for (int i = 0; i < PLENTY; i++)
		sem_post(&fixture->names.slow);
	adopt(fixture, slow, 60, 86400); /* there are no such names: each is tried again in 5 seconds */
	while (sem_trywait(&fixture->names.slow) == 0)
		continue;
	start(fixture);
	at_second(1);
	before = fixture->names.waiting;
	ticks = (BEFORE_START + (int64_t)1000) * SECOND;
	under_way(fixture, before + 1);
	alarm(600); /* ends a test that waits for the others */
	let_go_soon(fixture);
	adopt(fixture, none, 60, 86400);
	ok(fixture->names.waiting == before + 1, "a reload does not wait for every source that hangs");
	alarm(0);
	fixture_close(fixture);
}

/* ---- one dead server ---- */

static const struct row dead[] = { { .kind = SOURCE_A, .name = "dead.example", .text = "a:dead.example" },
	{ .kind = SOURCE_SPF, .name = "globex.example", .text = "spf:globex.example" },
	{ .kind = SOURCE_A, .name = "out.acme.example", .text = "a:out.acme.example" }, { 0 } };

static void
dead_server_holds_up_nobody(void)
{
	struct fixture *fixture = fixture_open();

	zone_set(&fixture->names, "globex.example", "globex.example 100 TXT \"v=spf1 include:a.globex.example -all\"");
	zone_set(&fixture->names, "a.globex.example", "a.globex.example 100 TXT \"v=spf1 ip4:198.51.100.0/24 -all\"");
	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.1");
	adopt(fixture, dead, 60, 86400);
	is(state_of(fixture, 0, "192.0.2.9"), "unknown", "a source whose server is dead is unknown");
	is(state_of(fixture, 2, "192.0.2.1"), "listed", "and does not keep those asked with it from being known");
	start(fixture);
	at_second(10);
	is(state_of(fixture, 1, "198.51.100.1"), "listed", "nor, in the end, those that take several questions");
	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.2");
	zone_set(&fixture->names, "a.globex.example", "a.globex.example 100 TXT \"v=spf1 ip4:203.0.113.0/24 -all\"");
	at_second(102);
	is(state_of(fixture, 2, "192.0.2.2"), "listed", "a change elsewhere is in force as soon as usual");
	at_second(112);
	is(state_of(fixture, 1, "203.0.113.1"), "listed", "in a tree of includes, too");
	fixture_close(fixture);
}

/* ---- a day ---- */

static void
outage_of_a_day(void)
{
	static const struct row both[] = { { .kind = SOURCE_A, .name = "out.acme.example", .text = "a:out.acme.example" },
		{ .kind = SOURCE_SPF, .name = "globex.example", .text = "spf:globex.example", .max_stale = 36000 },
		{ 0 } };
	struct fixture *fixture = fixture_open();
	bool same = true, early = true, late = true;

	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.1");
	zone_set(&fixture->names, "globex.example", "globex.example 100 TXT \"v=spf1 ip4:198.51.100.0/24 -all\"");
	adopt(fixture, both, 60, 86400);
	start(fixture);
	zone_set(&fixture->names, "out.acme.example", "out.acme.example * SERVFAIL");
	zone_set(&fixture->names, "globex.example", "globex.example * TIMEOUT");
	for (int64_t second = 600; second <= 86400; second += 600) {
		at_second(second);
		same = same && strcmp(state_of(fixture, 0, "192.0.2.1"), "listed") == 0 &&
		    strcmp(state_of(fixture, 0, "192.0.2.2"), "not listed") == 0;
		if (second <= 36000)
			early = early && strcmp(state_of(fixture, 1, "198.51.100.1"), "listed") == 0;
		else
			late = late && strcmp(state_of(fixture, 1, "198.51.100.1"), "unknown") == 0;
	}
	ok(same, "through 24 hours without DNS the same addresses are listed, and no others");
	ok(early, "a source with a max_stale of ten hours is listed for ten hours");
	ok(late, "then it is unknown, never empty: its mail is deferred, not refused");
	zone_set(&fixture->names, "globex.example", "globex.example 100 TXT \"v=spf1 ip4:198.51.100.0/24 -all\"");
	at_second(86400 + 102);
	is(state_of(fixture, 1, "198.51.100.1"), "listed", "with DNS back it is listed again");
	is(state_of(fixture, 0, "192.0.2.1"), "listed", "next to the other one");
	fixture_close(fixture);
}

/* ---- a start without DNS ---- */

static void
start_without_dns(void)
{
	char folder[] = "/tmp/refresh.XXXXXX", command[64];
	struct fixture *fixture;

	if (!scratch_make(folder))
		abort();
	fixture = fixture_open_in(folder);
	zone_set(&fixture->names, "out.acme.example", "out.acme.example 100 A 192.0.2.1");
	adopt(fixture, acme, 60, 86400);
	fixture_close(fixture);
	fixture = fixture_open_in(folder);
	zone_set(&fixture->names, "out.acme.example", "out.acme.example * TIMEOUT");
	adopt(fixture, acme, 60, 86400);
	is(state_of(fixture, 0, "192.0.2.1"), "listed", "a start without DNS uses the last good copy");
	is_number(asked(&fixture->names), 0, "and waits for no answer");
	start(fixture);
	at_second(20);
	ok(asked(&fixture->names) > 0, "it is asked at once in the background");
	is(state_of(fixture, 0, "192.0.2.1"), "listed", "without an answer, and stays in use");
	fixture_close(fixture);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	if (system(command) != 0)
		note("%s is left behind", folder);
}

int
main(void)
{
	change_is_published();
	ttl_is_bounded();
	known_source_keeps_serving();
	vendor_loses_all_addresses();
	list_that_falls_is_said();
	unknown_source_stays_unknown();
	retries_back_off();
	reload_keeps_what_is_known();
	idle_sources_cost_nothing();
	asked_source_is_marked();
	reload_goes_first();
	dead_server_holds_up_nobody();
	outage_of_a_day();
	start_without_dns();
	return done();
}
