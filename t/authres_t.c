/*
 * authres_t.c - whose results field is it, and ours cannot be made to say what others want.
 *
 * With the argument "print" it prints the fields of the table below for t/authres.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mail/authres.h"
#include "t/lib/tap.h"

#define US "mx.example.com"

/* ---- reading ---- */

static const struct {
	const char *what, *name;
	bool is;
} names[] = {
	{ "its name", "Authentication-Results", true },
	{ "another case", "AUTHENTICATION-results", true },
	{ "a blank after it", "Authentication-Results \t", true },
	{ "ARC's own", "ARC-Authentication-Results", false },
	{ "something after it", "Authentication-Results-X", false },
	{ "nothing", "", false },
};

static const struct {
	const char *what, *value, *us;
	bool bears;
} bodies[] = {
	{ "our id", "mx.example.com; spf=pass", US, true },
	{ "a blank before it", " mx.example.com; spf=pass", US, true },
	{ "a fold before it", "\r\n\tmx.example.com; spf=pass", US, true },
	{ "LF folds", "\n mx.example.com;\n spf=pass", US, true },
	{ "no results", "mx.example.com; none", US, true },
	{ "the id alone", "mx.example.com", US, true },
	{ "no blank after the semicolon", "mx.example.com;spf=pass", US, true },
	{ "a version", "mx.example.com 1; spf=pass", US, true },
	{ "a version after a fold", "mx.example.com\r\n\t1; spf=pass", US, true },
	{ "a version after a slash", "mx.example.com/1; spf=pass", US, true },
	{ "a version after a comment", "mx.example.com(x)1; spf=pass", US, true },
	{ "upper case", "MX.Example.COM; spf=pass", US, true },
	{ "our own in upper case", "mx.example.com; spf=pass", "MX.EXAMPLE.com", true },
	{ "a final dot", "mx.example.com.; spf=pass", US, true },
	{ "a final dot and a version", "mx.example.com. 1; spf=pass", US, true },
	{ "a final dot of ours", "mx.example.com; spf=pass", "mx.example.com.", true },
	{ "a comment before it", "(a comment) mx.example.com; spf=pass", US, true },
	{ "a comment after it", "mx.example.com(a comment); spf=pass", US, true },
	{ "nested comments", "(a (b (c) d) e)(f)mx.example.com; spf=pass", US, true },
	{ "an escaped bracket in a comment", "(a \\) b \\( c) mx.example.com; spf=pass", US, true },
	{ "a foreign id in a comment before it", "(mx.evil.com; spf=pass) mx.example.com; spf=pass", US, true },
	{ "quoted", "\"mx.example.com\"; spf=pass", US, true },
	{ "quoted with quoted pairs", "\"\\m\\x.ex\\ample.com\"; spf=pass", US, true },
	{ "quoted with a fold inside", "\"mx.\r\nexample.com\"; spf=pass", US, true },
	{ "quoted with blanks around", "\" mx.example.com \"; spf=pass", US, true },
	{ "quoted with a version", "\"mx.example.com\" 1; spf=pass", US, true },
	{ "quoted, then glued to something", "\"mx.example.com\"evil; spf=pass", US, true },
	{ "a quote that never ends", "\"mx.example.com; spf=pass", US, true },
	{ "blanks around the dots", "mx . example . com; spf=pass", US, true },
	{ "comments around the dots", "mx(a).(b)example.(c)com; spf=pass", US, true },
	{ "half quoted", "mx.\"example.com\"; spf=pass", US, true },
	{ "rubbish after it", "mx.example.com =?; ;; spf==pass", US, true },
	{ "an at sign after it", "mx.example.com@evil; spf=pass", US, true },
	{ "an equals sign after it", "mx.example.com=evil; spf=pass", US, true },
	{ "a bare CR and controls before it", "\r\x01\x0bmx.example.com; spf=pass", US, true },
	/* python3-authres and str.strip() of Python take these for blanks */
	{ "a no-break space before it", "\xc2\xa0mx.example.com; spf=pass", US, true },
	{ "a no-break space after it", "mx.example.com\xc2\xa0; spf=pass", US, true },
	{ "a no-break space of Latin-1", "\xa0mx.example.com\xa0; spf=pass", US, true },
	{ "a C1 line end before it", "\xc2\x85mx.example.com; spf=pass", US, true },
	{ "blanks of other scripts", "\xe3\x80\x80mx.example.com\xe2\x80\xa8; spf=pass", US, true },
	{ "a byte order mark before it, and in it", "\xef\xbb\xbfmx.exam\xef\xbb\xbfple.com; spf=pass", US, true },
	{ "a letter whose last byte is a blank of Latin-1", "mx.example.com\xc3\xa0; spf=pass", US, false },
	{ "a U-label where ours has an A-label",
	    "mx.b\xc3\xbc"
	    "cher.example; spf=pass",
	    "mx.xn--bcher-kva.example", true },
	{ "an A-label where ours has a U-label", "mx.XN--bcher-kva.example; spf=pass",
	    "mx.b\xc3\xbc"
	    "cher.example",
	    true },
	{ "a U-label in upper case",
	    "mx.B\xc3\x9c"
	    "CHER.example; spf=pass",
	    "mx.xn--bcher-kva.example", true },
	{ "an id that is not a domain", "the-gate+1; spf=pass", "The-Gate+1", true },
	{ "an id with blanks, quoted", "\"our gate\"; spf=pass", "our gate", true },
	{ "ours with a label after it", "mx.example.com.evil; spf=pass", US, false },
	{ "ours with letters after it", "mx.example.comx; spf=pass", US, false },
	{ "ours with letters before it", "xmx.example.com; spf=pass", US, false },
	{ "ours with a label before it", "a.mx.example.com; spf=pass", US, false },
	{ "the parent of ours", "example.com; spf=pass", US, false },
	{ "ours as the version", "mx.evil.com mx.example.com; spf=pass", US, false },
	{ "ours only in a comment", "mx.evil.com (mx.example.com); spf=pass", US, false },
	{ "ours only as a result", "mx.evil.com; mx.example.com=pass", US, false },
	{ "a comment that never ends", "(mx.example.com; spf=pass", US, false },
	{ "a comment closed once too rarely", "((a) mx.example.com; spf=pass", US, false },
	{ "a stray closing bracket", ") mx.example.com; spf=pass", US, false },
	{ "a semicolon first", "; mx.example.com; spf=pass", US, false },
	{ "a longer quoted word", "\"mx.example.com; spf=pass\"; none", US, false },
	{ "an encoded word", "=?utf-8?q?mx.example.com?=; spf=pass", US, false },
	{ "a look-alike letter", "mx.ex\xd0\xb0mple.com; spf=pass", US, false },
	{ "two final dots", "mx.example.com..; spf=pass", US, false },
	{ "empty", "", US, false },
	{ "blanks alone", " \r\n\t ", US, false },
	{ "an empty quoted word", "\"\"; spf=pass", US, false },
	{ "nothing is borne by an empty id", "; spf=pass", "", false },
	{ "an empty id bears nobody's", "mx.example.com; spf=pass", "", false },
};

