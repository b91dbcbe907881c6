/*
 * admission.h - how many questions may be under way at once, and whose turn is next.
 *
 * Every question has a standing (dns.h) and a group, and each standing has room of its own: what
 * strangers ask takes nothing from what the policy's own names need, and no group takes more than its part of
 * a standing's room. Who finds no room waits; when there is room again the group with the fewest questions
 * under way comes first, among equals the one that has not been served for longest. Never waits itself, has
 * no lock and no clock: they are the caller's.
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "policy/dns/dns.h"

/* Questions under way. A silent name holds one of the resolver's sockets for up to 14 seconds. */
enum {
	ADMIT_STRANGERS = 256,
	ADMIT_BELOW = 64,
	ADMIT_SELECTORS = 64,
	ADMIT_LISTED = 10000, /* as many as the policy has names */
	ADMIT_GROUP = 16,     /* of one group; names that are listed make no groups */
	ADMIT_WAITING = 4096  /* of each standing, on top of them */
};

struct admission;

/* A question's place, kept in it by who asks. */
struct ticket {
	STAILQ_ENTRY(ticket) next;
	struct group *group; /* NULL: neither under way nor waiting */
	bool waits;
};

enum admitted {
	ADMITTED,
	ADMITTED_LATER, /* it waits: admission_next has it when its turn has come */
	ADMITTED_NOT    /* there is no room to wait either, or no memory */
};

struct admission *admission_open(void) MUST_USE; /* given; NULL without memory */
void admission_close(struct admission *);        /* NULL is fine; no ticket may be in use */

/* The ticket is kept until admission_leave. */
enum admitted admission_ask(struct admission *, struct ticket *, enum standing, const char *group) MUST_USE;

/* Would a question that nobody waits for yet find room? Such use at most half of it, and never overtake. */
bool admission_has_spare(const struct admission *, enum standing, const char *group);

/* Somebody of this standing asks what waits: it goes on with the better of the two. True: it waits no more. */
bool admission_raise(struct admission *, struct ticket *, enum standing, const char *group) MUST_USE;

/* The question has ended, or waits no more because nobody wants it. */
void admission_leave(struct admission *, struct ticket *);

/* Takes the next whose turn has come out of the queue; NULL: there is none. To be called until then whenever
 * one that was under way has left. */
struct ticket *admission_next(struct admission *) MUST_USE;

#endif
