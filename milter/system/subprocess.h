/*
 * subprocess.h - runs a command of the configuration, waits for it, and says how it ended.
 *
 * /bin/sh -c, as the user that we are, without our files and signal plan; never longer than
 * it may: then it is ended with all that it started.
 */
#ifndef SUBPROCESS_H
#define SUBPROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "policy/util/fault.h"

/* False with why when it did not end with 0, and what it printed (some of it, made plain). *ends,
 * set by another thread, ends it at once. */
bool subprocess_run(const char *command, int64_t seconds, const atomic_bool *ends, struct fault *why) MUST_USE;

#endif
