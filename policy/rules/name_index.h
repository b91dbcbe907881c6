/*
 * name_index.h - finds every rule and source of the policy that covers a domain name.
 *
 * Built once with the policy, in its arena, then only read. A look-up costs one hash per label of the name,
 * however many vendors there are.
 */
#ifndef NAME_INDEX_H
#define NAME_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/rules/vendor.h"
#include "policy/util/arena.h"

/* The list that a rule is in; a walk may go over all. */
enum name_list {
	NAMES_DOMAINS,
	NAMES_ENVELOPE,
	NAMES_DKIM,
	NAMES_DELEGATIONS,
	NAMES_PARTNERS,
	NAMES_LISTS,   /* our mailing lists */
	NAMES_SOURCES, /* the names that sources ask DNS for; names below only of host sources */
	NAMES_ALL
};

/* One rule; borrowed, as its owner is. */
struct name_entry {
	const struct name_rule *rule;
	uint32_t owner; /* the vendor's number, VENDOR_OWN, or the number of the delegation, partner or source */
	enum name_list list;
	uint32_t next; /* the next entry of the same domain, counted from one; 0: none */
};

struct name_index;

/* Has room for this many rules; NULL without memory. */
struct name_index *name_index_open(struct arena *, size_t rules) MUST_USE;
/* Adds the rules of one owner; false if there is no room for them. */
bool name_index_add(struct name_index *, enum name_list, uint32_t owner, const struct name_rules *) MUST_USE;

/* For notes about entries: how many there are, and which one it is, from 0 on. An index that is NULL is empty. */
size_t name_index_count(const struct name_index *);
size_t name_index_place(const struct name_index *, const struct name_entry *);

/* A walk over the rules of one list that cover a domain (name_rule_covers), whatever mailbox they name. */
struct name_walk {
	const struct name_index *index;
	const char *domain, *at; /* all of it; the part being looked up, where the last rule was found */
	uint32_t next;
	enum name_list list;
};
/* The domain (normal form) is kept. An index that is NULL is empty. */
struct name_walk name_walk_begin(const struct name_index *, enum name_list, const char *domain);
/* NULL at the end. */
const struct name_entry *name_walk_next(struct name_walk *);
/* The same, for rules that hold this mailbox. */
const struct name_entry *name_walk_next_holding(struct name_walk *, const struct mailbox *);

#endif
