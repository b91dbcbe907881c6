#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "policy/util/text.h"
#include "t/lib/sign.h"

enum { SIGN_MAX = 64 * 1024 * 1024, FIELDS_MAX = 4000 };

struct sign_key {
	EVP_PKEY *pkey;
};

static const unsigned rsa_bits[SIGN_KINDS] = { [SIGN_RSA_768] = 768, [SIGN_RSA_1024] = 1024, [SIGN_RSA_2048] = 2048 };

static struct sign_key *
key_wrap(EVP_PKEY *pkey)
{
	struct sign_key *key = pkey == NULL ? NULL : malloc(sizeof *key);

	if (key == NULL)
		EVP_PKEY_free(pkey);
	else
		key->pkey = pkey;
	return key;
}

struct sign_key *
sign_key_make(enum sign_kind kind)
{
	if (kind == SIGN_ED25519)
		return key_wrap(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
	return key_wrap(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits[kind]));
}

static struct sign_key *keys[SIGN_KINDS];

static void
keys_free(void)
{
	for (int i = 0; i < SIGN_KINDS; i++)
		sign_key_free(keys[i]);
}

const struct sign_key *
sign_key(enum sign_kind kind)
{
	static bool swept;

	if (!swept)
		swept = atexit(keys_free) == 0;
	if (keys[kind] == NULL)
		keys[kind] = sign_key_make(kind);
	return keys[kind];
}

