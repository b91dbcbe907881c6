/*
 * key_cache.h - keeps DKIM public keys decoded, so that each is decoded once.
 *
 * libopendkim decodes the key of every signature anew with d2i_PUBKEY_bio, which costs
 * OpenSSL 3.0 six times the verification itself. key_cache.c defines that function for the whole
 * process: the same bytes give the same key, compared byte for byte. Decides nothing. OpenSSL decodes
 * faster from 3.2 on: configure then takes key_cache_none.c instead, which keeps nothing.
 */
#ifndef KEY_CACHE_H
#define KEY_CACHE_H

enum {
	KEY_CACHE_KEYS = 256,      /* decoded keys that are kept; the oldest gives way */
	KEY_CACHE_KEY_BYTES = 2048 /* longer keys are decoded each time */
};

/* Gives all keys back; nobody verifies any more. */
void key_cache_clear(void);

#endif
