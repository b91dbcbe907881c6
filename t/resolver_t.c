#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "milter/checks/admission.h"
#include "milter/checks/resolver.h"
#include "t/lib/answer_text.h"
#include "t/lib/nameserver.h"
#include "t/lib/scratch.h"
#include "t/lib/signed_zone.h"
#include "t/lib/tap.h"

enum { ARENA_BYTES = 4 << 20, SHOWN = 256 * 1024, HOSTS = 250, THREADS = 8, QUESTIONS = 500 };

/* Milliseconds. A question may be slow on a busy machine, but takes AT_MOST only if something is broken. */
enum { LONG = 60 * 1000, AT_MOST = 20 * 1000, BRIEF = 1000 };

static int64_t
ticks_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct resolver *
resolver_start(const char *server, const char *another, const char *anchor, int64_t timeout_ms)
{
	const char *servers[] = { server, another };
	struct resolver_settings settings = { .servers = servers,
		.server_count = another == NULL ? 1 : 2,
		.timeout_ms = timeout_ms,
		.trust_anchor = anchor };
	struct fault why = { .text = "" };
	struct resolver *resolver = resolver_unbound(&settings, &why);

	if (resolver == NULL) {
		note("%s", why.text);
		abort();
	}
	return resolver;
}

static struct dns_question
question_of(const char *name, enum dns_type type)
{
	struct dns_question question;

	if (!dns_question_make(&question, name, type))
		abort();
	return question;
}

/* Asks one question; puts the answer as a line into shown, returns its TTL. */
static uint32_t
ask_text(struct resolver *resolver, const char *name, enum dns_type type, struct budget *budget, struct text *shown)
{
	struct arena *arena = arena_open(ARENA_BYTES);
	struct dns_question question = question_of(name, type);
	struct dns_answer answer;

	if (arena == NULL)
		abort();
	resolver_ask(resolver, &question, budget, arena, &answer);
	text_clear(shown);
	answer_text(type, &answer, shown);
	arena_close(arena);
	return answer.ttl;
}

static bool
answer_is(struct resolver *resolver, const char *name, enum dns_type type, struct budget *budget, const char *wanted)
{
	struct text shown;
	bool good;

	text_open(&shown, SHOWN);
	ask_text(resolver, name, type, budget, &shown);
	good = strcmp(shown.bytes, wanted) == 0;
	if (!good)
		note("%s %s: got '%.200s', wanted '%.200s'", name, dns_type_name(type), shown.bytes, wanted);
	text_close(&shown);
	return good;
}

/* ---- a real server ---- */

#define STRING_250                                                                                               \
	"\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"   \
	"01234567890123456789012345678901234567890123456789\" "
#define STRINGS_1000 STRING_250 STRING_250 STRING_250 STRING_250

static const char zone_start[] =
    "$TTL 300\n"
    ". SOA ns. root. 1 3600 600 86400 77\n"
    ". NS ns.\n"
    "ns. A 127.0.0.1\n"
    "host.example. A 192.0.2.1\nhost.example. A 192.0.2.2\nhost.example. AAAA 2001:db8::1\n"
    "txt.example. TXT \"v=spf1 \" \"-all\"\n"
    "two.example. TXT \"one\"\n"
    "mail.example. MX 20 mx2.example.\nnull.example. MX 0 .\n"
    "1.2.0.192.in-addr.arpa. PTR host.example.\n"
    "alias.example. 60 CNAME alias2.example.\nalias2.example. CNAME host.example.\n"
    "dangling.example. CNAME nowhere.example.\n"
    "loop.example. CNAME loop2.example.\nloop2.example. CNAME loop.example.\n"
    "a\\.b\\032c.example. TXT \"odd name\"\n"
    "_dmarc.example. TXT \"v=DMARC1; p=none\"\n"
    "large.example. TXT " STRINGS_1000 STRINGS_1000 STRINGS_1000 STRINGS_1000 "\n";

