/*
 * kept_names.h - what is kept for each of the most frequent names that strangers choose, in bounded memory.
 *
 * When it is full, the rarest quarter gives way: whoever floods it with new names drives out other rare ones, and never a
 * frequent one. Unlike in top.h a newcomer inherits nothing: what is kept is evidence. Never makes a seed.
 */
#ifndef KEPT_NAMES_H
#define KEPT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "policy/util/domain.h"

/* Every entry begins with this; the rest is the caller's, zeroed at first. */
struct kept_name {
	char name[DOMAIN_TEXT];
	uint64_t count; /* the caller counts */
};

struct kept_names;

/* Entries of `size` bytes, at most `most` of them. The seed must be random. Given; NULL without memory. */
struct kept_names *kept_names_open(size_t size, size_t most, const uint64_t seed[2]) __attribute__((warn_unused_result));
void kept_names_close(struct kept_names *); /* NULL is fine */

/* The entry of a name, until the next call: the one that is there, or a new one. A name that is too long is cut. */
void *kept_names_take(struct kept_names *, const char *name);

/* All entries, most frequent first; equal ones by name. Borrowed until the next kept_names_take. */
void **kept_names_sort(struct kept_names *, size_t *count);

uint64_t kept_names_dropped(const struct kept_names *); /* entries that gave way */

#endif
