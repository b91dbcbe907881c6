/*
 * dmarc_record_t.c - DMARC records by the grammar, and by what other readers make of what breaks it.
 */
#include <string.h>

#include "policy/mail/dmarc_record.h"
#include "policy/util/text.h"
#include "t/lib/tap.h"

/* How a record reads, in one line: "-" is no record. */
static const struct {
	const char *what, *text, *wanted;
} records[] = {
	{ "the shortest record", "v=DMARC1; p=none", "none none none" },
	{ "sp and np are p where they are absent", "v=DMARC1; p=reject", "reject reject reject" },
	{ "sp has its own word, and is np's", "v=DMARC1; p=reject; sp=quarantine", "reject quarantine quarantine" },
	{ "np has its own word", "v=DMARC1; p=none; np=reject", "none none reject" },
	{ "all three", "v=DMARC1; np=reject; sp=quarantine; p=none", "none quarantine reject" },
	{ "a semicolon at the end", "v=DMARC1;p=quarantine;", "quarantine quarantine quarantine" },
	{ "blanks around every mark", "v = DMARC1 ;\tp = reject ; sp\t=\tnone ", "reject none none" },
	{ "names and policies fold case", "V=DMARC1; P=Reject; SP=NONE", "reject none none" },
	{ "the version does not fold case", "v=dmarc1; p=reject", "-" },
	{ "strict alignment of both", "v=DMARC1; p=reject; adkim=s; aspf=s", "reject reject reject aspf=s adkim=s" },
	{ "strict alignment of one", "v=DMARC1; p=reject; adkim=S; aspf=r", "reject reject reject adkim=s" },
	{ "an alignment nobody knows is the default", "v=DMARC1; p=reject; adkim=strict; aspf=x", "reject reject reject" },
	{ "unknown tags are ignored", "v=DMARC1; p=reject; fo=1; x-y=z; 1=2", "reject reject reject" },
	{ "pct, rf and ri mean nothing", "v=DMARC1; p=reject; pct=0; rf=afrf; ri=86400", "reject reject reject" },
	{ "t=y is an owner who tests", "v=DMARC1; p=reject; t=y", "reject reject reject t=y" },
	{ "t=y folds case and may stand first", "v=DMARC1; T=Y; p=reject", "reject reject reject t=y" },
	{ "t=n is one who means it", "v=DMARC1; p=reject; t=n", "reject reject reject" },
	{ "a value of t that nobody knows is the default", "v=DMARC1; p=reject; t=yes", "reject reject reject" },
	{ "psd=y", "v=DMARC1; psd=y; p=reject", "reject reject reject psd=y" },
	{ "psd=n", "v=DMARC1; p=reject; PSD=N", "reject reject reject psd=n" },
	{ "psd=u is the default", "v=DMARC1; p=reject; psd=u", "reject reject reject" },
	{ "so is what nobody knows", "v=DMARC1; p=reject; psd=yes", "reject reject reject" },
	{ "the last of two counts", "v=DMARC1; p=none; p=reject", "reject reject reject" },
	{ "whatever the first was", "v=DMARC1; p=rejct; P=reject; t=n; t=y; psd=y; psd=u", "reject reject reject t=y" },
	{ "a last one that is broken breaks it", "v=DMARC1; p=reject; sp=none; sp=x", "unusable" },
	{ "rubbish between the marks is ignored", "v=DMARC1; ;; rubbish; =; p; p=reject; sp; np", "reject reject reject" },
	{ "the version is not first", "p=reject; v=DMARC1", "-" },
	{ "a blank before the version", " v=DMARC1; p=reject", "-" },
	{ "another version", "v=DMARC2; p=reject", "-" },
	{ "a version that goes on", "v=DMARC10; p=reject", "-" },
	{ "no semicolon after the version", "v=DMARC1 p=reject", "-" },
	{ "an SPF record", "v=spf1 -all", "-" },
	{ "a name that only starts with v", "vv=DMARC1; p=reject", "-" },
	{ "empty text", "", "-" },
	{ "the version alone is a record that asks for nothing", "v=DMARC1", "unusable" },
	{ "psd ends a walk even there", "v=DMARC1; psd=y", "unusable psd=y" },
	{ "a prefix of a policy is no policy", "v=DMARC1; p=rej", "unusable" },
	{ "a policy that goes on is no policy", "v=DMARC1; p=rejected", "unusable" },
	{ "an empty policy is no policy", "v=DMARC1; p=", "unusable" },
	{ "a wrong sp is as bad as a wrong p", "v=DMARC1; p=reject; sp=rej", "unusable" },
	{ "so is a wrong np", "v=DMARC1; p=reject; np=rej", "unusable" },
	{ "sp without p", "v=DMARC1; sp=reject", "unusable" },
	{ "rua without p asks for nothing", "v=DMARC1; rua=mailto:d@vendor.example", "none none none" },
	{ "rua with an unknown p asks for nothing", "v=DMARC1; p=rej; sp=reject; rua=mailto:d@vendor.example",
	    "none none none" },
	{ "rua with a wrong np asks for nothing", "v=DMARC1; p=reject; np=x; rua=mailto:d@v.example", "none none none" },
	{ "and keeps the other tags", "v=DMARC1; rua=mailto:d@v.example; aspf=s; psd=n", "none none none aspf=s psd=n" },
	{ "the second address of rua may be the good one", "v=DMARC1; rua=rubbish, mailto:d@v.example!10m",
	    "none none none" },
	{ "rua without an address does not help", "v=DMARC1; rua=", "unusable" },
	{ "rua without a scheme does not help", "v=DMARC1; rua=d@vendor.example", "unusable" },
	{ "rua with blanks inside does not help", "v=DMARC1; rua=mailto:d @vendor.example", "unusable" },
	{ "rua with a scheme of every kind of character", "v=DMARC1; rua=x-y+1.Z:somewhere", "none none none" },
	{ "rua with a scheme that begins with a digit", "v=DMARC1; rua=1x:somewhere", "unusable" },
	{ "rua with one that begins behind z", "v=DMARC1; rua={x:somewhere", "unusable" },
	{ "rua with a low line in its scheme", "v=DMARC1; rua=mail_to:d@v.example", "unusable" },
	{ "rua with an empty scheme", "v=DMARC1; rua=:d@v.example", "unusable" },
	{ "rua with a scheme alone", "v=DMARC1; rua=mailto:", "unusable" },
	{ "rua with bytes above ASCII", "v=DMARC1; rua=mailto:d\xc3\xa9@v.example", "unusable" },
	{ "bytes above ASCII are no policy", "v=DMARC1; p=r\xc3\xa9ject", "unusable" },
};