static const struct {
	const char *name;
	enum dns_type type;
	const char *wanted;
	uint32_t ttl;
} rows[] = {
	{ "txt.example", DNS_TXT, "FOUND 'v=spf1 -all'", 300 },
	{ "_dmarc.example", DNS_TXT, "FOUND 'v=DMARC1; p=none'", 300 },
	{ "host.example", DNS_A, "FOUND 192.0.2.1 192.0.2.2", 300 },
	{ "HOST.Example.", DNS_A, "FOUND 192.0.2.1 192.0.2.2", 300 },
	{ "host.example", DNS_AAAA, "FOUND 2001:db8::1", 300 },
	{ "mail.example", DNS_MX, "FOUND 20:mx2.example", 300 },
	{ "null.example", DNS_MX, "FOUND 0:", 300 },
	{ "1.2.0.192.in-addr.arpa", DNS_PTR, "FOUND host.example", 300 },
	{ "alias.example", DNS_A, "FOUND 192.0.2.1 192.0.2.2", 60 },
	{ "alias.example", DNS_CNAME, "FOUND alias2.example", 60 },
	{ "alias.example", DNS_TXT, "EMPTY", 60 },
	{ "dangling.example", DNS_A, "NXDOMAIN", 77 },
	{ "loop.example", DNS_A, "TEMPORARY", 0 },
	{ "host.example", DNS_TXT, "EMPTY", 77 },
	{ "example", DNS_TXT, "EMPTY", 77 },
	{ "nowhere.example", DNS_TXT, "NXDOMAIN", 77 },
	{ "a\\.b\\032c.example", DNS_TXT, "FOUND 'odd name'", 300 },
	{ "a.b\\032c.example", DNS_TXT, "NXDOMAIN", 77 },
};

static void
all_types_are_answered(struct resolver *resolver)
{
	int64_t start = ticks_ms();
	struct text shown;

	text_open(&shown, SHOWN);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint32_t ttl = ask_text(resolver, rows[i].name, rows[i].type, NULL, &shown);
		uint32_t passed = (uint32_t)((ticks_ms() - start) / 1000) + 2;

		is(shown.bytes, rows[i].wanted, "%s %s is %s", rows[i].name, dns_type_name(rows[i].type), rows[i].wanted);
		ok(ttl <= rows[i].ttl && ttl + passed >= rows[i].ttl, "and holds %u seconds", rows[i].ttl);
	}
	ask_text(resolver, "large.example", DNS_TXT, NULL, &shown);
	is_number((long long)shown.length, 4000 + (long long)strlen("FOUND ''"),
	    "a TXT record too large for UDP comes over TCP");
	text_close(&shown);
}

struct worker {
	struct resolver *resolver;
	unsigned number, wrong;
	pthread_t thread;
};

/* Every worker asks for the same hosts in a different order. */
static void *
worker_run(void *data)
{
	struct worker *worker = data;

	for (unsigned i = 0; i < QUESTIONS; i++) {
		unsigned host = (i * (2 * worker->number + 1) * 7 + worker->number * 31) % HOSTS;
		char name[64], wanted[64];

		snprintf(name, sizeof name, "h%u.many.example", host);
		snprintf(wanted, sizeof wanted, "FOUND 10.0.0.%u", host);
		worker->wrong += !answer_is(worker->resolver, name, DNS_A, NULL, wanted);
	}
	return NULL;
}

static void
many_threads_ask(struct resolver *resolver)
{
	struct worker workers[THREADS];
	int64_t start = ticks_ms();
	unsigned wrong = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .resolver = resolver, .number = i };
		if (pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]) != 0)
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		wrong += workers[i].wrong;
	}
	is_number(wrong, 0, "%d threads ask %d questions each, and all answers are right", THREADS, QUESTIONS);
	note("in %lld ms", (long long)(ticks_ms() - start));
}

