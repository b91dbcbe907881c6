/* room: verdict */
/*
 * weigh.h - what is done about the claims of a message: actions, under modes, exceptions and relays.
 *
 * Floor 6. The strictest action wins; a relay's mail is never refused, deferred or greylisted.
 */
#ifndef WEIGH_H
#define WEIGH_H

#include "claim.h"

/* Fills mode, wanted and action of every claim, and from them the verdict. */
void weigh_claims(const struct policy *, const struct facts *, struct verdict *);

/* What overrides every claim: a From too long, a relay, a failure of ours, the daemon's monitor mode. */
void weigh_troubles(const struct policy *, const struct facts *, struct verdict *);

/* Is there a recipient for whom its mode is softer? */
bool weigh_has_exception(const struct policy *, const struct vendor *);

/* A vendor's mode for one recipient. */
enum vendor_mode weigh_mode(const struct policy *, const struct vendor *, const struct mailbox *rcpt);

#endif