static void
test_reading(void)
{
	enum { LARGE = 200 * 1000 };
	char *deep = malloc(LARGE + sizeof US);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		is_number(authres_is_field(names[i].name), names[i].is, "name: %s", names[i].what);
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		is_number(authres_bears(bodies[i].value, strlen(bodies[i].value), bodies[i].us), bodies[i].bears,
		    "body: %s", bodies[i].what);
	ok(authres_bears(US "\0.evil", sizeof US ".evil", US), "body: a NUL after our id");
	ok(!authres_bears(US, sizeof "mx.example.co" - 1, US), "body: bytes after its length do not count");
	if (deep == NULL)
		return;
	memset(deep, '(', LARGE / 2);
	memset(deep + LARGE / 2, ')', LARGE / 2);
	memcpy(deep + LARGE, US, sizeof US);
	ok(authres_bears(deep, LARGE + sizeof US - 1, US), "body: comments a hundred thousand deep");
	memset(deep, 'a', LARGE);
	ok(!authres_bears(deep, LARGE, US), "body: a word as long as a field can be");
	memset(deep, '"', 1);
	ok(!authres_bears(deep, LARGE, US), "body: the same after a quote that never ends");
	for (size_t i = 0; i < LARGE; i++)
		deep[i] = i % 2 == 0 ? '.' : ' ';
	ok(!authres_bears(deep, LARGE, US), "body: a hundred thousand dots");
	for (size_t i = 0; i < LARGE; i++)
		deep[i] = i % 2 == 0 ? '"' : '\\';
	ok(!authres_bears(deep, LARGE, US), "body: quotes that never end");
	free(deep);
}

