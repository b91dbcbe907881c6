#include <string.h>

#include "policy/rules/name_index.h"
#include "policy/util/domain.h"
#include "policy/util/hash.h"
#include "policy/util/text.h"

struct name_index {
	struct name_entry *entries;
	uint32_t count, room;
	uint32_t *slots; /* the first entry of each domain, counted from one, by open addressing; 0: free */
	size_t mask;     /* slots less one; a power of two, at least twice the rules */
	unsigned labels; /* of the longest domain */
};

struct name_index *
name_index_open(struct arena *arena, size_t rules)
{
	struct name_index *index = arena_take(arena, sizeof *index);
	size_t slots = 4;

	while (slots < 2 * rules)
		slots *= 2;
	if (index == NULL || rules >= UINT32_MAX)
		return NULL;
	index->room = (uint32_t)rules;
	index->mask = slots - 1;
	index->slots = arena_take(arena, slots * sizeof *index->slots);
	index->entries = arena_take(arena, (rules + 1) * sizeof *index->entries);
	return index->slots == NULL || index->entries == NULL ? NULL : index;
}

/* The slot of this domain, or the free one where it belongs. */
static uint32_t *
slot_of(const struct name_index *index, const char *domain)
{
	size_t i = hash_fold(hash_string(HASH_START, domain)) & index->mask;

	while (index->slots[i] != 0 && strcmp(index->entries[index->slots[i] - 1].rule->domain, domain) != 0)
		i = (i + 1) & index->mask;
	return &index->slots[i];
}

bool
name_index_add(struct name_index *index, enum name_list list, uint32_t owner, const struct name_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct name_rule *rule = &rules->list[i];
		uint32_t *slot;

		if (rule->domain[0] == '\0') /* a local part at any domain is nobody's name */
			continue;
		if (index->count == index->room)
			return false;
		slot = slot_of(index, rule->domain);
		index->entries[index->count++] = (struct name_entry){ rule, owner, list, *slot };
		*slot = index->count;
		if (domain_labels(rule->domain) > index->labels)
			index->labels = domain_labels(rule->domain);
	}
	return true;
}

size_t
name_index_count(const struct name_index *index)
{
	return index == NULL ? 0 : index->count;
}

size_t
name_index_place(const struct name_index *index, const struct name_entry *entry)
{
	return (size_t)(entry - index->entries);
}

/* Of names with more labels than any rule, only the end is looked up. */
static const char *
last_labels(const char *domain, unsigned labels)
{
	const char *at = domain + strlen(domain);

	for (unsigned dots = 0; at > domain; at--)
		if (at[-1] == '.' && ++dots == labels)
			break;
	return at;
}

static void
look_up(struct name_walk *walk)
{
	walk->next = walk->at == NULL ? 0 : *slot_of(walk->index, walk->at);
}

struct name_walk
name_walk_begin(const struct name_index *index, enum name_list list, const char *domain)
{
	struct name_walk walk = { .index = index, .domain = domain, .list = list };

	if (index == NULL || index->count == 0 || domain[0] == '\0')
		return walk;
	walk.at = last_labels(domain, index->labels);
	look_up(&walk);
	return walk;
}

const struct name_entry *
name_walk_next(struct name_walk *walk)
{
	while (walk->at != NULL) {
		const struct name_entry *entry = walk->next == 0 ? NULL : &walk->index->entries[walk->next - 1];

		if (entry == NULL) {
			walk->at = domain_parent(walk->at);
			look_up(walk);
			continue;
		}
		walk->next = entry->next;
		if ((walk->list == NAMES_ALL || entry->list == walk->list) &&
		    (walk->at == walk->domain || !entry->rule->exact))
			return entry;
	}
	return NULL;
}

const struct name_entry *
name_walk_next_holding(struct name_walk *walk, const struct mailbox *mailbox)
{
	const struct name_entry *entry;

	while ((entry = name_walk_next(walk)) != NULL)
		if (entry->rule->local == NULL || span_is_nocase(span_of(mailbox->local), entry->rule->local))
			return entry;
	return NULL;
}
