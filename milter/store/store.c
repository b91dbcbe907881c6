#include "milter/store/store.h"

const char *
store_state_word(enum store_state state)
{
	static const char *const words[] = { [STORE_STATE_OFF] = "off",
		[STORE_STATE_WORKS] = "works",
		[STORE_STATE_READ_ONLY] = "read-only",
		[STORE_STATE_FULL] = "full",
		[STORE_STATE_DAMAGED] = "damaged",
		[STORE_STATE_FAILED] = "failed" };

	return words[state];
}

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

bool
store_page(struct store *store, const char *from, size_t length, struct store_page *out, struct fault *why)
{
	out->count = out->next_length = 0;
	out->is_last = true;
	if (length > STORE_KEY_ROOM)
		return fault_set(why, "a greylist key has at most %d bytes", GREYLIST_KEY_MAX);
	if (store->page == NULL)
		return fault_set(why, "this greylist cannot be listed");
	return store->page(store, from, length, out, why);
}

void
store_close(struct store *store)
{
	if (store != NULL)
		store->close(store);
}

void
store_report(struct store *store, struct store_report *out)
{
	*out = (struct store_report){ .state = store == NULL ? STORE_STATE_OFF : STORE_STATE_WORKS };
	if (store != NULL && store->report != NULL)
		store->report(store, out);
}

void
store_count_passed(struct store *store)
{
	if (store != NULL && store->count_passed != NULL)
		store->count_passed(store);
}

void
store_look(struct store *store)
{
	if (store != NULL && store->look != NULL)
		store->look(store);
}
