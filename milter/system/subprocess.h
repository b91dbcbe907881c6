/*
 * subprocess.h - runs a command from the configuration, waits for it, and reports how it ended.
 *
 * With /bin/sh -c, as our own user, without our open files and signal settings. When its time is up, it is killed
 * with all that it started.
 */
#ifndef SUBPROCESS_H
#define SUBPROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "policy/util/fault.h"

/* False with why if it did not exit with 0; why holds the last line of its standard error, made printable. Its standard
 * output is discarded. When another thread sets *ends, it is killed at once. */
bool subprocess_run(const char *command, int64_t seconds, const atomic_bool *ends, struct fault *why) MUST_USE;

#endif
