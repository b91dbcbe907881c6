/*
 * redis_forget_t.c - keys that Redis shall forget: none is lost and none comes twice, it says when they are many, and when there
 * is no room it says that too.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/store/redis_forget.h"
#include "t/lib/tap.h"

enum { ROOM = 1024, THREADS = 4, EACH = ROOM / THREADS };

static unsigned seen[ROOM];

static bool
keep(struct redis_forget *forget, unsigned number)
{
	struct redis_key key;

	key.length = (size_t)snprintf(key.text, sizeof key.text, "u %u", number);
	return redis_forget_keep(forget, &key);
}

struct part {
	struct redis_forget *forget;
	unsigned begin;
	bool kept;
};

static void *
keep_part(void *context)
{
	struct part *part = context;

	part->kept = true;
	for (unsigned i = 0; i < EACH; i++)
		part->kept = keep(part->forget, part->begin + i) && part->kept;
	return NULL;
}

/* How many there were; each is counted in seen. */
static size_t
take_all(struct redis_forget *forget)
{
	struct redis_key keys[REDIS_FORGET_AT_ONCE];
	size_t all = 0, count;
	char text[REDIS_KEY_ROOM + 1];

	while ((count = redis_forget_take(forget, keys)) > 0) {
		for (size_t i = 0; i < count; i++) {
			snprintf(text, sizeof text, "%.*s", (int)keys[i].length, keys[i].text);
			seen[strtoul(text + 2, NULL, 10) % ROOM]++;
		}
		all += count;
	}
	return all;
}

static bool
each_once(void)
{
	for (size_t i = 0; i < ROOM; i++)
		if (seen[i] != 1)
			return false;
	return true;
}

static void
test_threads(struct redis_forget *forget)
{
	struct part parts[THREADS];
	pthread_t threads[THREADS];
	bool kept = true;

	for (unsigned i = 0; i < THREADS; i++) {
		parts[i] = (struct part){ .forget = forget, .begin = i * EACH };
		if (pthread_create(&threads[i], NULL, keep_part, &parts[i]) != 0)
			exit(99);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		kept = kept && parts[i].kept;
	}
	ok(kept, "four threads have room for 256 each");
	ok(!keep(forget, 0), "and then there is none");
	is_number(take_all(forget), ROOM, "all are taken");
	ok(each_once(), "each of them once");
}

static void
test_presses(struct redis_forget *forget)
{
	bool early = false;

	for (unsigned i = 0; i < ROOM / 2; i++) {
		early = early || redis_forget_presses(forget);
		if (!keep(forget, i))
			exit(99);
	}
	ok(!early, "while there are few, they wait for somebody with time");
	ok(redis_forget_presses(forget), "half the room is many");
	is_number(take_all(forget), ROOM / 2, "they are taken");
	ok(!redis_forget_presses(forget), "and no more are many");
}

int
main(void)
{
	struct redis_forget *forget = redis_forget_open();

	if (forget == NULL)
		return 99;
	test_threads(forget);
	test_presses(forget);
	redis_forget_close(forget);
	return done();
}
