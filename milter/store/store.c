#include <string.h>

#include "milter/store/store_parts.h"
#include "policy/rules/greylist_network.h"
#include "policy/rules/policy.h"
#include "policy/util/text.h"

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

static bool
get_or_blank(struct store *store, const char *key, size_t length, struct greylist_record *out, struct fault *why)
{
	bool found = false;

	if (!store->get(store, key, length, out, &found, why))
		return false;
	if (!found)
		*out = (struct greylist_record){ 0 };
	return true;
}

/* Does the network change the decision, or the decision the network? A count that cannot be stored is only lost. */
static bool
weigh_network(struct store *store, const struct greylist_settings *settings, const struct greylist_keys *keys,
    const struct greylist_record *found, int64_t now, struct greylist_decision *out, struct fault *why)
{
	struct greylist_network network;

	if (!greylist_state_waits(out->state) && out->state != GREYLIST_DUE)
		return true;
	if (!get_or_blank(store, keys->network, keys->network_length, &network.network, why) ||
	    !get_or_blank(store, keys->domain, keys->domain_length, &network.domain, why))
		return false;
	greylist_network_decide(settings, found, now, out, &network);
	if (network.write_network)
		(void)store->put(store, keys->network, keys->network_length, &network.network, NULL);
	if (network.write_domain)
		(void)store->put(store, keys->domain, keys->domain_length, &network.domain, NULL);
	return true;
}

static bool
decide_here(struct store *store, const struct greylist_settings *settings, const struct greylist_keys *keys,
    int64_t now, struct greylist_decision *out, struct fault *why)
{
	struct greylist_record found;

	if (!get_or_blank(store, keys->tuple, keys->tuple_length, &found, why))
		return false;
	*out = greylist_decide(settings, &found, now);
	if (keys->network_length > 0 && !weigh_network(store, settings, keys, &found, now, out, why))
		return false;
	return !out->write || store->put(store, keys->tuple, keys->tuple_length, &out->record, why) ||
	    !greylist_state_waits(out->state);
}

bool
store_decide(struct store *store, const struct greylist_settings *settings, const struct greylist_keys *keys,
    int64_t now, struct greylist_decision *out, struct fault *why)
{
	struct store_question question = { settings, keys, 1, now, out, NULL, NULL };

	*out = (struct greylist_decision){ .state = GREYLIST_FAILED };
	if (!key_is_sound(keys->tuple_length, why))
		return false;
	if (store->ask != NULL && settings->on)
		return store->ask(store, &question, why) && store->answer(store, &question, why);
	if (store->ask != NULL)
		*out = greylist_decide(settings, NULL, now);
	if (store->ask != NULL || decide_here(store, settings, keys, now, out, why))
		return true;
	*out = (struct greylist_decision){ .state = GREYLIST_FAILED };
	return false;
}

void
store_ask(struct store *store, struct store_question *question)
{
	for (size_t i = 0; i < question->count; i++)
		question->answers[i] = (struct greylist_decision){ .state = GREYLIST_FAILED };
	question->sent = NULL;
	if (store->ask != NULL)
		(void)store->ask(store, question, NULL);
}

void
store_answer(struct store *store, struct store_question *question)
{
	if (store->ask != NULL && question->sent != NULL)
		(void)store->answer(store, question, NULL);
	for (size_t i = 0; store->ask == NULL && i < question->count; i++)
		(void)store_decide(store, question->settings, &question->keys[i], question->now, &question->answers[i],
		    NULL);
}

void
store_unask(struct store *store, struct store_question *question)
{
	if (store->unask != NULL && question->sent != NULL)
		store->unask(question);
}

