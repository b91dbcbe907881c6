#include <stdlib.h>

#include "milter/store/store.h"

/* A tuple that is in memory is also put there when the other store works again: so memory, where it has one,
 * is never behind. */
struct unsure_store {
	struct store store;
	struct store *kept; /* NULL: there is none */
	struct store *memory;
};

static bool
unsure_get(struct store *store, const char *key, size_t length, struct greylist_record *out, bool *found,
    struct fault *why)
{
	struct unsure_store *unsure = (struct unsure_store *)store;

	if (!store_get(unsure->memory, key, length, out, found, why))
		return false;
	if (!*found && unsure->kept != NULL && !store_get(unsure->kept, key, length, out, found, NULL))
		*found = false; /* it was said; whoever asks begins anew */
	return true;
}

static bool
unsure_put(struct store *store, const char *key, size_t length, const struct greylist_record *record, struct fault *why)
{
	struct unsure_store *unsure = (struct unsure_store *)store;
	struct greylist_record old;
	bool kept = unsure->kept != NULL && store_put(unsure->kept, key, length, record, NULL), found;

	if (kept && store_get(unsure->memory, key, length, &old, &found, NULL) && !found)
		return true;
	return store_put(unsure->memory, key, length, record, why) || kept;
}

static bool
unsure_forget(struct store *store, const struct store_key *keys, size_t count, struct fault *why)
{
	struct unsure_store *unsure = (struct unsure_store *)store;

	bool kept = unsure->kept == NULL || store_forget(unsure->kept, keys, count, NULL);

	(void)kept; /* a store that fails says so itself */
	return store_forget(unsure->memory, keys, count, why);
}

static bool
unsure_sweep(struct store *store, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why)
{
	return store_sweep(((struct unsure_store *)store)->memory, dead, context, done, why);
}

static bool
unsure_sync(struct store *store, struct fault *why)
{
	(void)store, (void)why;
	return true; /* the other store has an owner who does */
}

static void
unsure_close(struct store *store)
{
	store_close(((struct unsure_store *)store)->memory);
	free(store);
}

struct store *
store_unsure(struct store *kept, size_t ceiling, struct fault *why)
{
	struct unsure_store *unsure = calloc(1, sizeof *unsure);

	if (unsure == NULL) {
		fault_set(why, "the unsure tuples: out of memory");
		return NULL;
	}
	unsure->store = (struct store){ .get = unsure_get,
		.put = unsure_put,
		.forget = unsure_forget,
		.sweep = unsure_sweep,
		.sync = unsure_sync,
		.close = unsure_close };
	unsure->kept = kept;
	unsure->memory = store_memory(ceiling, why);
	if (unsure->memory == NULL) {
		free(unsure);
		return NULL;
	}
	return &unsure->store;
}
