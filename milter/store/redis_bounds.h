/*
 * redis_bounds.h - bounds what a reply of a Redis may cost: hiredis makes room for as many elements as an array
 * announces.
 *
 * Whoever answers in the place of a Redis, or a damaged one, else has two thousand million made, and looked at again
 * when they are freed. Never reads a reply itself.
 */
#ifndef REDIS_BOUNDS_H
#define REDIS_BOUNDS_H

#include <stdbool.h>

#include <hiredis/hiredis.h>

enum {
	REDIS_ELEMENTS_MAX = 16 * 1024,          /* of a reply, in all its arrays: a page of keys has some hundreds */
	REDIS_REPLY_BYTES_MAX = 16 * 1024 * 1024 /* that have come of one before it is whole */
};

/* Of one connection. */
struct redis_bounds {
	redisReplyObjectFunctions *unbounded, functions; /* hiredis's, and the same with a bound */
	size_t held;                                     /* elements of the reply that is read */
	bool exceeded;                                   /* it would have had more */
};

/* From now on a reply with more is a fault, as if there were no memory for it. The bounds are kept, for as long as the
 * connection is open. */
void redis_bounds_set(redisContext *, struct redis_bounds *);

#endif