static bool
take_here(struct store *store, const struct store_entry *entries, size_t count, size_t *taken, struct fault *why)
{
	for (size_t i = 0; i < count; i++) {
		const struct store_entry *entry = &entries[i];
		struct greylist_record found;
		bool known;

		if (!store_get(store, entry->key, entry->length, &found, &known, why))
			return false;
		if (known && !greylist_record_is_newer(&entry->record, &found))
			continue;
		if (!store->put(store, entry->key, entry->length, &entry->record, why))
			return false;
		++*taken;
	}
	return true;
}

bool
store_take(struct store *store, const struct greylist_settings *settings, const struct store_entry *entries,
    size_t count, int64_t now, size_t *taken, struct fault *why)
{
	*taken = 0;
	return store->take == NULL ? take_here(store, entries, count, taken, why)
				   : store->take(store, settings, entries, count, now, taken, why);
}

static bool
forget_here(struct store *store, const struct store_key *keys, size_t count, struct fault *why)
{
	static const struct greylist_record blank;
	struct greylist_record found;
	bool known;

	for (size_t i = 0; i < count; i++) {
		if (!store_get(store, keys[i].text, keys[i].length, &found, &known, why))
			return false;
		if (known && !greylist_record_is_blank(&found) &&
		    !store_put(store, keys[i].text, keys[i].length, &blank, why))
			return false;
	}
	return true;
}

bool
store_forget(struct store *store, const struct store_key *keys, size_t count, struct fault *why)
{
	return (store->forget == NULL ? forget_here : store->forget)(store, keys, count, why);
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

bool
store_tell(struct store *store, const char *host, struct span line, store_line *each, void *context, struct fault *why)
{
	return store == NULL || store->tell == NULL || store->tell(store, host, line, each, context, why);
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

/* ---- pages ---- */

static struct span
key_of(const struct store_entry *entry)
{
	return (struct span){ entry->key, entry->length };
}

bool
store_page_ends_before(const struct store_page *page, const char *key, size_t length)
{
	struct span next = { page->next, page->next_length };

	return !page->is_last && span_compare((struct span){ key, length }, next) >= 0;
}

void
store_page_end(struct store_page *page, const char *key, size_t length)
{
	if (store_page_ends_before(page, key, length))
		return;
	page->is_last = false;
	page->next_length = length < sizeof page->next ? length : sizeof page->next;
	memcpy(page->next, key, page->next_length);
	while (page->count > 0 &&
	    store_page_ends_before(page, page->entries[page->count - 1].key, page->entries[page->count - 1].length))
		page->count--;
}

/* The place of a key among those of the page; *found: it is there. */
static size_t
page_find(const struct store_page *page, struct span key, bool *found)
{
	size_t low = 0, high = page->count;

	*found = false;
	while (low < high && !*found) {
		size_t middle = (low + high) / 2;
		int order = span_compare(key, key_of(&page->entries[middle]));

		*found = order == 0;
		if (order < 0)
			high = middle;
		else
			low = *found ? middle : middle + 1;
	}
	return low;
}

void
store_page_add(struct store_page *page, const char *key, size_t length, const struct greylist_record *record)
{
	struct store_entry *entry;
	bool found;
	size_t at = page_find(page, (struct span){ key, length }, &found);

	if (found || length > sizeof entry->key || store_page_ends_before(page, key, length))
		return;
	if (page->count == STORE_PAGE) {
		const struct store_entry *last = &page->entries[STORE_PAGE - 1];

		store_page_end(page, at == STORE_PAGE ? key : last->key, at == STORE_PAGE ? length : last->length);
		if (at == STORE_PAGE)
			return;
	}
	entry = &page->entries[at];
	memmove(entry + 1, entry, (page->count++ - at) * sizeof *entry);
	entry->record = *record;
	entry->length = length;
	memcpy(entry->key, key, length);
}

bool
store_page_add_part(void *context, const char *key, size_t length, const struct greylist_record *record)
{
	const struct store_page_part *part = context;

	if (span_compare((struct span){ key, length }, (struct span){ part->from, part->length }) >= 0)
		store_page_add(part->page, key, length, record);
	return true;
}
