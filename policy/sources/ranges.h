/*
 * ranges.h - what the sources of a policy list: which network belongs to which source, and which sources are known.
 *
 * Built at once from the sources and from what is believed of those in DNS, then only read. Never asks DNS,
 * and never decides what is believed: source_guard.h does.
 */
#ifndef RANGES_H
#define RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/rules/vendor.h"
#include "policy/sources/source_copy.h"
#include "policy/util/fault.h"
#include "policy/util/prefix_table.h"

struct source_state {
	bool known; /* its networks are believed: no match means NO */
	bool asked; /* must also be asked for the connecting address */
	bool wrong; /* not known although DNS answered: what is published is gone or wrong */
	bool empty; /* known to have no address */
};

struct ranges {
	struct prefix_table *table; /* numbers are source numbers; NULL: nothing is listed */
	uint64_t fingerprint; /* of what is believed of the sources in DNS: differs when a network of theirs does */
	size_t count;
	struct source_state states[]; /* one per source, by number */
};

/* What is believed of one source in DNS. */
struct source_belief {
	const struct source_copy *copy; /* borrowed; NULL: it was never queried */
	bool serves;                    /* the copy's networks were believed and are not too old */
};

/* From all sources of a policy, by number, and one belief for each; beliefs NULL: nothing is known from DNS. Networks
 * of a source that does not count (source_counts) are left out. Given; NULL with why: no memory, or more networks than
 * a prefix_table can hold. */
struct ranges *ranges_build(const struct source *sources, size_t count, const struct source_belief *beliefs,
    struct fault *why) MUST_USE;
void ranges_free(struct ranges *); /* NULL is fine */

/* Is every source of the vendor that counts known to have no address? False for a vendor without such sources. */
bool ranges_lack_addresses(const struct ranges *, const struct vendor *);

#endif
