/*
 * dmarc_t.c - DMARC records, alignment, and what a message makes of both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "policy/mail/dmarc.h"
#include "t/lib/canned_zone.h"
#include "t/lib/tap.h"

/* A small list of our own, so that nobody's update of the real one changes a row. */
static char suffix_text[] = "com\nnet\nexample\nuk\nco.uk\nxn--p1ai\nio\n"
			    "// ===BEGIN PRIVATE DOMAINS===\ngithub.io\n// ===END PRIVATE DOMAINS===\n";

/* ---- records ---- */

/* the braces of a macro are taken for a block */
/* clang-format off */
#define NOT_ONE { AUTH_NONE, DMARC_NONE, DMARC_NONE, false, false, false }
#define ONE(p, sp) { AUTH_PASS, p, sp, false, false, false }
#define TEST(p, sp) { AUTH_PASS, p, sp, false, false, true }
/* clang-format on */

struct reading {
	enum auth_result result;
	enum dmarc_policy p, sp;
	bool strict_spf, strict_dkim, testing;
};

static const struct {
	const char *what, *text;
	struct reading wanted;
} records[] = {
	{ "the shortest record", "v=DMARC1; p=none", ONE(DMARC_NONE, DMARC_NONE) },
	{ "sp is p where it is absent", "v=DMARC1; p=reject", ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "sp has its own word", "v=DMARC1; p=reject; sp=quarantine", ONE(DMARC_REJECT, DMARC_QUARANTINE) },
	{ "sp may stand before p", "v=DMARC1; sp=none; p=reject", ONE(DMARC_REJECT, DMARC_NONE) },
	{ "a semicolon at the end", "v=DMARC1;p=quarantine;", ONE(DMARC_QUARANTINE, DMARC_QUARANTINE) },
	{ "blanks around every mark", "v = DMARC1 ;\tp = reject ; sp\t=\tnone ", ONE(DMARC_REJECT, DMARC_NONE) },
	{ "names and policies fold case", "V=DMARC1; P=Reject; SP=NONE", ONE(DMARC_REJECT, DMARC_NONE) },
	{ "the version does not fold case", "v=dmarc1; p=reject", NOT_ONE },
	{ "strict alignment of both", "v=DMARC1; p=reject; adkim=s; aspf=s",
	    { AUTH_PASS, DMARC_REJECT, DMARC_REJECT, true, true, false } },
	{ "strict alignment of one", "v=DMARC1; p=reject; adkim=S; aspf=r",
	    { AUTH_PASS, DMARC_REJECT, DMARC_REJECT, false, true, false } },
	{ "an alignment nobody knows is the default", "v=DMARC1; p=reject; adkim=strict; aspf=x",
	    ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "unknown tags are ignored", "v=DMARC1; np=none; p=reject; fo=1; psd=n; x-y=z", ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "t=y is an owner who tests", "v=DMARC1; p=reject; t=y", TEST(DMARC_REJECT, DMARC_REJECT) },
	{ "t=y folds case and may stand first", "v=DMARC1; T=Y; p=reject", TEST(DMARC_REJECT, DMARC_REJECT) },
	{ "t=n is one who means it", "v=DMARC1; p=reject; t=n", ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "a value of t that nobody knows is the default", "v=DMARC1; p=reject; t=yes", ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "the first of two t counts", "v=DMARC1; p=reject; t=n; t=y", ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "pct=0 is an owner who tests", "v=DMARC1; p=reject; pct=0", TEST(DMARC_REJECT, DMARC_REJECT) },
	{ "so is 000", "v=DMARC1; p=quarantine; pct=000 ; sp=none", TEST(DMARC_QUARANTINE, DMARC_NONE) },
	{ "any other share is all of it", "v=DMARC1; p=reject; pct=10", ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "an empty pct is the default", "v=DMARC1; p=reject; pct=", ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "nor is four noughts a share", "v=DMARC1; p=reject; pct=0000", ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "rubbish between the marks is ignored", "v=DMARC1; ;; rubbish; =; p=reject", ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "a doubled report address does not matter", "v=DMARC1; p=reject; rua=mailto:a@b; rua=mailto:c@d",
	    ONE(DMARC_REJECT, DMARC_REJECT) },
	{ "the version is not first", "p=reject; v=DMARC1", NOT_ONE },
	{ "a blank before the version", " v=DMARC1; p=reject", NOT_ONE },
	{ "another version", "v=DMARC2; p=reject", NOT_ONE },
	{ "a version that goes on", "v=DMARC10; p=reject", NOT_ONE },
	{ "no semicolon after the version", "v=DMARC1 p=reject", NOT_ONE },
	{ "an SPF record", "v=spf1 -all", NOT_ONE },
	{ "a name that only starts with v", "vv=DMARC1; p=reject", NOT_ONE },
	{ "the version alone", "v=DMARC1", NOT_ONE },
	{ "empty text", "", NOT_ONE },
	{ "a prefix of a policy is no policy", "v=DMARC1; p=rej", NOT_ONE },
	{ "a policy that goes on is no policy", "v=DMARC1; p=rejected", NOT_ONE },
	{ "an empty policy is no policy", "v=DMARC1; p=", NOT_ONE },
	{ "a wrong sp is as bad as a wrong p", "v=DMARC1; p=reject; sp=rej", NOT_ONE },
	{ "two policies are none", "v=DMARC1; p=none; p=reject", NOT_ONE },
	{ "rua without p asks for nothing", "v=DMARC1; rua=mailto:d@vendor.example", ONE(DMARC_NONE, DMARC_NONE) },
	{ "rua with an unknown p asks for nothing", "v=DMARC1; p=rej; rua=mailto:d@vendor.example",
	    ONE(DMARC_NONE, DMARC_NONE) },
	{ "rua with a wrong sp asks for nothing", "v=DMARC1; p=reject; sp=x; rua=mailto:d@v.example",
	    ONE(DMARC_NONE, DMARC_NONE) },
	{ "the second address of rua may be the good one", "v=DMARC1; rua=rubbish, mailto:d@v.example!10m",
	    ONE(DMARC_NONE, DMARC_NONE) },
	{ "rua without an address does not help", "v=DMARC1; rua=", NOT_ONE },
	{ "rua without a scheme does not help", "v=DMARC1; rua=d@vendor.example", NOT_ONE },
	{ "rua with blanks inside does not help", "v=DMARC1; rua=mailto:d @vendor.example", NOT_ONE },
	{ "bytes above ASCII are no policy", "v=DMARC1; p=r\xc3\xa9ject", NOT_ONE },
};

