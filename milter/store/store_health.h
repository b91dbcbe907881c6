/*
 * store_health.h - how a store that watches itself is, and what the log says of it.
 *
 * Says once what is wrong and what follows, again when it becomes something else, and once that it is over. Takes no lock:
 * its owner holds one.
 */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include "milter/store/store.h"

struct journal;

struct store_health {
	struct store_report report;
	const char *name;        /* of the store, for the log; borrowed */
	struct journal *journal; /* borrowed; NULL: nothing is said */
};

void store_health_open(struct store_health *, const char *name, struct journal *);

/* A call failed, or the store could not be opened. */
void store_health_fails(struct store_health *, enum store_state, const struct fault *);
void store_health_works(struct store_health *);

/* A message was not greylisted. */
void store_health_count_passed(struct store_health *);

#endif
