/*
 * wakes.h - what wakes the main thread: signals, and the end of the milter.
 *
 * A pipe between them and it: a handler only writes a byte. For greenlaned alone.
 */
#ifndef WAKES_H
#define WAKES_H

#include <stdbool.h>

#include "policy/util/fault.h"

enum wake {
	WAKE_NOTHING,
	WAKE_RELOAD, /* HUP */
	WAKE_END,    /* TERM or INT; another ends the process at once */
	WAKE_MILTER_ENDED,
};

void wakes_block(void); /* before any thread is started, which then keep them blocked */
bool wakes_open(struct fault *why) MUST_USE;
void wakes_take(void);        /* from now on they wake */
void wakes_may_end(bool may); /* until then: TERM and INT end the process */
void wakes_milter_ended(void);
enum wake wakes_await(void);

#endif
