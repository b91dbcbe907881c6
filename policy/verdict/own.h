/*
 * own.h - our own names: who may use them, and what proves it.
 *
 * A claim of policy->own, judged by its own rules: an authorised outbound address, our own
 * signature or SPF, or a delegation. What a vendor's other customers could prove as well is no proof.
 */
#ifndef OWN_H
#define OWN_H

#include "policy/verdict/claim.h"

bool own_names(const struct policy *, const struct mailbox *);

/* Fills the evidence of a claim of policy->own and says whether it is proven: YES vouched, NO forged (reason says why,
 * delegation and sender what would allow it), UNKNOWN. */
enum tri own_prove(const struct judge *, const struct facts *, struct claim *);

/* Somebody else's name, in which one of `partners` may send: does its proof hold for this author? */
enum tri own_partner_covers(const struct judge *, const struct facts *, const struct delegation *, const struct author *);

/* May this delegation or partner speak for an author or for the sender, if its proof holds? */
bool own_delegation_holds(const struct delegation *, const struct mailbox *);

/* ---- authorised outbound addresses ---- */

/* An address of own.outbound or own.may_forward, and no relay. */
bool own_is_outbound(const struct policy *, const struct facts *);

/* Such a host may send to others in our own names only: would this recipient be relayed for a stranger? */
bool own_refuses_relaying(const struct policy *, const struct facts *, const struct mailbox *rcpt);

#endif