static void
cached_answers_are_fast(struct resolver *resolver)
{
	enum { TIMES = 100000 };
	struct arena *arena = arena_open((size_t)TIMES * 400);
	struct dns_question question = question_of("txt.example", DNS_TXT);
	struct dns_answer answer;
	struct timespec start, end;
	unsigned found = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned i = 0; i < TIMES; i++) {
		resolver_ask(resolver, &question, NULL, arena, &answer);
		found += answer.status == DNS_FOUND;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	is_number(found, TIMES, "a cached answer stays an answer");
	note("%lld ns per cached ask",
	    (long long)((end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec) / TIMES);
	arena_close(arena);
}

static char *
zone_make(void)
{
	struct text zone;

	text_open(&zone, 1 << 20);
	text_put(&zone, zone_start);
	for (unsigned i = 0; i < HOSTS; i++)
		text_format(&zone, "h%u.many.example. A 10.0.0.%u\n", i, i);
	return zone.bytes;
}

static void
a_real_server(void)
{
	char *zone = zone_make();
	struct nsd *nsd = nsd_start(zone);
	struct resolver *resolver;

	free(zone);
	if (nsd == NULL) {
		note("skipped: nsd is not installed, or does not start");
		return;
	}
	resolver = resolver_start(nsd_server(nsd), NULL, "", LONG);
	all_types_are_answered(resolver);
	many_threads_ask(resolver);
	cached_answers_are_fast(resolver);
	resolver_close(resolver);
	nsd_stop(nsd);
}

/* ---- DNSSEC ---- */

static const struct {
	const char *name, *what, *wanted;
} signed_rows[] = {
	{ "signed.example", "an answer that matches its signature is secure", "FOUND secure" },
	{ "nowhere.example", "a proof that there is no such name is secure", "NXDOMAIN secure" },
	{ "altered.example", "an answer that does not match its signature is bogus and temporary", "TEMPORARY bogus" },
};

static void
signatures_are_checked(struct resolver *resolver)
{
	static const char *const words[] = { "FOUND", "EMPTY", "NXDOMAIN", "TEMPORARY" };

	for (size_t i = 0; i < sizeof signed_rows / sizeof signed_rows[0]; i++)
		for (unsigned again = 0; again < 2; again++) {
			struct dns_question question = question_of(signed_rows[i].name, DNS_TXT);
			struct arena *arena = arena_open(ARENA_BYTES);
			struct dns_answer answer;
			char shown[64];

			resolver_ask(resolver, &question, NULL, arena, &answer);
			snprintf(shown, sizeof shown, "%s%s%s", words[answer.status], answer.secure ? " secure" : "",
			    answer.bogus ? " bogus" : "");
			is(shown, signed_rows[i].wanted, "%s%s", signed_rows[i].what,
			    again ? ", also from the cache" : "");
			arena_close(arena);
		}
}

/* Whether a zone answers is probed with a fresh name in it: a proof about other names must not answer for it. */
static void
a_zone_that_is_out_answers_nothing(struct resolver *resolver)
{
	struct dns_question question = question_of("other.example", DNS_TXT);
	struct arena *arena = arena_open(ARENA_BYTES);
	struct dns_answer answer;

	resolver_ask(resolver, &question, NULL, arena, &answer);
	ok(answer.status == DNS_TEMPORARY, "a proof about the names around it does not count as an answer of its zone");
	arena_close(arena);
}

static void
a_signed_zone(void)
{
	char anchor[] = "/tmp/anchor.XXXXXX";
	int fd = mkstemp(anchor);
	struct nsd *nsd = nsd_start(signed_zone);
	struct resolver *resolver;

	if (fd < 0 || !scratch_guard(anchor) || write(fd, signed_zone_anchor, sizeof signed_zone_anchor - 1) < 0)
		abort();
	close(fd);
	if (nsd == NULL) {
		note("skipped: nsd is not installed, or does not start");
	} else {
		resolver = resolver_start(nsd_server(nsd), NULL, anchor, LONG);
		signatures_are_checked(resolver);
		nsd_stop(nsd);
		a_zone_that_is_out_answers_nothing(resolver);
		resolver_close(resolver);
	}
	unlink(anchor);
}

/* ---- a server that misbehaves ---- */

/* libunbound would answer these by itself. */
static const char *const own_zones[] = {
	"localhost",
	"www.localhost",
	"test",
	"mail.test",
	"mail.invalid",
	"host.onion",
	"host.home.arpa",
	"1.0.0.127.in-addr.arpa",
	"1.0.0.10.in-addr.arpa",
	"1.0.16.172.in-addr.arpa",
	"1.0.31.172.in-addr.arpa",
	"1.0.168.192.in-addr.arpa",
	"1.0.64.100.in-addr.arpa",
	"1.0.254.169.in-addr.arpa",
	"1.2.0.192.in-addr.arpa",
	"1.100.51.198.in-addr.arpa",
	"1.113.0.203.in-addr.arpa",
	"255.255.255.255.in-addr.arpa",
	"1.0.0.0.in-addr.arpa",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa",
};

static void
every_name_goes_to_the_server(struct resolver *resolver)
{
	for (size_t i = 0; i < sizeof own_zones / sizeof own_zones[0]; i++)
		ok(answer_is(resolver, own_zones[i], DNS_PTR, NULL, "FOUND answered.example"),
		    "%s is answered by the server", own_zones[i]);
}

static void
look_again(void)
{
	usleep(10000); /* sleeps: until it looks again */
}

/* Asks again and again until the answer differs from `first`; false if it never does. */
static bool
answer_changes(struct resolver *resolver, const char *name, struct budget *budget, const char *first)
{
	struct text shown;
	bool changed = false;

	text_open(&shown, SHOWN);
	for (int64_t start = ticks_ms(); !changed && ticks_ms() - start < 2 * LONG; look_again()) {
		ask_text(resolver, name, DNS_A, budget, &shown);
		changed = strcmp(shown.bytes, first) != 0;
	}
	text_close(&shown);
	return changed;
}

/* Any address: on a busy machine a question may reach the server again before it is answered. */
static bool
is_found(struct resolver *resolver, const char *name, struct budget *budget)
{
	struct text shown;
	bool found;

	text_open(&shown, SHOWN);
	ask_text(resolver, name, DNS_A, budget, &shown);
	found = strncmp(shown.bytes, "FOUND 192.0.2.", 14) == 0;
	if (!found)
		note("%s: got '%.200s'", name, shown.bytes);
	text_close(&shown);
	return found;
}

/* The server gives a different address each time. */
static bool
same_answer_twice(struct resolver *resolver, const char *name)
{
	struct text first, again;
	bool same;

	text_open(&first, SHOWN);
	text_open(&again, SHOWN);
	ask_text(resolver, name, DNS_A, NULL, &first);
	ask_text(resolver, name, DNS_A, NULL, &again);
	same = strncmp(first.bytes, "FOUND ", 6) == 0 && strcmp(first.bytes, again.bytes) == 0;
	text_close(&first);
	text_close(&again);
	return same;
}

static void
answers_live_as_long_as_they_should(struct resolver *resolver)
{
	ok(same_answer_twice(resolver, "lasting.example"), "within its TTL a name is not asked again");
	ok(answer_changes(resolver, "brief.example", NULL, "FOUND 192.0.2.1"), "after its TTL it is");
}

/* On a busy machine the moment may end before the second question: then another name is tried. */
static bool
is_left_alone(struct resolver *resolver, struct responder *responder)
{
	bool alone = false;

	for (unsigned try = 0; !alone && try < 20; try++) {
		char name[64];
		unsigned count;

		snprintf(name, sizeof name, "servfail%u.example", try);
		if (!answer_is(resolver, name, DNS_TXT, NULL, "TEMPORARY"))
			return false;
		count = responder_count(responder, name);
		alone = count > 0 && answer_is(resolver, name, DNS_TXT, NULL, "TEMPORARY") &&
		    responder_count(responder, name) == count;
	}
	return alone;
}

static void
failures_are_temporary(struct resolver *resolver, struct responder *responder)
{
	ok(answer_is(resolver, "servfail.example", DNS_TXT, NULL, "TEMPORARY"), "a server that failed is temporary");
	ok(is_left_alone(resolver, responder), "and is left alone for a moment");
	ok(answer_is(resolver, "refused.example", DNS_TXT, NULL, "TEMPORARY"), "a server that refuses is temporary");
	ok(answer_is(resolver, "garbage.example", DNS_TXT, NULL, "TEMPORARY"), "a response that lies is temporary");
	ok(answer_is(resolver, "lost.example", DNS_TXT, NULL, "FOUND 'answered'"), "a lost packet is sent again");
}

/* At least 90 % of the expected time, and not for ever. */
static bool
took(int64_t start, int64_t due_ms)
{
	int64_t took_ms = ticks_ms() - start;
	bool good = took_ms >= due_ms * 9 / 10 && took_ms <= due_ms + AT_MOST;

	if (!good)
		note("took %lld ms, due were %lld", (long long)took_ms, (long long)due_ms);
	return good;
}

static void
a_silent_server_is_given_up(struct resolver *resolver)
{
	int64_t start = ticks_ms();

	ok(answer_is(resolver, "silent1.example", DNS_A, NULL, "TEMPORARY") && took(start, BRIEF),
	    "a silent server is given up at the time-out");
}

static void
nobody_waits_too_long(struct resolver *resolver, struct responder *responder)
{
	struct budget budget = { .left_ms = 400 };
	int64_t start = ticks_ms();

	ok(answer_is(resolver, "silent2.example", DNS_A, &budget, "TEMPORARY") && took(start, 400),
	    "and at the end of the budget, if that comes first");
	is_number(budget.left_ms, 0, "which is then used up");
	ok(is_found(resolver, "quick.example", NULL), "names that are never answered do not hold up the others");
	start = ticks_ms();
	ok(answer_is(resolver, "silent3.example", DNS_A, &budget, "TEMPORARY") && took(start, 0),
	    "without budget there is no wait");
	ok(answer_is(resolver, "test", DNS_PTR, &budget, "FOUND answered.example"),
	    "but what is cached is still answered");
	budget.left_ms = 400;
	responder_hold(responder);
	ok(answer_is(resolver, "held-too-long.example", DNS_A, &budget, "TEMPORARY"), "a wait leaves less time");
	responder_release(responder);
	budget.left_ms = LONG;
	start = ticks_ms();
	ok(is_found(resolver, "lost2.example", &budget) && budget.left_ms < LONG &&
		budget.left_ms >= LONG - (ticks_ms() - start) - 2,
	    "the budget is lowered by the time waited");
}

static void *
held_run(void *data)
{
	struct worker *worker = data;

	worker->wrong = !is_found(worker->resolver, "held-joined.example", NULL);
	return NULL;
}

static void *
silent_run(void *data)
{
	struct worker *worker = data;
	char name[64];

	snprintf(name, sizeof name, "silent-%u.example", worker->number);
	worker->wrong = !answer_is(worker->resolver, name, DNS_A, NULL, "TEMPORARY");
	return NULL;
}

/* Starts all workers; they are joined by workers_join, which counts the wrong answers. */
static void
workers_start(struct worker workers[THREADS], struct resolver *resolver, void *(*run)(void *))
{
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .resolver = resolver, .number = i };
		if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0)
			abort();
	}
}

