#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/checks/answer_cache.h"
#include "t/lib/tap.h"

enum { ARENA_BYTES = 1 << 20, CEILING = 1 << 20, SHARD = CEILING / 16 };

static struct dns_question
question_of(const char *name, enum dns_type type)
{
	struct dns_question question;

	if (!dns_question_make(&question, name, type))
		abort();
	return question;
}

static struct dns_answer
text_answer(struct dns_record *record, const char *text, uint32_t ttl)
{
	*record = (struct dns_record){ .length = (uint16_t)strlen(text), .bytes = (const uint8_t *)text };
	return (struct dns_answer){ .status = DNS_FOUND, .ttl = ttl, .count = 1, .records = record };
}

/* How long an answer is kept: its kind, its TTL, and when it is known for the last time. */
static const struct {
	const char *name;
	enum dns_status status;
	uint32_t ttl;
	int64_t last_ms; /* the last millisecond at which it is known; -1: never */
} lives[] = {
	{ "an answer lives as long as its TTL", DNS_FOUND, 300, 299999 },
	{ "an answer without a TTL is not kept", DNS_FOUND, 0, -1 },
	{ "an answer lives a day at most", DNS_FOUND, 7 * 86400, 86400 * 1000 - 1 },
	{ "no such name lives as long as the SOA says", DNS_NXDOMAIN, 60, 59999 },
	{ "no such name lives three hours at most", DNS_NXDOMAIN, 86400, 10800 * 1000 - 1 },
	{ "no such record lives three hours at most", DNS_EMPTY, 86400, 10800 * 1000 - 1 },
	{ "a negative answer without a SOA is not kept", DNS_EMPTY, 0, -1 },
	{ "a failure lives a second", DNS_TEMPORARY, 0, 999 },
	{ "a failure lives a second whatever its TTL", DNS_TEMPORARY, 300, 999 },
};

static void
answers_live_and_die(void)
{
	enum { START = 5000000 };
	struct dns_question question = question_of("example.com", DNS_TXT);

	for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
		struct answer_cache *cache = answer_cache_open(CEILING);
		struct arena *arena = arena_open(ARENA_BYTES);
		struct dns_answer answer = { .status = lives[i].status, .ttl = lives[i].ttl }, out;
		bool wanted = lives[i].last_ms >= 0, got;

		answer_cache_put(cache, &question, &answer, START);
		got = answer_cache_get(cache, &question, START + (wanted ? lives[i].last_ms : 0), arena, &out);
		ok(got == wanted && (!got || out.status == lives[i].status) &&
			!answer_cache_has(cache, &question, START + lives[i].last_ms + 1) &&
			answer_cache_bytes(cache) == 0,
		    "%s", lives[i].name);
		arena_close(arena);
		answer_cache_close(cache);
	}
}

static void
answers_are_copies(void)
{
	struct answer_cache *cache = answer_cache_open(CEILING);
	struct arena *arena = arena_open(ARENA_BYTES), *small = arena_open(8);
	struct dns_question question = question_of("example.com", DNS_TXT), other = question_of("example.com", DNS_A);
	struct dns_record record;
	struct dns_answer answer = text_answer(&record, "v=spf1 -all", 300), out;
	char text[] = "v=spf1 +all";
	bool got;

	answer.secure = true;
	answer_cache_put(cache, &question, &answer, 0);
	got = answer_cache_get(cache, &question, 100500, arena, &out);
	answer_cache_close(cache); /* what was copied must not be the cache's */
	is(got ? (const char *)out.records[0].bytes : NULL, "v=spf1 -all", "the bytes are returned");
	is_number(out.records[0].length, 11, "and their length");
	is_number(out.ttl, 199, "the TTL is the rest of it");
	ok(out.secure, "an answer proved by DNSSEC stays secure");

	cache = answer_cache_open(CEILING);
	answer_cache_put(cache, &question, &answer, 0);
	ok(!answer_cache_has(cache, &other, 0), "another type of the name is another question");
	answer = text_answer(&record, text, 300);
	answer_cache_put(cache, &question, &answer, 0);
	text[7] = '?';
	got = answer_cache_get(cache, &question, 0, arena, &out);
	is(got ? (const char *)out.records[0].bytes : NULL, "v=spf1 +all", "a new answer replaces the old one");
	ok(answer_cache_get(cache, &question, 0, small, &out) && out.status == DNS_TEMPORARY && out.count == 0,
	    "a full arena gives a temporary answer");
	arena_close(arena);
	arena_close(small);
	answer_cache_close(cache);
}

static void
the_ceiling_holds(void)
{
	struct answer_cache *cache = answer_cache_open(CEILING);
	struct arena *arena = arena_open(ARENA_BYTES);
	struct dns_question popular = question_of("popular.example", DNS_TXT), question;
	struct dns_record record;
	struct dns_answer answer = text_answer(&record, "some text that is about as long as an SPF record is", 300), out;
	static char large[SHARD + 1];
	size_t most = 0, known = 0;
	char name[64];

	answer_cache_put(cache, &popular, &answer, 0);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(name, sizeof name, "host%u.example", i);
		question = question_of(name, DNS_TXT);
		answer_cache_put(cache, &question, &answer, 0);
		if (i % 64 == 0 && answer_cache_get(cache, &popular, 0, arena, &out))
			known++;
		if (answer_cache_bytes(cache) > most)
			most = answer_cache_bytes(cache);
	}
	ok(most <= CEILING && most > CEILING / 10 * 9, "the cache fills up to its limit and stays below it");
	is_number((long long)known, 20000 / 64 + 1, "an answer that is often asked for is never dropped");
	question = question_of("host0.example", DNS_TXT);
	ok(!answer_cache_has(cache, &question, 0), "one that nobody asks for is dropped");
	question = question_of("host19999.example", DNS_TXT);
	ok(answer_cache_has(cache, &question, 0), "the newest is there");
	memset(large, 'x', SHARD - 1);
	if (SHARD - 1 > UINT16_MAX)
		abort();
	most = answer_cache_bytes(cache);
	answer = text_answer(&record, large, 300);
	question = question_of("large.example", DNS_TXT);
	answer_cache_put(cache, &question, &answer, 0);
	ok(!answer_cache_has(cache, &question, 0) && answer_cache_bytes(cache) == most,
	    "an answer too large to keep evicts nothing");
	arena_close(arena);
	answer_cache_close(cache);
}

int
main(void)
{
	answers_live_and_die();
	answers_are_copies();
	the_ceiling_holds();
	answer_cache_close(NULL);
	return done();
}
