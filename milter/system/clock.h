/*
 * clock.h - what time it is.
 *
 * The only wall clock of the shell; stories link a twin that stands where they put it.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

int64_t clock_now(void);     /* seconds since 1970 */
int64_t clock_ticks(void);   /* monotonic microseconds, for durations only */

#endif
