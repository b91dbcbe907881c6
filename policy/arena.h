/*
 * arena.h - memory that is given back all at once.
 *
 * Floor 0. One arena a message, one a policy. Nothing in it is freed by hand.
 * Never grows past its ceiling: a hostile message runs out of its own arena, not of the host.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

#include "fault.h"

struct arena;

/* A new arena that hands out at most ceiling bytes; NULL without memory. Given. */
struct arena *arena_open(size_t ceiling) MUST_USE;

/* Gives everything back. NULL is fine. */
void arena_close(struct arena *);

/* size zeroed bytes, aligned for any type; NULL past the ceiling or without memory. */
void *arena_take(struct arena *, size_t size) MUST_USE;

/* A terminated copy of length bytes (which may hold NUL); NULL as above. */
char *arena_copy(struct arena *, const void *bytes, size_t length) MUST_USE;

/* A terminated copy of a string; NULL as above. */
char *arena_string(struct arena *, const char *string) MUST_USE;

/* A formatted string; NULL as above. */
char *arena_format(struct arena *, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* Bytes handed out so far. */
size_t arena_used(const struct arena *);

#endif
