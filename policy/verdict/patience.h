/*
 * patience.h - what a result is worth whose name did not answer, and for how long (DESIGN section 3).
 *
 * A sender never picks the failure that helps him: a name that only the message brought (a selector; a
 * d=, an author's, an envelope's or a HELO domain that does not itself stand in the policy; what its own words lead
 * to) defers for unsure_max, and is NO then, if the names of the policy have answered meanwhile.
 */
#ifndef PATIENCE_H
#define PATIENCE_H

#include "policy/verdict/claim.h"

/* Seconds for which the names of the policy must have answered: an outage of ours that ends just now, between two
 * questions of one message, would look like a sender's. */
enum { PATIENCE_ANSWERED = 60 };

/* The tuple has been unsure for unsure_max. */
bool patience_has_ended(const struct policy *, const struct facts *);
/* And all names of the policy that matter have answered since an earlier try: names brought are NO. */
bool patience_gives_up(const struct policy *, const struct facts *);

/* Did only the message bring the name whose silence left this open? False where nothing is. */
bool patience_sender_is_brought(const struct policy *, const struct facts *);
bool patience_spf_from_is_brought(const struct policy *, const struct author *);
bool patience_dmarc_is_brought(const struct policy *, const struct facts *, const struct author *);
bool patience_asked_is_brought(const struct asked_fact *);

/* Single results as evidence: UNKNOWN while it is waited for. */
enum tri patience_spf(const struct policy *, const struct facts *);
enum tri patience_spf_from(const struct policy *, const struct facts *, const struct author *);
enum tri patience_dmarc(const struct policy *, const struct facts *, const struct author *);
enum tri patience_key(const struct policy *, const struct facts *);
enum tri patience_asked(const struct policy *, const struct facts *, const struct asked_fact *);

/* Which names of the policy must have answered, before any that the unsure claims brought is given up: those that
 * hold an author, the sender or a signer of such a claim. Borrowed; 0: the message brought no name in trouble. */
size_t patience_names(const struct policy *, const struct facts *, const struct verdict *,
    const char *out[NAME_FACTS_MAX]);

#endif
