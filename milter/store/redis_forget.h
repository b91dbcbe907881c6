/*
 * redis_forget.h - keys that Redis shall forget, kept until somebody has time for it: whoever judges mail does not wait.
 *
 * Bounded. Never asks Redis. Any thread may call.
 */
#ifndef REDIS_FORGET_H
#define REDIS_FORGET_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rules/greylist.h"
#include "policy/util/fault.h"

enum {
	REDIS_KEY_ROOM = 65 + GREYLIST_KEY_MAX, /* with a prefix as long as value_prefix allows */
	REDIS_FORGET_AT_ONCE = 32               /* in one question */
};

struct redis_key {
	size_t length;
	char text[REDIS_KEY_ROOM]; /* not terminated */
};

struct redis_forget;

/* Given; NULL without memory. */
struct redis_forget *redis_forget_open(void) MUST_USE;
void redis_forget_close(struct redis_forget *); /* NULL is fine */

/* A copy is kept. False: there is no room for another. */
bool redis_forget_keep(struct redis_forget *, const struct redis_key *) MUST_USE;

/* It has so many that somebody should take them now. */
bool redis_forget_presses(struct redis_forget *);

/* Some of them, which are kept no longer; 0: there are none. */
size_t redis_forget_take(struct redis_forget *, struct redis_key out[REDIS_FORGET_AT_ONCE]) MUST_USE;

#endif
