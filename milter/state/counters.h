/*
 * counters.h - counts verdicts, reasons, greylist states and times of messages since the start, for /metrics.
 *
 * Any thread may count and read, none waits: each count is one atomic addition. What is read while mail comes may be a
 * message apart from count to count. Vendors are counted by name, so that a reload loses nothing. Decides nothing.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include "policy/review/metrics_text.h"
#include "policy/review/verdict_record.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum { COUNTERS_VENDORS_MAX = 8192 }; /* vendors; a further one is counted as nobody's */

struct counters;

struct counters *counters_open(struct fault *why) MUST_USE; /* given */
void counters_close(struct counters *);                     /* NULL is fine */

/* A verdict that goes to the log: of a message, or of recipients that were refused. NULL: it is not counted. */
void counters_note_verdict(struct counters *, const struct verdict_record *);

/* A message that has ended, and how long we had it. NULL: it is not counted. */
void counters_note_message(struct counters *, int64_t microseconds);

/* Makes the vendor's counts begin at 0, so that they are told before its first mail. */
void counters_know(struct counters *, const char *vendor);

/* Fills in vendors (in the arena), reasons, greylist, passed_by, buckets and microseconds. False without memory. */
bool counters_tell(struct counters *, struct metrics *out, struct arena *) MUST_USE;

#endif
