#include <stdlib.h>

#include "policy/review/waiting.h"
#include "policy/util/hash.h"

enum { SETS = 1 << 15, WAYS = 4 }; /* 2 MiB */

struct waiting {
	const struct greylist_settings *settings;
	const struct suffix_list *suffixes;
	uint64_t seed[2], dropped;
	struct first {
		uint64_t key;
		int64_t when; /* 0: free */
	} sets[SETS][WAYS];
};

struct waiting *
waiting_open(const struct greylist_settings *settings, const struct suffix_list *suffixes, const uint64_t seed[2])
{
	struct waiting *waiting = calloc(1, sizeof *waiting);

	if (waiting == NULL)
		return NULL;
	waiting->settings = settings;
	waiting->suffixes = suffixes;
	waiting->seed[0] = seed[0];
	waiting->seed[1] = seed[1];
	return waiting;
}

void
waiting_close(struct waiting *waiting)
{
	free(waiting);
}

static uint64_t
key_of(const struct waiting *waiting, const struct facts *facts, size_t rcpt)
{
	char key[GREYLIST_KEY_MAX + 1];
	size_t length = greylist_key(waiting->settings, waiting->suffixes, facts, facts->rcpts[rcpt], 'g', key);

	return hash_keyed(waiting->seed, key, length);
}

static bool
is_over(const struct waiting *waiting, const struct first *first, int64_t now)
{
	return first->when == 0 || first->when < now - waiting->settings->retry_window * 1000;
}

/* The first try of a key that still waits; NULL: there is none. */
static struct first *
find(struct waiting *waiting, uint64_t key, int64_t now)
{
	struct first *set = waiting->sets[key % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].key == key && !is_over(waiting, &set[i], now))
			return &set[i];
	return NULL;
}

/* Where one is free, or over; otherwise the oldest gives way. */
static void
add(struct waiting *waiting, uint64_t key, int64_t now)
{
	struct first *set = waiting->sets[key % SETS], *oldest = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (is_over(waiting, &set[i], now)) {
			set[i] = (struct first){ key, now };
			return;
		}
		if (set[i].when < oldest->when)
			oldest = &set[i];
	}
	waiting->dropped++;
	*oldest = (struct first){ key, now };
}

static void
begin(struct waiting *waiting, const struct recorded *recorded)
{
	for (size_t i = 0; i < recorded->facts.rcpt_count; i++) {
		uint64_t key = key_of(waiting, &recorded->facts, i);

		if (find(waiting, key, recorded->when) == NULL)
			add(waiting, key, recorded->when);
	}
}

static int64_t
end(struct waiting *waiting, const struct recorded *recorded)
{
	int64_t waited = recorded->tries.waited * 1000;

	for (size_t i = 0; i < recorded->facts.rcpt_count; i++) {
		struct first *first = find(waiting, key_of(waiting, &recorded->facts, i), recorded->when);

		if (first == NULL)
			continue;
		if (recorded->when - first->when > waited)
			waited = recorded->when - first->when;
		first->when = 0;
	}
	return waited;
}

int64_t
waiting_note(struct waiting *waiting, const struct recorded *recorded)
{
	if (recorded->action != ACTION_GREYLIST && recorded->action != ACTION_DEFER)
		return end(waiting, recorded);
	begin(waiting, recorded);
	return 0;
}

uint64_t
waiting_dropped(const struct waiting *waiting)
{
	return waiting->dropped;
}