static bool
same_reading(const struct reading *wanted, enum auth_result result, const struct dmarc_record *got)
{
	return result == wanted->result && got->p == wanted->p && got->sp == wanted->sp &&
	    got->strict_spf == wanted->strict_spf && got->strict_dkim == wanted->strict_dkim &&
	    got->testing == wanted->testing;
}

static void
test_records(void)
{
	char large[DMARC_RECORD_MAX + 2];
	struct dmarc_record got;

	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		enum auth_result result = dmarc_record_read(records[i].text, strlen(records[i].text), &got);

		if (!ok(same_reading(&records[i].wanted, result, &got), "record: %s", records[i].what))
			note("%s p=%s sp=%s aspf=%d adkim=%d testing=%d", auth_word(result), dmarc_policy_word(got.p),
			    dmarc_policy_word(got.sp), got.strict_spf, got.strict_dkim, got.testing);
	}
	ok(dmarc_record_read("v=DMARC1; p=reject\0x", 20, &got) == AUTH_NONE, "record: a NUL is no part of a policy");
	memset(large, ' ', sizeof large);
	memcpy(large, "v=DMARC1;p=none;", 16);
	ok(dmarc_record_read(large, DMARC_RECORD_MAX, &got) == AUTH_PASS, "record: the longest");
	ok(dmarc_record_read(large, DMARC_RECORD_MAX + 1, &got) == AUTH_NONE, "record: one byte longer");
}

