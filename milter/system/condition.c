#include "milter/system/condition.h"

enum { MS = 1000 * 1000, SECOND = 1000 * MS }; /* in nanoseconds */

void
condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

struct timespec
condition_in(int64_t ms)
{
	struct timespec then;

	clock_gettime(CLOCK_MONOTONIC, &then);
	then.tv_nsec += ms % 1000 * MS;
	then.tv_sec += ms / 1000 + then.tv_nsec / SECOND;
	then.tv_nsec %= SECOND;
	return then;
}

struct timespec
condition_at(int64_t ticks)
{
	return (struct timespec){ .tv_sec = ticks / 1000000, .tv_nsec = ticks % 1000000 * 1000 };
}
