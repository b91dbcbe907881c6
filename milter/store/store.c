#include "milter/store/store.h"

static bool
key_is_sound(size_t length, struct fault *why)
{
	if (length == 0 || length > GREYLIST_KEY_MAX)
		return fault_set(why, "a greylist key has %zu bytes; write 1 to %d", length, GREYLIST_KEY_MAX);
	return true;
}

bool
store_get(struct store *store, const char *key, size_t length, struct greylist_record *out, bool *found, struct fault *why)
{
	*found = false;
	return key_is_sound(length, why) && store->get(store, key, length, out, found, why);
}

bool
store_put(struct store *store, const char *key, size_t length, const struct greylist_record *record, struct fault *why)
{
	return key_is_sound(length, why) && store->put(store, key, length, record, why);
}

bool
store_sweep(struct store *store, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why)
{
	*done = false;
	return store->sweep(store, dead, context, done, why);
}

bool
store_sync(struct store *store, struct fault *why)
{
	return store->sync(store, why);
}

void
store_close(struct store *store)
{
	if (store != NULL)
		store->close(store);
}