/* ---- alignment ---- */

static const struct {
	const char *what, *a, *b;
	bool relaxed, strict;
} pairs[] = {
	{ "the same name", "example.com", "example.com", true, true },
	{ "a name below", "example.com", "m.example.com", true, false },
	{ "a name above", "m.example.com", "example.com", true, false },
	{ "sisters", "a.example.com", "b.c.example.com", true, false },
	{ "another organisation", "example.com", "example.net", false, false },
	{ "an ending without a dot", "example.com", "notexample.com", false, false },
	{ "com is nobody's", "example.com", "com", false, false },
	{ "com with itself", "com", "com", false, false },
	{ "co.uk is nobody's", "example.co.uk", "co.uk", false, false },
	{ "neighbours under co.uk", "example.co.uk", "other.co.uk", false, false },
	{ "a name of the private part with itself", "github.io", "github.io", true, true },
	{ "a name of the private part with a customer's", "github.io", "evil.github.io", false, false },
	{ "two customers of it", "good.github.io", "evil.github.io", false, false },
	{ "family of one customer", "a.good.github.io", "good.github.io", true, false },
	{ "family under co.uk", "mail.example.co.uk", "example.co.uk", true, false },
	{ "no name", "example.com", "", false, false },
	{ "case and the final dot fold", "Example.COM.", "example.com", true, true },
	{ "a quote is no part of a name", "example.com", "example.com'a.example.com", false, false },
	{ "a bracket is no part of a name", "example.com", "any(a.example.com", false, false },
	{ "a blank is no part of a name", "example.com", "a b.example.com", false, false },
	{ "U-label and A-label are one name",
	    "b\xc3\xbc"
	    "cher.com",
	    "xn--bcher-kva.com", true, true },
};

static void
test_alignment(const struct suffix_list *list)
{
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		is_number(dmarc_aligned(list, pairs[i].a, pairs[i].b, false), pairs[i].relaxed, "relaxed: %s",
		    pairs[i].what);
		is_number(dmarc_aligned(list, pairs[i].b, pairs[i].a, true), pairs[i].strict, "strict: %s", pairs[i].what);
	}
}

/* ---- messages ---- */

static const char *const zone_lines[] = {
	"_dmarc.example.com 300 TXT \"v=DMARC1; p=reject; sp=quarantine\"",
	"_dmarc.github.io 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.strict.com 300 TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"",
	"_dmarc.own.example.com 300 TXT \"v=DMARC1; p=none\"",
	"_dmarc.odd.example.com 300 TXT \"v=DMARC1; p=rej\"",
	"_dmarc.noise.example.com 300 TXT \"v=spf1 -all\"",
	"_dmarc.noise.example.com 300 TXT \"p=none; v=DMARC1\"",
	"_dmarc.two.example.com 300 TXT \"v=DMARC1; p=none\"",
	"_dmarc.two.example.com 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.both.com 300 TXT \"google-site-verification=x\"",
	"_dmarc.both.com 300 TXT \"v=DMARC1; p=quarantine\"",
	"_dmarc.twice.com 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.twice.com 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.sick.com TXT SERVFAIL",
	"_dmarc.slow.example.com TXT TIMEOUT",
	"_dmarc.bogus.com TXT BOGUS",
	"_dmarc.com 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.co.uk 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.alias.com 300 CNAME _dmarc.example.com",
};

