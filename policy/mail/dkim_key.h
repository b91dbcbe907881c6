/*
 * dkim_key.h - a DKIM key record as data: what kind of key, how long, fit for what (RFC 6376, 3.6.1).
 *
 * Measures keys, never uses them: libopendkim verifies. For drafts and reports.
 */
#ifndef DKIM_KEY_H
#define DKIM_KEY_H

#include <stdbool.h>
#include <stddef.h>

enum { DKIM_KEY_RECORD_MAX = 8 * 1024 };

enum dkim_key_kind { DKIM_KEY_RSA, DKIM_KEY_ED25519 };

struct dkim_key {
	enum dkim_key_kind kind;
	bool revoked;  /* an empty p= */
	bool sound;    /* false: k= is unknown, or p= holds no key of that kind */
	bool test;     /* t=y: whoever signs with it asks not to be believed */
	bool sha256;   /* false: h= leaves only sha1, which proves nothing (RFC 8301) */
	bool mail;     /* false: s= reserves it for something other than mail */
	unsigned bits; /* of an RSA modulus; 256 for Ed25519; 0 when it is not sound */
};

/* Reads one TXT record; false when it is not a key record: it has no p=, or its v= is not DKIM1. */
bool dkim_key_read(const char *text, size_t length, struct dkim_key *out);

#endif
