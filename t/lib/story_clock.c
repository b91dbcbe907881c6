/* The story's clock, linked in place of milter/system/clock.c. */
#include <stdatomic.h>
#include <time.h>

#include "milter/system/clock.h"
#include "t/lib/story.h"

static _Atomic int64_t story_now;

void
story_clock_set(int64_t now)
{
	story_now = now;
}

int64_t
clock_now(void)
{
	return story_now;
}

int64_t
clock_now_ms(void)
{
	return story_now * 1000;
}

int64_t
clock_ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
