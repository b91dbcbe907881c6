/*
 * waiting.h - joins the tries of a message while records go by once: since when has it waited?
 *
 * Tries of one message share a key of the greylist, as in tries.h; but nothing is kept of a record than when its key was first
 * told to come again. In bounded memory: what is driven out is counted, and its message then seems not to have waited.
 */
#ifndef WAITING_H
#define WAITING_H

#include "policy/review/record_read.h"
#include "policy/rules/policy.h"
#include "policy/util/suffix.h"

struct waiting;

/* Both are borrowed. The seed must be random. Given; NULL without memory. */
struct waiting *waiting_open(const struct greylist_settings *, const struct suffix_list *,
    const uint64_t seed[2]) MUST_USE;
void waiting_close(struct waiting *); /* NULL is fine */

/* Takes the next record. Where its reply was for good: the milliseconds since the first try of any of its recipients, or
 * what the record itself says; 0: it did not wait. */
int64_t waiting_note(struct waiting *, const struct recorded *);

uint64_t waiting_dropped(const struct waiting *);

#endif
