/*
 * prefix_table.h - which numbers belong to an address: many networks, built once, then only read.
 *
 * Floor 2. Sorted ranges under a 16-bit index, flat arrays; overlapping networks are cut into
 * disjoint ranges, each with the set of all numbers whose networks hold it. Reading needs no
 * lock. Never grows after it is built.
 */
#ifndef PREFIX_TABLE_H
#define PREFIX_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "fault.h"

enum { PREFIX_TABLE_MAX = 16 * 1024 * 1024 }; /* networks in one table */

struct prefix_entry {
	struct prefix prefix;
	uint32_t number; /* the caller's: which source it came from */
};

struct prefix_hits {
	const uint32_t *numbers; /* borrowed from the table; ascending, each once */
	size_t count;            /* 0: nobody's */
};

struct prefix_table;

/* Builds from count entries, in any order, doubles allowed; entries are sorted in place and not
 * kept. NULL without memory or above PREFIX_TABLE_MAX. Given. */
struct prefix_table *prefix_table_build(struct prefix_entry *entries, size_t count, struct fault *why) MUST_USE;
void prefix_table_free(struct prefix_table *);

struct prefix_hits prefix_table_find(const struct prefix_table *, const struct address *);

size_t prefix_table_bytes(const struct prefix_table *);  /* memory held */
size_t prefix_table_ranges(const struct prefix_table *); /* disjoint ranges */

#endif
