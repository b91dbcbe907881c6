/*
 * dkim_key_t.c - DKIM key records: a text, and what it is said to be.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/mail/dkim_key.h"
#include "policy/util/text.h"
#include "t/draft/keys.h"
#include "t/lib/tap.h"

/* One word a property, in a fixed order. */
static const char *
words(const char *record, size_t length, struct text *out)
{
	struct dkim_key key;

	text_clear(out);
	if (!dkim_key_read(record, length, &key)) {
		text_put(out, "none");
		return out->bytes;
	}
	text_format(out, "%s %u%s%s%s%s%s", key.kind == DKIM_KEY_RSA ? "rsa" : "ed25519", key.bits,
	    key.sound ? "" : " unsound", key.revoked ? " revoked" : "", key.test ? " test" : "",
	    key.sha256 ? "" : " sha1", key.mail ? "" : " no-mail");
	return out->bytes;
}

static const struct {
	const char *what, *record, *wanted;
} rows[] = {
	{ "2048 bits", "v=DKIM1; k=rsa; p=" KEY_RSA_2048, "rsa 2048" },
	{ "1024 bits", "v=DKIM1; p=" KEY_RSA_1024, "rsa 1024" },
	{ "1023 bits are not rounded up", "v=DKIM1; p=" KEY_RSA_1023, "rsa 1023" },
	{ "768 bits", "p=" KEY_RSA_768, "rsa 768" },
	{ "a bare RSA key", "p=" KEY_RSA_1024_BARE, "rsa 1024" },
	{ "Ed25519", "v=DKIM1; k=ed25519; p=" KEY_ED25519, "ed25519 256" },
	{ "blanks inside the key", "v=DKIM1 ; p = wtTgotLh AiMCz+t+8n+NKOsc+E4\tGvDnldIcPrRMJJVo= ; k = ed25519",
	    "ed25519 256" },
	{ "a key of a curve that DKIM has not", "p=" KEY_P256, "rsa 0 unsound" },
	{ "an RSA key called Ed25519", "k=ed25519; p=" KEY_RSA_1024, "ed25519 0 unsound" },
	{ "an Ed25519 key called RSA", "k=rsa; p=" KEY_ED25519, "rsa 0 unsound" },
	{ "a kind that nobody knows", "k=dsa; p=" KEY_RSA_1024, "rsa 0 unsound" },
	{ "no base64", "p=MIGf!", "rsa 0 unsound" },
	{ "half a key", "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4qj1rpmOw", "rsa 0 unsound" },
	{ "a length that runs away", "p=MIT/////", "rsa 0 unsound" },
	{ "an empty sequence", "p=MAA=", "rsa 0 unsound" },
	{ "padding alone", "p====", "rsa 0 unsound" },
	{ "a modulus of three bits, whole", "p=MAYCAQUCAQM=", "rsa 3" },
	{ "a modulus of zeros alone", "p=MAYCAQACAQM=", "rsa 0 unsound" },
	{ "an empty modulus", "p=MAUCAAIBAw==", "rsa 0 unsound" },
	{ "no exponent", "p=MAMCAQU=", "rsa 0 unsound" },
	{ "an algorithm without a key", "p=MAIwAA==", "rsa 0 unsound" },
	{ "an empty bit string", "p=MAQwAAMA", "rsa 0 unsound" },
	{ "a bit string that does not end at a byte", "p=MAYwAAMCAQA=", "rsa 0 unsound" },
	{ "a length that is not said (DER has none)", "p=MIA=", "rsa 0 unsound" },
	{ "a length of four bytes", "p=MIQAAAAA", "rsa 0 unsound" },
	{ "revoked", "v=DKIM1; p=", "rsa 0 unsound revoked" },
	{ "revoked, with blanks", "v=DKIM1; p= ; t=y", "rsa 0 unsound revoked test" },
	{ "a test key", "v=DKIM1; t=s : y; p=" KEY_RSA_1024, "rsa 1024 test" },
	{ "t=s is not a test", "v=DKIM1; t=s; p=" KEY_RSA_1024, "rsa 1024" },
	{ "SHA-1 alone", "v=DKIM1; h=sha1; p=" KEY_RSA_1024, "rsa 1024 sha1" },
	{ "SHA-256 beside SHA-1", "v=DKIM1; h=sha1:sha256; p=" KEY_RSA_1024, "rsa 1024" },
	{ "every service", "v=DKIM1; s=*; p=" KEY_RSA_1024, "rsa 1024" },
	{ "mail among services", "v=DKIM1; s=tlsrpt:email; p=" KEY_RSA_1024, "rsa 1024" },
	{ "another service", "v=DKIM1; s=tlsrpt; p=" KEY_RSA_1024, "rsa 1024 no-mail" },
	{ "another version", "v=DKIM2; p=" KEY_RSA_1024, "none" },
	{ "no key", "v=DKIM1; k=rsa", "none" },
	{ "p without =", "v=DKIM1; p", "none" },
	{ "another text", "v=spf1 -all", "none" },
	{ "nothing", "", "none" },
};

int
main(void)
{
	struct text out, all;

	text_open(&out, 256);
	text_open(&all, 2 * DKIM_KEY_RECORD_MAX);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		is(words(rows[i].record, strlen(rows[i].record), &out), rows[i].wanted, "%s", rows[i].what);

	/* cut anywhere, a key is unsound or none, and nothing behind its end is read */
	for (size_t length = strlen(rows[1].record); length-- > 0;) {
		char *copy = strndup(rows[1].record, length);
		struct dkim_key key;
		bool sound = dkim_key_read(copy, length, &key) && key.sound;

		if (sound || length < 12)
			ok(!sound, "%zu bytes of a key are none", length);
		free(copy);
	}
	text_put(&all, "p=");
	while (all.length <= DKIM_KEY_RECORD_MAX)
		text_char(&all, 'A');
	is(words(all.bytes, all.length, &out), "none", "a record over the ceiling is none");
	is(words(all.bytes, DKIM_KEY_RECORD_MAX, &out), "rsa 0 unsound", "one at the ceiling is read");
	text_close(&all);
	text_close(&out);
	return done();
}
