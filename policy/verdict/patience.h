/*
 * patience.h - what a result is worth when its name did not answer, and for how long (doc/DESIGN.md, DNS trouble).
 *
 * A sender must not choose the failure that helps him: a name that only the message brought (a selector; a
 * d=, an author's, an envelope's or a HELO domain that is not itself in the policy; what the sender's own words lead
 * to) defers for unsure_max, and then is NO, if the names in the policy have answered meanwhile.
 */
#ifndef PATIENCE_H
#define PATIENCE_H

#include "policy/verdict/claim.h"

/* Seconds for which the names in the policy must have answered: an outage of ours that ends between two questions for
 * one message would look like a sender's. */
enum { PATIENCE_ANSWERED = 60 };

/* The tuple has been unsure for unsure_max. */
bool patience_has_ended(const struct policy *, const struct facts *);
/* The same, and all names in the policy that matter have answered since an earlier try: names brought are NO. */
bool patience_gives_up(const struct policy *, const struct facts *);

/* Did only the message bring the name that did not answer and so left this open? False where nothing is open. */
bool patience_sender_is_brought(const struct policy *, const struct facts *);
bool patience_spf_from_is_brought(const struct policy *, const struct author *);
bool patience_dmarc_is_brought(const struct policy *, const struct facts *, const struct author *);
bool patience_asked_is_brought(const struct asked_fact *);
bool patience_iprev_is_brought(const struct facts *); /* the client chose its names, whoever's zone they are in */

/* Single results as evidence: UNKNOWN while they are waited for. */
enum tri patience_spf(const struct policy *, const struct facts *);
enum tri patience_spf_from(const struct policy *, const struct facts *, const struct author *);
enum tri patience_dmarc(const struct policy *, const struct facts *, const struct author *);
enum tri patience_key(const struct policy *, const struct facts *);
enum tri patience_asked(const struct policy *, const struct facts *, const struct asked_fact *);
enum tri patience_iprev(const struct policy *, const struct facts *, const struct source *); /* of a host source */

/* Which names in the policy must have answered before any that the message brought is given up: those that cover an
 * author, the sender or a signer of an unsure claim, and those of its host sources where the client's name is open. Borrowed;
 * 0: the message brought no name in trouble. */
size_t patience_names(const struct policy *, const struct facts *, const struct verdict *,
    const char *out[NAME_FACTS_MAX]);

#endif
