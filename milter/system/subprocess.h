/*
 * subprocess.h - runs a command from the configuration, waits for it, and reports how it ended.
 *
 * As our own user, without our open files and signal settings. When its time is up, it is killed with all that it started.
 */
#ifndef SUBPROCESS_H
#define SUBPROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/util/fault.h"

struct subprocess {
	const char *const *words;       /* up to a NULL; the first is the program's path: no shell is involved */
	const char *const *environment; /* "NAME=value", up to a NULL, beside our own; NULL: ours alone */
	const char *name;               /* what why calls it */
	int64_t seconds;                /* how long it may take */
};

/* False with why if it did not exit with 0; why holds the last line of its standard error, made printable. Its standard
 * output is discarded. When there is something to read at the descriptor stop, or its other end was closed, it is killed
 * at once; -1: there is none. */
bool subprocess_run(const struct subprocess *, int stop, struct fault *why) MUST_USE;

/* The same for a line that /bin/sh -c runs. */
bool subprocess_run_shell(const char *line, int64_t seconds, int stop, struct fault *why) MUST_USE;

#endif
