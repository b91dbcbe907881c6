/*
 * spread_t.c - how values are spread, and the most frequent keys: counted in bounded memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/spread.h"
#include "policy/util/top.h"
#include "t/lib/tap.h"

static void
every_value_is_in_its_range(void)
{
	unsigned wrong = 0;

	for (int64_t value = 0; value < 1 << 20; value += 1 + value / 50) {
		struct spread spread = { 0 };
		int64_t got;

		spread_add(&spread, value);
		got = spread_share(&spread, 50);
		wrong += got > value || value - got > value / 16;
	}
	is_number(wrong, 0, "a value is known to a sixteenth, rounded down");
}

static void
shares(void)
{
	struct spread spread = { 0 };

	is_number(spread_share(&spread, 50), 0, "nothing has no median");
	for (int i = 1; i <= 10; i++)
		spread_add(&spread, i);
	is_number(spread_share(&spread, 50), 5, "the median of ten");
	is_number(spread_share(&spread, 90), 9, "nine of ten are at most this");
	is_number(spread_share(&spread, 100), 10, "and all");
	spread_add(&spread, INT64_MAX);
	spread_add(&spread, -5);
	is_number(spread.most, INT64_MAX, "what is too large is the most");
	is_number(spread_share(&spread, 1), 0, "what is below 0 counts as that");
	is_number(spread_share(&spread, 100), spread_least(SPREAD_BUCKETS - 1),
	    "and too large ones are in the last range");
}

static void
frequent_keys_stay(void)
{
	struct top *top = top_open(64);
	const struct top_entry **list;
	char key[400];
	size_t count;

	if (top == NULL)
		abort();
	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof key, i % 4 == 0 ? "often" : "rare%d", i);
		(void)top_add(top, key, 1, 1000 + i);
	}
	list = top_sort(top, &count);
	ok(list != NULL && count <= 72, "a flood of keys takes no more room (%zu)", count);
	is(list[0]->key, "often", "the most frequent one is first");
	is_number((long long)(list[0]->count - list[0]->others), 5000, "with its count");
	is_number(list[0]->first, 1000, "since when");
	is_number(list[0]->last, 1000 + 19996, "until when");
	ok(top_lost(top) > 10000, "and it is known how many lost their place");
	free(list);
	memset(key, 'x', sizeof key - 1);
	key[sizeof key - 1] = '\0';
	is_number((long long)strlen(top_add(top, key, 1, 1)->key), TOP_KEY - 1, "a long key is cut off");
	is(top_add(top, "", 1, 1)->key, "-", "an empty one has a name");
	top_close(top);
	top_close(NULL);
}

int
main(void)
{
	every_value_is_in_its_range();
	shares();
	frequent_keys_stay();
	return done();
}
