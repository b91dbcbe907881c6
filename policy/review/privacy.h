/*
 * privacy.h - what in a verdict's record says who somebody is, replaced by a keyed hash (log.privacy).
 *
 * A local part becomes '~' and sixteen letters. '~' may stand in an address, so what is hidden reads as one all the same;
 * letters from a to p alone, because greylist keys fold digits and cut at '+', '-' and '=', and tries of one message must go on
 * to share a key. That a sender may choose such a name confuses nobody: the record says by which key it hides, and where it does
 * a name of that look is hashed like any other. Domains stay. Never makes a key and never computes the hash: the shell does.
 */
#ifndef PRIVACY_H
#define PRIVACY_H

#include "policy/review/record_read.h"
#include "policy/review/verdict_record.h"

enum { PRIVACY_HASH = 16, PRIVACY_KEY_ID = 8 };

/* By which key it is hidden. */
struct privacy {
	const void *key;
	/* Nobody without the key can tell what was hashed. False: it could not be computed. */
	bool (*hash)(const void *key, const void *bytes, size_t length, uint64_t *out);
	const char *key_id; /* PRIVACY_KEY_ID letters */
};

/* "~abcdefghijklmnop@example.com" for "anna@example.com", in any case; the same for the same address, whatever form it
 * came in. What has no domain, or none that can be read, is hidden whole; "" and "<>" stay. NULL without memory. */
const char *privacy_address(const struct privacy *, struct arena *, const char *address);
/* "<~abcdefghijklmnop@example.com>" for a Message-ID, with angle brackets where it has them. NULL without memory. */
const char *privacy_message_id(const struct privacy *, struct arena *, const char *id);

/* The record as it may be shown: *out, with `shown` as its facts, both living as long as the arena. False without memory. */
bool privacy_hide(const struct privacy *, struct arena *, const struct verdict_record *, struct facts *shown,
    struct verdict_record *out) MUST_USE;

/* What a verdict by this policy needs of what the record hides: a slug, and what it is for a person; both static. NULL:
 * nothing. */
const char *privacy_lacks(const struct policy *, const struct recorded *, const char **what);

#endif
