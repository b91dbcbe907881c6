/*
 * ranges.h - what the sources of a policy list: which networks are whose, and of which sources that is known.
 *
 * Built whole from the sources and from what is believed of those in DNS, then only read. Asks nobody and
 * doubts nothing: source_guard.h decides what is believed.
 */
#ifndef RANGES_H
#define RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rules/vendor.h"
#include "policy/sources/source_copy.h"
#include "policy/util/fault.h"
#include "policy/util/prefix_table.h"

struct source_state {
	bool known; /* networks are believed: no hit means NO */
	bool asked; /* ask for the connecting address as well */
	bool wrong; /* not known, though DNS answered: what is published is gone or wrong */
	bool empty; /* known to hold no address */
};

struct ranges {
	struct prefix_table *table;   /* numbers are source numbers; NULL: nothing is listed */
	size_t count;
	struct source_state states[]; /* one a source, by number */
};

/* What is believed of one source that asks DNS. */
struct source_belief {
	const struct source_copy *copy; /* borrowed; NULL: it was never asked */
	bool serves;                    /* the copy's networks were believed once, and are not too old */
};

/* Of all sources of a policy, by number; beliefs are as many, or NULL: nothing is known of DNS. What a source lists
 * that does not count (source_counts) stays out. NULL with why: no memory, or more than one prefix_table holds. Given. */
struct ranges *ranges_build(const struct source *sources, size_t count, const struct source_belief *beliefs,
    struct fault *why) MUST_USE;
void ranges_free(struct ranges *); /* NULL is fine */

/* Is every source of the vendor that counts known to hold no address? False for a vendor without such sources. */
bool ranges_lack_addresses(const struct ranges *, const struct vendor *);

#endif
