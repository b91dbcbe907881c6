/*
 * source_guard.h - is a new unfolding to be believed?
 *
 * Pure. What grows too broad, falls too far or takes in a shared sender is not believed: the
 * last good copy stays until a person accepts the new one.
 */
#ifndef SOURCE_GUARD_H
#define SOURCE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rules/vendor.h"
#include "policy/sources/source_copy.h"
#include "policy/util/fault.h"

struct source_guard_limits {
	unsigned widest_ipv4, widest_ipv6; /* shortest prefix that is believed: 12, 28 */
	unsigned share_ppm;  /* of a family's space (IPv6: 2000::/3), in millionths, all networks together */
	unsigned fall_percent; /* a fall of the number of addresses by more than this in one step */
};

/* Names of shared senders: DNS names whose include in an exclusive source is not believed, with those below. */
struct source_guard_names {
	const char *const *list;
	size_t count;
};

/* Has it lost more of its addresses than refresh.largest_fall, of either family? why says how many. */
bool source_guard_falls(const struct source_guard_limits *, const struct source_copy *before, const struct source_copy *after,
    struct fault *why);

/* before NULL: the first unfolding (no fall is possible). exclusive: some vendor says so of this
 * source. False with why: what is too broad, the figure, the limit, the include path. */
bool source_guard_believes(const struct source_guard_limits *, const struct source_guard_names *shared, bool exclusive,
    const struct source_copy *before, const struct source_copy *after, struct fault *why) MUST_USE;

#endif