static unsigned
workers_join(struct worker workers[THREADS])
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		wrong += workers[i].wrong;
	}
	return wrong;
}

/* Waits until the server was asked for the name. */
static void
await_question(struct responder *responder, const char *name)
{
	while (responder_count(responder, name) == 0)
		look_again();
}

static void
questions_are_joined(struct resolver *resolver, struct responder *responder)
{
	struct dns_question ahead = question_of("held-ahead.example", DNS_A);
	struct worker workers[THREADS];
	unsigned count;
	int64_t start;

	responder_hold(responder);
	workers_start(workers, resolver, held_run);
	await_question(responder, "held-joined.example");
	responder_release(responder);
	is_number(workers_join(workers), 0, "all threads that ask the same get the answer");
	ok(responder_count(responder, "held-joined.example") < THREADS, "and the server is not asked for each of them");
	responder_hold(responder);
	start = ticks_ms();
	resolver_prefetch(resolver, &ahead);
	resolver_prefetch(resolver, &ahead);
	ok(took(start, 0), "a prefetch does not wait for the answer");
	responder_release(responder);
	ok(is_found(resolver, "held-ahead.example", NULL), "what was prefetched is found");
	count = responder_count(responder, "held-ahead.example");
	resolver_prefetch(resolver, &ahead);
	is_number(responder_count(responder, "held-ahead.example"), count, "and not asked for again");
}

