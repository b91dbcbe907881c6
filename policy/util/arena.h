/*
 * arena.h - memory that is freed all at once.
 *
 * One arena per message, one per policy. Nothing in it is freed by hand.
 * Never grows past its ceiling: a hostile message exhausts its own arena, not the host.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* A new arena of at most ceiling bytes; NULL when out of memory. Given. */
struct arena *arena_open(size_t ceiling) __attribute__((warn_unused_result));

/* Frees everything. NULL is fine. */
void arena_close(struct arena *);

/* size zeroed bytes, aligned for any type; NULL past the ceiling or when out of memory. */
void *arena_take(struct arena *, size_t size) __attribute__((warn_unused_result));

/* A terminated copy of length bytes (which may hold NUL); NULL as above. */
char *arena_copy(struct arena *, const void *bytes, size_t length) __attribute__((warn_unused_result));

/* A terminated copy of a string; NULL as above. */
char *arena_string(struct arena *, const char *string) __attribute__((warn_unused_result));

/* A formatted string; NULL as above. */
char *arena_format(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3), warn_unused_result));

/* Notes that memory ran out for something else that the same work needed. */
void arena_fail(struct arena *);

/* Has it ever refused memory? Whoever asked may have taken the NULL for something else. */
bool arena_failed(const struct arena *);

/* Bytes taken so far, each piece rounded up to its alignment. */
size_t arena_used(const struct arena *);

#endif
