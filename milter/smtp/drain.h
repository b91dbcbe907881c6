/*
 * drain.h - what is under way when the daemon stops is waited for, and nothing new begins.
 *
 * Counts who uses the services (one call for each open message), in the whole process. Any thread. Never logs,
 * never ends anybody's work.
 */
#ifndef DRAIN_H
#define DRAIN_H

#include <stdbool.h>

#include "policy/util/fault.h"

/* True: the services may be used until drain_leave, and outlive it. False once the daemon stops; then do not leave. */
bool drain_enter(void) MUST_USE;
void drain_leave(void);

/* How many have entered and not left; a moment old. */
unsigned drain_inside(void);

/* From now on nobody may enter. Returns a descriptor, to be kept open, that is readable once somebody has left or
 * drain_wake was called; -1: there is none, look from time to time. Once. */
int drain_begin(void) MUST_USE;

/* Something else that the stop waits for has ended. */
void drain_wake(void);

#endif
