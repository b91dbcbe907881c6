/*
 * condition.h - conditions whose timed waits are neither ended nor made longer by a clock that somebody sets.
 *
 * For pthread_cond_timedwait: both belong together, for others wait by the wall clock.
 */
#ifndef CONDITION_H
#define CONDITION_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

void condition_init(pthread_cond_t *);

/* The moment in so many milliseconds; and the one of clock_ticks. */
struct timespec condition_in(int64_t ms);
struct timespec condition_at(int64_t ticks);

#endif
