/* room: verdict */
/*
 * evidence.h - what is known for one vendor: listed, spf, dkim, spf_from, dmarc.
 *
 * Floor 6. Three answers each; a name that is not the vendor's is NO, never UNKNOWN.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "verdict.h"

/* PASS is YES, not asked or temperror UNKNOWN, all else NO. */
enum answer evidence_answer(enum auth_result);

/* The mailbox that SPF checks: the sender, or postmaster at the HELO name (RFC 7208, 2.4). */
struct mailbox evidence_identity(const struct facts *);

/* What an spf source said when asked for this client, or NULL. */
const struct live_fact *evidence_live(const struct facts *, uint32_t source);

/* Fills listed, exclusively, reviewed, lapsed, source and exclusive. */
void evidence_listed(const struct judge *, const struct facts *, struct claim *);

/* Fills all evidence of claim->vendor. */
void evidence_find(const struct judge *, const struct facts *, struct claim *);

/* Does one alternative of the vendor's `vouch` hold by that evidence? */
enum answer evidence_vouches(const struct claim *);

/* It does not, but it would if somebody had reviewed the sources that list the client. */
bool evidence_lapsed(const struct claim *);

#endif