static void
record_write(bool is_record, const struct dmarc_record *record, struct text *out)
{
	if (!is_record)
		text_put(out, "-");
	else if (!record->usable)
		text_put(out, "unusable");
	else
		text_format(out, "%s %s %s", dmarc_policy_word(record->p), dmarc_policy_word(record->sp),
		    dmarc_policy_word(record->np));
	text_put(out, record->strict_spf ? " aspf=s" : "");
	text_put(out, record->strict_dkim ? " adkim=s" : "");
	text_put(out, record->testing ? " t=y" : "");
	text_put(out, record->psd == DMARC_PSD_YES ? " psd=y" : record->psd == DMARC_PSD_NO ? " psd=n" : "");
}

static void
test_limits(void)
{
	char large[DMARC_RECORD_MAX + 2];
	struct dmarc_record got;

	ok(dmarc_record_read("v=DMARC1; p=reject\0x", 20, &got) && !got.usable, "a NUL is no part of a policy");
	memset(large, ' ', sizeof large);
	memcpy(large, "v=DMARC1;p=none;", 16);
	ok(dmarc_record_read(large, DMARC_RECORD_MAX, &got), "the longest record");
	ok(!dmarc_record_read(large, DMARC_RECORD_MAX + 1, &got), "one byte longer is none");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		struct dmarc_record got;
		struct text text;
		bool is_record = dmarc_record_read(records[i].text, strlen(records[i].text), &got);

		text_open(&text, 256);
		record_write(is_record, &got, &text);
		is(text.bytes, records[i].wanted, "record: %s", records[i].what);
		text_close(&text);
	}
	test_limits();
	is(dmarc_policy_word(dmarc_policy_milder(DMARC_REJECT)), "quarantine", "a step milder than reject");
	is(dmarc_policy_word(dmarc_policy_milder(DMARC_QUARANTINE)), "none", "than quarantine");
	is(dmarc_policy_word(dmarc_policy_milder(DMARC_NONE)), "none", "than none");
	return done();
}