/* the braces of a macro are taken for a block */
/* clang-format off */
#define NO_SPF { AUTH_NONE, false, "" }
#define COUNTS(domain) { .d = domain, .s = "s", .a = "", .b = "", .result = AUTH_PASS, .counts = true, .passes = true, .why = "" }
#define SIGNED(domain, word, slug) { .d = domain, .s = "s", .a = "", .b = "", .result = word, .why = slug }
#define WEAK(domain, standard) { .d = domain, .s = "s", .a = "", .b = "", .result = AUTH_POLICY, .weak = true, .passes = standard, .why = "old" }
#define OPEN(domain) { .d = domain, .s = "s", .a = "", .b = "", .result = AUTH_PASS, .counts = true, .passes = true, .reply_open = true, .why = "" }
#define PARTIAL(domain) { .d = domain, .s = "s", .a = "", .b = "", .result = AUTH_POLICY, .passes = true, .why = "partial-body" }
/* clang-format on */

static const struct {
	const char *what, *author;
	bool null_sender;
	struct spf_fact spf;
	struct dkim_fact dkim[3]; /* up to the first without d */
	enum auth_result result;
	enum dmarc_policy policy;
	const char *domain;
	bool spf_aligned, dkim_aligned;
	int questions;
} messages[] = {
	{ "SPF of the author's domain passes", "example.com", false, { AUTH_PASS, false, "example.com" }, { { 0 } },
	    AUTH_PASS, DMARC_REJECT, "example.com", true, false, 1 },
	{ "SPF of a bounce name below passes", "example.com", false, { AUTH_PASS, false, "bounce.example.com" },
	    { { 0 } }, AUTH_PASS, DMARC_REJECT, "example.com", true, false, 1 },
	{ "SPF of somebody else is no proof", "example.com", false, { AUTH_PASS, false, "attack.com" }, { { 0 } },
	    AUTH_FAIL, DMARC_REJECT, "example.com", false, false, 1 },
	{ "SPF that fails is no proof", "example.com", false, { AUTH_SOFTFAIL, false, "example.com" }, { { 0 } },
	    AUTH_FAIL, DMARC_REJECT, "example.com", false, false, 1 },
	{ "HELO proves a bounce of its own domain", "example.com", true, { AUTH_PASS, true, "mx.example.com" },
	    { { 0 } }, AUTH_PASS, DMARC_REJECT, "example.com", true, false, 1 },
	{ "HELO of somebody else proves no bounce", "example.com", true, { AUTH_PASS, true, "helo.attack.com" },
	    { { 0 } }, AUTH_FAIL, DMARC_REJECT, "example.com", false, false, 1 },
	{ "HELO proves nothing for a named sender", "example.com", false, { AUTH_PASS, true, "mx.example.com" },
	    { { 0 } }, AUTH_FAIL, DMARC_REJECT, "example.com", false, false, 1 },
	{ "a signature that counts", "example.com", false, NO_SPF, { COUNTS("news.example.com") }, AUTH_PASS,
	    DMARC_REJECT, "example.com", false, true, 1 },
	{ "a signature that does not count", "example.com", false, NO_SPF,
	    { SIGNED("example.com", AUTH_PASS, "partial-body") }, AUTH_FAIL, DMARC_REJECT, "example.com", false, false,
	    1 },
	{ "each signature keeps its own domain", "example.com", false, NO_SPF,
	    { SIGNED("example.com", AUTH_FAIL, "body-changed"), COUNTS("evil.com") }, AUTH_FAIL, DMARC_REJECT,
	    "example.com", false, false, 1 },
	{ "one good signature among bad ones", "example.com", false, NO_SPF,
	    { SIGNED("example.com", AUTH_FAIL, "body-changed"), COUNTS("evil.com"), COUNTS("example.com") }, AUTH_PASS,
	    DMARC_REJECT, "example.com", false, true, 1 },
	{ "a signature by com is nobody's", "example.com", false, NO_SPF, { COUNTS("com") }, AUTH_FAIL, DMARC_REJECT,
	    "example.com", false, false, 1 },
	{ "SPF of com is nobody's", "example.com", false, { AUTH_PASS, false, "com" }, { { 0 } }, AUTH_FAIL,
	    DMARC_REJECT, "example.com", false, false, 1 },
	{ "strict: names below do not pass but align relaxed", "strict.com", false, { AUTH_PASS, false, "m.strict.com" },
	    { COUNTS("m.strict.com") }, AUTH_FAIL, DMARC_REJECT, "strict.com", true, true, 1 },
	{ "strict: the author below its own record", "m.strict.com", false, { AUTH_PASS, false, "strict.com" },
	    { { 0 } }, AUTH_FAIL, DMARC_REJECT, "strict.com", true, false, 2 },
	{ "strict: the same name passes", "strict.com", false, NO_SPF, { COUNTS("strict.com") }, AUTH_PASS,
	    DMARC_REJECT, "strict.com", false, true, 1 },
	{ "the organisation's sp holds below it", "new.example.com", false, NO_SPF, { { 0 } }, AUTH_FAIL,
	    DMARC_QUARANTINE, "example.com", false, false, 2 },
	{ "an own record goes before the organisation's", "own.example.com", false, NO_SPF, { { 0 } }, AUTH_FAIL,
	    DMARC_NONE, "own.example.com", false, false, 1 },
	{ "only two names are asked, however deep", "a.b.c.own.example.com", false, NO_SPF, { { 0 } }, AUTH_FAIL,
	    DMARC_QUARANTINE, "example.com", false, false, 2 },
	{ "texts that are no DMARC records lead on", "noise.example.com", false, NO_SPF, { { 0 } }, AUTH_FAIL,
	    DMARC_QUARANTINE, "example.com", false, false, 2 },
	{ "a record that says nothing does not lead on", "odd.example.com", false, NO_SPF, { { 0 } }, AUTH_NONE,
	    DMARC_NONE, "", false, false, 1 },
	{ "two records are none and do not lead on", "two.example.com", false, NO_SPF, { COUNTS("example.com") },
	    AUTH_NONE, DMARC_NONE, "", false, true, 1 },
	{ "two equal records are none", "twice.com", false, NO_SPF, { { 0 } }, AUTH_NONE, DMARC_NONE, "", false, false, 1 },
	{ "another TXT beside the record", "both.com", false, NO_SPF, { { 0 } }, AUTH_FAIL, DMARC_QUARANTINE,
	    "both.com", false, false, 1 },
	{ "a record by an alias", "alias.com", false, NO_SPF, { COUNTS("alias.com") }, AUTH_PASS, DMARC_REJECT,
	    "alias.com", false, true, 1 },
	{ "no record, alignment is known all the same", "silent.com", false, { AUTH_PASS, false, "m.silent.com" },
	    { COUNTS("silent.com") }, AUTH_NONE, DMARC_NONE, "", true, true, 1 },
	{ "no name has no record", "", false, { AUTH_PASS, false, "" }, { { 0 } }, AUTH_NONE, DMARC_NONE, "", false,
	    false, 0 },
	{ "a top-level domain is not asked", "com", false, { AUTH_PASS, false, "com" }, { COUNTS("com") }, AUTH_NONE,
	    DMARC_NONE, "", false, false, 0 },
	{ "a public suffix is not asked", "co.uk", false, { AUTH_PASS, false, "co.uk" }, { { 0 } }, AUTH_NONE,
	    DMARC_NONE, "", false, false, 0 },
	{ "a record that cannot be asked", "sick.com", false, NO_SPF, { COUNTS("sick.com") }, AUTH_TEMPERROR,
	    DMARC_NONE, "", false, true, 1 },
	{ "a record that cannot be asked hides no policy of the organisation's", "slow.example.com", false, NO_SPF,
	    { { 0 } }, AUTH_TEMPERROR, DMARC_QUARANTINE, "example.com", false, false, 2 },
	{ "a bogus record", "bogus.com", false, NO_SPF, { { 0 } }, AUTH_TEMPERROR, DMARC_NONE, "", false, false, 1 },
	{ "SPF trouble of the author's family", "example.com", false, { AUTH_TEMPERROR, false, "m.example.com" },
	    { { 0 } }, AUTH_TEMPERROR, DMARC_REJECT, "example.com", false, false, 1 },
	{ "SPF trouble of a stranger", "example.com", false, { AUTH_TEMPERROR, false, "attack.com" }, { { 0 } },
	    AUTH_FAIL, DMARC_REJECT, "example.com", false, false, 1 },
	{ "SPF trouble of a name that strict does not take", "strict.com", false,
	    { AUTH_TEMPERROR, false, "m.strict.com" }, { { 0 } }, AUTH_FAIL, DMARC_REJECT, "strict.com", false, false, 1 },
	{ "SPF trouble of HELO for a named sender", "example.com", false, { AUTH_TEMPERROR, true, "example.com" },
	    { { 0 } }, AUTH_FAIL, DMARC_REJECT, "example.com", false, false, 1 },
	{ "key trouble of the author's family", "example.com", false, NO_SPF,
	    { SIGNED("example.com", AUTH_TEMPERROR, "key-unanswered") }, AUTH_TEMPERROR, DMARC_REJECT, "example.com",
	    false, false, 1 },
	{ "key trouble of a foreign signature", "example.com", false, NO_SPF,
	    { SIGNED("attack.com", AUTH_TEMPERROR, "key-unanswered") }, AUTH_FAIL, DMARC_REJECT, "example.com", false,
	    false, 1 },
	{ "key trouble that strict does not take", "strict.com", false, NO_SPF,
	    { SIGNED("m.strict.com", AUTH_TEMPERROR, "key-unanswered") }, AUTH_FAIL, DMARC_REJECT, "strict.com", false,
	    false, 1 },
	{ "key trouble of a signature that could never count", "example.com", false, NO_SPF,
	    { SIGNED("example.com", AUTH_TEMPERROR, "partial-body") }, AUTH_FAIL, DMARC_REJECT, "example.com", false,
	    false, 1 },
	{ "a name of the private part proves itself", "github.io", false, NO_SPF, { COUNTS("github.io") }, AUTH_PASS,
	    DMARC_REJECT, "github.io", false, true, 1 },
	{ "its customer proves nothing of it", "github.io", false, NO_SPF, { COUNTS("evil.github.io") }, AUTH_FAIL,
	    DMARC_REJECT, "github.io", false, false, 1 },
	{ "its policy is not its customers'", "evil.github.io", false, NO_SPF, { COUNTS("github.io") }, AUTH_NONE,
	    DMARC_NONE, "", false, false, 1 },
	{ "a weak signature passes", "example.com", false, NO_SPF, { WEAK("example.com", true) }, AUTH_PASS,
	    DMARC_REJECT, "example.com", false, false, 1 },
	{ "a test key passes, as a weak one", "example.com", false, NO_SPF, { WEAK("example.com", false) }, AUTH_PASS,
	    DMARC_REJECT, "example.com", false, false, 1 },
	{ "a weak signature of another", "example.com", false, NO_SPF, { WEAK("evil.com", true) }, AUTH_FAIL,
	    DMARC_REJECT, "example.com", false, false, 1 },
	{ "trouble does not matter when something else passes", "example.com", false,
	    { AUTH_TEMPERROR, false, "example.com" },
	    { SIGNED("example.com", AUTH_TEMPERROR, "key-unanswered"), COUNTS("example.com") }, AUTH_PASS, DMARC_REJECT,
	    "example.com", false, true, 1 },
};
enum { MESSAGES = sizeof messages / sizeof *messages };

