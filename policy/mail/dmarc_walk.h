/*
 * dmarc_walk.h - the walk up the DNS tree that finds DMARC records and organisational domains (RFC 9989, 4.10).
 *
 * Ask and answer: the shell asks DNS. A walk asks at most eight names, whatever a sender makes of his own. Never
 * uses the public suffix list: owners say with psd= where an organisation ends.
 */
#ifndef DMARC_WALK_H
#define DMARC_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/dns/dns.h"
#include "policy/mail/dmarc_record.h"
#include "policy/mail/facts.h"

struct dmarc_walk {
	const char *start; /* borrowed, normal form; domains of the steps point into it */
	const char *at;    /* the next domain to ask; NULL: the walk has ended */
	struct dmarc_step steps[DMARC_STEPS_MAX];
	struct dmarc_record records[DMARC_STEPS_MAX]; /* of the steps that found one */
	size_t count;                                 /* of the steps */
	bool absent; /* _dmarc of the start does not exist, so that the start itself may not */
};

/* start "" is nobody's: nothing is asked. */
void dmarc_walk_begin(struct dmarc_walk *, const char *start);
/* The next question, a stranger's; the same until it is answered. False: the walk has ended. */
bool dmarc_walk_next(struct dmarc_walk *, struct dns_question *out);
/* Takes the answer to it. A name that does not answer does not end the walk. */
void dmarc_walk_answer(struct dmarc_walk *, const struct dns_answer *);
bool dmarc_walk_has_ended(const struct dmarc_walk *);

/* The domains that are still to be asked if no record ends the walk, in order; returns how many. */
size_t dmarc_walk_rest(const struct dmarc_walk *, const char *out[DMARC_STEPS_MAX]);

/* The organisational domain (4.10.2), part of the start: as far as is known, if the walk has not ended or a name did
 * not answer. */
const char *dmarc_walk_organisation(const struct dmarc_walk *);

/* The shortest domain asked that did not answer; NULL: all did. */
const char *dmarc_walk_silent(const struct dmarc_walk *);

/* The shortest name that the organisational domain can be: the same, unless a name did not answer. */
const char *dmarc_walk_least(const struct dmarc_walk *);

/* The record that holds for the start (4.10.1): its own, else its organisation's, else the public suffix's. */
struct dmarc_choice {
	const struct dmarc_record *record; /* NULL: there is none */
	const char *domain;                /* where it is */
	bool inherited;                    /* it is not the start's own */
};
struct dmarc_choice dmarc_walk_choose(const struct dmarc_walk *);

/* Which of its policies, and what it asks for in the end, testing included. exists: does the start exist? */
struct dmarc_policy_choice {
	const char *tag; /* "p", "sp", "np" */
	enum dmarc_policy published, applied;
};
struct dmarc_policy_choice dmarc_choice_policy(const struct dmarc_choice *, bool exists);

#endif
