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

enum outcome { OUTCOME_EXEMPT, OUTCOME_STRANGER, OUTCOME_VOUCHED, OUTCOME_UNPROVEN, OUTCOME_UNSURE, OUTCOME_FORGED };
enum { OUTCOMES = OUTCOME_FORGED + 1 };
const char *outcome_word(enum outcome);

enum { CLAIMS_MAX = 16 }; /* vendors one message may name; more is forged */

/* One claimed vendor and what is known for it. */
struct claim {
	const struct vendor *vendor;
	bool by_author, by_envelope;
	bool dropped; /* by the envelope alone, and every author stands on its own */
	enum tri listed, spf, dkim, spf_from, dmarc;
	const struct source *source; /* that lists the client; NULL */
	bool exclusive;              /* an exclusive source lists the client */
	enum tri exclusively;        /* listed by exclusive sources alone */
	enum tri reviewed;           /* listed by sources that are not lapsed: what vouch asks for */
	bool wrong, unanswered;      /* why listed is not known: what a source publishes is wrong; DNS did not answer */
	bool without_addresses;      /* there are sources, and DNS says that none has an address */
	bool lapsed;                 /* only sources that are lapsed list the client */
	bool given_up;               /* names that only the message brought are not waited for any longer */
	const char *weak;            /* a signature of the vendor verifies, but is weak: why (dkim_fact); NULL */
	const struct delegation *delegation; /* own names: the one that vouches for it, or would; NULL */
	const struct vendor *sender;         /* own names: the enabled vendor that sent it; NULL */
	const char *used;      /* own names: the domain that was not proven, of an author or the sender; NULL */
	enum vendor_mode mode; /* for these recipients */
	enum outcome outcome;
	enum reason reason;
	enum action wanted; /* by the vendor's file */
	enum action action; /* under the vendor's mode */
};

struct verdict {
	bool settled; /* nothing later can change it */
	enum outcome outcome;
	enum reason reason;
	enum action action;        /* GREYLIST: the greylister is to be asked */
	enum action would;         /* the same if no mode, the daemon's or a vendor's, softened it */
	enum action past_greylist; /* what becomes of it where the greylister lets it pass: pass, tag, quarantine */
	bool asks_tuple;           /* it depends on facts->tuple_new, which nobody has looked up */
	bool learns;               /* monitor mode keeps it from the greylister, which may learn from it */
	int deciding;              /* index of the claim that decided; -1: none */
	const struct relay *relay; /* that handed the message to us; NULL */
	struct claim claims[CLAIMS_MAX + 2]; /* plus our own names, and a vendor that covers strangers */
	size_t claim_count;
};

/* Borrowed; ranges has no table until a source is unfolded. */
struct judge {
	const struct policy *policy;
	const struct ranges *ranges;
};

#endif