/* Asks the zone as the shell would; returns how many questions there were. */
static int
ask(struct dmarc_check *check, const struct canned_zone *zone)
{
	struct dns_question question;
	struct dns_answer answer;
	int count = 0;

	while (count < 5 && dmarc_next(check, &question)) {
		canned_zone_answer(zone, &question, &answer);
		dmarc_answer(check, &answer);
		count++;
	}
	return count;
}

static void
test_message(size_t i, const struct suffix_list *list, const struct canned_zone *zone, struct arena *arena)
{
	static struct facts facts;
	struct dkim_fact dkim[3];
	struct dmarc_check check;
	struct dmarc_fact got;
	int questions;

	memset(&facts, 0, sizeof facts);
	memcpy(dkim, messages[i].dkim, sizeof dkim);
	facts.spf = messages[i].spf;
	facts.null_sender = messages[i].null_sender;
	facts.dkim = dkim;
	while (facts.dkim_count < 3 && dkim[facts.dkim_count].d != NULL)
		facts.dkim_count++;
	dmarc_begin(&check, list, messages[i].author);
	questions = ask(&check, zone);
	dmarc_finish(&check, &facts, arena, &got);
	is(auth_word(got.result), auth_word(messages[i].result), "message: %s", messages[i].what);
	is(got.silent == NULL ? "-" : got.silent,
	    strstr(messages[i].what, "cannot be asked") == NULL && strcmp(messages[i].what, "a bogus record") != 0
		? "-"
		: messages[i].author,
	    "message: %s (silent)", messages[i].what);
	is(dmarc_policy_word(got.policy), dmarc_policy_word(messages[i].policy), "message: %s (policy)", messages[i].what);
	is(got.domain, messages[i].domain, "message: %s (where)", messages[i].what);
	ok(got.spf_aligned == messages[i].spf_aligned && got.dkim_aligned == messages[i].dkim_aligned,
	    "message: %s (alignment)", messages[i].what);
	is_number(questions, messages[i].questions, "message: %s (questions)", messages[i].what);
}

