#include <pthread.h>
#include <stdlib.h>

#include "milter/store/greylist_map.h"
#include "milter/store/store_parts.h"

enum { SWEEP_MAX = 1000 }; /* records checked in one call */

struct memory_store {
	struct store store;
	pthread_mutex_t lock; /* protects everything below */
	struct greylist_map *map;
	size_t place; /* of the sweep */
};

static bool
memory_get(struct store *store, const char *key, size_t length, struct greylist_record *out, bool *found,
    struct fault *why)
{
	struct memory_store *memory = (struct memory_store *)store;

	(void)why;
	pthread_mutex_lock(&memory->lock);
	*found = greylist_map_get(memory->map, key, length, out);
	pthread_mutex_unlock(&memory->lock);
	return true;
}

static bool
memory_put(struct store *store, const char *key, size_t length, const struct greylist_record *record, struct fault *why)
{
	struct memory_store *memory = (struct memory_store *)store;
	bool done;

	pthread_mutex_lock(&memory->lock);
	done = greylist_map_put(memory->map, key, length, record);
	if (!done && greylist_map_is_full(memory->map)) {
		greylist_map_drop_oldest(memory->map);
		done = greylist_map_put(memory->map, key, length, record);
	}
	pthread_mutex_unlock(&memory->lock);
	return done || fault_set(why, "the greylist in memory: out of memory");
}

static bool
memory_sweep(struct store *store, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why)
{
	struct memory_store *memory = (struct memory_store *)store;

	(void)why;
	pthread_mutex_lock(&memory->lock);
	greylist_map_sweep(memory->map, dead, context, &memory->place, SWEEP_MAX);
	*done = memory->place == 0;
	pthread_mutex_unlock(&memory->lock);
	return true;
}

static bool
memory_page(struct store *store, const char *from, size_t length, struct store_page *out, struct fault *why)
{
	struct memory_store *memory = (struct memory_store *)store;
	struct store_page_part part = { from, length, out };

	(void)why;
	pthread_mutex_lock(&memory->lock);
	greylist_map_walk(memory->map, store_page_add_part, &part);
	pthread_mutex_unlock(&memory->lock);
	return true;
}

static bool
memory_sync(struct store *store, struct fault *why)
{
	(void)store, (void)why;
	return true; /* there is no disk */
}

static void
memory_close(struct store *store)
{
	struct memory_store *memory = (struct memory_store *)store;

	greylist_map_close(memory->map);
	pthread_mutex_destroy(&memory->lock);
	free(memory);
}

struct store *
store_memory(size_t ceiling, struct fault *why)
{
	struct memory_store *memory = calloc(1, sizeof *memory);

	if (memory == NULL || ceiling == 0 || (memory->map = greylist_map_open(ceiling)) == NULL) {
		free(memory);
		fault_set(why,
		    ceiling == 0 ? "a greylist in memory must hold at least one record"
				 : "the greylist in memory: out of memory");
		return NULL;
	}
	pthread_mutex_init(&memory->lock, NULL);
	memory->store = (struct store){ .get = memory_get,
		.put = memory_put,
		.sweep = memory_sweep,
		.sync = memory_sync,
		.page = memory_page,
		.close = memory_close };
	return &memory->store;
}
