/*
 * evidence.h - what is known for one vendor: listed, spf, dkim, spf_from, dmarc.
 *
 * YES, NO or UNKNOWN each; a name that is not the vendor's is NO, never UNKNOWN.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "policy/verdict/claim.h"

/* PASS is YES; not asked and temperror are UNKNOWN; all else is NO. */
enum tri evidence_passes(enum auth_result);

/* The mailbox that SPF checks: the sender, or postmaster at the HELO name (RFC 7208, 2.4). */
struct mailbox evidence_identity(const struct facts *);

/* What an spf source answered for this client; NULL: it was not asked. */
const struct asked_fact *evidence_asked(const struct facts *, uint32_t source);

/* Fills listed and why it is not known, exclusively, reviewed, lapsed, source and exclusive. A forwarder is in
 * nobody's range. */
void evidence_listed(const struct judge *, const struct facts *, struct claim *);

/* Does this source list the address? By the table alone, without DNS. */
enum tri evidence_listed_by(const struct judge *, const struct source *, const struct address *);

/* Fills all evidence of claim->vendor. */
void evidence_find(const struct judge *, const struct facts *, struct claim *);

/* Does this signature, or DMARC of this author through `by`, support claim->vendor? Needs claim->exclusively. NO where
 * it does but is weak; *weak then says why, and is otherwise left alone. */
enum tri evidence_signs(const struct judge *, const struct facts *, const struct claim *, const struct dkim_fact *,
    const char **weak);
enum tri evidence_dmarc(const struct judge *, const struct facts *, const struct claim *, const struct author *,
    enum dmarc_by by, const char **weak);

/* SPF of the identity that was checked, where it is the vendor's. */
enum tri evidence_spf(const struct policy *, const struct facts *, const struct vendor *);

/* Does one alternative of the vendor's `vouch` hold with that evidence? */
enum tri evidence_vouches(const struct claim *);

/* The same for other alternatives, with `listed` in place of the claim's. */
enum tri evidence_satisfies(const struct claim *, enum tri listed, const unsigned *vouch, size_t count);

/* Does the identity that SPF checks, or this signer, belong to a list of own.lists? What a list proves of itself proves
 * no author, even where its host has a vendor's name or ours. */
bool evidence_is_of_list(const struct policy *, const struct facts *);
bool evidence_signs_for_list(const struct policy *, const struct dkim_fact *);

/* Did a mailing list of own.lists send it? */
enum tri evidence_list(const struct judge *, const struct facts *);

/* The evidence does not vouch, but would if somebody had reviewed the sources that list the client. */
bool evidence_lapsed(const struct claim *);

#endif