/* What passed, what passed but for SPF, and what the results header says. */
static const struct {
	const char *what;
	struct spf_fact spf;
	struct dkim_fact dkim[3];
	enum dmarc_by by, signed_by;
	enum auth_result said;
} worths[] = {
	{ "SPF is proof, but not of a signature", { AUTH_PASS, false, "example.com" }, { { 0 } }, DMARC_BY_PROOF,
	    DMARC_BY_NOTHING, AUTH_PASS },
	{ "a signature that counts is proof", NO_SPF, { COUNTS("example.com") }, DMARC_BY_PROOF, DMARC_BY_PROOF,
	    AUTH_PASS },
	{ "one that leaves Reply-To open is less", NO_SPF, { OPEN("example.com") }, DMARC_BY_REPLY_OPEN,
	    DMARC_BY_REPLY_OPEN, AUTH_PASS },
	{ "a weak one is less", NO_SPF, { WEAK("example.com", true) }, DMARC_BY_WEAK, DMARC_BY_WEAK, AUTH_PASS },
	{ "one by a test key is no signature to the standards", NO_SPF, { WEAK("example.com", false) }, DMARC_BY_WEAK,
	    DMARC_BY_WEAK, AUTH_FAIL },
	{ "one that proves nothing is one to the standards", NO_SPF, { PARTIAL("example.com") }, DMARC_BY_NOTHING,
	    DMARC_BY_NOTHING, AUTH_PASS },
	{ "the best of several", NO_SPF, { WEAK("example.com", true), OPEN("a.example.com"), COUNTS("evil.com") },
	    DMARC_BY_REPLY_OPEN, DMARC_BY_REPLY_OPEN, AUTH_PASS },
};

