/*
 * line_pool_t.c - lines that are worked on by many threads come back whole, each once, in their order, and by the caller's
 * thread; a failure ends it with the first one's reason. In t/all under TSan as well.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/tool/line_pool.h"
#include "policy/util/hash.h"
#include "t/lib/tap.h"

enum { LINES = 20000, LONG_LINE = 700 * 1024, LONG_EACH = 1999 };

struct result {
	uint64_t hash;
	size_t length;
};

struct context {
	const char *failing; /* work fails at lines that begin so; NULL: at none */
	pthread_t caller;
	uint64_t taken, wrong;
	bool elsewhere; /* something was taken by another thread */
};

static uint64_t
hash_of(struct span line)
{
	return hash_bytes(HASH_START, line.at, line.length);
}

static bool
work(void *context, struct span line, void *out, struct fault *why)
{
	const struct context *seen = context;
	struct result *result = out;

	if (seen->failing != NULL && line.length >= strlen(seen->failing) &&
	    memcmp(line.at, seen->failing, strlen(seen->failing)) == 0)
		return fault_set(why, "%.*s", (int)(line.length > 9 ? 9 : line.length), line.at);
	*result = (struct result){ hash_of(line), line.length };
	return true;
}

/* Line `number`, in the caller's room: short ones, some empty, and a few that no batch holds beside others. */
static struct span
make_line(char *room, uint64_t number)
{
	size_t length = number % LONG_EACH == 1 ? LONG_LINE : number % 37;

	memset(room, 'a' + (int)(number % 26), length);
	if (length > 12)
		snprintf(room, 12, "%09u", (unsigned)(number % 1000000000));
	return (struct span){ room, length };
}

static void
take(void *context, uint64_t number, const void *result)
{
	static char room[LONG_LINE];
	struct context *seen = context;
	const struct result *got = result;
	struct span line = make_line(room, number);

	seen->wrong += number != seen->taken || got->length != line.length || got->hash != hash_of(line);
	seen->elsewhere = seen->elsewhere || !pthread_equal(pthread_self(), seen->caller);
	seen->taken++;
}

static struct line_pool *
open_pool(struct context *context)
{
	const struct line_work how = { work, take, sizeof(struct result) };
	struct line_pool *pool = line_pool_open(&how, context);

	context->caller = pthread_self();
	if (pool == NULL)
		abort();
	return pool;
}

/* The room is used again at once: the pool has its own copy. False: it failed. */
static bool
add_all(struct line_pool *pool, struct fault *why)
{
	static char room[LONG_LINE];
	bool done = true;

	for (uint64_t number = 0; done && number < LINES; number++)
		done = line_pool_add(pool, make_line(room, number), number, why);
	return done;
}

static void
each_line_comes_back(void)
{
	struct context context = { .failing = NULL };
	struct line_pool *pool = open_pool(&context);
	struct fault why = { .text = "" };

	ok(add_all(pool, &why) && line_pool_finish(pool, &why), "twenty thousand lines are worked on") ||
	    (note("%s", why.text), true);
	is_number((long long)context.taken, LINES, "each comes back once");
	is_number((long long)context.wrong, 0, "whole, in its order, with what came of it");
	ok(!context.elsewhere, "and is taken by the thread that added it");
	line_pool_close(pool);
}

static void
a_failure_ends_it(void)
{
	struct context context = { .failing = "00000" }; /* from the first one on that has its number in it */
	struct line_pool *pool = open_pool(&context);
	struct fault why = { .text = "" };

	ok(!(add_all(pool, &why) && line_pool_finish(pool, &why)), "a line that fails ends it");
	is(why.text, "000000001", "with the reason of the first one, whichever thread was the first");
	is_number((long long)context.wrong, 0, "what was taken before is in its order");
	ok(context.taken <= 1, "and nothing behind it was taken");
	line_pool_close(pool);
}

static void
a_failure_in_the_middle(void)
{
	struct context context = { .failing = "00001" };
	struct line_pool *pool = open_pool(&context);
	struct fault why = { .text = "" };

	ok(!(add_all(pool, &why) && line_pool_finish(pool, &why)), "so does one in the middle");
	is(why.text, "000010003", "with its reason");
	is_number((long long)context.wrong, 0, "what was taken before is in its order");
	ok(context.taken > 9000 && context.taken <= 10003, "and nothing behind it was taken (%llu were)",
	    (unsigned long long)context.taken);
	line_pool_close(pool);
}

static void
it_can_be_left(void)
{
	struct context context = { .failing = NULL };
	struct line_pool *pool = open_pool(&context);
	struct fault why;

	ok(line_pool_finish(pool, &why) && context.taken == 0, "nothing comes of nothing");
	line_pool_close(pool);
	line_pool_close(NULL);
	pool = open_pool(&context);
	ok(add_all(pool, &why), "who adds lines");
	line_pool_close(pool);
	ok(context.taken < LINES && context.wrong == 0, "may leave without taking the last ones");
}

int
main(void)
{
	each_line_comes_back();
	a_failure_ends_it();
	a_failure_in_the_middle();
	it_can_be_left();
	return done();
}
