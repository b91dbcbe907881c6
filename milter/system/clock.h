/*
 * clock.h - reads the wall clock and the monotonic clock.
 *
 * The only wall clock of the shell; the replayed stories link a stand-in that shows the time they set.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

int64_t clock_now(void);    /* seconds since 1970 */
int64_t clock_now_ms(void); /* the same clock, in milliseconds */
int64_t clock_ticks(void);  /* monotonic microseconds, for durations only */

#endif
