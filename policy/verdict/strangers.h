/*
 * strangers.h - what is done about mail that claims no vendor and fails DMARC (strangers.dmarc).
 *
 * RFC 9989 (7.4) forbids to refuse mail because of p=reject alone. So it is refused only when nothing else speaks for
 * it, and otherwise treated as under p=quarantine. The outcome stays stranger. Header fields prove nothing here.
 */
#ifndef STRANGERS_H
#define STRANGERS_H

#include "policy/verdict/claim.h"

/* For a verdict without a standing claim: may change action, would, reason and past_greylist, and asks for the tuple. */
void strangers_decide(const struct judge *, const struct facts *, struct verdict *);

/* The strictest policy of a failing author; NONE where none fails, or it is not known whether one does. */
enum dmarc_policy strangers_failing_policy(const struct facts *);

#endif