/* An answer that came too late is still kept for the next question. */
static void
late_answers_are_kept(struct resolver *resolver, struct responder *responder)
{
	struct budget budget = { .left_ms = 50 };

	responder_hold(responder);
	ok(answer_is(resolver, "held-late.example", DNS_A, &budget, "TEMPORARY"), "a question without time left gives up");
	responder_release(responder);
	budget.left_ms = 0;
	ok(answer_changes(resolver, "held-late.example", &budget, "TEMPORARY"), "the late answer is kept");
}

static void
an_outage_ends(struct resolver *resolver, struct responder *responder)
{
	enum { TRIES = 8 };
	char name[64];

	responder_silence(responder, true);
	for (unsigned try = 0; try < TRIES; try++) {
		struct budget budget = { .left_ms = 300 };

		snprintf(name, sizeof name, "outage-%u.example", try);
		(void)answer_is(resolver, name, DNS_A, &budget, "TEMPORARY");
	}
	responder_silence(responder, false);
	ok(answer_changes(resolver, "outage-end.example", NULL, "TEMPORARY"), "after an outage there are answers again");
}

static void
closing_waits_for_nobody(struct resolver *resolver, struct responder *responder)
{
	struct worker workers[THREADS];
	char name[64];
	int64_t start;

	/* each asks for a name of its own: which the server has seen, he waits for, and does not begin while we close */
	workers_start(workers, resolver, silent_run);
	for (unsigned i = 0; i < THREADS; i++) {
		snprintf(name, sizeof name, "silent-%u.example", i);
		await_question(responder, name);
	}
	start = ticks_ms();
	resolver_close(resolver);
	ok(took(start, 0), "the resolver closes while questions are in progress");
	is_number(workers_join(workers), 0, "and waiting threads get no answer");
}

static void
a_bad_server(void)
{
	struct responder *responder = responder_start();
	struct resolver *resolver = resolver_start(responder_server(responder), NULL, "", LONG);

	every_name_goes_to_the_server(resolver);
	answers_live_as_long_as_they_should(resolver);
	failures_are_temporary(resolver, responder);
	questions_are_joined(resolver, responder);
	late_answers_are_kept(resolver, responder);
	closing_waits_for_nobody(resolver, responder);

	resolver = resolver_start(responder_server(responder), NULL, "", BRIEF);
	a_silent_server_is_given_up(resolver);
	resolver_close(resolver);

	resolver = resolver_start(responder_server(responder), NULL, "", LONG);
	(void)answer_is(resolver, "test", DNS_PTR, NULL, "FOUND answered.example");
	nobody_waits_too_long(resolver, responder);
	an_outage_ends(resolver, responder);
	resolver_close(resolver);

	resolver = resolver_start("127.0.0.1@9", responder_server(responder), "", LONG);
	ok(answer_is(resolver, "second.example", DNS_TXT, NULL, "FOUND 'answered'"),
	    "a second server answers for a dead one");
	resolver_close(resolver);
	responder_stop(responder);
}

