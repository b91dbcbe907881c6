/*
 * dkim_text.h - a DKIM-Signature field as data, and how long a canonical body is (RFC 6376).
 *
 * Knows tags, not cryptography. Duplicate tags and hostile bytes make a field unsound,
 * so that no two readers can see two different signers in it.
 */
#ifndef DKIM_TEXT_H
#define DKIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"

enum {
	DKIM_FIELD_MAX = 16 * 1024, /* of one field; libopendkim gives up the whole message over 64 KiB */
	DKIM_TAGS_MAX = 64,
	DKIM_SIGNED_MAX = 256,   /* names in h=; the choice of fields costs names times fields */
	DKIM_SIGNED_BYTES = 4000 /* of h=; libopendkim silently cuts at 4095 */
};

struct dkim_text {
	bool sound;    /* a tag list with a usable d=, s= and h=; the rest is the verifier's matter */
	const char *d; /* normal form; "" when it is not a domain name */
	const char *s; /* "" when it is not a DNS name */
	const char *a; /* "" when it holds odd bytes */
	const char *b; /* first 8 characters of b= */
	const char *h; /* names joined by ":", without blanks */
	bool relaxed;  /* canonicalisation of the body (3.5, c=) */
	bool has_l;
	uint64_t l;  /* l= (3.5); UINT64_MAX when it is too long to read */
	bool by_dns; /* the key is in DNS: q= is absent or names dns/txt */
	int64_t t;   /* when it was signed, seconds since 1970; 0: it does not say */
};

/* Reads what follows the colon. False only when out of memory. Strings are the arena's. */
bool dkim_text_read(struct arena *, const char *value, size_t length, struct dkim_text *out) MUST_USE;

/* How often h= names this field, in upper or lower case. */
size_t dkim_text_signs(const struct dkim_text *, struct span name);

/* Counts the bytes of a canonical body (3.4.3, 3.4.4); zero all of it except `relaxed`. */
struct dkim_length {
	bool relaxed;
	bool held, blank; /* a CR, a run of blanks that may yet be dropped */
	uint64_t ends;    /* line ends that count if something follows */
	uint64_t bytes;
};

void dkim_length_add(struct dkim_length *, const unsigned char *bytes, size_t count);
uint64_t dkim_length_end(const struct dkim_length *);

#endif
