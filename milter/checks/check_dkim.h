/*
 * check_dkim.h - verifies DKIM signatures with libopendkim over our resolver (RFC 6376, 8301, 8463).
 *
 * One library handle per process, one check per message. Decides which signatures count
 * (doc/DESIGN.md, DKIM and DMARC), not what they prove for a vendor. Looks up the keys of at most five.
 */
#ifndef CHECK_DKIM_H
#define CHECK_DKIM_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/checks/resolver.h"
#include "policy/mail/facts.h"
#include "policy/util/arena.h"
#include "policy/util/suffix.h"

enum { DKIM_LOOKUPS_MAX = 5 };

struct dkim_verifier; /* the library handle */
struct dkim_check;    /* one message */

/* resolver and suffixes are kept. Call before threads use libopendkim. Given. */
struct dkim_verifier *dkim_verifier_open(struct resolver *, const struct suffix_list *, struct fault *why) MUST_USE;
void dkim_verifier_close(struct dkim_verifier *);
bool dkim_verifier_has_ed25519(const struct dkim_verifier *);

/* Returns the standing of the keys of d= (normal form). Strangers' keys are looked up last. */
typedef enum standing dkim_standing_fn(const void *context, const char *d);

/* NULL without memory. Arena and context are kept until dkim_check_close. Given. */
struct dkim_check *dkim_check_open(struct dkim_verifier *, struct arena *, const char *id, dkim_standing_fn *,
    const void *context) MUST_USE;
void dkim_check_close(struct dkim_check *);

/* Adds one field as the milter got it with SMFIP_HDR_LEADSPC: name, and value with its leading blank;
 * folds are LF or CRLF. False on a failure of ours (memory): the check then ends TEMPERROR. */
bool dkim_check_header(struct dkim_check *, const char *name, const char *value);

/* Chooses signatures and prefetches their keys. Returns whether the body is wanted. */
bool dkim_check_headers_end(struct dkim_check *);

/* After it: was a signature by exactly this d= (normal form) chosen? */
bool dkim_check_signs(const struct dkim_check *, const char *d);

bool dkim_check_body(struct dkim_check *, const unsigned char *bytes, size_t length);

/* Verifies and writes facts->dkim (in the arena, at most DKIM_MAX, in header order) and dkim_done. facts->now says
 * how old a signature is; over max_age (seconds) it is weak. False on a failure of ours. */
bool dkim_check_end(struct dkim_check *, struct budget *, int64_t max_age, struct facts *);

/*
 * The result is "pass" for a signature that counts, and for no other: one that verifies but must not be
 * relied on is "policy" (RFC 8601, 2.7.1), so that readers of the header are not misled. Its why says why it
 * does not count: "" or one slug of doc/greenlane-record.5:
 *   weak:            test-key, sha1, no-subject, repeated-field (To, Cc, ...), old
 *   proves nothing:  no-from, repeated-field (From, Subject, Content-*), partial-body (l=), query-method (q=)
 *   does not verify: body-changed, header-changed, expired, not-yet-valid, wrong-identity (i=), no-key, bad-key,
 *                    revoked-key, short-key, key-unanswered, unknown-algorithm, malformed, no-author, public-suffix,
 *                    not-looked-up, header-too-long, own-failure
 */

#endif