void
sign_key_free(struct sign_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

struct sign_key *
sign_key_read(const char *path)
{
	FILE *file = fopen(path, "r");
	EVP_PKEY *pkey;

	if (file == NULL)
		return NULL;
	pkey = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	return key_wrap(pkey);
}

bool
sign_key_write(const struct sign_key *key, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool done;

	if (file == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	done = PEM_write_PrivateKey(file, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
	return fclose(file) == 0 && done;
}

static bool
key_is_ed25519(const struct sign_key *key)
{
	return EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_ED25519;
}

static void
base64_add(struct text *out, const unsigned char *bytes, size_t length)
{
	unsigned char *made = malloc(length / 3 * 4 + 5);

	if (made == NULL) {
		out->cut = true;
		return;
	}
	EVP_EncodeBlock(made, bytes, (int)length);
	text_put(out, (char *)made);
	free(made);
}

/* RSA keys are published as SubjectPublicKeyInfo, Ed25519 keys as 32 bare bytes (RFC 8463, 4). */
static void
public_add(struct text *out, const struct sign_key *key)
{
	unsigned char raw[32], *der = NULL;
	size_t size = sizeof raw;
	int length;

	if (key_is_ed25519(key)) {
		EVP_PKEY_get_raw_public_key(key->pkey, raw, &size);
		base64_add(out, raw, size);
	} else if ((length = i2d_PUBKEY(key->pkey, &der)) > 0) {
		base64_add(out, der, (size_t)length);
		OPENSSL_free(der);
	}
}

/* The text as a malloc'd string; NULL when something was lost on the way. */
static char *
text_take(struct text *text)
{
	char *taken = text->cut ? NULL : strdup(text->bytes);

	text_close(text);
	return taken;
}

char *
sign_record(const struct sign_key *key, unsigned options)
{
	static const char *const flags[4] = { "", "t=y; ", "t=s; ", "t=y:s; " };
	struct text out;

	text_open(&out, 4096);
	text_format(&out, "v=DKIM1; k=%s; %sp=", key_is_ed25519(key) ? "ed25519" : "rsa",
	    flags[options & (SIGN_TESTING | SIGN_STRICT)]);
	if (!(options & SIGN_REVOKED))
		public_add(&out, key);
	return text_take(&out);
}

/* The bytes, with every line end changed to CRLF. */
static void
lines_add(struct text *out, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r'))
			text_char(out, '\r');
		text_char(out, bytes[i]);
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* One line without its end, each run of blanks reduced to one, none at the end (RFC 6376, 3.4.4). */
static void
relaxed_line(struct text *out, struct span line)
{
	for (size_t i = 0; i < line.length; i++) {
		if (!is_blank(line.at[i]))
			text_char(out, line.at[i]);
		else if (i + 1 < line.length && !is_blank(line.at[i + 1]))
			text_char(out, ' ');
	}
}

static void
body_add(struct text *out, const char *body, size_t length, bool simple)
{
	struct span rest = { body, length };

	while (rest.length > 0) {
		struct span line = span_cut(&rest, '\n');

		if (line.length > 0 && line.at[line.length - 1] == '\r')
			line.length--;
		if (simple)
			text_span(out, line);
		else
			relaxed_line(out, line);
		text_put(out, "\r\n");
	}
	while (out->length >= 4 && memcmp(out->bytes + out->length - 4, "\r\n\r\n", 4) == 0)
		out->bytes[out->length -= 2] = '\0';
	if (out->length == 2 && !simple)
		text_clear(out); /* 3.4.4: no body is an empty one; 3.4.3: it is one line end */
	if (out->length == 0 && simple)
		text_put(out, "\r\n");
}

/* One field without its final line end (RFC 6376, 3.4.1 and 3.4.2). */
static void
field_add(struct text *out, const char *name, const char *value, bool simple)
{
	struct span trimmed = span_trim(span_of(value));

	if (simple) {
		text_format(out, "%s:", name);
		lines_add(out, value, strlen(value));
		return;
	}
	for (; *name != '\0'; name++)
		if (!is_blank(*name))
			text_char(out, text_lower(*name));
	text_char(out, ':');
	for (size_t i = 0; i < trimmed.length; i++) {
		bool blank = memchr(" \t\r\n", trimmed.at[i], 4) != NULL;

		if (!blank)
			text_char(out, trimmed.at[i]);
		else if (memchr(" \t\r\n", trimmed.at[i + 1], 4) == NULL)
			text_char(out, ' ');
	}
}

/* Fields of one name are signed from the last to the first (RFC 6376, 5.4.2); an extra name signs nothing. */
static void
fields_add(struct text *out, const struct sign_order *order, const char *h, const struct sign_field *fields, size_t count)
{
	struct span rest = span_of(h);
	bool used[FIELDS_MAX] = { false };

	while (rest.length > 0) {
		struct span name = span_trim(span_cut(&rest, ':'));

		for (size_t i = count; i-- > 0;) {
			if (used[i] || !span_is_nocase(name, fields[i].name))
				continue;
			used[i] = true;
			field_add(out, fields[i].name, fields[i].value, order->simple);
			text_put(out, "\r\n");
			break;
		}
	}
}

static void
body_hash_add(struct text *out, const struct sign_order *order, const EVP_MD *md, const char *body, size_t length)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	struct text canon;

	text_open(&canon, SIGN_MAX);
	body_add(&canon, body, length, order->simple);
	if (order->partial && order->l < canon.length)
		canon.length = order->l;
	out->cut = out->cut || canon.cut;
	EVP_Digest(canon.bytes, canon.length, digest, &size, md, NULL);
	base64_add(out, digest, size);
	text_close(&canon);
}

/* Ed25519 signs the SHA-256 of what RSA hashes itself (RFC 8463, 3). */
static void
signature_add(struct text *out, const struct sign_key *key, const EVP_MD *md, const struct text *what)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char digest[EVP_MAX_MD_SIZE], made[1024];
	const unsigned char *bytes = (const unsigned char *)what->bytes;
	size_t length = what->length, size = sizeof made;
	unsigned digest_size = 0;

	if (key_is_ed25519(key)) {
		EVP_Digest(what->bytes, what->length, digest, &digest_size, md, NULL);
		bytes = digest;
		length = digest_size;
		md = NULL;
	}
	if (context != NULL && !what->cut && EVP_DigestSignInit(context, NULL, md, NULL, key->pkey) == 1 &&
	    EVP_DigestSign(context, made, &size, bytes, length) == 1)
		base64_add(out, made, size);
	else
		out->cut = true;
	EVP_MD_CTX_free(context);
}

static void
tags_add(struct text *out, const struct sign_order *order, const char *a, const char *h)
{
	text_format(out, " v=1; a=%s; c=%s; d=%s; s=%s; ", a, order->simple ? "simple/simple" : "relaxed/relaxed",
	    order->d, order->s);
	if (order->i != NULL)
		text_format(out, "i=%s; ", order->i);
	if (order->t != 0)
		text_format(out, "t=%" PRId64 "; ", order->t);
	if (order->x != 0)
		text_format(out, "x=%" PRId64 "; ", order->x);
	if (order->partial)
		text_format(out, "l=%zu; ", order->l);
	if (order->tag != NULL)
		text_format(out, "%s; ", order->tag);
	text_format(out, "h=%s; bh=", h);
}

char *
sign_message(const struct sign_order *order, const struct sign_field *fields, size_t count, const char *body,
    size_t body_length)
{
	const char *a = order->a, *h = order->h;
	const EVP_MD *md;
	struct text value, what;

	if (count > FIELDS_MAX)
		return NULL;
	if (a == NULL)
		a = key_is_ed25519(order->key) ? "ed25519-sha256" : "rsa-sha256";
	if (h == NULL)
		h = "from:to:subject:date:message-id";
	md = strcmp(a, "rsa-sha1") == 0 ? EVP_sha1() : EVP_sha256();
	text_open(&value, SIGN_MAX);
	text_open(&what, SIGN_MAX);
	tags_add(&value, order, a, h);
	body_hash_add(&value, order, md, body, body_length);
	text_put(&value, "; b=");
	fields_add(&what, order, h, fields, count);
	field_add(&what, "DKIM-Signature", value.bytes, order->simple);
	signature_add(&value, order->key, md, &what);
	text_close(&what);
	return text_take(&value);
}
