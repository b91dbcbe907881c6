#include <stdint.h>
#include <string.h>

#include "policy/mail/dkim_key.h"
#include "policy/util/text.h"

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_SEQUENCE = 0x30 };

/* ---- the tag list ---- */

/* The tags that describe the key; `p` NULL: there is none. */
struct tags {
	struct span v, k, p, t, h, s;
};

static struct span *
tag_place(struct tags *tags, struct span name)
{
	if (name.length != 1)
		return NULL;
	switch (name.at[0]) {
	case 'v':
		return &tags->v;
	case 'k':
		return &tags->k;
	case 'p':
		return &tags->p;
	case 't':
		return &tags->t;
	case 'h':
		return &tags->h;
	case 's':
		return &tags->s;
	default:
		return NULL;
	}
}

static void
tags_read(struct span rest, struct tags *tags)
{
	while (rest.length > 0) {
		struct span value = span_cut(&rest, ';'), *place;
		bool whole = memchr(value.at, '=', value.length) != NULL;

		place = tag_place(tags, span_trim(span_cut(&value, '=')));
		if (whole && place != NULL)
			*place = span_trim(value);
	}
}

/* Is word in a list that colons divide? */
static bool
list_has(struct span list, const char *word)
{
	while (list.length > 0)
		if (span_is_nocase(span_trim(span_cut(&list, ':')), word))
			return true;
	return false;
}

static bool
absent_or_has(struct span list, const char *word)
{
	return list.length == 0 || list_has(list, word);
}

/* ---- the key ---- */

static int
base64_value(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(alphabet, c);

	return at == NULL ? -1 : (int)(at - alphabet);
}

/* Bytes of base64 with blanks anywhere; false for anything else, or when they do not fit. */
static bool
base64_read(struct span text, uint8_t *out, size_t room, size_t *length)
{
	unsigned held = 0, bits = 0;
	size_t end = text.length;

	*length = 0;
	while (end > 0 && text.at[end - 1] == '=')
		end--;
	for (size_t i = 0; i < end; i++) {
		int value = base64_value(text.at[i]);

		if (memchr(" \t\r\n", text.at[i], 4) != NULL)
			continue;
		if (value < 0 || *length == room)
			return false;
		held = (held << 6 | (unsigned)value) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[(*length)++] = (uint8_t)(held >> bits);
		}
	}
	return true;
}

struct der {
	const uint8_t *at;
	size_t length;
};

/* Takes one element of that tag off `from`; false when there is another or it is cut short (X.690, 8.1). */
static bool
der_take(struct der *from, uint8_t tag, struct der *out)
{
	size_t head = 2, length;

	if (from->length < 2 || from->at[0] != tag)
		return false;
	length = from->at[1];
	if (length >= 0x80) {
		size_t digits = length & 0x7f;

		if (digits == 0 || digits > 3 || from->length < 2 + digits)
			return false;
		for (length = 0; head < 2 + digits; head++)
			length = length << 8 | from->at[head];
	}
	if (length > from->length - head)
		return false;
	*out = (struct der){ from->at + head, length };
	from->at += head + length;
	from->length -= head + length;
	return true;
}

/* What is between the wrapping and the modulus: a SubjectPublicKeyInfo has an algorithm and a
 * bit string (RFC 5280, 4.1), a bare RSAPublicKey has neither (RFC 8017, A.1.1). */
static bool
rsa_unwrap(struct der *key)
{
	struct der rest = *key, algorithm, bits, outer;

	if (!der_take(&rest, DER_SEQUENCE, &outer))
		return false;
	rest = outer;
	if (!der_take(&rest, DER_SEQUENCE, &algorithm)) {
		*key = outer;
		return true;
	}
	if (!der_take(&rest, DER_BITS, &bits) || bits.length < 1 || bits.at[0] != 0)
		return false;
	bits.at++;
	bits.length--;
	return der_take(&bits, DER_SEQUENCE, key);
}

/* The length of the modulus; 0 when the bytes are not an RSA key. */
static unsigned
rsa_bits(const uint8_t *bytes, size_t length)
{
	struct der key = { bytes, length }, modulus, exponent;
	unsigned bits;

	if (!rsa_unwrap(&key) || !der_take(&key, DER_INTEGER, &modulus) || !der_take(&key, DER_INTEGER, &exponent))
		return 0;
	while (modulus.length > 0 && modulus.at[0] == 0) {
		modulus.at++;
		modulus.length--;
	}
	if (modulus.length == 0)
		return 0;
	bits = (unsigned)modulus.length * 8;
	for (unsigned top = modulus.at[0]; top < 0x80; top <<= 1)
		bits--;
	return bits;
}

static void
measure(struct span p, struct dkim_key *key)
{
	uint8_t bytes[DKIM_KEY_RECORD_MAX];
	size_t length;

	if (!base64_read(p, bytes, sizeof bytes, &length))
		return;
	if (key->kind == DKIM_KEY_RSA)
		key->bits = rsa_bits(bytes, length);
	else if (length == 32) /* RFC 8463, 4 */
		key->bits = 256;
	key->sound = key->bits > 0;
}

bool
dkim_key_read(const char *text, size_t length, struct dkim_key *out)
{
	struct tags tags = { .p = { NULL, 0 } };
	bool rsa, ed25519;

	*out = (struct dkim_key){ .kind = DKIM_KEY_RSA };
	if (length > DKIM_KEY_RECORD_MAX)
		return false;
	tags_read((struct span){ text, length }, &tags);
	if (tags.p.at == NULL || (tags.v.at != NULL && !span_is(tags.v, "DKIM1")))
		return false;
	rsa = tags.k.length == 0 || span_is(tags.k, "rsa");
	ed25519 = span_is(tags.k, "ed25519");
	out->kind = ed25519 ? DKIM_KEY_ED25519 : DKIM_KEY_RSA;
	out->revoked = tags.p.length == 0;
	out->test = list_has(tags.t, "y");
	out->sha256 = absent_or_has(tags.h, "sha256");
	out->mail = absent_or_has(tags.s, "email") || list_has(tags.s, "*");
	if (!out->revoked && (rsa || ed25519))
		measure(tags.p, out);
	return true;
}
