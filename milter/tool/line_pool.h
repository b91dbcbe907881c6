/*
 * line_pool.h - does the same to many lines, on every processor at once, and hands over what comes of it in order.
 *
 * Lines are added and results taken by the caller's thread alone; only the work on a line is done by others, which must touch
 * nothing that changes. Its memory does not grow with the number of lines.
 */
#ifndef LINE_POOL_H
#define LINE_POOL_H

#include <stdint.h>

#include "policy/util/fault.h"
#include "policy/util/text.h"

struct line_work {
	/* On a thread of the pool: fills *result, which is not zeroed. False: why ends it all. */
	bool (*work)(void *context, struct span line, void *result, struct fault *why);
	/* On the caller's thread, line by line. */
	void (*take)(void *context, uint64_t number, const void *result);
	size_t result_size;
};

struct line_pool;

/* As many threads as there are processors that this process may use. *work is copied, context borrowed. Given; NULL without
 * memory. */
struct line_pool *line_pool_open(const struct line_work *, void *context) MUST_USE;
void line_pool_close(struct line_pool *); /* NULL is fine */

/* Adds a line, of which it keeps a copy; a records_each (records.h) whose context is the pool. False with why. */
bool line_pool_add(void *pool, struct span line, uint64_t number, struct fault *why) MUST_USE;
/* Takes what is not yet taken. False with why. */
bool line_pool_finish(struct line_pool *, struct fault *why) MUST_USE;

#endif
