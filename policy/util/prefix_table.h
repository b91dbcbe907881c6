/*
 * prefix_table.h - which numbers belong to an address: many networks, built once, then only read.
 *
 * Sorted ranges under a 16-bit index, flat arrays; overlapping networks are cut into
 * disjoint ranges, each with the set of all numbers whose networks hold it. Reading needs no
 * lock. Never grows after it is built.
 */
#ifndef PREFIX_TABLE_H
#define PREFIX_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/util/address.h"
#include "policy/util/fault.h"

enum {
	PREFIX_TABLE_MAX = 16 * 1024 * 1024, /* networks in one table */
	/* Numbers that all sets of one table may hold together. Where many networks lie in many
	 * others the sets could grow with the square of the entries; this stops it at 64 MiB. */
	PREFIX_TABLE_SETS_MAX = 16 * 1024 * 1024,
	/* Numbers that a build may write while it joins sets, new or known: this bounds its time. */
	PREFIX_TABLE_WORK_MAX = 256 * 1024 * 1024
};

struct prefix_entry {
	struct prefix prefix;
	uint32_t number; /* the caller's: which source it came from */
};

struct prefix_hits {
	const uint32_t *numbers; /* borrowed from the table; ascending, each once */
	size_t count;            /* 0: no network holds it */
};

struct prefix_table;

/* Builds from count entries, in any order, duplicates allowed; entries are sorted in place and not
 * kept. NULL when out of memory, above one of the ceilings, or for an entry that prefix_read would
 * refuse (host bits set, no family). Takes O(n log n) and the work of joining sets. Given. */
struct prefix_table *prefix_table_build(struct prefix_entry *entries, size_t count, struct fault *why) MUST_USE;
void prefix_table_free(struct prefix_table *); /* NULL is fine */

struct prefix_hits prefix_table_find(const struct prefix_table *, const struct address *);

size_t prefix_table_bytes(const struct prefix_table *);  /* memory held */
size_t prefix_table_ranges(const struct prefix_table *); /* disjoint ranges */

#endif
