/*
 * tries_write.h - the tries of one message in words and as JSON: what was done, what was waited, why, what would change it.
 *
 * What comes from the network is escaped in the words.
 */
#ifndef TRIES_WRITE_H
#define TRIES_WRITE_H

#include "policy/review/tries.h"

/* By which the last try is judged again, for what to write. Borrowed. */
struct tries_rules {
	const struct policy *policy;
};

/* The tries of one message, first to last. False without memory. */
bool tries_write(const struct tries_rules *, const struct try *, size_t count, struct text *out) MUST_USE;
/* {"tries": [...], "waited": N, "advice": "..."}; a try from a record is that record. */
bool tries_write_json(const struct tries_rules *, const struct try *, size_t count, struct text *out) MUST_USE;

#endif