/* ---- writing ---- */

/* the braces of a macro are taken for a block */
/* clang-format off */
#define SIGNATURE(domain, word, good, slug) { .d = domain, .s = "sel", .a = "rsa-sha256", .b = "AbCdEfGh", .result = word, .counts = good, .why = slug }
#define AUTHOR(name, word, asked, at) { .mailbox = { "someone", name, "" }, .dmarc = { .result = word, .said = word, .policy = asked, .domain = at } }
/* clang-format on */

#define UNSIGNED SIGNATURE(NULL, AUTH_NOT_ASKED, false, "")
#define NOBODY AUTHOR(NULL, AUTH_NOT_ASKED, DMARC_NONE, "")
#define LONG50 "0123456789012345678901234567890123456789012345678."
#define LONG300 LONG50 LONG50 LONG50 LONG50 LONG50 LONG50

static const struct {
	const char *what, *id, *mail_from;
	struct spf_fact spf;
	struct dkim_fact dkim[2];
	struct author authors[3];
	const char *wanted;
} fields[] = {
	{ "all of it", US, "bounce@autotask.net", { AUTH_PASS, false, "autotask.net" },
	    { SIGNATURE("autotask.net", AUTH_PASS, true, "") },
	    { AUTHOR("autotask.net", AUTH_PASS, DMARC_REJECT, "autotask.net") },
	    "mx.example.com;\n\tspf=pass smtp.mailfrom=bounce@autotask.net;\n\tdkim=pass header.d=autotask.net"
	    " header.s=sel header.a=rsa-sha256 header.b=AbCdEfGh;\n\tdmarc=pass header.from=autotask.net policy.dmarc=reject" },
	{ "nothing at all", US, "", { AUTH_NOT_ASKED, false, "" }, { UNSIGNED }, { NOBODY }, "mx.example.com; none" },
	{ "only what was asked", US, "a@b.com", { AUTH_NOT_ASKED, false, "" },
	    { SIGNATURE("a.com", AUTH_NOT_ASKED, false, ""), SIGNATURE("b.com", AUTH_FAIL, false, "body-changed") },
	    { AUTHOR("b.com", AUTH_NOT_ASKED, DMARC_NONE, "") },
	    "mx.example.com;\n\tdkim=fail reason=body-changed header.d=b.com header.s=sel header.a=rsa-sha256 header.b=AbCdEfGh" },
	{ "DMARC as the RFC has it, whatever we make of it", US, "a@b.com", { AUTH_NOT_ASKED, false, "" }, { UNSIGNED },
	    { { .mailbox = { "someone", "b.com", "" },
		.dmarc = { .result = AUTH_PASS, .said = AUTH_FAIL, .domain = "b.com" } } },
	    "mx.example.com;\n\tdmarc=fail header.from=b.com policy.dmarc=none" },
	{ "SPF by HELO", US, "", { AUTH_SOFTFAIL, true, "mail.vendor.net" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=softfail smtp.helo=mail.vendor.net" },
	{ "SPF of nothing", US, "", { AUTH_NONE, false, "" }, { UNSIGNED }, { NOBODY }, "mx.example.com;\n\tspf=none" },
	{ "a signature that verifies but does not count", US, "a@b.com", { AUTH_TEMPERROR, false, "b.com" },
	    { SIGNATURE("b.com", AUTH_PASS, false, "partial-body") }, { NOBODY },
	    "mx.example.com;\n\tspf=temperror smtp.mailfrom=a@b.com;\n\tdkim=policy reason=partial-body header.d=b.com"
	    " header.s=sel header.a=rsa-sha256 header.b=AbCdEfGh" },
	{ "a result for each author's domain, once", US, "", { AUTH_NOT_ASKED, false, "" }, { UNSIGNED },
	    { AUTHOR("a.com", AUTH_NONE, DMARC_NONE, ""), AUTHOR("b.a.com", AUTH_FAIL, DMARC_QUARANTINE, "a.com"),
		AUTHOR("a.com", AUTH_NONE, DMARC_NONE, "") },
	    "mx.example.com;\n\tdmarc=none header.from=a.com;\n\tdmarc=fail header.from=b.a.com policy.dmarc=quarantine" },
	{ "an author without a domain", US, "", { AUTH_NOT_ASKED, false, "" }, { UNSIGNED },
	    { AUTHOR("", AUTH_NONE, DMARC_NONE, "") }, "mx.example.com;\n\tdmarc=none" },
	{ "marks of base64 are quoted", US, "", { AUTH_NOT_ASKED, false, "" },
	    { { .d = "b.com", .s = "s", .a = "", .b = "Ab/+dE==", .result = AUTH_PASS, .counts = true, .why = "" } },
	    { NOBODY }, "mx.example.com;\n\tdkim=pass header.d=b.com header.s=s header.b=\"Ab/+dE==\"" },
	{ "a signature of which nothing is known", US, "", { AUTH_NOT_ASKED, false, "" },
	    { { .d = "", .s = "", .a = "", .b = "", .result = AUTH_PERMERROR, .why = "malformed" } }, { NOBODY },
	    "mx.example.com;\n\tdkim=permerror reason=malformed" },
	{ "our id as an IDN is written in A-labels",
	    "mx.b\xc3\xbc"
	    "cher.example",
	    "", { AUTH_NOT_ASKED, false, "" }, { UNSIGNED }, { NOBODY }, "mx.xn--bcher-kva.example; none" },
	{ "our id with a blank is quoted", "our gate", "", { AUTH_NOT_ASKED, false, "" }, { UNSIGNED }, { NOBODY },
	    "\"our gate\"; none" },
	{ "our id with an at sign is quoted", "mx@gate", "", { AUTH_NOT_ASKED, false, "" }, { UNSIGNED }, { NOBODY },
	    "\"mx@gate\"; none" },
	{ "a sender with an extension stays plain", US, "a+b#c@b.com", { AUTH_PASS, false, "b.com" }, { UNSIGNED },
	    { NOBODY }, "mx.example.com;\n\tspf=pass smtp.mailfrom=a+b#c@b.com" },
	{ "a sender with an equals sign is quoted", US, "x+dkim=pass@b.com", { AUTH_FAIL, false, "b.com" },
	    { UNSIGNED }, { NOBODY }, "mx.example.com;\n\tspf=fail smtp.mailfrom=\"x+dkim=pass@b.com\"" },
	{ "a quoted sender is quoted again", US, "\"a b\"@b.com", { AUTH_FAIL, false, "b.com" }, { UNSIGNED },
	    { NOBODY }, "mx.example.com;\n\tspf=fail smtp.mailfrom=\"\\\"a b\\\"@b.com\"" },
	{ "a backslash at the end cannot open the quotes", US, "a\\", { AUTH_NONE, false, "" }, { UNSIGNED },
	    { NOBODY }, "mx.example.com;\n\tspf=none smtp.mailfrom=\"a\\\\\"" },
	{ "a semicolon starts no result", US, "a;dmarc=pass header.from=v.com@b.com", { AUTH_FAIL, false, "b.com" },
	    { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=fail smtp.mailfrom=\"a;dmarc=pass header.from=v.com@b.com\"" },
	{ "CR and LF fold nothing", US, "a\r\n\tdkim=pass@b.com", { AUTH_FAIL, false, "b.com" }, { UNSIGNED },
	    { NOBODY }, "mx.example.com;\n\tspf=fail smtp.mailfrom=\"a???dkim=pass@b.com\"" },
	{ "a bracket opens no comment", US, "any@legitimate.com(a.attack.com",
	    { AUTH_PASS, false, "legitimate.com(a.attack.com" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=pass smtp.mailfrom=\"any@legitimate.com(a.attack.com\"" },
	{ "an apostrophe cuts nothing", US, "", { AUTH_NOT_ASKED, false, "" },
	    { SIGNATURE("legitimate.com'a.attack.com", AUTH_PASS, true, "") }, { NOBODY },
	    "mx.example.com;\n\tdkim=pass header.d=\"legitimate.com'a.attack.com\" header.s=sel header.a=rsa-sha256 header.b=AbCdEfGh" },
	{ "two at signs are quoted", US, "a@vendor.com@attack.com", { AUTH_NONE, false, "" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=none smtp.mailfrom=\"a@vendor.com@attack.com\"" },
	{ "a sender that is not ASCII leaves its domain", US, "m\xc3\xbcller@b.com", { AUTH_PASS, false, "b.com" },
	    { UNSIGNED }, { NOBODY }, "mx.example.com;\n\tspf=pass smtp.mailfrom=b.com" },
	{ "a name that is not ASCII loses those bytes", US, "", { AUTH_NONE, true, "m\xc3\xbc.b\x7f.com" },
	    { UNSIGNED }, { NOBODY }, "mx.example.com;\n\tspf=none smtp.helo=\"m??.b?.com\"" },
	{ "a sender too long is not cut: its domain stands", US, LONG300 "@vendor.com.a234567890.evil.com",
	    { AUTH_PASS, false, "evil.com" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=pass smtp.mailfrom=evil.com" },
	{ "a name too long is left out", US, "", { AUTH_NONE, true, LONG300 LONG50 "com" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=none" },
	{ "a name of 300 bytes fits", US, "", { AUTH_NONE, true, LONG300 "com" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=none smtp.helo=" LONG300 "com" },
	{ "two dots are not a dot-atom", US, "a..b@b.com", { AUTH_PASS, false, "b.com" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=pass smtp.mailfrom=\"a..b@b.com\"" },
	{ "nor is a dot before the at sign", US, "a.@b.com", { AUTH_PASS, false, "b.com" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=pass smtp.mailfrom=\"a.@b.com\"" },
	{ "nor one after it", US, "a@.b.com", { AUTH_PASS, false, "b.com" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=pass smtp.mailfrom=\"a@.b.com\"" },
	{ "nor is an at sign at the end an address", US, "a@", { AUTH_PASS, false, "b.com" }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=pass smtp.mailfrom=\"a@\"" },
	{ "a dot at the end is not a dot-atom", US, "", { AUTH_NONE, true, "vendor.com." }, { UNSIGNED }, { NOBODY },
	    "mx.example.com;\n\tspf=none smtp.helo=\"vendor.com.\"" },
};
enum { FIELDS = sizeof fields / sizeof *fields };

/* Fills facts from row i; the lists end with the first entry without a name. */
static struct facts *
facts_of(size_t i)
{
	static struct facts facts;
	static struct dkim_fact dkim[2];
	static struct author authors[3];

	memset(&facts, 0, sizeof facts);
	memcpy(dkim, fields[i].dkim, sizeof dkim);
	memcpy(authors, fields[i].authors, sizeof authors);
	facts.mail_from = fields[i].mail_from;
	facts.spf = fields[i].spf;
	facts.dkim = dkim;
	facts.authors = authors;
	while (facts.dkim_count < 2 && dkim[facts.dkim_count].d != NULL)
		facts.dkim_count++;
	while (facts.author_count < 3 && authors[facts.author_count].mailbox.domain != NULL)
		facts.author_count++;
	return &facts;
}

static void
test_writing(void)
{
	struct text out;

	for (size_t i = 0; i < FIELDS; i++) {
		text_open(&out, 2 * AUTHRES_MAX);
		authres_write(facts_of(i), fields[i].id, &out);
		is(out.bytes, fields[i].wanted, "field: %s", fields[i].what);
		ok(authres_bears(out.bytes, out.length, fields[i].id), "field: %s (known again)", fields[i].what);
		text_close(&out);
	}
}

static void
test_outcome(void)
{
	struct text out;

	text_open(&out, AUTHRES_MAX);
	authres_write_outcome("vouched", "nable-rmm", 312, false, US, &out);
	is(out.bytes, "mx.example.com;\n\tx-greenlane=vouched policy.vendor=nable-rmm policy.waited=312",
	    "an outcome with its vendor and what was waited");
	text_clear(&out);
	authres_write_outcome("stranger", "", -1, false, US, &out);
	is(out.bytes, "mx.example.com;\n\tx-greenlane=stranger", "an outcome without a vendor");
	text_clear(&out);
	authres_write_outcome("stranger", "", -1, true, US, &out);
	is(out.bytes, "mx.example.com;\n\tx-greenlane=stranger policy.action=tag", "and that it was tagged");
	text_close(&out);
}

/* Is every line either the id's or one whole result? */
static bool
lines_are_whole(const char *body)
{
	const char *line = strchr(body, '\n');

	for (; line != NULL; line = strchr(line + 1, '\n'))
		if (strncmp(line, "\n\tdkim=", 7) != 0 && strncmp(line, "\n\tdmarc=", 8) != 0 &&
		    strncmp(line, "\n\tspf=", 6) != 0)
			return false;
	return true;
}

/* Sixty-four long signatures and a thousand authors: whole results only, something of each. */
static void
test_ceiling(size_t ceiling)
{
	static struct facts facts;
	static struct dkim_fact dkim[DKIM_MAX];
	static struct author authors[AUTHORS_MAX];
	static char text[AUTHORS_MAX][32];
	struct text out;

	for (size_t i = 0; i < DKIM_MAX; i++)
		dkim[i] = (struct dkim_fact)SIGNATURE(LONG50 LONG50 LONG50 LONG50 "com", AUTH_FAIL, false, "body-changed");
	for (size_t i = 0; i < AUTHORS_MAX; i++) {
		snprintf(text[i], sizeof text[i], "author%zu.example.com", i);
		authors[i] = (struct author)AUTHOR(text[i], AUTH_FAIL, DMARC_REJECT, "example.com");
	}
	memset(&facts, 0, sizeof facts);
	facts.mail_from = "a@b.com";
	facts.spf = (struct spf_fact){ AUTH_PASS, false, "b.com" };
	facts.dkim = dkim;
	facts.dkim_count = DKIM_MAX;
	facts.authors = authors;
	facts.author_count = AUTHORS_MAX;
	text_open(&out, ceiling);
	text_char(&out, ' ');
	authres_write(&facts, US, &out);
	ok(out.length <= AUTHRES_MAX + 1 && !out.cut, "a hostile message stays below the ceiling (%zu bytes)", out.length);
	ok(strncmp(out.bytes, " mx.example.com;\n\tspf=pass smtp.mailfrom=a@b.com;\n\tdkim=fail", 60) == 0,
	    "what stood there before stands; SPF first");
	ok(strstr(out.bytes, "dmarc=fail header.from=author0.example.com policy.dmarc=reject") != NULL,
	    "signatures cannot crowd DMARC out");
	ok(lines_are_whole(out.bytes), "every result is whole");
	ok(strcmp(out.bytes + out.length - strlen("=reject"), "=reject") == 0, "the last one, too");
	text_close(&out);
}

/* Without room for the id nothing is written that looks like a field. */
static void
test_no_room(void)
{
	struct text out;

	text_open(&out, 5);
	authres_write(facts_of(0), US, &out);
	ok(out.cut && strcmp(out.bytes, "mx.ex") == 0, "an id that does not fit leaves a text that is cut");
	text_close(&out);
}

/* For t/authres.py: a field a line, as an MTA would write it, its folds as \n. */
static int
print_fields(void)
{
	struct text out;

	text_open(&out, 2 * AUTHRES_MAX);
	for (size_t i = 0; i < FIELDS; i++) {
		text_clear(&out);
		authres_write(facts_of(i), fields[i].id, &out);
		for (size_t j = 0; j < out.length; j++)
			if (out.bytes[j] == '\n')
				fputs("\\n", stdout);
			else
				putchar(out.bytes[j]);
		printf("\t# %s\n", fields[i].what);
	}
	text_close(&out);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "print") == 0)
		return print_fields();
	test_reading();
	test_writing();
	test_outcome();
	test_ceiling(2 * AUTHRES_MAX);
	test_ceiling(AUTHRES_MAX / 2);
	test_no_room();
	return done();
}
