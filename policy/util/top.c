#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/hash.h"
#include "policy/util/top.h"

enum { WAYS = 8 };

struct top {
	size_t groups;
	uint64_t lost;
	struct top_entry entries[]; /* WAYS of each group; key "": free */
};

struct top *
top_open(size_t keys)
{
	size_t groups = keys / WAYS + 1;
	struct top *top = calloc(1, sizeof *top + groups * WAYS * sizeof *top->entries);

	if (top != NULL)
		top->groups = groups;
	return top;
}

void
top_close(struct top *top)
{
	free(top);
}

/* The entry of this key; else a free one; else the rarest of its group. */
static struct top_entry *
place_of(struct top *top, const char *key)
{
	struct top_entry *group = &top->entries[hash_fold(hash_string(HASH_START, key)) % top->groups * WAYS];
	struct top_entry *rarest = &group[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (group[i].key[0] == '\0' || strcmp(group[i].key, key) == 0)
			return &group[i];
		if (group[i].count < rarest->count)
			rarest = &group[i];
	}
	return rarest;
}

struct top_entry *
top_add(struct top *top, const char *key, uint64_t times, int64_t when)
{
	char cut[TOP_KEY];
	struct top_entry *entry;

	snprintf(cut, sizeof cut, "%s", key[0] == '\0' ? "-" : key);
	entry = place_of(top, cut);
	if (strcmp(entry->key, cut) != 0) {
		top->lost += entry->key[0] != '\0';
		*entry = (struct top_entry){ .count = entry->count, .others = entry->count, .first = when };
		memcpy(entry->key, cut, sizeof cut);
	}
	entry->count += times;
	if (when < entry->first)
		entry->first = when;
	if (when > entry->last)
		entry->last = when;
	return entry;
}

/* Equal counts by key, so that the same input gives the same output. */
static int
by_count(const void *a, const void *b)
{
	const struct top_entry *x = *(const struct top_entry *const *)a, *y = *(const struct top_entry *const *)b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->key, y->key);
}

const struct top_entry **
top_sort(const struct top *top, size_t *count)
{
	const struct top_entry **list = calloc(top->groups * WAYS + 1, sizeof *list);

	*count = 0;
	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < top->groups * WAYS; i++)
		if (top->entries[i].key[0] != '\0')
			list[(*count)++] = &top->entries[i];
	if (*count > 0)
		qsort(list, *count, sizeof *list, by_count);
	return list;
}

uint64_t
top_lost(const struct top *top)
{
	return top->lost;
}
