/*
 * name_index.h - whose is a name: every rule and source of the policy that names one, found by the name.
 *
 * Built once with the policy, in its arena, then only read. A look-up costs a hash for each label of the
 * name, however many vendors there are.
 */
#ifndef NAME_INDEX_H
#define NAME_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/rules/vendor.h"
#include "policy/util/arena.h"

/* Which list a rule stands in; a walk may go over all. */
enum name_list {
	NAMES_DOMAINS,
	NAMES_ENVELOPE,
	NAMES_DKIM,
	NAMES_DELEGATIONS,
	NAMES_PARTNERS,
	NAMES_LISTS,   /* our mailing lists */
	NAMES_SOURCES, /* what sources ask DNS for, without what lies below */
	NAMES_ALL
};

/* One rule; borrowed, as its owner is. */
struct name_entry {
	const struct name_rule *rule;
	uint32_t owner; /* the vendor's number, VENDOR_OWN, or the number of the delegation, partner or source */
	enum name_list list;
	uint32_t next; /* of the same domain, counted from one; 0: none */
};

struct name_index;

/* Room for so many rules; NULL without memory. */
struct name_index *name_index_open(struct arena *, size_t rules) MUST_USE;
/* Adds the rules of one owner; false when there is no room for them. */
bool name_index_add(struct name_index *, enum name_list, uint32_t owner, const struct name_rules *) MUST_USE;

/* A walk over the rules of one list that cover a domain (name_rule_covers), whatever mailbox they name. */
struct name_walk {
	const struct name_index *index;
	const char *domain, *at; /* all of it; the part that is looked up, where the last rule was found */
	uint32_t next;
	enum name_list list;
};
/* The domain (normal form) is kept. An index that is NULL holds nothing. */
struct name_walk name_walk_begin(const struct name_index *, enum name_list, const char *domain);
/* NULL at the end. */
const struct name_entry *name_walk_next(struct name_walk *);
/* The same, of rules that hold this mailbox. */
const struct name_entry *name_walk_next_holding(struct name_walk *, const struct mailbox *);

#endif
