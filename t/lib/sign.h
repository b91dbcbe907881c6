/*
 * sign.h - signs mail with DKIM, only for tests (RFC 6376, RFC 8463).
 *
 * Written on OpenSSL, not on libopendkim, so that signer and verifier share no mistake, and so that
 * wrong signatures (no From, l=, SHA-1, past times) can be made as well as right ones.
 */
#ifndef SIGN_H
#define SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sign_kind { SIGN_RSA_768, SIGN_RSA_1024, SIGN_RSA_2048, SIGN_ED25519, SIGN_KINDS };

struct sign_key;

/* The process's one key of this kind, made when first needed. Borrowed; not thread-safe. NULL: OpenSSL failed. */
const struct sign_key *sign_key(enum sign_kind);

/* A separate key: made, or read from a PEM file. Given; NULL on failure. */
struct sign_key *sign_key_make(enum sign_kind);
struct sign_key *sign_key_read(const char *path);
bool sign_key_write(const struct sign_key *, const char *path); /* PEM, mode 0600 */
void sign_key_free(struct sign_key *);

/* The data of the TXT record at S._domainkey.D, given (malloc). Over 255 bytes (RSA 2048) it is several strings on the
 * wire. */
enum { SIGN_TESTING = 1 /* t=y */, SIGN_STRICT = 2 /* t=s */, SIGN_REVOKED = 4 /* empty p= */ };
char *sign_record(const struct sign_key *, unsigned options);

/* One field; the value is everything after the colon, with its leading blank and folds (LF or CRLF). */
struct sign_field {
	const char *name, *value;
};

struct sign_order {
	const struct sign_key *key;
	const char *d, *s;
	const char *a; /* NULL: rsa-sha256 or ed25519-sha256, as the key is; else that too: rsa-sha1 */
	const char *h; /* "from:to:subject", repeats sign more; NULL: from:to:subject:date:message-id */
	bool simple;   /* c=simple/simple; else relaxed/relaxed */
	bool partial;  /* write l=; the hash then covers that many bytes */
	size_t l;
	const char *i;   /* NULL: no i= */
	int64_t t, x;    /* 0: no t=, no x= */
	const char *tag; /* NULL, or more tags, as "z=x; r=y" */
};

/* The value of the DKIM-Signature field, with its leading blank and on one line; given (malloc), NULL on
 * failure. Lines of the body end in LF or CRLF. */
char *sign_message(const struct sign_order *, const struct sign_field *, size_t count, const char *body,
    size_t body_length);

#endif
