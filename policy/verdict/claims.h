/*
 * claims.h - whom a message claims to be from, and what becomes of each claim (doc/DESIGN.md, Facts and the verdict).
 *
 * Decides outcomes and reasons; actions.h decides what is done about them.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "policy/verdict/claim.h"

/* When the author fields are complete, finds once whose names they contain: facts->claimed, own_claimed and each
 * author's held_by. False without memory; where a name lacks it the arena (NULL: nobody's) is told. */
bool claims_settle(const struct policy *, struct arena *, struct facts *) MUST_USE;

/* Lists who is claimed, as claims_find does, but without evidence. */
bool claims_list(const struct judge *, const struct facts *, struct verdict *);

/* Lists who is claimed, with the evidence for each, in the order of the configuration, our own names last.
 * False: more vendors than CLAIMS_MAX. Nothing is judged. */
bool claims_find(const struct judge *, const struct facts *, struct verdict *);

/* Lists and judges. */
void claims_judge(const struct judge *, const struct facts *, struct verdict *);

/* Does the envelope sender claim this vendor? */
bool claims_by_envelope(const struct facts *, const struct vendor *);

/* May an enabled vendor, or a partner, vouch for authors that are neither ours nor a vendor's? */
bool claims_may_cover(const struct policy *);

#endif