static void
test_worth(const struct suffix_list *list, const struct canned_zone *zone, struct arena *arena)
{
	for (size_t i = 0; i < sizeof worths / sizeof *worths; i++) {
		struct dkim_fact dkim[3];
		struct facts facts = { .spf = worths[i].spf, .dkim = dkim };
		struct dmarc_check check;
		struct dmarc_fact got;

		memcpy(dkim, worths[i].dkim, sizeof dkim);
		while (facts.dkim_count < 3 && dkim[facts.dkim_count].d != NULL)
			facts.dkim_count++;
		dmarc_begin(&check, list, "example.com");
		ask(&check, zone);
		dmarc_finish(&check, &facts, arena, &got);
		is(dmarc_by_word(got.by), dmarc_by_word(worths[i].by), "worth: %s", worths[i].what);
		is(dmarc_by_word(got.signed_by), dmarc_by_word(worths[i].signed_by), "worth: %s (signed)", worths[i].what);
		is(auth_word(got.said), auth_word(worths[i].said), "worth: %s (header)", worths[i].what);
	}
}

/* The name asked is the author's, in full, and asking twice changes nothing. */
static void
test_questions(const struct suffix_list *list)
{
	static const struct dns_answer nothing = { .status = DNS_NXDOMAIN };
	struct dmarc_check check;
	struct dns_question question;
	char deep[DMARC_RECORD_MAX];

	dmarc_begin(&check, list, "a.b.example.co.uk");
	ok(dmarc_next(&check, &question) && dmarc_next(&check, &question), "a question stands until it is answered");
	is(question.name, "_dmarc.a.b.example.co.uk", "the author's name is asked first");
	is_number(question.type, DNS_TXT, "its TXT records are asked");
	dmarc_answer(&check, &nothing);
	ok(dmarc_next(&check, &question), "an empty answer leads on");
	is(question.name, "_dmarc.example.co.uk", "the organisation is asked second");
	dmarc_answer(&check, &nothing);
	ok(!dmarc_next(&check, &question), "there is no third question");
	dmarc_answer(&check, &nothing);
	ok(!dmarc_next(&check, &question) && !check.found, "an answer nobody asked for changes nothing");

	for (size_t i = 0; i < 248; i++)
		deep[i] = i % 2 == 0 ? 'a' : '.';
	memcpy(deep + 246, ".ab.com", sizeof ".ab.com");
	dmarc_begin(&check, list, deep);
	ok(dmarc_next(&check, &question), "a name too long to be asked leads on");
	is(question.name, "_dmarc.ab.com", "to the organisation");
}

