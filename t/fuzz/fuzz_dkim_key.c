/*
 * Any bytes as a DKIM key record. A key that is sound has bits; OpenSSL, which takes the same bytes apart by itself, finds as
 * many, where it takes them for a key at all.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "policy/mail/dkim_key.h"
#include "policy/util/text.h"
#include "t/fuzz/fuzz.h"

/* The last p=, without its blanks. */
static void
key_text(struct span rest, struct text *out)
{
	while (rest.length > 0) {
		struct span value = span_cut(&rest, ';');

		if (memchr(value.at, '=', value.length) == NULL || !span_is(span_trim(span_cut(&value, '=')), "p"))
			continue;
		text_clear(out);
		for (size_t i = 0; i < value.length; i++)
			if (memchr(" \t\r\n", value.at[i], 4) == NULL)
				text_char(out, value.at[i]);
	}
}

/* 0: OpenSSL finds no RSA key in these bytes. */
static unsigned
bits_by_openssl(const struct text *base64)
{
	unsigned char bytes[DKIM_KEY_RECORD_MAX];
	const unsigned char *at = bytes;
	int length = base64->length == 0
	    ? -1
	    : EVP_DecodeBlock(bytes, (const unsigned char *)base64->bytes, (int)base64->length);
	EVP_PKEY *key = length <= 0 ? NULL : d2i_PUBKEY(NULL, &at, length);
	unsigned bits = key != NULL && EVP_PKEY_base_id(key) == EVP_PKEY_RSA ? (unsigned)EVP_PKEY_bits(key) : 0;

	EVP_PKEY_free(key);
	ERR_clear_error();
	return bits;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dkim_key key;
	struct text base64;
	unsigned bits;

	if (!dkim_key_read((const char *)data, size, &key))
		return 0;
	must(key.sound == (key.bits > 0) && !(key.sound && key.revoked));
	must(!key.sound || key.kind != DKIM_KEY_ED25519 || key.bits == 256);
	text_open(&base64, DKIM_KEY_RECORD_MAX);
	key_text((struct span){ (const char *)data, size }, &base64);
	bits = key.kind == DKIM_KEY_RSA ? bits_by_openssl(&base64) : 0;
	must(bits == 0 || !key.sound || key.bits == bits);
	text_close(&base64);
	return 0;
}
