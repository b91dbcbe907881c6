/*
 * privacy_key.h - the key of this host by which local parts are hidden (log.privacy).
 *
 * It lies in state_dir, for its owner alone, is made once, by the kernel's random source, and is never changed: what it
 * hid is found by it alone. One that cannot be read is left where it is. Knows nothing of what is hidden.
 */
#ifndef PRIVACY_KEY_H
#define PRIVACY_KEY_H

#include "policy/review/privacy.h"

#define PRIVACY_KEY_FILE "privacy.key"
enum { PRIVACY_KEY_BYTES = 32 };

struct privacy_key {
	unsigned char bytes[PRIVACY_KEY_BYTES];
	char id[PRIVACY_KEY_ID + 1]; /* tells nothing of the key */
};

enum privacy_key_got {
	PRIVACY_KEY_READ,
	PRIVACY_KEY_NONE,     /* there is no such file, or no state_dir */
	PRIVACY_KEY_WITHHELD, /* we may not read it */
	PRIVACY_KEY_DAMAGED   /* or not to be read for another reason */
};

/* With why for all but PRIVACY_KEY_READ. */
enum privacy_key_got privacy_key_read(const char *state_dir, struct privacy_key *out, struct fault *why) MUST_USE;

/* Reads the key; where there is none, makes it. */
bool privacy_key_keep(const char *state_dir, struct privacy_key *out, struct fault *why) MUST_USE;

/* One that is kept nowhere. False: the kernel or OpenSSL gives none. */
bool privacy_key_new(struct privacy_key *out) MUST_USE;

/* To hide with: HMAC-SHA256, its first eight bytes. The key is borrowed. */
struct privacy privacy_by(const struct privacy_key *);

#endif
