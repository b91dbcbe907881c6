/*
 * spread.h - how values are spread: a count for each range of values, from which medians of any number of them come.
 *
 * Values below 32 are exact, others are known to a sixteenth. Never grows.
 */
#ifndef SPREAD_H
#define SPREAD_H

#include <stddef.h>
#include <stdint.h>

enum { SPREAD_BUCKETS = 32 + 20 * 16 }; /* up to 2^25 - 1: what is larger counts as that */

/* All zero: no values. */
struct spread {
	uint64_t count;
	int64_t most;
	uint32_t buckets[SPREAD_BUCKETS];
};

void spread_add(struct spread *, int64_t value);

/* The value below which this share lies (percent; 50 is the median), rounded down to its range; 0: there are none. */
int64_t spread_share(const struct spread *, unsigned percent);

/* The least value of a bucket. */
int64_t spread_least(size_t bucket);

#endif