/* ---- strangers' slow names ---- */

/* Starts a question and waits a moment for its answer, or not at all for a prefetch. */
static void
flood(struct resolver *resolver, const char *name, enum standing standing, bool ahead)
{
	struct dns_question question = question_of(name, DNS_A);
	struct arena *arena = arena_open(ARENA_BYTES);
	struct budget budget = { .left_ms = 1 };
	struct dns_answer answer;

	question.standing = standing;
	if (ahead)
		resolver_prefetch(resolver, &question);
	else
		resolver_ask(resolver, &question, &budget, arena, &answer);
	arena_close(arena);
}

/* Is it answered within `patience_ms`? Then earlier questions have reached the server. */
static bool
answered(struct resolver *resolver, const char *name, enum standing standing, int64_t patience_ms)
{
	struct dns_question question = question_of(name, DNS_A);
	struct arena *arena = arena_open(ARENA_BYTES);
	struct budget budget = { .left_ms = patience_ms };
	struct dns_answer answer;
	bool found;

	question.standing = standing;
	resolver_ask(resolver, &question, &budget, arena, &answer);
	found = answer.status == DNS_FOUND;
	arena_close(arena);
	return found;
}

struct asker {
	struct resolver *resolver;
	const char *name;
	bool found;
	pthread_t thread;
};

static void *
asker_run(void *data)
{
	struct asker *asker = data;

	asker->found = answered(asker->resolver, asker->name, STANDING_STRANGER, 100000);
	return NULL;
}

enum { LONG_MS = 60000, MOMENT_MS = 20 };

/* Waits until so many names are held and returns the count: they reach the server after the calls. */
static unsigned
held_at_last(struct responder *responder, unsigned wanted)
{
	int64_t start = ticks_ms();

	while (responder_held(responder) < wanted && ticks_ms() - start < 2 * LONG)
		look_again();
	return responder_held(responder);
}

/* One organisation has only its share, whatever names it uses; the others have theirs. */
static void
one_flood_has_its_part(struct resolver *resolver, struct responder *responder)
{
	char name[64];

	for (unsigned i = 0; i < 30; i++) {
		snprintf(name, sizeof name, "held%u.x%u.evil.example", i, i % 7);
		flood(resolver, name, STANDING_STRANGER, true);
	}
	ok(answered(resolver, "fence1.example", STANDING_LISTED, LONG_MS), "a listed name is answered");
	is_number(held_at_last(responder, ADMIT_GROUP / 2), ADMIT_GROUP / 2, "prefetches take half of a sender's share");
	for (unsigned i = 0; i < 30; i++) {
		snprintf(name, sizeof name, "held%u.x%u.evil.example", i, i % 7);
		flood(resolver, name, STANDING_STRANGER, false);
	}
	ok(answered(resolver, "honest.test", STANDING_STRANGER, LONG_MS), "an honest stranger is answered");
	is_number(held_at_last(responder, ADMIT_GROUP), ADMIT_GROUP, "one organisation has %d at most", ADMIT_GROUP);
	for (unsigned i = 0; i < 30; i++) {
		snprintf(name, sizeof name, "held%u.x%u.gone.vendor.example", i, i % 7);
		flood(resolver, name, STANDING_BELOW, false);
	}
	ok(answered(resolver, "s1._domainkey.vendor.example", STANDING_SELECTOR, LONG_MS),
	    "random names below a vendor's do not hold up its own keys");
	ok(answered(resolver, "_dmarc.desk.vendor.example", STANDING_BELOW, LONG_MS), "nor another branch of its zone");
	is_number(held_at_last(responder, 2 * ADMIT_GROUP), 2 * ADMIT_GROUP, "and %d at most", ADMIT_GROUP);
}

static void
all_floods_have_theirs(struct resolver *resolver, struct responder *responder)
{
	unsigned before = responder_held(responder);
	char name[64];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "held%u.evil%u.example", i, i);
		flood(resolver, name, STANDING_STRANGER, i < 100);
	}
	ok(answered(resolver, "fence2.example", STANDING_LISTED, LONG_MS),
	    "a listed name gets a slot next to all strangers");
	is_number(held_at_last(responder, before + ADMIT_STRANGERS - ADMIT_GROUP),
	    before + ADMIT_STRANGERS - ADMIT_GROUP, "which have %d at most", ADMIT_STRANGERS);
	ok(!answered(resolver, "late.test", STANDING_STRANGER, MOMENT_MS), "a stranger waits then, as for a slow answer");
	is_number(responder_count(responder, "late.test"), 0, "and is not asked before there is a slot");
	flood(resolver, "ahead.test", STANDING_STRANGER, true);
	ok(answered(resolver, "bounces.vendor.example", STANDING_BELOW, LONG_MS),
	    "a name below a vendor's has its own slots");
	ok(answered(resolver, "s2._domainkey.vendor.example", STANDING_SELECTOR, LONG_MS), "and a vendor's key");
	is_number(responder_count(responder, "ahead.test"), 0, "nothing more is prefetched for strangers");
}

