/*
 * claim.h - what a verdict is made of: each claim with its evidence, and what became of it.
 *
 * Data that all files of the verdict share. evidence.h, own.h and claims.h fill it in, actions.h decides what
 * is done; the shell calls verdict.h. Nothing is judged here.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/mail/facts.h"
#include "policy/rules/policy.h"
#include "policy/rules/reason.h"
#include "policy/sources/ranges.h"

enum outcome {
	OUTCOME_EXEMPT,
	OUTCOME_STRANGER,
	OUTCOME_VOUCHED,
	OUTCOME_UNPROVEN,
	OUTCOME_UNSURE,
	OUTCOME_FORGED
};
const char *outcome_word(enum outcome);

enum { CLAIMS_MAX = 16 }; /* vendors one message may name; more is forged */

/* One claimed vendor and what is known for it. */
struct claim {
	const struct vendor *vendor;
	bool by_author, by_envelope;
	bool dropped;                 /* by the envelope alone, and every author stands by itself */
	enum tri listed, spf, dkim, spf_from, dmarc;
	const struct source *source;  /* that lists the client; NULL */
	bool exclusive;               /* one that lists the client is */
	enum tri exclusively;         /* listed, by exclusive sources alone */
	enum tri reviewed;            /* listed, by sources that are not lapsed alone: what vouch asks for */
	bool wrong, unanswered;       /* listed is not known: what a source publishes is wrong; DNS did not tell one */
	bool without_addresses;       /* sources are named, and DNS says of each that it holds no address */
	bool lapsed;                  /* a source lists the client, but only ones whose review is long over */
	bool given_up;                /* it waited for names that the message brought, and does no longer */
	const char *weak;             /* a signature of the vendor verifies, but is weak: why (dkim_fact); NULL */
	const struct delegation *delegation; /* own names: that vouches for it, or would; NULL */
	const struct vendor *sender;  /* own names: the enabled vendor that sent it; NULL */
	const char *used;             /* own names: the domain that was not proven, of an author or the sender; NULL */
	enum vendor_mode mode;        /* for these recipients */
	enum outcome outcome;
	enum reason reason;
	enum action wanted;           /* by the vendor's file */
	enum action action;           /* under the vendor's mode */
};

struct verdict {
	bool settled;            /* nothing later can change it */
	enum outcome outcome;
	enum reason reason;
	enum action action;      /* GREYLIST: the greylister is to be asked */
	bool monitored;          /* the daemon or a claimed vendor is in monitor mode */
	enum action would;       /* what is done outside monitor mode */
	int deciding;            /* index of the claim that decided; -1: none */
	const struct relay *relay; /* that handed it to us; NULL */
	struct claim claims[CLAIMS_MAX + 2]; /* and our own names, and who covers a stranger */
	size_t claim_count;
};

/* Borrowed arguments; ranges may lack a table while nothing is unfolded yet. */
struct judge {
	const struct policy *policy;
	const struct ranges *ranges;
};

#endif
