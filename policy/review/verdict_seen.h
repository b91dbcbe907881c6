/*
 * verdict_seen.h - has a verdict come before, because records of several hosts overlap, or were given twice?
 *
 * A verdict is known by its id, the MTA's, the client and what was done: one message may have two, where recipients' actions
 * differ, and ids of two hosts may be the same. Remembers a bounded number of the latest.
 */
#ifndef VERDICT_SEEN_H
#define VERDICT_SEEN_H

#include "policy/review/record_read.h"

/* The same for a record and for its log line; 0: it has no id. */
uint64_t verdict_identity(const struct recorded *);

enum { VERDICTS_SEEN = 256 * 1024 };

struct verdicts_seen;

/* Given; NULL without memory. */
struct verdicts_seen *verdicts_seen_open(void) MUST_USE;
void verdicts_seen_close(struct verdicts_seen *); /* NULL is fine */

/* True: it came before. Otherwise it is remembered. */
bool verdicts_seen_before(struct verdicts_seen *, const struct recorded *);

#endif
