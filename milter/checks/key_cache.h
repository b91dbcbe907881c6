/*
 * key_cache.h - keeps decoded DKIM public keys, so that each is decoded once.
 *
 * libopendkim decodes the key of every signature again with d2i_PUBKEY_bio, which in OpenSSL 3.0 takes
 * six times as long as the verification itself. key_cache.c defines that function for the whole
 * process: the same bytes, compared byte for byte, give the same key. Never judges a key. OpenSSL decodes
 * faster from 3.2 on: there configure takes key_cache_none.c instead, which keeps nothing.
 */
#ifndef KEY_CACHE_H
#define KEY_CACHE_H

enum {
	KEY_CACHE_KEYS = 256,      /* decoded keys to keep; a new one replaces the oldest */
	KEY_CACHE_KEY_BYTES = 2048 /* longer keys are decoded each time */
};

/* Frees all keys. Call when no thread verifies any more. */
void key_cache_clear(void);

#endif
