/*
 * greylist_parts.h - what the decisions about tuples and about networks share: time and counts.
 *
 * Decides nothing.
 */
#ifndef GREYLIST_PARTS_H
#define GREYLIST_PARTS_H

#include <stdint.h>

enum { GREYLIST_DAY = 24 * 60 * 60 };

/* Seconds since; -1 if the clock was set back to before it. No record can make this overflow. */
int64_t greylist_elapsed(int64_t since, int64_t now);

/* A record that only has to stay alive is written this many seconds after it was written last. */
int64_t greylist_rewrite_after(int64_t lifetime);

void greylist_count_up(uint32_t *count); /* stops at its end */

#endif
