/*
 * starve.h - for tests: a piece of work is done again and again, and each time another of its allocations fails.
 *
 * Either the work says that it has failed, or what comes out is what came out with memory: nothing is silently another answer.
 */
#ifndef STARVE_H
#define STARVE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/fault.h"
#include "policy/util/text.h"

/* What came out. */
struct said {
	char bytes[512 * 1024];
	size_t length;
};

void say(struct said *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void say_text(struct said *, const struct text *);

/* False: it has said that it failed. */
typedef bool starved_work(struct said *out);

/* The allocations of policy/, malloc or of an arena, fail one after the other; one test. */
void starve(starved_work *, const char *name);

/* What the test itself does within the work has memory. */
void starve_pause(bool);

#endif
