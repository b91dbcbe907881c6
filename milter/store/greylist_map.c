#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "milter/store/greylist_map.h"
#include "policy/util/hash.h"

enum { BUCKETS_FIRST = 64 };

struct item {
	struct item *next_in_bucket;
	struct item *older, *younger;
	struct greylist_record record;
	uint64_t hash;
	size_t length;
	char key[];
};

struct greylist_map {
	struct item **buckets;
	size_t bucket_count; /* a power of two */
	size_t count, ceiling;
	struct item *oldest, *youngest;
	uint64_t seed[2];
};

/* Unknown to senders; taken from the clock if the kernel has no randomness yet. */
static void
seed_draw(uint64_t seed[2])
{
	struct timespec now;

	if (getrandom(seed, 2 * sizeof seed[0], GRND_NONBLOCK) == (ssize_t)(2 * sizeof seed[0]))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	seed[0] = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u;
	seed[1] = (uint64_t)(uintptr_t)seed ^ (uint64_t)now.tv_sec;
}

struct greylist_map *
greylist_map_open(size_t ceiling)
{
	struct greylist_map *map = calloc(1, sizeof *map);

	if (map == NULL)
		return NULL;
	map->buckets = calloc(BUCKETS_FIRST, sizeof *map->buckets);
	map->bucket_count = BUCKETS_FIRST;
	map->ceiling = ceiling;
	seed_draw(map->seed);
	if (map->buckets == NULL) {
		free(map);
		return NULL;
	}
	return map;
}

void
greylist_map_close(struct greylist_map *map)
{
	if (map == NULL)
		return;
	greylist_map_clear(map);
	free(map->buckets);
	free(map);
}

size_t
greylist_map_count(const struct greylist_map *map)
{
	return map->count;
}

bool
greylist_map_is_full(const struct greylist_map *map)
{
	return map->count >= map->ceiling;
}

/* The link that points to the item, or the link where it would be inserted. */
static struct item **
link_find(const struct greylist_map *map, uint64_t hash, const char *key, size_t length)
{
	struct item **link = &map->buckets[hash & (map->bucket_count - 1)];

	for (; *link != NULL; link = &(*link)->next_in_bucket)
		if ((*link)->hash == hash && (*link)->length == length && memcmp((*link)->key, key, length) == 0)
			break;
	return link;
}

bool
greylist_map_get(const struct greylist_map *map, const char *key, size_t length, struct greylist_record *out)
{
	const struct item *item = *link_find(map, hash_keyed(map->seed, key, length), key, length);

	if (item == NULL)
		return false;
	*out = item->record;
	return true;
}

static void
age_remove(struct greylist_map *map, struct item *item)
{
	*(item->older == NULL ? &map->oldest : &item->older->younger) = item->younger;
	*(item->younger == NULL ? &map->youngest : &item->younger->older) = item->older;
}

static void
age_append(struct greylist_map *map, struct item *item)
{
	item->older = map->youngest;
	item->younger = NULL;
	*(map->youngest == NULL ? &map->oldest : &map->youngest->younger) = item;
	map->youngest = item;
}

static void
link_drop(struct greylist_map *map, struct item **link)
{
	struct item *item = *link;

	*link = item->next_in_bucket;
	age_remove(map, item);
	map->count--;
	free(item);
}

/* Doubles the buckets; without memory the chains grow instead. */
static void
buckets_grow(struct greylist_map *map)
{
	size_t count = map->bucket_count * 2;
	struct item **buckets = calloc(count, sizeof *buckets);

	if (buckets == NULL)
		return;
	for (struct item *item = map->oldest; item != NULL; item = item->younger) {
		struct item **bucket = &buckets[item->hash & (count - 1)];

		item->next_in_bucket = *bucket;
		*bucket = item;
	}
	free(map->buckets);
	map->buckets = buckets;
	map->bucket_count = count;
}

bool
greylist_map_put(struct greylist_map *map, const char *key, size_t length, const struct greylist_record *record)
{
	uint64_t hash = hash_keyed(map->seed, key, length);
	struct item **link = link_find(map, hash, key, length), *item = *link;

	if (item != NULL) {
		age_remove(map, item);
	} else {
		if (greylist_map_is_full(map) || (item = malloc(sizeof *item + length)) == NULL)
			return false;
		memcpy(item->key, key, length);
		item->length = length;
		item->hash = hash;
		item->next_in_bucket = NULL;
		*link = item;
		map->count++;
	}
	item->record = *record;
	age_append(map, item);
	if (map->count > map->bucket_count)
		buckets_grow(map);
	return true;
}

void
greylist_map_drop_oldest(struct greylist_map *map)
{
	const struct item *oldest = map->oldest;

	if (oldest != NULL)
		link_drop(map, link_find(map, oldest->hash, oldest->key, oldest->length));
}

void
greylist_map_clear(struct greylist_map *map)
{
	struct item *next;

	for (struct item *item = map->oldest; item != NULL; item = next) {
		next = item->younger;
		free(item);
	}
	memset(map->buckets, 0, map->bucket_count * sizeof *map->buckets);
	map->oldest = map->youngest = NULL;
	map->count = 0;
}

bool
greylist_map_walk(const struct greylist_map *map,
    bool (*each)(void *context, const char *key, size_t length, const struct greylist_record *), void *context)
{
	for (const struct item *item = map->oldest; item != NULL; item = item->younger)
		if (!each(context, item->key, item->length, &item->record))
			return false;
	return true;
}

/* Bucket by bucket: when the map doubles, an item in a later bucket stays in a later bucket. */
void
greylist_map_sweep(struct greylist_map *map, bool (*dead)(const void *, const struct greylist_record *),
    const void *context, size_t *place, size_t most)
{
	size_t met = 0;

	while (*place < map->bucket_count && met < most) {
		struct item **link = &map->buckets[(*place)++];

		for (met++; *link != NULL; met++) {
			if (dead(context, &(*link)->record))
				link_drop(map, link);
			else
				link = &(*link)->next_in_bucket;
		}
	}
	if (*place >= map->bucket_count)
		*place = 0;
}
