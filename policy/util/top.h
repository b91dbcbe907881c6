/*
 * top.h - the most frequent of any number of keys, in bounded memory (after Metwally's space saving).
 *
 * A key has a place in one of many small groups; in a full one a new key takes the place, and the count, of the rarest, and
 * remembers how much of that was not its own. So a frequent key is never lost, and a count is too high by at most `others`.
 */
#ifndef TOP_H
#define TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOP_KEY = 160 };

struct top_entry {
	char key[TOP_KEY];
	uint64_t count, others; /* count - others is certain */
	uint64_t sum;           /* what the caller adds up */
	int64_t first, last, most;
};

struct top;

/* Room for so many keys, rounded up. Given; NULL without memory. */
struct top *top_open(size_t keys) __attribute__((warn_unused_result));
void top_close(struct top *); /* NULL is fine */

/* Counts the key, whose end is cut off if it is too long, `times` times at the time `when`. Its entry, borrowed until the
 * next call. */
struct top_entry *top_add(struct top *, const char *key, uint64_t times, int64_t when);

/* All entries, most frequent first; NULL in out[*count]. Given: free(3). NULL without memory. */
const struct top_entry **top_sort(const struct top *, size_t *count) __attribute__((warn_unused_result));

/* How many keys lost their place to others. */
uint64_t top_lost(const struct top *);

#endif
