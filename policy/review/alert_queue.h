/*
 * alert_queue.h - what alert.command has still to be told, one run a slug.
 *
 * Many states with one slug make one run; further ones of a slug that is ill are gathered for a minute, and "well" is told
 * when the last of them is. A run that fails is tried again. While there is no command the queue holds what it would be told.
 * Never reads a clock, never runs anything.
 */
#ifndef ALERT_QUEUE_H
#define ALERT_QUEUE_H

#include "policy/review/alert_memory.h"

enum {
	ALERT_SLUGS_MAX = 32,
	ALERT_SLUG_SIZE = 40,
	ALERT_TEXT_SIZE = 1024,
	ALERT_AGAIN = 60, /* seconds between two runs of one slug, unless it is well in between; and after a failure */
	ALERT_TRIES = 5
};

struct alert_queue;

/* One run. */
struct alert_run {
	char slug[ALERT_SLUG_SIZE];
	bool ill, notice;           /* notice: where it is ill, it is no more than one */
	char text[ALERT_TEXT_SIZE]; /* printable */
	unsigned number;            /* which change this is, for alert_queue_done */
};

struct alert_queue *alert_queue_open(void) MUST_USE; /* given; NULL without memory */
void alert_queue_close(struct alert_queue *);        /* NULL is fine */

/* Moments are seconds of a clock that is never set. */
void alert_queue_put(struct alert_queue *, const struct alert_change *, int64_t moment);

/* The run that is due now, the longest due first; false: none. Say alert_queue_done before the next. */
bool alert_queue_take(struct alert_queue *, int64_t moment, struct alert_run *out) MUST_USE;

/* How a run ended. After ALERT_TRIES failures it is given up, until alert_queue_retry or the next change. */
void alert_queue_done(struct alert_queue *, const struct alert_run *, bool succeeded, int64_t moment);

/* What failed is due now, and what was given up, too. */
void alert_queue_retry(struct alert_queue *, int64_t moment);

#endif
