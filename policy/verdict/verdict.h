/*
 * verdict.h - one pure function judges facts against the policy (doc/DESIGN.md, Facts and the verdict).
 *
 * The same facts always give the same verdict: no clock, no DNS, nothing remembered.
 * Never asks DNS: verdict_wants names the next fact that the shell should find out.
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

/* Exempt mail passes without a DNS query; returns REASON_NONE when it is not exempt. */
enum reason verdict_exempts(const struct policy *, const struct facts *);

/* The verdict on a recipient that is refused for this reason before the message is judged, for its reply and its log
 * line. */
void verdict_refuse(const struct policy *, const struct facts *, const struct vendor *, enum reason, enum action,
    struct verdict *out);

/* At RCPT: does another mode apply to this recipient than to those before it, so that one reply cannot serve
 * both (RFC 5321, 4.5.3.1.10)? Returns the exception's vendor where the envelope claims it, else NULL. */
const struct vendor *verdict_recipient_differs(const struct judge *, const struct facts *, const struct mailbox *rcpt);

/* Can any enabled vendor still vouch for this session, whatever headers and signatures follow? Decides whether RCPT may
 * already be greylisted. */
bool verdict_may_vouch(const struct judge *, const struct facts *);

/* Does what is known at RCPT already satisfy a vendor's policy (its bounce names count, although
 * they claim nothing)? The end of the message confirms or revokes it. */
bool verdict_promises(const struct judge *, const struct facts *);
/* The vendor whose policy it satisfies, the first of the configuration; NULL: nobody's. */
const struct vendor *verdict_promised(const struct judge *, const struct facts *);

/* At the end of the headers: will the greylist be asked of this message whatever its signatures and DMARC turn out to be, with
 * the keys that it has now? Then the store can be asked before they are checked. */
bool verdict_will_greylist(const struct judge *, const struct facts *);

/* What the shell should find out next, now that facts->stage is complete. Nothing for exempt mail. */
struct wanted verdict_wants(const struct judge *, const struct facts *);

#endif
