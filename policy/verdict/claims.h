/*
 * claims.h - whom a message claims to be from, and what becomes of each claim (DESIGN section 3).
 *
 * Outcomes and reasons; what is done about them is actions.h's.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "policy/verdict/claim.h"

/* Finds once whose names stand in the author fields, when these are complete: facts->claimed, own_claimed and each
 * author's held_by. False without memory; where a name lacks it the arena (NULL: nobody's) is told. */
bool claims_settle(const struct policy *, struct arena *, struct facts *) MUST_USE;

/* Lists who is claimed, without evidence and as below. */
bool claims_list(const struct judge *, const struct facts *, struct verdict *);

/* Lists who is claimed, with the evidence for each, in the order of the configuration, our own names last;
 * false: more vendors than CLAIMS_MAX. Nothing is judged. */
bool claims_find(const struct judge *, const struct facts *, struct verdict *);

/* Lists and judges. */
void claims_judge(const struct judge *, const struct facts *, struct verdict *);

/* A vendor that is named by the envelope's sender. */
bool claims_by_envelope(const struct facts *, const struct vendor *);

/* Some enabled vendor, or partner, may vouch for authors that are nobody's. */
bool claims_may_cover(const struct policy *);

#endif
