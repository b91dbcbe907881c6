/*
 * actions.h - what is done about the claims of a message: actions, under modes, exceptions and relays.
 *
 * The strictest action wins; a relay's mail is never refused, deferred or greylisted.
 */
#ifndef ACTIONS_H
#define ACTIONS_H

#include "policy/verdict/claim.h"

/* Fills mode, wanted and action of every claim, and from them the verdict. */
void actions_decide(const struct policy *, const struct facts *, struct verdict *);

/* What overrides every claim: a From too long, a relay, a failure of ours, the daemon's monitor mode. */
void actions_override(const struct policy *, const struct facts *, struct verdict *);

/* Is there a recipient for whom the vendor's mode is softer? */
bool actions_have_exception(const struct policy *, const struct vendor *);

/* A vendor's mode for one recipient. */
enum vendor_mode actions_mode(const struct policy *, const struct vendor *, const struct mailbox *rcpt);

#endif
