/*
 * verdict.h - one pure function judges facts against the policy (DESIGN section 3).
 *
 * Floor 6. The same facts always give the same verdict: no clock, no DNS, nothing remembered.
 * Never asks: verdict_wants names the next fact that the shell should find out.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "facts.h"
#include "policy.h"
#include "ranges.h"
#include "reason.h"

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
	enum answer listed, spf, dkim, spf_from, dmarc;
	const struct source *source;  /* that lists the client; NULL */
	bool exclusive;               /* one that lists the client is */
	enum answer exclusively;      /* listed, by exclusive sources alone */
	enum answer reviewed;         /* listed, by sources that are not lapsed alone: what vouch asks for */
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

void verdict_judge(const struct judge *, const struct facts *, struct verdict *out);

/* The claim that decided, or NULL; and its vendor's name, or "". */
const struct claim *verdict_claim(const struct verdict *);
const char *verdict_vendor(const struct verdict *);

/* Exempt mail passes without a DNS query (section 3); answers REASON_NONE when it is not exempt. */
enum reason verdict_exempts(const struct policy *, const struct facts *);

/* Some recipient is refused for this reason before the message is judged: the verdict that its reply and its
 * line in the log stand for. */
void verdict_refuse(const struct policy *, const struct facts *, const struct vendor *, enum reason,
    enum action, struct verdict *out);

/* At RCPT: is this recipient served under another mode than those before it, so that one answer cannot serve
 * both (RFC 5321, 4.5.3.1.10)? Only where the envelope claims whom the exception is of: that vendor; NULL. */
const struct vendor *verdict_recipient_differs(const struct judge *, const struct facts *,
    const struct mailbox *rcpt);

/* Could any enabled vendor still vouch for this session, whatever its headers and signatures are?
 * Decides whether greylisting may happen at RCPT already. */
bool verdict_may_vouch(const struct judge *, const struct facts *);

/* Does what is known at RCPT already satisfy a vendor's policy (its bounce names count, they claim
 * nothing)? The end of the message confirms or revokes it. */
bool verdict_promises(const struct judge *, const struct facts *);
/* The vendor whose policy it satisfies, the first of the configuration; NULL: nobody's. */
const struct vendor *verdict_promised(const struct judge *, const struct facts *);

/* What the shell should find out next, now that facts->stage is complete. */
enum want {
	WANT_NOTHING,
	WANT_SPF,      /* check_host of the sender or HELO */
	WANT_LIVE,     /* check_host(client, postmaster@NAME) of an spf source */
	WANT_SPF_FROM, /* check_host(client, author's domain) */
	WANT_DMARC     /* of an author; only at the end, when DKIM is done */
};
struct wanted {
	enum want want;
	const struct source *source; /* LIVE */
	size_t author;               /* SPF_FROM, DMARC: index */
};
struct wanted verdict_wants(const struct judge *, const struct facts *);

#endif