/* Memory that runs out loses the name of the domain, never the result. */
static void
test_memory(const struct suffix_list *list, const struct canned_zone *zone)
{
	static struct facts facts;
	struct arena *arena = arena_open(4);
	struct dmarc_check check;
	struct dmarc_fact got;

	facts.spf = (struct spf_fact){ .result = AUTH_PASS, .domain = "example.com" };
	dmarc_begin(&check, list, "example.com");
	ask(&check, zone);
	dmarc_finish(&check, &facts, arena, &got);
	ok(got.result == AUTH_PASS && strcmp(got.domain, "") == 0, "without memory the result stands");
	arena_close(arena);
}

int
main(void)
{
	FILE *file = fmemopen(suffix_text, sizeof suffix_text - 1, "r");
	psl_ctx_t *psl = file == NULL ? NULL : psl_load_fp(file);
	struct suffix_list list = { psl };
	struct canned_zone *zone = canned_zone_open();
	struct arena *arena = arena_open(1024 * 1024);
	struct fault why = { 0 };

	if (!ok(psl != NULL && zone != NULL && arena != NULL, "the fixture is ready"))
		return done();
	for (size_t i = 0; i < sizeof zone_lines / sizeof *zone_lines; i++)
		if (!canned_zone_line(zone, zone_lines[i], &why))
			ok(false, "zone: %s: %s", zone_lines[i], why.text);
	test_records();
	test_alignment(&list);
	for (size_t i = 0; i < MESSAGES; i++)
		test_message(i, &list, zone, arena);
	test_worth(&list, zone, arena);
	test_questions(&list);
	test_memory(&list, zone);
	arena_close(arena);
	canned_zone_close(zone);
	psl_free(psl);
	fclose(file);
	return done();
}