/* A question that waits as a stranger's starts as a vendor's when a vendor's mail asks it; else it starts later. */
static void
who_waits_is_served(struct resolver *resolver, struct responder *responder)
{
	struct asker askers[2] = { { .resolver = resolver, .name = "shared.test" },
		{ .resolver = resolver, .name = "patient.test" } };

	for (unsigned i = 0; i < 2; i++)
		if (pthread_create(&askers[i].thread, NULL, asker_run, &askers[i]) != 0)
			abort();
	ok(answered(resolver, "shared.test", STANDING_LISTED, LONG_MS),
	    "a vendor's question does not wait for a stranger's");
	pthread_join(askers[0].thread, NULL);
	ok(askers[0].found, "and the stranger that asked the same gets the answer too");
	responder_release(responder);
	pthread_join(askers[1].thread, NULL);
	ok(askers[1].found, "a waiting stranger is served when a slot is free");
}

static void
strangers_have_bounds(void)
{
	struct responder *responder = responder_start();
	struct resolver *resolver = resolver_start(responder_server(responder), NULL, "", 100000);

	one_flood_has_its_part(resolver, responder);
	all_floods_have_theirs(resolver, responder);
	who_waits_is_served(resolver, responder);
	resolver_close(resolver);
	responder_stop(responder);
}

/* ---- the host's resolv.conf ---- */

struct host {
	char path[64];
	struct responder *first, *second;
	struct resolver *resolver;
};

/* Replaces the file whole. server NULL: it is empty. */
static void
host_names(const struct host *host, const char *server)
{
	char fresh[80];
	FILE *file;

	snprintf(fresh, sizeof fresh, "%s.new", host->path);
	file = fopen(fresh, "w");
	if (file == NULL)
		abort();
	if (server != NULL)
		fprintf(file, "# made by a test\nnameserver %s\n", server);
	if (fclose(file) != 0 || rename(fresh, host->path) != 0)
		abort();
}

static bool
host_asks(const struct host *host, const char *server)
{
	struct resolver_state state;

	resolver_tell(host->resolver, &state);
	return state.servers.count == 1 && strcmp(state.servers.list[0], server) == 0;
}

static void
host_start(struct host *host, const char *server)
{
	struct resolver_settings settings = { .resolv_conf = host->path, .timeout_ms = LONG };
	struct fault why;

	host_names(host, server);
	host->resolver = resolver_unbound(&settings, &why);
	if (host->resolver == NULL)
		abort();
}

static void *
waiting_run(void *data)
{
	struct worker *worker = data;

	worker->wrong = !is_found(worker->resolver, "waiting.example", NULL);
	return NULL;
}

static void
what_is_under_way_goes_to_the_new_server(struct host *host)
{
	struct worker workers[THREADS];

	responder_silence(host->first, true);
	host_start(host, responder_server(host->first));
	ok(host_asks(host, responder_server(host->first)), "the server of resolv.conf is asked");
	workers_start(workers, host->resolver, waiting_run);
	await_question(host->first, "waiting.example");
	host_names(host, responder_server(host->second));
	is_number(workers_join(workers), 0, "while it is silent the file is looked at, and what waits is asked again");
	ok(host_asks(host, responder_server(host->second)), "another server is asked then");
	responder_silence(host->first, false);
}

static void
what_is_known_stays(struct host *host)
{
	ok(is_found(host->resolver, "kept.example", NULL), "a server answers");
	host_names(host, responder_server(host->first));
	resolver_look_again(host->resolver);
	while (!host_asks(host, responder_server(host->first)))
		look_again();
	ok(is_found(host->resolver, "kept.example", NULL), "and its answer is kept when there is another one");
	is_number(responder_count(host->first, "kept.example"), 0, "which is not asked again");
	ok(is_found(host->resolver, "fresh.example", NULL) && responder_count(host->first, "fresh.example") > 0,
	    "but for what nobody knows");
}

