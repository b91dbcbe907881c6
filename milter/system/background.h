/*
 * background.h - goes into the background, and tells whoever started us when we are ready.
 *
 * The parent waits until the child is ready or dead, so that its caller learns of a failed start. Call before any thread
 * is started.
 */
#ifndef BACKGROUND_H
#define BACKGROUND_H

#include "policy/util/fault.h"

/* Returns in the child alone: the descriptor for background_ready. -1 with why: there is no process or pipe to be had. */
int background_go(struct fault *why) MUST_USE;

/* Lets the parent exit with 0, and lets go of the terminal. */
void background_ready(int ready);

#endif
