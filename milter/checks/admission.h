/*
 * admission.h - limits how many questions are in progress at once, and decides which is next.
 *
 * Every question has a standing (dns.h) and a group. Each standing has its own slots: strangers' questions
 * take none from the policy's own names, and no group takes more than its share of a standing's slots. A question
 * without a free slot waits. When a slot is free, the group with the fewest questions in progress is next; among
 * equals, the group that was last served longest ago. Never blocks; the caller holds a lock and has the clock.
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "policy/dns/dns.h"
#include "policy/util/suffix.h"

/* Questions in progress. A name whose servers are silent holds one of the resolver's sockets for up to 14 seconds. */
enum {
	ADMIT_STRANGERS = 256,
	ADMIT_BELOW = 64,
	ADMIT_SELECTORS = 64,
	ADMIT_LISTED = 10000, /* as many as the policy has names */
	ADMIT_GROUP = 16,     /* of one group; listed names have no groups */
	ADMIT_WAITING = 4096  /* waiting, of each standing */
};

struct admission;

/* A question's place in the queue; the caller embeds it in the question. */
struct ticket {
	STAILQ_ENTRY(ticket) next;
	struct group *group; /* NULL: neither in progress nor waiting */
	bool waits;
};

enum admitted {
	ADMITTED,
	ADMITTED_LATER, /* it waits: admission_next returns it when its turn has come */
	ADMITTED_NOT    /* the queue is full too, or out of memory */
};

struct admission *admission_open(void) MUST_USE; /* given; NULL without memory */
void admission_close(struct admission *);        /* NULL is fine; no ticket may be in use */

/* The group whose share a question uses: a part of its name. */
const char *admission_group(const struct suffix_list *, const struct dns_question *);

/* Asks for a slot. The ticket is kept until admission_leave. */
enum admitted admission_ask(struct admission *, struct ticket *, enum standing, const char *group) MUST_USE;

/* Is there a slot for a question that nobody waits for yet? Such questions use at most half the slots, and never
 * overtake others. */
bool admission_has_spare(const struct admission *, enum standing, const char *group);

/* A waiting question is asked again with this standing: it keeps the better of the two. True: it no longer waits. */
bool admission_raise(struct admission *, struct ticket *, enum standing, const char *group) MUST_USE;

/* The question has ended, or leaves the queue because nobody wants its answer. */
void admission_leave(struct admission *, struct ticket *);

/* Takes the next question whose turn has come out of the queue; NULL: there is none. Whenever a question that was in
 * progress has left, call this until it returns NULL. */
struct ticket *admission_next(struct admission *) MUST_USE;

#endif
