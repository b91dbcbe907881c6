#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/kept_names.h"
#include "policy/util/hash.h"

struct kept_names {
	size_t size, most, count, places; /* places: a power of two */
	uint64_t seed[2], dropped;
	char *entries;
	uint32_t *index; /* number of an entry and 1; 0: free */
	void **sorted;
	uint64_t *counts; /* room to find the rarest */
};

static void *
entry_at(const struct kept_names *table, size_t i)
{
	return table->entries + i * table->size;
}

struct kept_names *
kept_names_open(size_t size, size_t most, const uint64_t seed[2])
{
	struct kept_names *table = calloc(1, sizeof *table);

	if (table == NULL)
		return NULL;
	*table = (struct kept_names){ .size = (size + 7) / 8 * 8, .most = most, .seed = { seed[0], seed[1] }, .places = 16 };
	while (table->places < 2 * most)
		table->places *= 2;
	table->entries = calloc(most, table->size);
	table->index = calloc(table->places, sizeof *table->index);
	table->sorted = calloc(most, sizeof *table->sorted);
	table->counts = calloc(most, sizeof *table->counts);
	if (table->entries != NULL && table->index != NULL && table->sorted != NULL && table->counts != NULL)
		return table;
	kept_names_close(table);
	return NULL;
}

void
kept_names_close(struct kept_names *table)
{
	if (table == NULL)
		return;
	free(table->entries);
	free(table->index);
	free(table->sorted);
	free(table->counts);
	free(table);
}

/* The place of a name, or the free one where it belongs. */
static uint32_t *
place_of(const struct kept_names *table, const char *name)
{
	size_t at = hash_keyed(table->seed, name, strlen(name)) & (table->places - 1);

	while (table->index[at] != 0) {
		const struct kept_name *head = entry_at(table, table->index[at] - 1);

		if (strcmp(head->name, name) == 0)
			break;
		at = (at + 1) & (table->places - 1);
	}
	return &table->index[at];
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Entries with fewer than this give way, and of those with as many the oldest, until a quarter has gone. */
static uint64_t
threshold(struct kept_names *table)
{
	for (size_t i = 0; i < table->count; i++)
		table->counts[i] = ((const struct kept_name *)entry_at(table, i))->count;
	qsort(table->counts, table->count, sizeof *table->counts, by_number);
	return table->counts[table->count / 4];
}

static void
sweep(struct kept_names *table)
{
	uint64_t least = threshold(table);
	size_t kept = 0, goes = 0, as_many = table->count / 4 + 1;

	for (size_t i = 0; i < table->count; i++)
		as_many -= ((const struct kept_name *)entry_at(table, i))->count < least && as_many > 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct kept_name *head = entry_at(table, i);

		if (head->count < least || (head->count == least && goes < as_many)) {
			goes += head->count == least;
			table->dropped++;
			continue;
		}
		if (kept != i)
			memcpy(entry_at(table, kept), head, table->size);
		kept++;
	}
	table->count = kept;
	memset(table->index, 0, table->places * sizeof *table->index);
	for (size_t i = 0; i < kept; i++)
		*place_of(table, ((const struct kept_name *)entry_at(table, i))->name) = (uint32_t)i + 1;
}

void *
kept_names_take(struct kept_names *table, const char *name)
{
	char fit[DOMAIN_TEXT];
	struct kept_name *head;
	uint32_t *place;

	snprintf(fit, sizeof fit, "%s", name);
	place = place_of(table, fit);
	if (*place != 0)
		return entry_at(table, *place - 1);
	if (table->count == table->most) {
		sweep(table);
		place = place_of(table, fit);
	}
	head = memset(entry_at(table, table->count), 0, table->size);
	memcpy(head->name, fit, sizeof fit);
	*place = (uint32_t)++table->count;
	return head;
}

static int
by_count(const void *a, const void *b)
{
	const struct kept_name *x = *(void *const *)a, *y = *(void *const *)b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1) : strcmp(x->name, y->name);
}

void **
kept_names_sort(struct kept_names *table, size_t *count)
{
	for (size_t i = 0; i < table->count; i++)
		table->sorted[i] = entry_at(table, i);
	if (table->count > 0)
		qsort(table->sorted, table->count, sizeof *table->sorted, by_count);
	*count = table->count;
	return table->sorted;
}

uint64_t
kept_names_dropped(const struct kept_names *table)
{
	return table->dropped;
}
