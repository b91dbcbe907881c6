/*
 * alert_memory.h - remembers which states are ill and since when, and tells once that one is ill, once that it is well again.
 *
 * A state is a slug and its subject (which vendor, source, listener). What blinks is told once: an ill state must last
 * before it counts, and be gone for longer each time that it comes back. Never reads a clock, never runs anything.
 */
#ifndef ALERT_MEMORY_H
#define ALERT_MEMORY_H

#include "policy/review/status.h"
#include "policy/util/fault.h"

enum {
	ALERT_SETTLE = 4,          /* seconds that a state is ill before it is told */
	ALERT_QUIET = 15,          /* seconds that it is gone before it is told to be well; doubled at each return */
	ALERT_QUIET_MAX = 30 * 60, /* at most so many */
	ALERT_FORGET = 3600,       /* a state that was well for so long returns as a new one */
	ALERT_STATES_MAX = 2 * STATUS_ALERTS_MAX /* remembered at once; a further one is not told */
};

struct alert_memory;

/* Given; NULL without memory. */
struct alert_memory *alert_memory_open(void) MUST_USE;
void alert_memory_close(struct alert_memory *); /* NULL is fine */

/* The wall clock, for people, and a clock that is never set, for how long. Both in seconds. */
struct alert_time {
	int64_t now, moment;
};

/* One look at these parts: a state of theirs that is not in the list is gone. Strings are copied; one that finds no memory
 * is looked for again at the next look. */
void alert_memory_see(struct alert_memory *, unsigned parts, const struct status_alert *, size_t count, struct alert_time);

struct alert_change {
	const char *slug, *text, *remedy; /* borrowed */
	bool ill;                         /* false: well again */
	bool notice;                      /* it is no more than a notice */
	int64_t since;                    /* when it became ill */
	bool others;                      /* other states with this slug were told to be ill, and are not well yet */
};

/* Calls tell for each change that has settled. */
void alert_memory_tell(struct alert_memory *, struct alert_time, void (*tell)(void *, const struct alert_change *),
    void *context);

/* Is a state with this slug ill, and was that told? */
bool alert_memory_is_ill(const struct alert_memory *, const char *slug);

/* Puts into each since when it is ill: as remembered, else as it says itself, else now. */
void alert_memory_date(const struct alert_memory *, struct status_alert *, size_t count, int64_t now);

#endif