static void
files_that_name_nobody(struct host *host)
{
	unlink(host->path);
	resolver_look_again(host->resolver);
	ok(is_found(host->resolver, "gone.example", NULL) && host_asks(host, responder_server(host->first)),
	    "a file that is gone changes nothing");
	host_names(host, NULL);
	resolver_look_again(host->resolver);
	while (!host_asks(host, "127.0.0.1"))
		look_again();
	ok(true, "an empty one means 127.0.0.1");
	resolver_close(host->resolver);
	host_start(host, NULL);
	ok(host_asks(host, "127.0.0.1"), "also at the start");
	resolver_close(host->resolver);
	unlink(host->path);
	host->resolver = resolver_unbound(&(struct resolver_settings){ .resolv_conf = host->path, .timeout_ms = LONG },
	    NULL);
	ok(host->resolver != NULL && host_asks(host, "127.0.0.1"), "and so does a file that is missing then");
	resolver_close(host->resolver);
}

static int64_t
failing_since(const struct host *host)
{
	struct resolver_state state;

	resolver_tell(host->resolver, &state);
	return state.failing_since;
}

static void
an_outage_is_told(struct host *host)
{
	struct budget budget = { .left_ms = 50 };
	int64_t before = (int64_t)time(NULL);

	host_start(host, responder_server(host->first));
	ok(is_found(host->resolver, "well.example", NULL) && failing_since(host) == 0, "a server that answers is well");
	(void)answer_is(host->resolver, "silent9.example", DNS_A, &budget, "TEMPORARY");
	responder_silence(host->first, true);
	while (failing_since(host) == 0)
		look_again();
	ok(failing_since(host) >= before && failing_since(host) <= (int64_t)time(NULL) - 3,
	    "one that answers nothing is told of, with the time of the first question");
	responder_silence(host->first, false);
	while (failing_since(host) != 0)
		look_again();
	ok(true, "and is well again once it answers, though nobody asks");
	resolver_close(host->resolver);
}

static void *
changing_run(void *data)
{
	struct worker *worker = data;
	char name[64];

	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "c%u-%u.example", worker->number, i);
		worker->wrong += !is_found(worker->resolver, name, NULL);
	}
	return NULL;
}

/* The threads ask while another server is named again and again; both answer. */
static void
servers_change_while_threads_ask(struct host *host)
{
	struct worker workers[THREADS];

	host_start(host, responder_server(host->first));
	workers_start(workers, host->resolver, changing_run);
	for (unsigned i = 0; i < 40; i++) {
		host_names(host, responder_server(i % 2 == 0 ? host->second : host->first));
		resolver_look_again(host->resolver);
		look_again();
	}
	is_number(workers_join(workers), 0, "%d threads get all their answers while the servers change", THREADS);
	resolver_close(host->resolver);
}

static void
the_hosts_file(void)
{
	struct host host = { .path = "/tmp/resolv.conf.XXXXXX",
		.first = responder_start_for_host(),
		.second = responder_start_for_host() };
	int fd = mkstemp(host.path);

	if (fd < 0 || !scratch_guard(host.path))
		abort();
	close(fd);
	if (host.first == NULL || host.second == NULL) {
		note("skipped: port 53 may not be used here");
	} else {
		what_is_under_way_goes_to_the_new_server(&host);
		what_is_known_stays(&host);
		files_that_name_nobody(&host);
		an_outage_is_told(&host);
		servers_change_while_threads_ask(&host);
		responder_stop(host.first);
		responder_stop(host.second);
	}
	unlink(host.path);
}

/* ---- starting ---- */

static void
start_fails(const char *server, const char *anchor, const char *text, const char *name)
{
	struct resolver_settings settings = { .servers = &server,
		.server_count = 1,
		.timeout_ms = 1000,
		.trust_anchor = anchor };
	struct fault why = { .text = "" };
	struct resolver *resolver = resolver_unbound(&settings, &why);

	ok(resolver == NULL && strstr(why.text, text) != NULL, "%s", name);
	note("%s", why.text);
	resolver_close(resolver);
}

int
main(void)
{
	sigset_t all;

	alarm(600); /* whoever waits for ever is ended; before signals are blocked */
	sigfillset(&all);
	sigdelset(&all, SIGALRM);
	sigprocmask(SIG_BLOCK, &all, NULL);
	start_fails("dns.example", "", "'127.0.0.1@53'", "a server that is not an address is refused with what to write");
	start_fails("127.0.0.1", "/nonexistent/root.key", "/nonexistent/root.key", "a missing trust anchor is named");
	start_fails("127.0.0.1", "/etc/passwd", "/etc/passwd", "a file without a trust anchor is named");
	a_real_server();
	a_signed_zone();
	a_bad_server();
	strangers_have_bounds();
	the_hosts_file();
	return done();
}
