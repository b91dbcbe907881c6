/*
 * verdict.h - one pure function judges facts against the policy (DESIGN section 3).
 *
 * The same facts always give the same verdict: no clock, no DNS, nothing remembered.
 * Never asks: verdict_wants names the next fact that the shell should find out.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

#include "policy/verdict/claim.h"
#include "policy/verdict/wants.h"

void verdict_judge(const struct judge *, const struct facts *, struct verdict *out);

/* The claim that decided, or NULL; and its vendor's name, or "". */
const struct claim *verdict_claim(const struct verdict *);
const char *verdict_vendor(const struct verdict *);

/* Exempt mail passes without a DNS query (section 3); returns REASON_NONE when it is not exempt. */
enum reason verdict_exempts(const struct policy *, const struct facts *);

/* Some recipient is refused for this reason before the message is judged: the verdict that its reply and its
 * line in the log stand for. */
void verdict_refuse(const struct policy *, const struct facts *, const struct vendor *, enum reason,
    enum action, struct verdict *out);

/* At RCPT: is this recipient served under another mode than those before it, so that one reply cannot serve
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

/* What the shell should find out next, now that facts->stage is complete. Of exempt mail nothing. */
struct wanted verdict_wants(const struct judge *, const struct facts *);

#endif
