/*
 * source_guard.h - decides whether a new unfolding is believed.
 *
 * One that grows too broad, falls too far or takes in a shared sender is not believed: the last good copy
 * stays in force until a person accepts the new one. Never accepts anything itself.
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
	unsigned share_ppm;    /* largest share of a family (IPv6: of 2000::/3), in millionths, all networks together */
	unsigned fall_percent; /* largest fall of the number of addresses in one step */
};

/* Names of shared senders: an exclusive source that includes one of them, or a name below, is not believed. */
struct source_guard_names {
	const char *const *list;
	size_t count;
};

/* Has it lost more of its addresses than refresh.largest_fall, in either family? why says how many. */
bool source_guard_falls(const struct source_guard_limits *, const struct source_copy *before,
    const struct source_copy *after, struct fault *why);

/* before NULL: the first unfolding, which cannot fall. exclusive: some vendor marks this source so. False with why:
 * what is too broad, the figure, the limit, the include path. */
bool source_guard_believes(const struct source_guard_limits *, const struct source_guard_names *shared, bool exclusive,
    const struct source_copy *before, const struct source_copy *after, struct fault *why) MUST_USE;

#endif
