/*
 * mailbox_t.c - the mailboxes of a From field, SMTP paths, and names in fields that do not parse.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mail/mailbox.h"
#include "policy/util/arena.h"
#include "policy/util/text.h"
#include "t/lib/field_names.h"
#include "t/lib/tap.h"

/* Wanted is every mailbox as text, in order, joined by " | "; NULL where the field must not parse. */
struct field_row {
	const char *what, *field, *wanted;
};

static const struct field_row rfc_rows[] = {
	/* RFC 5322, appendix A */
	{ "A.1.1: a name and an address", " John Doe <jdoe@machine.example>", "jdoe@machine.example" },
	{ "A.1.1: a sender with an agent", "Michael Jones <mjones@machine.example>", "mjones@machine.example" },
	{ "A.1.2: a quoted name with dots", "\"Joe Q. Public\" <john.q.public@example.com>", "john.q.public@example.com" },
	{ "A.1.2: three recipients", "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
	    "mary@x.test | jdoe@example.org | one@y.test" },
	{ "A.1.2: an angle address and a quoted name with escapes",
	    "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
	    "boss@nil.test | sysservices@example.net" },
	{ "A.1.3: a group", "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
	    "c@a.test | joe@where.test | jdoe@one.test" },
	{ "A.1.3: an empty group alone has no author", "Undisclosed recipients:;", NULL },
	{ "A.5: comments and folds everywhere", "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	    "pete@silly.test" },
	{ "A.5: a group with comments and folds",
	    "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
	    "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
	    "c@public.example | joe@example.org | jdoe@one.test" },
	{ "A.5: an empty group of comments", "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", NULL },
	{ "A.6.1: an obsolete phrase with a dot", "Joe Q. Public <john.q.public@example.com>",
	    "john.q.public@example.com" },
	{ "A.6.1: a route, empty members and blanks round dots",
	    "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example", "mary@example.net | jdoe@test.example" },
	{ "A.6.3: blanks and a comment in the address", "John Doe <jdoe@machine(comment).  example>",
	    "jdoe@machine.example" },

	/* words and quotes */
	{ "a bare address", "a@b.example", "a@b.example" },
	{ "an address in brackets", "<a@b.example>", "a@b.example" },
	{ "the domain is folded, the local part is not", "Ann@B.EXAMPLE", "Ann@b.example" },
	{ "every special character of an atom", "!#$%&'*+-/=?^_`{|}~@b.example", "!#$%&'*+-/=?^_`{|}~@b.example" },
	{ "a quoted local part that needs none", "\"ann\"@b.example", "ann@b.example" },
	{ "a quoted local part with a blank", "\"ann b\"@b.example", "\"ann b\"@b.example" },
	{ "a quoted local part with an at sign", "\"a@x.example\"@b.example", "\"a@x.example\"@b.example" },
	{ "a quoted local part with an escape that is none", "\"a\\b\"@b.example", "ab@b.example" },
	{ "a quoted local part with a quote", "\"a\\\"b\"@b.example", "\"a\\\"b\"@b.example" },
	{ "a quoted local part with a backslash", "\"a\\\\b\"@b.example", "\"a\\\\b\"@b.example" },
	{ "an empty quoted local part", "<\"\"@b.example>", "\"\"@b.example" },
	{ "a fold in a quoted local part keeps its blank", "\"a\r\n b\"@b.example", "\"a b\"@b.example" },
	{ "words and quotes joined by dots", "\"a b\".c.\"d\"@b.example", "\"a b.c.d\"@b.example" },
	{ "blanks round the dots of a local part", "a . b . c @ b . example", "a.b.c@b.example" },
	{ "comments round the dots of a local part", "a(1).(2)b(3)@(4)b(5).(6)example(7)", "a.b@b.example" },
	{ "a comment in front", "(hello) a@b.example", "a@b.example" },
	{ "a comment after", "a@b.example (Ann)", "a@b.example" },
	{ "a comment that holds an address", "a@b.example (x@evil.example)", "a@b.example" },
	{ "a comment that holds angle brackets and commas", "a@b.example (<x@evil.example>, y)", "a@b.example" },
	{ "a quoted name that holds an address", "\"x@evil.example\" <a@b.example>", "a@b.example" },
	{ "a quoted name that holds an angle address", "\"<x@evil.example>,\" <a@b.example>", "a@b.example" },
	{ "a quoted name with parentheses is no comment", "\"(\" <a@b.example>", "a@b.example" },
	{ "an escaped parenthesis in a comment", "(\\() a@b.example", "a@b.example" },
	{ "a quote in a comment opens nothing", "(\") a@b.example", "a@b.example" },
	{ "nested comments", "(a(b(c)d)e) a@b.example", "a@b.example" },
	{ "a name of several atoms and quotes", "Ann \"B.\" C <a@b.example>", "a@b.example" },
	{ "a name of adjacent words without blanks", "Ann\"B\"<a@b.example>", "a@b.example" },
	{ "a name that ends in a dot", "Ann Jr. <a@b.example>", "a@b.example" },
	{ "an encoded word stays a word", "=?utf-8?q?Ann_B?= <a@b.example>", "a@b.example" },
	{ "an encoded word as local part is not decoded", "=?utf-8?q?x=40evil.example?=@b.example",
	    "=?utf-8?q?x=40evil.example?=@b.example" },
	{ "tabs are blanks", "\tAnn\t<a@b.example>\t", "a@b.example" },
	{ "LF folds, as a milter sees them", "Ann\n <a@b.example>,\n\tb@c.example", "a@b.example | b@c.example" },
	{ "several folds in a row", "Ann\r\n \r\n\t\r\n <a@b.example>", "a@b.example" },
	{ "the line end of the field itself", "a@b.example\r\n", "a@b.example" },

	/* lists, groups, routes */
	{ "two addresses", "a@b.example, c@d.example", "a@b.example | c@d.example" },
	{ "two addresses without a blank", "a@b.example,<c@d.example>", "a@b.example | c@d.example" },
	{ "the same address twice stays twice", "a@b.example,a@b.example", "a@b.example | a@b.example" },
	{ "empty members in front, between and after", ",, a@b.example ,(x), , c@d.example,,",
	    "a@b.example | c@d.example" },
	{ "a group of one", "G:a@b.example;", "a@b.example" },
	{ "a group beside an address", "a@b.example, G:c@d.example;, e@f.example",
	    "a@b.example | c@d.example | e@f.example" },
	{ "an empty group beside an address", "G:;, a@b.example", "a@b.example" },
	{ "a group with empty members", "G:,,a@b.example,,;", "a@b.example" },
	{ "a group with a quoted name", "\"a@x.example\":a@b.example;", "a@b.example" },
	{ "two groups", "G:a@b.example;,H:c@d.example;", "a@b.example | c@d.example" },
	{ "a route of two", "<@x.example,@y.example:a@b.example>", "a@b.example" },
	{ "a route with empty members", "<,@x.example,,@y.example,:a@b.example>", "a@b.example" },
	{ "a route with comments and folds", "<(1)@(2)x.example(3),\r\n @y(4).example:(5)a@b.example>", "a@b.example" },
	{ "a route with a literal", "<@[192.0.2.1]:a@b.example>", "a@b.example" },
	{ "a name before a route", "Ann <@x.example:a@b.example>", "a@b.example" },

	/* hosts */
	{ "a host of one label", "a@localhost", "a@localhost" },
	{ "a host with an underscore", "a@b_c.example", "a@b_c.example" },
	{ "an IPv4 literal", "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "an IPv6 literal", "<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]" },
	{ "a literal with blanks inside", "a@ [ 192.0.2.1 ] ", "a@[192.0.2.1]" },
	{ "a literal beside a name", "a@[192.0.2.1], c@d.example", "a@[192.0.2.1] | c@d.example" },
	{ "A-labels", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example" },
	{ "A-labels in capitals", "a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example" },
	{ "U-labels", "a@b\303\274cher.example", "a@xn--bcher-kva.example" },
	{ "U-labels in capitals", "a@B\303\234CHER.example", "a@xn--bcher-kva.example" },
	{ "U-labels in decomposed form", "a@bu\314\210cher.example", "a@xn--bcher-kva.example" },
	{ "full-width letters are the letters", "a@\357\275\216\357\275\205\357\275\224.example", "a@net.example" },
	{ "a soft hyphen in a host is nothing", "a@ven\302\255dor.example", "a@vendor.example" },
	{ "UTF-8 in the local part", "\303\274ber@b.example", "\303\274ber@b.example" },
	{ "UTF-8 in the name", "J\303\274rgen \344\270\255\346\226\207 <a@b.example>", "a@b.example" },
	{ "UTF-8 in a quoted name", "\"J\303\274rgen\" <a@b.example>", "a@b.example" },
	{ "UTF-8 in a comment", "(J\303\274rgen) a@b.example", "a@b.example" },
	{ "UTF-8 after a backslash", "\"\\\303\274\"@b.example", "\303\274@b.example" },
	{ "UTF-8 of four bytes", "\360\237\223\247 <a@b.example>", "a@b.example" },
	{ "a Cyrillic look-alike is another name", "a@vend\320\276r.example", "a@xn--vendr-mye.example" },
};

#define W50 "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
#define W200 W50 W50 W50 W50

static const struct field_row junk_rows[] = {
	{ "nothing", "", NULL },
	{ "blanks", " \t ", NULL },
	{ "a comment alone", "(a@b.example)", NULL },
	{ "commas alone", ",,,", NULL },
	{ "a word", "postmaster", NULL },
	{ "a quoted word", "\"a@b.example\"", NULL },
	{ "words", "Ann B", NULL },
	{ "empty brackets", "<>", NULL },
	{ "a name and empty brackets", "Ann <>", NULL },
	{ "brackets round a word", "<postmaster>", NULL },
	{ "no local part", "@b.example", NULL },
	{ "no local part in brackets", "<@b.example>", NULL },
	{ "no domain", "a@", NULL },
	{ "no domain in brackets", "<a@>", NULL },
	{ "an address without a domain in a list (CVE-2021-34555)", "a@b.example, c, d@e.example", NULL },
	{ "an address without a domain last in a list", "a@b.example, c", NULL },
	{ "an address ending in an at sign in a list", "a@b.example, c@, d@e.example", NULL },
	{ "an address ending in an at sign in brackets in a list", "<a@b.example>, <c@>", NULL },
	{ "a word in front of a list (CVE-2021-34555)", "c, a@b.example", NULL },
	{ "an unclosed bracket", "<a@b.example", NULL },
	{ "a closing bracket alone", "a@b.example>", NULL },
	{ "brackets in brackets", "<<a@b.example>>", NULL },
	{ "an unclosed quote", "\"Ann <a@b.example>", NULL },
	{ "a quote ending in a backslash", "\"Ann\\", NULL },
	{ "an unclosed comment", "a@b.example (Ann", NULL },
	{ "an unclosed nested comment", "a@b.example (Ann (B)", NULL },
	{ "a comment ending in a backslash", "a@b.example (Ann\\", NULL },
	{ "a quoted line break in a comment", "(\\\n ) a@b.example", NULL },
	{ "an unclosed comment after a local part", "a(@b.example", NULL },
	{ "an unclosed comment after an at sign", "a@(b.example", NULL },
	{ "an unclosed comment after a dot of the domain", "a@b.(example", NULL },
	{ "an unclosed comment after a bracket", "<(a@b.example>", NULL },
	{ "an unclosed comment in a route", "<@x.example,(y:a@b.example>", NULL },
	{ "a route with a blank for its comma", "<@x.example @y.example:a@b.example>", NULL },
	{ "a route that is nothing but members", "<,,,>", NULL },
	{ "a literal in a route that is none", "<@[x]:a@b.example>", NULL },
	{ "a host longer than any host", "a@" W200 W200 W200 W200 W200 W200 ".example", NULL },
	{ "a host longer than any host, at a dot", "a@" W200 W200 W200 W200 W200 "123456789012345.example", NULL },
	{ "a closing parenthesis alone", "a@b.example )", NULL },
	{ "a backslash outside quotes", "a\\@x@b.example", NULL },
	{ "two addresses without a comma", "a@b.example c@d.example", NULL },
	{ "two angle addresses without a comma", "<a@b.example> <c@d.example>", NULL },
	{ "words after an angle address", "<a@b.example> Ann", NULL },
	{ "words after an address", "a@b.example Ann", NULL },
	{ "an address as a name", "x@y.example <a@b.example>", NULL },
	{ "an address as a name, in the domain a blank", "x@y example <a@b.example>", NULL },
	{ "two words as local part", "Ann B@b.example", NULL },
	{ "a quote glued to a word as local part", "a\"b\"@b.example", NULL },
	{ "a local part with a comment between words", "a(x)b@b.example", NULL },
	{ "a dot in front of a local part", ".a@b.example", NULL },
	{ "a dot after a local part", "a.@b.example", NULL },
	{ "two dots in a local part", "a..b@b.example", NULL },
	{ "a dot in front of a name", ".Ann <a@b.example>", NULL },
	{ "a dot in front of a domain", "a@.b.example", NULL },
	{ "two dots in a domain", "a@b..example", NULL },
	{ "a dot after a domain", "a@b.example.", NULL },
	{ "two at signs", "a@b.example@c.example", NULL },
	{ "a percent sign in a domain", "a@b%c.example", NULL },
	{ "a quote in a domain", "a@b'c.example", NULL },
	{ "a slash in a domain", "a@b/c.example", NULL },
	{ "a quoted domain", "a@\"b.example\"", NULL },
	{ "a blank in a domain", "a@b c.example", NULL },
	{ "a label of 64 bytes", "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example", NULL },
	{ "a name in a literal", "a@[vendor.example]", NULL },
	{ "an empty literal", "a@[]", NULL },
	{ "an unclosed literal", "a@[192.0.2.1", NULL },
	{ "a literal with a comment", "a@[192.0.2.1(x)]", NULL },
	{ "a literal after a name", "a@b[192.0.2.1]", NULL },
	{ "a name after a literal", "a@[192.0.2.1].example", NULL },
	{ "a literal longer than any address",
	    "a@[11111111111111111111111111111111111111111111111111111111111111111111111111111]", NULL },
	{ "an unclosed group", "G:a@b.example", NULL },
	{ "a group closed twice", "G:a@b.example;;", NULL },
	{ "a semicolon as separator", "a@b.example; c@d.example", NULL },
	{ "a semicolon after an address", "a@b.example;", NULL },
	{ "a group without a name", ":a@b.example;", NULL },
	{ "a group in a group", "G:H:a@b.example;;", NULL },
	{ "an address after a group without a comma", "G:; a@b.example", NULL },
	{ "a route alone", "<@x.example:>", NULL },
	{ "a route outside brackets", "@x.example:a@b.example", NULL },
	{ "a route without its colon", "<@x.example a@b.example>", NULL },
	{ "a route of a comma and a colon", "<,:a@b.example>", NULL },
	{ "a route through no host name", "<@x'y.example:a@b.example>", NULL },
	{ "two routes", "<@x.example:@y.example:a@b.example>", NULL },
	{ "a line break that is not a fold", "a@b.example\r\nX: y", NULL },
	{ "a line break before the end of a list", "a@b.example,\nc@d.example", NULL },
	{ "a bare CR", "a@b.example\r c@d.example", NULL },
	{ "a bare CR in a comment", "a@b.example (\rx)", NULL },
	{ "two line ends", "a@b.example\r\n\r\n", NULL },
	{ "CR CR LF", "a@b.example\r\r\n ", NULL },
	{ "a quoted line break", "\"a\\\r\n b\"@b.example", NULL },
	{ "a control", "a\001@b.example", NULL },
	{ "a control in a comment", "(\033) a@b.example", NULL },
	{ "a DEL in a quoted name", "\"\177\" <a@b.example>", NULL },
	{ "a C1 control in a name", "\302\205 <a@b.example>", NULL },
	{ "Latin-1 in a name", "J\374rgen <a@b.example>", NULL },
	{ "Latin-1 in a comment", "(J\374rgen) a@b.example", NULL },
	{ "overlong UTF-8", "\300\257 <a@b.example>", NULL },
	{ "overlong UTF-8 of three bytes", "\340\200\257 <a@b.example>", NULL },
	{ "a surrogate in UTF-8", "\355\240\200 <a@b.example>", NULL },
	{ "UTF-8 beyond the last character", "\364\220\200\200 <a@b.example>", NULL },
	{ "UTF-8 cut in a quote", "\"\303\"@b.example", NULL },
	{ "UTF-8 cut at the end", "a@b.example \303", NULL },
	{ "a full-width at sign is no at sign", "a\357\274\240b.example", NULL },
	{ "a full-width at sign in a domain", "a@x\357\274\240b.example", NULL },
	{ "full-width brackets are no brackets", "\357\274\234a@b.example\357\274\236", NULL },
};

/* "Composition Kills" (USENIX Security 2020), every dialogue that plays with From. */
static const struct field_row espoofer_rows[] = {
	{ "A8, A9: an attacker and the vendor in one list", "<first@attack.com>, <admin@legitimate.com>",
	    "first@attack.com | admin@legitimate.com" },
	{ "A9 turned round", "<admin@legitimate.com>, <second@attack.com>", "admin@legitimate.com | second@attack.com" },
	{ "A10: an encoded vendor in front of an attacker",
	    "=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuY29tPg==?=,<second@attack.com>", NULL },
	{ "A10 as a display name", "=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuY29tPg==?= <second@attack.com>",
	    "second@attack.com" },
	{ "A10 with a NUL byte inside the encoding", "=?utf-8?Q?=61=64=6D=69=6E@legitimate.com=00?=@attack.com", NULL },
	{ "A11: a route of two", "<@attack.com,@any.com:admin@legitimate.com>", "admin@legitimate.com" },
	{ "A11 turned round", "<@legitimate.com:any@attack.com>", "any@attack.com" },
	{ "A12: a backslash before the comma", "<admin@legitimate.com>\\,<second@attack.com>", NULL },
	{ "A13, fig. 8e: an address, then an angle address", "admin@legitimate.com,<second@attack.com>",
	    "admin@legitimate.com | second@attack.com" },
	{ "A13, fig. 8f: an angle address, then an address", "<second@attack.com>admin@legitimate.com", NULL },
	{ "A13: an address in front of an angle address", "admin@legitimate.com<second@attack.com>", NULL },
	{ "A13: a vendor in quotes in front of an attacker", "\"admin@legitimate.com\"<second@attack.com>",
	    "second@attack.com" },
	{ "A5 in From: a parenthesis in the domain", "any@legitimate.com(.attack.com", NULL },
	{ "A5 in From: a closed comment in the domain", "any@legitimate.com(x).attack.com",
	    "any@legitimate.com.attack.com | any@legitimate.com" },
	/* nodemailer, Email::Address and, behind a fold, Python's getaddresses show what is before it */
	{ "a blank in the domain", "Vendor <any@legitimate.com .attack.com>",
	    "any@legitimate.com.attack.com | any@legitimate.com" },
	{ "a fold in the domain", "Vendor <any@legitimate.com\r\n .attack.com>",
	    "any@legitimate.com.attack.com | any@legitimate.com" },
	{ "a blank behind the dot", "any@legitimate.com. attack.com",
	    "any@legitimate.com.attack.com | any@legitimate.com" },
	{ "a blank in the domain behind one label", "any@legitimate (x). com", "any@legitimate.com" },
	{ "A5 in From: a quote in the domain", "any@legitimate.com'@any.attack.com", NULL },
	{ "A2 in From: an open comment first", "<(any@legitimate.com>", NULL },
	{ "A2 in From: an open comment first, then another", "<(any@legitimate.com> <second@attack.com>", NULL },
	{ "OpenDMARC 243: an address in a quoted local part", "\"a <x@attack.com>\"@legitimate.com",
	    "\"a <x@attack.com>\"@legitimate.com" },
	{ "OpenDMARC 243 with a name", "Ann <\"x@legitimate.com\"@attack.com>", "\"x@legitimate.com\"@attack.com" },
	{ "CVE-2019-16378: two addresses, neither is lost", "a@attack.com, b@legitimate.com, c@attack.com",
	    "a@attack.com | b@legitimate.com | c@attack.com" },
	{ "a quoted comma hides no address", "\"a, b\" <a@attack.com>, \"c\" <b@legitimate.com>",
	    "a@attack.com | b@legitimate.com" },
	{ "an escaped quote closes no quote", "\"x\\\" <admin@legitimate.com>, \\\"\" <a@attack.com>", "a@attack.com" },
	{ "a comment hides a comma", "a@attack.com (, admin@legitimate.com", NULL },
	{ "right-to-left override stays in the name", "\342\200\256moc.etamitigel@nimda <a@attack.com>", NULL },
};

/* All mailboxes of a field, joined; NULL when it does not parse. The arena's. */
static const char *
read_all(struct arena *arena, const char *field, size_t length)
{
	struct mailbox_list list = { .count = 0 };
	const char *all = "";

	if (!mailbox_read_from(arena, field, length, &list))
		return NULL;
	for (size_t i = 0; i < list.count; i++)
		all = arena_format(arena, "%s%s%s", all, i == 0 ? "" : " | ", list.list[i].text);
	return all;
}

static void
test_fields(const struct field_row *rows, size_t count, const char *group)
{
	for (size_t i = 0; i < count; i++) {
		struct arena *arena = arena_open(1 << 20);

		is(read_all(arena, rows[i].field, strlen(rows[i].field)), rows[i].wanted, "%s: %s", group, rows[i].what);
		arena_close(arena);
	}
}

/* What is read, written as text and read again is the same. */
static void
test_idempotence(const struct field_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct arena *arena = arena_open(1 << 20);
		struct mailbox_list list = { .count = 0 }, again = { .count = 0 };
		bool same = true;

		if (mailbox_read_from(arena, rows[i].field, strlen(rows[i].field), &list)) {
			for (size_t j = 0; j < list.count; j++) {
				const char *text = list.list[j].text;

				same = same && mailbox_read_from(arena, text, strlen(text), &again) &&
				    again.count == j + 1 && strcmp(again.list[j].local, list.list[j].local) == 0 &&
				    strcmp(again.list[j].domain, list.list[j].domain) == 0 &&
				    strcmp(again.list[j].text, text) == 0;
			}
			ok(same && list.count > 0, "reads back the same: %s", rows[i].what);
		}
		arena_close(arena);
	}
}

static const struct {
	const char *what, *path, *local, *domain, *text; /* local NULL: does not parse */
} paths[] = {
	{ "the null sender", "<>", "", "", "" },
	{ "no sender at all", "", "", "", "" },
	{ "a path", "<a@b.example>", "a", "b.example", "a@b.example" },
	{ "a path without brackets", "a@b.example", "a", "b.example", "a@b.example" },
	{ "the domain is folded", "<Ann@B.Example>", "Ann", "b.example", "Ann@b.example" },
	{ "a final dot of the domain", "<a@b.example.>", "a", "b.example", "a@b.example" },
	{ "a final dot without brackets", "a@b.example.", "a", "b.example", "a@b.example" },
	{ "a quoted local part", "<\"a b\"@b.example>", "a b", "b.example", "\"a b\"@b.example" },
	{ "a quoted local part with brackets", "<\"a>b\"@b.example>", "a>b", "b.example", "\"a>b\"@b.example" },
	{ "a quoted local part with an at sign", "<\"a@x\"@b.example>", "a@x", "b.example", "\"a@x\"@b.example" },
	{ "an empty quoted local part", "<\"\"@b.example>", "", "b.example", "\"\"@b.example" },
	{ "a route", "<@x.example,@y.example:a@b.example>", "a", "b.example", "a@b.example" },
	{ "a route without brackets", "@x.example:a@b.example", "a", "b.example", "a@b.example" },
	{ "an IPv4 literal", "<a@[192.0.2.1]>", "a", "", "a@[192.0.2.1]" },
	{ "an IPv6 literal", "<a@[IPv6:2001:db8::1]>", "a", "", "a@[IPv6:2001:db8::1]" },
	{ "postmaster alone", "<postmaster>", "postmaster", "", "postmaster" },
	{ "postmaster in capitals and without brackets", "Postmaster", "Postmaster", "", "Postmaster" },
	{ "SMTPUTF8", "<\303\274@b\303\274cher.example>", "\303\274", "xn--bcher-kva.example",
	    "\303\274@xn--bcher-kva.example" },
	{ "VERP", "<list-return-1234-ann=c.example@b.example>", "list-return-1234-ann=c.example", "b.example",
	    "list-return-1234-ann=c.example@b.example" },
	{ "SRS", "<SRS0=HHH=TT=c.example=ann@b.example>", "SRS0=HHH=TT=c.example=ann", "b.example",
	    "SRS0=HHH=TT=c.example=ann@b.example" },
	{ "another word alone", "<root>", NULL, "", "" },
	{ "postmaster in quotes alone", "<\"postmaster\">", NULL, "", "" },
	{ "a blank inside", "< a@b.example>", "a", "b.example", "a@b.example" },
	{ "a blank after", "<a@b.example> ", "a", "b.example", "a@b.example" },
	{ "an ESMTP argument after", "<a@b.example> SIZE=1", "a", "b.example", "a@b.example" },
	{ "a comment", "<a@b.example(x)>", "a", "b.example", "a@b.example" },
	{ "a comment in front", "<(x)a@b.example>", "a", "b.example", "a@b.example" },
	{ "a name", "Ann <a@b.example>", "a", "b.example", "a@b.example" },
	{ "a name in the path's brackets", "<Ann <a@b.example>>", "a", "b.example", "a@b.example" },
	{ "an unclosed bracket", "<a@b.example", "a", "b.example", "a@b.example" },
	{ "a closing bracket alone", "a@b.example>", "a", "b.example", "a@b.example" },
	{ "two brackets", "<<a@b.example>>", "a", "b.example", "a@b.example" },
	{ "two closing brackets", "<Ann <a>@b.example>>", "a>", "b.example", "\"a>\"@b.example" },
	{ "two paths", "<a@b.example>,<c@d.example>", "c", "d.example", "c@d.example" },
	{ "an empty route member", "<,@x.example:a@b.example>", ",@x.example:a", "b.example",
	    "\",@x.example:a\"@b.example" },
	{ "a route that ends in a comma", "<@x.example,:a@b.example>", "a", "b.example", "a@b.example" },
	{ "a route without a mailbox", "<@x.example:>", NULL, "", "" },
	{ "quotes joined by dots are RFC 5322 only", "<\"a\".b@b.example>", "a.b", "b.example", "a.b@b.example" },
	{ "two dots in the local part", "<a..b@b.example>", "a..b", "b.example", "\"a..b\"@b.example" },
	{ "two final dots", "<a@b.example..>", "a", "b.example", "a@b.example" },
	{ "a dot as domain", "<a@.>", NULL, "", "" },
	{ "no domain", "<a@>", NULL, "", "" },
	{ "no local part", "<@b.example>", "", "b.example", "\"\"@b.example" },
	{ "a control", "<a\001@b.example>", "a\001", "b.example", "\"a\\x01\"@b.example" },
	{ "a tab in quotes", "<\"a\tb\"@b.example>", "\"a\tb\"", "b.example", "\"\\\"a\\x09b\\\"\"@b.example" },
	{ "a line break", "<a@b.example>\r\n", "a", "b.example", "a@b.example" },
	{ "Latin-1", "<\374@b.example>", "\374", "b.example", "\"\\xfc\"@b.example" },
	{ "a null route", "<:a@b.example>", ":a", "b.example", "\":a\"@b.example" },
	{ "espoofer a1: SPF falls to HELO", "<any@mailfrom.notexist.legitimate.com>", "any",
	    "mailfrom.notexist.legitimate.com", "any@mailfrom.notexist.legitimate.com" },
	{ "espoofer a2: an open comment", "<(any@legitimate.com>", "(any", "legitimate.com", "\"(any\"@legitimate.com" },
	{ "espoofer a5: a parenthesis in the domain", "<any@legitimate.com(a.attack.com>", "any", "legitimate.com",
	    "any@legitimate.com" },
	{ "espoofer a5 without brackets", "any@legitimate.com(a.attack.com", "any", "legitimate.com",
	    "any@legitimate.com" },
	{ "espoofer a6: a quote in the domain", "<any@legitimate.com'@any.attack.com>", "any@legitimate.com'",
	    "any.attack.com", "\"any@legitimate.com'\"@any.attack.com" },
	{ "espoofer a7: a route in front of a quote", "<@legitimate.com,@any.com:'any@attack.com>", "'any",
	    "attack.com", "'any@attack.com" },
	/* what RFC 5321 forbids and Postfix passes on to a filter: it routes by these domains */
	{ "a dot after", "<boss.@b.example>", "boss.", "b.example", "\"boss.\"@b.example" },
	{ "a dot in front", "<.boss@b.example>", ".boss", "b.example", "\".boss\"@b.example" },
	{ "nothing but a dot", "<.@b.example>", ".", "b.example", "\".\"@b.example" },
	{ "a parenthesis that stays open", "<b(ss@b.example>", "b(ss", "b.example", "\"b(ss\"@b.example" },
	{ "a parenthesis that was never opened", "<b)ss@b.example>", "b)ss", "b.example", "\"b)ss\"@b.example" },
	{ "a colon", "<b:ss@b.example>", "b:ss", "b.example", "\"b:ss\"@b.example" },
	{ "a backslash", "<b\\ss@b.example>", "b\\ss", "b.example", "\"b\\\\ss\"@b.example" },
	{ "an at sign", "<x@y.example@b.example>", "x@y.example", "b.example", "\"x@y.example\"@b.example" },
	{ "an at sign after a backslash", "<x\\@y.example@b.example>", "x\\@y.example", "b.example",
	    "\"x\\\\@y.example\"@b.example" },
	{ "odd without brackets", "b..s@b.example", "b..s", "b.example", "\"b..s\"@b.example" },
	{ "odd after a route", "<@x.example:b..s@b.example>", "@x.example:b..s", "b.example",
	    "\"@x.example:b..s\"@b.example" },
	{ "odd in capitals, with a final dot", "<b..s@B.EXAMPLE.>", "b..s", "b.example", "\"b..s\"@b.example" },
	{ "odd at a U-label", "<b..s@b\303\274cher.example>", "b..s", "xn--bcher-kva.example",
	    "\"b..s\"@xn--bcher-kva.example" },
	{ "odd with UTF-8", "<\303\274..s@b.example>", "\303\274..s", "b.example", "\"\303\274..s\"@b.example" },
	{ "UTF-8, and an open comment after", "<\303\274@b.example(x>", "\303\274", "b.example", "\303\274@b.example" },
	{ "a DEL", "<b\177ss@b.example>", "b\177ss", "b.example", "\"b\\x7fss\"@b.example" },
	{ "a C1 control", "<b\302\205@b.example>", "b\302\205", "b.example", "\"b\\xc2\\x85\"@b.example" },
	{ "blanks round the domain", "<a@ b.example >", "a", "b.example", "a@b.example" },
	{ "a comment before the at sign", "<a(x)@b.example>", "a", "b.example", "a@b.example" },
	{ "a comma after the bracket", "<a@b.example>,", "a", "b.example", "a@b.example" },
	{ "a comment after that holds an address", "<a@b.example(@y.example)>", "a", "b.example", "a@b.example" },
	{ "an open comment after that holds an address", "<a@b.example(@y.example>", "a", "b.example", "a@b.example" },
	{ "odd, and a comment after", "<b..s@b.example(@y.example)>", "b..s", "b.example", "\"b..s\"@b.example" },
	{ "odd, and blanks and comments in the domain", "<b..s@ (x)b(x). example >", "b..s", "b.example",
	    "\"b..s\"@b.example" },
	{ "an open quote", "<b\"ss@b.example>", "b\"ss", "b.example", "\"b\\\"ss\"@b.example" },
	{ "an open quote that holds an address", "<\"a@y.example@b.example>", "\"a@y.example", "b.example",
	    "\"\\\"a@y.example\"@b.example" },
	/* Postfix refuses these; by this Sendmail sends its bounces */
	{ "a name in two words", "<b..s@b example>", "b..s", "b.example", "\"b..s\"@b.example" },
	{ "a name in two words, a comment between", "<a@b(x)example>", "a", "b.example", "a@b.example" },
	{ "a name in two words, a comment with an address between", "<a@b(c@d.example) example>", "a", "b.example",
	    "a@b.example" },
	{ "a name in two words after a percent sign", "<a%b\texample>", "a", "b.example", "a@b.example" },
	{ "a name in two words, and a backslash", "<a@\\b example>", "a", "b.example", "a@b.example" },
	{ "a name in three words", "<a@b x example.>", "a", "b.x.example", "a@b.x.example" },
	{ "a path, and an address behind it", "<a@b.example>x@c.example", "a", "b.example", "a@b.example" },
	{ "a path in a path, and an address behind it", "<<a@b.example>x@c.example>", "a", "b.example", "a@b.example" },
	{ "a path in a path, and a domain behind it", "<<a@b.example>@c.example>", "a", "b.example", "a@b.example" },
	{ "two paths, and an address behind them", "<x@c.example><a@b.example>y@d.example", "a", "b.example",
	    "a@b.example" },
	{ "a path in two words, and an address behind it", "<a@b example>x@c.example", "a", "b.example", "a@b.example" },
	{ "a bracket in quotes and one in a comment", "<\"a>\"@b.example(>)>,x@c.example", "\"a>\"", "b.example",
	    "\"\\\"a>\\\"\"@b.example" },
	{ "an address, a semicolon and a path", "x@c.example;<a@b.example>", "a", "b.example", "a@b.example" },
	{ "an address, and a path with a blank in a name", "<x@c.example<a@b .exa mple>>", "a", "b.example",
	    "a@b.example" },
	{ "an exclamation mark, and an at sign in front", "<@b.example!a>", "a", "b.example", "a@b.example" },
	{ "a percent sign, and an exclamation mark in front", "<!a%b.example>", "!a", "b.example", "!a@b.example" },
	{ "a percent sign, and an at sign in front", "<@a%b.example>", "@a", "b.example", "\"@a\"@b.example" },
	/* without an '@' outside quotes, or with marks in the domain: by these Postfix sends its bounces */
	{ "an address in quotes alone", "<\"a@b.example\">", "a", "b.example", "a@b.example" },
	{ "a percent sign in quotes alone", "<\"a%b.example\">", "a", "b.example", "a@b.example" },
	{ "a route and an address in quotes", "<\"@x.example:a@b.example\">", "@x.example:a", "b.example",
	    "\"@x.example:a\"@b.example" },
	{ "a percent sign", "<a%b.example>", "a", "b.example", "a@b.example" },
	{ "two percent signs", "<a%x.example%b.example>", "a%x.example", "b.example", "a%x.example@b.example" },
	{ "a percent sign and an open comment", "<a%b.example(x@y.example>", "a", "b.example", "a@b.example" },
	{ "a percent sign before nothing", "<a%>", NULL, "", "" },
	{ "an exclamation mark", "<b.example!a>", "a", "b.example", "a@b.example" },
	{ "an exclamation mark comes first", "<b.example!x!a%y.example>", "x!a%y.example", "b.example",
	    "x!a%y.example@b.example" },
	{ "an exclamation mark after nothing", "<!a>", NULL, "", "" },
	{ "marks after an at sign and nothing", "<a%b.example@>", NULL, "", "" },
	{ "a backslash in the domain", "<a@b\\.example>", "a", "b.example", "a@b.example" },
	{ "a domain in quotes", "<a@\"b.example\">", "a", "b.example", "a@b.example" },
	{ "an at sign in a domain in quotes", "<a@b.\"example@x.example\">", "a@b.example", "x.example",
	    "\"a@b.example\"@x.example" },
	{ "a comma after", "<a@b.example,>", "a", "b.example", "a@b.example" },
	{ "a semicolon after", "<a@b.example;>", "a", "b.example", "a@b.example" },
	{ "a comma in front", "<,a%b.example>", "a", "b.example", "a@b.example" },
	{ "a group", "<team:a@b.example;>", "a", "b.example", "a@b.example" },
	{ "a group with empty members", "<team: , a@b.example;>", "a", "b.example", "a@b.example" },
	{ "two colons of groups", "<team;:a@b.example;>", "a", "b.example", "a@b.example" },
	{ "an empty group", "<team:;>", NULL, "", "" },
	{ "a group of a path in brackets", "<team:<a@b.example>;>", "a", "b.example", "a@b.example" },
	{ "a colon that is no group's", "<b.example!a:x>", "a:x", "b.example", "\"a:x\"@b.example" },
	{ "a comma in brackets", "<Ann <a,x@b.example>>", "a,x", "b.example", "\"a,x\"@b.example" },
	{ "a blank in brackets", "<Ann <a@b .exa mple>>", "a", "b.example", "a@b.example" },
	{ "a comment in a name that is closed alone", "<Ann +a@b.exa()mple>>", "Ann+a", "b.example", "Ann+a@b.example" },
	{ "a route that holds an open comment", "<@x.example(y:a@b\\.example>", "a", "b.example", "a@b.example" },
	{ "an open quote without an address", "<\"a%b.example>", NULL, "", "" },
};

static void
test_paths(void)
{
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct arena *arena = arena_open(1 << 16);
		struct mailbox mailbox = { NULL, NULL, NULL }, again;
		bool read = mailbox_read_path(arena, paths[i].path, &mailbox);

		if (!ok(read == (paths[i].local != NULL), "path: %s", paths[i].what) || !read) {
			arena_close(arena);
			continue;
		}
		is(mailbox.local, paths[i].local, "path: %s: the local part", paths[i].what);
		is(mailbox.domain, paths[i].domain, "path: %s: the domain", paths[i].what);
		is(mailbox.text, paths[i].text, "path: %s: the text", paths[i].what);
		/* escapes are for the eye alone */
		ok(strstr(mailbox.text, "\\x") != NULL ||
			(mailbox_read_path(arena, mailbox.text, &again) && strcmp(again.text, paths[i].text) == 0 &&
			    strcmp(again.local, paths[i].local) == 0),
		    "path: %s: reads back the same", paths[i].what);
		arena_close(arena);
	}
}

static const struct {
	const char *what, *field, *domain;
	bool named;
} names[] = {
	{ "a plain address", "a@vendor.example", "vendor.example", true },
	{ "the name alone", "vendor.example", "vendor.example", true },
	{ "a name below it", "<x@mail.vendor.example>", "vendor.example", true },
	{ "capitals", "<x@VENDOR.Example>", "vendor.example", true },
	{ "a longer name to the right", "a@vendor.example.evil.example", "vendor.example", false },
	{ "a longer name to the left", "a@notvendor.example", "vendor.example", false },
	{ "a hyphen to the left", "a@not-vendor.example", "vendor.example", false },
	{ "a hyphen to the right", "a@vendor.example-evil.test", "vendor.example", false },
	{ "an underscore to the left", "a@_vendor.example", "vendor.example", false },
	{ "letters to the right", "a@vendor.examples", "vendor.example", false },
	{ "a part of it", "a@vendor", "vendor.example", false },
	{ "the parent", "a@example", "vendor.example", false },
	{ "nothing", "", "vendor.example", false },
	{ "a final dot", "a@vendor.example.", "vendor.example", true },
	{ "a final dot and a bracket", "<a@vendor.example.>", "vendor.example", true },
	{ "two dots after", "a@vendor.example..evil", "vendor.example", true },
	{ "a dot in front", "a@.vendor.example", "vendor.example", true },
	{ "two dots inside", "a@vendor..example", "vendor.example", false },
	{ "blanks round the dot", "a@vendor . example", "vendor.example", true },
	{ "a fold round the dot", "a@vendor\r\n .\n\texample", "vendor.example", true },
	{ "a comment at the dot", "a@vendor(c).example", "vendor.example", true },
	{ "nested comments with escapes at the dot", "a@vendor(c(\\)))(d). (e) example", "vendor.example", true },
	{ "blanks round the dot, a longer name", "a@vendor.example . evil . test", "vendor.example", true },
	{ "a comment, a longer name", "a@vendor.example(c).evil.test", "vendor.example", true },
	{ "a control, a longer name", "<a@vendor.example\007.evil.test>", "vendor.example", true },
	{ "a control in a label, and a blank behind", "<a@ven\007dor.example .evil.test>", "vendor.example", true },
	{ "a control before the dot, and a blank behind", "<a@vendor\177.example .evil.test>", "vendor.example", true },
	{ "an angle bracket in a label", "<a@ven<dor.example>", "vendor.example", true },
	{ "an angle bracket before the dot", "<a@vendor>.example", "vendor.example", true },
	{ "an angle bracket before it", "x<vendor.example", "vendor.example", true },
	{ "an encoded word in the domain", "<a@vendor.=?utf-8?q?example?=>", "vendor.example", true },
	{ "an address in an encoded word", "=?utf-8?q?a=40vendor.example=2C?= x@evil.test", "vendor.example", true },
	{ "an address in an encoded word of base64", "=?US-ASCII?B?PGFAdmVuZG9yLmV4YW1wbGU+?=", "vendor.example", true },
	{ "an address in two encoded words", "=?u?q?a=40ven?= \r\n =?u?q?dor.example?=", "vendor.example", true },
	{ "a longer name in two encoded words", "=?u?q?a=40vendor.example?= =?u?q?.evil?=", "other.example", false },
	{ "an encoded word that is none", "=?utf-8?x?a=40vendor=2eexample?=", "vendor.example", false },
	{ "encoded words that never end", "=?utf-8?q?=40vendor=2eexample =?utf-8?b?", "vendor.example", false },
	{ "a blank for the dot", "<a@vendor example>", "vendor.example", true },
	{ "a blank for the dot, without brackets", "a@vendor\texample", "vendor.example", true },
	{ "a fold for the dot", "Ann <a@vendor\r\n example>", "vendor.example", true },
	{ "a form feed for the dot", "a@vendor\fexample", "vendor.example", true },
	{ "a comment for the dot", "a@vendor(c)example", "vendor.example", true },
	{ "a comment for the dot, one in front", "a@(x y) (z)vendor (c) example", "vendor.example", true },
	{ "a blank for the dot behind a percent sign", "a%vendor example", "vendor.example", true },
	{ "a blank for the dot in the second address", "x@evil.test a@vendor example", "vendor.example", true },
	{ "a blank for the dot, a backslash in front", "a@\\vendor example", "vendor.example", true },
	{ "a blank for the dot, a quote in front", "a@'vendor example", "vendor.example", true },
	{ "a blank for the dot behind another address", "a@x.test, vendor example", "vendor.example", false },
	{ "a blank for a dot below it", "a@mail vendor.example", "vendor.example", true },
	{ "a blank for the dot, a longer name", "a@vendor example.test", "vendor.example", false },
	{ "a blank for the dot, a word behind", "a@vendor example test", "vendor.example", false },
	{ "words of a display name", "The Vendor Example <a@evil.test", "vendor.example", false },
	{ "words in a comment", "a@evil.test (the vendor example) [", "vendor.example", false },
	{ "words behind an address", "<a@evil.test> vendor example", "vendor.example", false },
	{ "a blank in front, a longer name", "<a@x .vendor.example.test>", "vendor.example", false },
	{ "a comment, a name below it", "a@mail(c).vendor.example", "vendor.example", true },
	{ "a comment inside a label", "a@ven(c)dor.example", "vendor.example", true },
	{ "a fold inside a label", "a@ven\r\n dor.example>", "vendor.example", true },
	{ "words round it", "see vendor.example for more", "vendor.example", true },
	{ "words round blanks at the dot", "see vendor . example now", "vendor.example", true },
	{ "an open comment after", "any@vendor.example(a.attack.com", "vendor.example", true },
	{ "an open comment in front", "<(any@vendor.example>", "vendor.example", true },
	{ "inside a comment", "x (any@vendor.example) y", "vendor.example", true },
	{ "inside a comment at the dot of another name", "a@mail(b@vendor.example).test [x]", "vendor.example", true },
	{ "inside the second of two at a dot", "a@mail(x)\n .(y (b@vendor.example)) test [x]", "vendor.example", true },
	{ "inside a comment inside another label", "a@ma(b@vendor.example)il.test [x]", "vendor.example", true },
	{ "at the end of a comment, a longer name", "a@mail(vendor.example.test).test [x]", "vendor.example", false },
	{ "inside nested comments", "x (y (any@vendor.example) z", "vendor.example", true },
	{ "an open parenthesis in quotes, then a comment", "\"(\" <a@vendor(c).example> junk", "vendor.example", true },
	{ "a quote after", "any@vendor.example'@any.attack.com", "vendor.example", true },
	{ "a route", "<@vendor.example,@any.test:'any@attack.test>", "vendor.example", true },
	{ "espoofer a17", "<admin@legitimate.com>\\,<second@attack.com>", "legitimate.com", true },
	{ "espoofer a17, the other", "<admin@legitimate.com>\\,<second@attack.com>", "attack.com", true },
	{ "espoofer a17, a third", "<admin@legitimate.com>\\,<second@attack.com>", "other.com", false },
	{ "espoofer a19", "<second@attack.com>admin@legitimate.com", "legitimate.com", true },
	{ "espoofer a15: an encoded word", "=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuY29tPg==?=,<x@attack.com>",
	    "legitimate.com", true },
	{ "an encoded word that shows it", "=?utf-8?q?admin@legitimate.com?=,<x@attack.com>", "legitimate.com", true },
	{ "a bare CR at the dot", "a@vendor\r.example", "vendor.example", true },
	{ "a control at the dot", "a@vendor\001.example", "vendor.example", true },
	{ "a U-label for an A-label", "x <a@b\303\274cher.example> y", "xn--bcher-kva.example", true },
	{ "a U-label in capitals", "a@B\303\234CHER.EXAMPLE>", "xn--bcher-kva.example", true },
	{ "an A-label in capitals", "a@XN--BCHER-KVA.example>", "xn--bcher-kva.example", true },
	{ "a name below a U-label", "a@mail.b\303\274cher.example>", "xn--bcher-kva.example", true },
	{ "a longer U-label", "a@x\303\274b\303\274cher.example", "xn--bcher-kva.example", false },
	{ "a U-label with a comment at the dot", "a@b\303\274cher(c).example", "xn--bcher-kva.example", true },
	{ "a letter that is not ASCII in front", "a@\303\251vendor.example", "vendor.example", false },
	{ "a label that is not ASCII in front", "a@\303\251.vendor.example", "vendor.example", true },
	{ "full-width letters and dot",
	    "a@\357\275\216\357\275\205\357\275\224\357\274\216\357\275\216\357\275\205\357\275\224", "net.net", true },
	{ "an ideographic full stop", "a@vendor\343\200\202example>", "vendor.example", true },
	{ "a soft hyphen", "a@ven\302\255dor.example>", "vendor.example", true },
	{ "curly quotes round it", "\342\200\234vendor.example\342\200\235", "vendor.example", true },
	{ "curly quotes round a U-label", "\342\200\234b\303\274cher.example\342\200\235", "xn--bcher-kva.example", true },
	{ "a no-break space in front", "a@\302\240vendor.example", "vendor.example", true },
	{ "Latin-1 bytes round it", "\374vendor.example\374", "vendor.example", true },
	{ "Latin-1 bytes after a longer name", "vendor.example.evil\374", "vendor.example", false },
	{ "Latin-1 bytes round a longer name", "\374notvendor.example\374", "vendor.example", false },
	{ "a zero-width non-joiner in a label", "a@ven\342\200\214dor.example>", "vendor.example", true },
	{ "a zero-width joiner in a label", "a@ven\342\200\215dor.example>", "vendor.example", true },
	{ "a zero-width space in a label, words round it", "see ven\342\200\213dor.example now", "vendor.example", true },
	{ "a Mongolian vowel separator in a label", "a@ven\341\240\216dor.example>", "vendor.example", true },
	{ "a right-to-left override in a label", "a@ven\342\200\256dor.example>", "vendor.example", true },
	{ "an isolate in a label", "a@ven\342\201\246dor.example>", "vendor.example", true },
	{ "a Hangul filler in a label", "a@ven\341\205\237dor.example>", "vendor.example", true },
	{ "another Hangul filler in a label", "a@ven\343\205\244dor.example>", "vendor.example", true },
	{ "a tag letter in a label", "a@ven\363\240\201\241dor.example>", "vendor.example", true },
	{ "a variation selector after a label", "a@vendor\357\270\217.example>", "vendor.example", true },
	{ "an Arabic letter mark in a label", "a@ven\330\234dor.example>", "vendor.example", true },
	{ "a line separator in a label", "a@ven\342\200\250dor.example>", "vendor.example", true },
	{ "a no-break space in a label", "a@ven\302\240dor.example>", "vendor.example", true },
	{ "an ideographic space in a label", "a@ven\343\200\200dor.example>", "vendor.example", true },
	{ "a stray soft hyphen of Latin-1 in a label", "a@ven\255dor.example>", "vendor.example", true },
	{ "a stray no-break space of Latin-1 in a label", "a@ven\240dor.example>", "vendor.example", true },
	{ "a combining grapheme joiner at the dot", "a@vendor\315\217.\342\201\240example>", "vendor.example", true },
	{ "every kind at once", "a@v\342\200\214e\255n\330\234d\302\240o(c)r\r\n .example>", "vendor.example", true },
	{ "an undrawn letter makes no longer name end", "a@not\342\200\213vendor.example>", "vendor.example", false },
	{ "an undrawn letter after a longer name", "a@vendor.example\342\200\213s>", "vendor.example", false },
	{ "an undrawn letter in a U-label", "a@b\303\274\342\200\214cher.example>", "xn--bcher-kva.example", true },
	{ "an accent on a letter is drawn", "a@ve\314\201ndor.example>", "vendor.example", false },
	{ "Latin-1 in a label is drawn", "a@ven\374dor.example>", "vendor.example", false },
	{ "full-width letters and an ideographic full stop", "a@\357\275\216\357\275\205\357\275\224\343\200\202net",
	    "net.net", true },
	{ "a circled letter", "a@\342\223\245endor.example>", "vendor.example", true },
	{ "a one-dot leader", "a@vendor\342\200\244example>", "vendor.example", true },
	{ "a word in brackets as one character in front", "\343\210\261vendor.example", "vendor.example", true },
	{ "an ellipsis in front", "\342\200\246vendor.example", "vendor.example", true },
	{ "guillemets round it", "\302\253vendor.example\302\273", "vendor.example", true },
	{ "a bullet in front and a dash after", "\342\200\242vendor.example\342\200\224 x", "vendor.example", true },
	{ "after a label that no name has", "a@\327\2201\314\201.vendor.example>", "vendor.example", true },
};

static void
utf8_write(char out[5], uint32_t point)
{
	static const unsigned char heads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	int length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	out[length] = '\0';
	for (int i = length - 1; i > 0; i--, point >>= 6)
		out[i] = (char)(0x80 | (point & 0x3f));
	out[0] = (char)(heads[length] | point);
}

static bool
is_seen(struct arena *arena, uint32_t point)
{
	struct mailbox_list list = { .count = 0 };
	char field[64], character[5];
	size_t length;

	utf8_write(character, point);
	length = (size_t)snprintf(field, sizeof field, "x@ve%sdor.example", character);
	return !mailbox_read_from(arena, field, length, &list) || list.list[0].domain[0] == '\0' ||
	    field_names(field, length, list.list[0].domain);
}

/* Whatever IDNA makes of a character in a label, the search finds the name that the reader reads. */
static void
test_each_character(void)
{
	unsigned missed = 0;

	for (uint32_t point = 0x80; point < 0xe1000; point == 0x1ffff ? point = 0xe0000 : point++) {
		struct arena *arena = arena_open(1 << 16);

		if (point < 0xd800 || point > 0xdfff) {
			bool seen = is_seen(arena, point);

			missed += !seen;
			if (!seen)
				note("U+%04X", point);
		}
		arena_close(arena);
	}
	is_number(missed, 0, "named: whatever character a label holds");
}

static void
test_names(void)
{
	static const char with_nul[] = "a@x\0a@vendor.example", at_nul[] = "a@vendor\0.example";

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ok(field_names(names[i].field, strlen(names[i].field), names[i].domain) == names[i].named, "%s: %s",
		    names[i].named ? "named" : "not named", names[i].what);
	ok(field_names(with_nul, sizeof with_nul - 1, "vendor.example"), "named: after a NUL");
	ok(field_names(at_nul, sizeof at_nul - 1, "vendor.example"), "named: a NUL at the dot");
	ok(!field_names("a@vendor.example", 16, ""), "the empty name stands nowhere");
}

/* part, repeated, between head and tail. Given. */
static char *
repeat(const char *head, const char *part, size_t count, const char *tail)
{
	struct text text;

	text_open(&text, 1 << 20);
	text_put(&text, head);
	for (size_t i = 0; i < count; i++)
		text_put(&text, part);
	text_put(&text, tail);
	return text.bytes; /* never empty here */
}

/* An address behind a comment so deep. Given. */
static char *
nest(size_t depth)
{
	char *closing = repeat("", ")", depth, "a@b.example"), *field = repeat("", "(", depth, closing);

	free(closing);
	return field;
}

/* Expects count mailboxes; 0 where the field must not parse. */
static void
test_monster(char *field, size_t count, const char *what)
{
	struct arena *arena = arena_open(1 << 20);
	struct mailbox_list list = { .count = 0 };
	bool read = mailbox_read_from(arena, field, strlen(field), &list);

	ok(read == (count > 0) && (!read || list.count == count), "%s", what);
	arena_close(arena);
	free(field);
}

static void
test_monsters(void)
{
	test_monster(repeat("", "a@b.cc,", 1000, ""), 1000, "a thousand addresses are read");
	test_monster(repeat("", "a@b.cc,", 1001, ""), 0, "a thousand and one are too many");
	test_monster(repeat("", ",", 8181, "a@b.example"), 1, "eight thousand empty members and an address");
	test_monster(repeat("", ",", 8182, "a@b.example"), 0, "a field of one byte more than 8 KiB is refused");
	test_monster(nest(64), 1, "comments 64 deep are read");
	test_monster(nest(65), 0, "comments 65 deep are refused");
	test_monster(nest(4000), 0, "comments 4,000 deep are refused");
	test_monster(nest(10000), 0, "comments 10,000 deep are refused");
	test_monster(repeat("", "()", 4000, "a@b.example"), 1, "four thousand comments and an address");
	test_monster(repeat("", "\r\n ", 2700, "a@b.example"), 1, "two thousand folds and an address");
	test_monster(repeat("", "a ", 4000, "<a@b.example>"), 1, "a name of four thousand words");
	test_monster(repeat("\"", "\\\"", 4000, "\" <a@b.example>"), 1, "a quoted name of four thousand quotes");
	test_monster(repeat("", "a", 1024, "@b.example"), 1, "a local part of 1,024 bytes is read");
	test_monster(repeat("", "a", 1025, "@b.example"), 0, "a local part of 1,025 bytes is refused");
	test_monster(repeat("\"", "\\\"", 1024, "\"@b.example"), 1, "1,024 quotes in a local part are read");
	test_monster(repeat("a@", "b.", 126, "c"), 1, "a domain of 253 bytes is read");
	test_monster(repeat("a@", "b.", 126, "cc"), 0, "a domain of 254 bytes is refused");
	test_monster(repeat("a@", "b.", 4000, "c"), 0, "a domain of 8,000 bytes is refused");
	test_monster(repeat("<", "@x.cc,", 1300, "@y.cc:a@b.cc>"), 1, "a route of 1,300 hosts is dropped");
	test_monster(repeat("G:", "a@b.cc,", 1000, ";"), 1000, "a group of a thousand");
	test_monster(repeat("a@b.cc", ",G:;", 2000, ""), 1, "two thousand empty groups");
	test_monster(repeat("G:", "G:", 4000, ""), 0, "four thousand groups in each other");
	test_monster(repeat("", "<", 8000, ""), 0, "eight thousand opening brackets");
	test_monster(repeat("", "\"", 8191, ""), 0, "eight thousand quotes");
	test_monster(repeat("", "a@\303\274.cc,", 256, ""), 256, "names to convert, 256 of them, are read");
	test_monster(repeat("", "a@\303\274.cc,", 257, ""), 0, "257 are too many");
	test_monster(repeat("<", "@\303\274,", 256, "@y.cc:a@\303\274.cc>"), 0, "so are they in a route");
}

static void
test_name_monsters(void)
{
	static const struct {
		const char *what, *head, *part;
		size_t count;
		const char *tail;
		bool named;
	} rows[] = {
		{ "after 10,000 open comments", "", "(", 10000, "a@vendor.example", true },
		{ "after a name of 8,000 bytes", "a@", "b.", 4000, "vendor.example", true },
		{ "after a label of 8,000 bytes", "a@", "b", 8000, "vendor.example", false },
		{ "a name of 8,000 bytes after it", "a@vendor.example", ".b", 4000, "", false },
		{ "a comment of 8,000 bytes inside", "a@vendor(", "c", 8000, ").example", true },
		{ "four thousand comments inside", "a@vendor", "()", 4000, ".example", true },
		{ "after two thousand foreign words", "", "\303\274.b ", 2000, "vendor.example", true },
		{ "not in labels and open comments taking turns", "", "a(", 4000, "vendor.examples", false },
	};
	char *field;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		field = repeat(rows[i].head, rows[i].part, rows[i].count, rows[i].tail);
		ok(field_names(field, strlen(field), "vendor.example") == rows[i].named, "%s: %s",
		    rows[i].named ? "named" : "not named", rows[i].what);
		free(field);
	}
}

static bool
count_names(void *context, const char *name)
{
	(void)name;
	++*(unsigned *)context;
	return false;
}

/* A search converts no more than it may, and sees what needs no conversion all the same. */
static void
test_conversions(void)
{
	char *field = repeat("", "\303\274.b ", 400, "vendor.example");
	unsigned conversions = MAILBOX_CONVERSIONS, seen = 0;

	ok(mailbox_field_search(NULL, field, strlen(field), &conversions, count_names, &seen),
	    "a field of U-labels is searched");
	is_number(conversions, 0, "until no more may be converted");
	ok(seen > 400, "and then for what needs none");
	ok(field_names(field, strlen(field), "vendor.example"), "which is found after them");
	conversions = 3;
	seen = 0;
	ok(mailbox_field_search(NULL, "\303\274.\303\266.a", 7, &conversions, count_names, &seen) && conversions == 0,
	    "each label is one conversion");
	free(field);
}

static void
test_nul_bytes(void)
{
	static const struct {
		const char *what, *field;
		size_t length;
	} rows[] = {
		{ "a NUL after an address", "a@b.example\0", 12 },
		{ "a NUL in a domain", "a@b.example\0.evil.example", 25 },
		{ "a NUL in a quoted name", "\"a\0b\" <a@b.example>", 19 },
		{ "a NUL in a comment", "(a\0b) a@b.example", 17 },
		{ "a quoted NUL", "\"a\\\0b\"@b.example", 16 },
	};
	struct arena *arena = arena_open(1 << 16);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		is(read_all(arena, rows[i].field, rows[i].length), NULL, "junk: %s", rows[i].what);
	is(read_all(arena, "a@b.example,junk", 11), "a@b.example", "nothing after the length is read");
	arena_close(arena);
}

/* Of fields that do not parse: how many bytes are read, and which address readers show; NULL: none. */
static const struct {
	const char *what, *field;
	size_t stopped;
	const char *last;
} unread[] = {
	{ "a bracket", "[Desk] Ticket <a@b.example>", 0, "a@b.example" },
	{ "a bracket after a blank", " [Desk] Ticket <a@b.example>", 1, "a@b.example" },
	{ "a raw comma", "Desk, Ticket <a@b.example>", 4, "a@b.example" },
	{ "a raw at sign", "Desk @ 7 <a@b.example>", 9, "a@b.example" },
	{ "an address and a bare name", "x@y.example Desk <a@b.example>", 12, "a@b.example" },
	{ "Latin-1", "J\374rgen <a@b.example>", 1, "a@b.example" },
	{ "Shift-JIS", "\203\146\203\130 <a@b.example>", 0, "a@b.example" },
	{ "a control", "Desk\007 <a@b.example>", 4, "a@b.example" },
	{ "a semicolon after", "Desk <a@b.example>;", 18, "a@b.example" },
	{ "a second colon", "Desk: Ticket: <a@b.example>", 12, "a@b.example" },
	{ "an open quote", "\"Desk <a@b.example>", 19, "a@b.example" },
	{ "an open comment", "(Desk <a@b.example>", 19, "a@b.example" },
	{ "an open bracket", "Desk <a@b.example", 17, "a@b.example" },
	{ "two angle addresses", "<x@y.example> <a@b.example>", 14, "a@b.example" },
	{ "words after", "Desk <a@b.example> via y", 19, "a@b.example" },
	{ "two dots, in brackets", "<a..b@b.example>", 5, "\"a..b\"@b.example" },
	{ "two dots, bare", "a..b@b.example", 4, "\"a..b\"@b.example" },
	{ "two dots, bare after words", "Desk: [x] a..b@b.example", 6, "\"a..b\"@b.example" },
	{ "a comment and a fold in the domain", "[x] <a@b(c) .\r\n example>", 0, "a@b.example" },
	{ "a domain with what is not drawn", "[x] <a@b\342\200\214.ex\357\270\217ample>", 0, "a@b.example" },
	{ "a domain of two words", "[x] <a@b example>", 0, "a@b.example" },
	{ "no at sign", "[x] <a>", 0, NULL },
	{ "empty brackets", "a..b@b.example <>", 4, NULL },
	{ "nothing", "", 0, NULL },
};

static void
test_unread(void)
{
	for (size_t i = 0; i < sizeof unread / sizeof *unread; i++) {
		struct arena *arena = arena_open(1 << 16);
		struct mailbox_list list = { .count = 0 };
		const char *field = unread[i].field;
		bool shown;

		ok(!mailbox_read_from(arena, field, strlen(field), &list), "unread: %s", unread[i].what);
		is_number((long long)list.stopped, (long long)unread[i].stopped, "unread: %s: ends there", unread[i].what);
		shown = mailbox_read_last(arena, field, strlen(field), &list);
		is(shown ? list.list[list.count - 1].text : NULL, unread[i].last, "unread: %s: shown", unread[i].what);
		arena_close(arena);
	}
}

static void
test_lists(void)
{
	struct arena *arena = arena_open(1 << 16);
	struct mailbox_list list = { .count = 0 };

	ok(mailbox_read_from(arena, "a@b.example", 11, &list), "a first field is read");
	ok(mailbox_read_from(arena, "c@d.example, e@f.example", 24, &list), "a second field is appended");
	is_number((long long)list.count, 3, "both fields are in the list");
	is(list.list[0].text, "a@b.example", "the first mailbox stays the first");
	is(list.list[2].text, "e@f.example", "the last mailbox is the last");
	ok(!mailbox_read_from(arena, "G:;", 3, &list), "a second field must hold a mailbox of its own");
	arena_close(arena);
}

/* Every ceiling of the arena between nothing and enough: refused, never half a mailbox. */
static void
test_memory(void)
{
	static const char field[] = "Ann <a@b.example>, \"c d\"@e.example, f@g.example, h@i.example, j@k.example";
	bool whole = true;
	size_t ceiling = 0;

	for (bool read = false; !read && ceiling < 4096; ceiling++) {
		struct arena *arena = arena_open(ceiling);
		struct mailbox_list list = { .count = 0 };

		read = mailbox_read_from(arena, field, strlen(field), &list);
		for (size_t i = 0; i < list.count; i++)
			whole = whole && list.list[i].local != NULL && list.list[i].domain != NULL &&
			    list.list[i].text != NULL;
		whole = whole && (!read || list.count == 5);
		arena_close(arena);
	}
	ok(whole && ceiling > 100 && ceiling < 4096, "too little memory refuses the field");
}

/* --- a generator: addresses whose parts are known, dressed in every legal disguise --- */

static unsigned long long seed = 20260301;

static unsigned
dice(unsigned sides)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % sides;
}

static const char *
pick(const char *const *words, unsigned count)
{
	return words[dice(count)];
}

#define PICK(words) pick(words, sizeof words / sizeof *words)

static void
put_cfws(struct text *out)
{
	static const char *const cfws[] = { "", "", "", " ", "\t", "\r\n ", "\n\t", "(c)", " (a (b) \\) c) ",
		"(@<,:;>\")", "\r\n \r\n (x\r\n y)" };

	text_put(out, PICK(cfws));
}

/* A local part in its bare form into bare, disguised into out. */
static void
put_local(struct text *out, struct text *bare)
{
	static const char *const atoms[] = { "a", "bob", "x+y", "=?utf-8?q?a?=", "'", "\303\274", "1", "a-b" };
	static const char *const quoted[][2] = { { "\"\"", "" }, { "\"a b\"", "a b" },
		{ "\"x@y.example\"", "x@y.example" }, { "\"\\\"\"", "\"" }, { "\"<,;:>\"", "<,;:>" },
		{ "\"a\r\n b\"", "a b" }, { "\"\\a\"", "a" }, { "\"(\"", "(" } };

	for (unsigned i = 0, count = 1 + dice(3); i < count; i++) {
		if (i > 0) {
			put_cfws(out);
			text_char(out, '.');
			text_char(bare, '.');
			put_cfws(out);
		}
		if (dice(4) > 0) {
			const char *atom = PICK(atoms);

			text_put(out, atom);
			text_put(bare, atom);
		} else {
			unsigned j = dice(sizeof quoted / sizeof *quoted);

			text_put(out, quoted[j][0]);
			text_put(bare, quoted[j][1]);
		}
	}
}

static void
put_domain(struct text *out, struct text *normal, struct text *front)
{
	static const char *const labels[][2] = { { "vendor", "vendor" }, { "B\303\234CHER", "xn--bcher-kva" },
		{ "EXAMPLE", "example" }, { "xn--bcher-kva", "xn--bcher-kva" }, { "a_b", "a_b" }, { "1", "1" } };

	size_t start = normal->length;

	for (unsigned i = 0, count = 1 + dice(4); i < count; i++) {
		unsigned j = dice(sizeof labels / sizeof *labels);

		if (i > 0) {
			size_t before = out->length;

			put_cfws(out);
			text_char(out, '.');
			put_cfws(out);
			if (front->length == 0 && out->length > before + 1) /* its labels, or "-": one is no name */
				text_add(front, i > 1 ? normal->bytes + start : "-", i > 1 ? normal->length - start : 1);
			text_char(normal, '.');
		}
		text_put(out, labels[j][0]);
		text_put(normal, labels[j][1]);
	}
}

static void
put_mailbox(struct text *out, struct text *wanted)
{
	static const char *const phrases[] = { "", "Ann", "Ann B. C", "\"x@y.example\"",
		"=?utf-8?b?PGFAYj4=?=", "J\303\274rgen" };
	static const char *const routes[] = { "", "", "@x.example:", "@x.example , @y.example :", ",@x . example,,:" };
	struct text local, front;
	bool angle = dice(2) > 0;

	text_open(&local, 1 << 20);
	text_open(&front, 1 << 20);
	put_cfws(out);
	if (angle) {
		text_put(out, PICK(phrases));
		put_cfws(out);
		text_char(out, '<');
		put_cfws(out);
		text_put(out, PICK(routes));
		put_cfws(out);
	}
	put_local(out, &local);
	put_cfws(out);
	text_char(out, '@');
	text_format(wanted, "%s\n", local.bytes); /* in no local part */
	put_cfws(out);
	put_domain(out, wanted, &front);
	put_cfws(out);
	if (angle)
		text_char(out, '>');
	put_cfws(out);
	text_char(wanted, '\n');
	if (front.length > 1)
		text_format(wanted, "%s\n%s\n", local.bytes, front.bytes);
	text_close(&local);
	text_close(&front);
}

static void
generate(struct text *field, struct text *wanted)
{
	bool in_group = false;

	for (unsigned i = 0, count = 1 + dice(5); i < count; i++) {
		if (i > 0)
			text_put(field, dice(5) > 0 ? "," : ", ,");
		if (!in_group && dice(5) == 0) {
			text_put(field, dice(2) > 0 ? "Group:" : "\"G, H;\" I . (j) :");
			in_group = true;
		}
		put_mailbox(field, wanted);
		if (in_group && dice(2) > 0) {
			text_char(field, ';');
			in_group = false;
		}
	}
	if (in_group)
		text_char(field, ';');
}

/* The list as generate() writes what it wants. */
static void
flatten(const struct mailbox_list *list, struct text *out)
{
	for (size_t i = 0; i < list->count; i++)
		text_format(out, "%s\n%s\n", list->list[i].local, list->list[i].domain);
}

static bool
generated_field_reads(struct text *field, struct text *wanted, struct text *got)
{
	struct arena *arena = arena_open(1 << 20);
	struct mailbox_list list = { .count = 0 }, again = { .count = 0 };
	bool good = mailbox_read_from(arena, field->bytes, field->length, &list);

	flatten(&list, got);
	good = good && strcmp(got->bytes, wanted->bytes) == 0;
	text_clear(field);
	for (size_t i = 0; good && i < list.count; i++)
		text_format(field, "%s%s", i == 0 ? "" : ",", list.list[i].text);
	good = good && mailbox_read_from(arena, field->bytes, field->length, &again);
	text_clear(got);
	flatten(&again, got);
	good = good && strcmp(got->bytes, wanted->bytes) == 0;
	for (size_t i = 0; good && i < list.count; i++)
		good = field_names(field->bytes, field->length, list.list[i].domain);
	arena_close(arena);
	return good;
}

static void
test_generated(void)
{
	enum { ROUNDS = 5000 };
	struct text field, wanted, got, kept;
	unsigned good = 0;

	text_open(&field, 1 << 20);
	text_open(&wanted, 1 << 20);
	text_open(&got, 1 << 20);
	text_open(&kept, 1 << 20);
	for (unsigned i = 0; i < ROUNDS; i++) {
		text_clear(&field);
		text_clear(&wanted);
		text_clear(&got);
		text_clear(&kept);
		generate(&field, &wanted);
		text_put(&kept, field.bytes);
		if (generated_field_reads(&field, &wanted, &got))
			good++;
		else if (good == i)
			note("field %u: %s", i, kept.bytes);
	}
	is_number(good, ROUNDS, "generated fields read as they were meant, and read back the same");
	text_close(&field);
	text_close(&wanted);
	text_close(&got);
	text_close(&kept);
}

#define COUNT(rows) (sizeof rows / sizeof *rows)

int
main(void)
{
	test_fields(rfc_rows, COUNT(rfc_rows), "field");
	test_fields(junk_rows, COUNT(junk_rows), "junk");
	test_fields(espoofer_rows, COUNT(espoofer_rows), "attack");
	test_idempotence(rfc_rows, COUNT(rfc_rows));
	test_idempotence(espoofer_rows, COUNT(espoofer_rows));
	test_conversions();
	test_nul_bytes();
	test_lists();
	test_unread();
	test_memory();
	test_monsters();
	test_generated();
	test_paths();
	test_names();
	test_each_character();
	test_name_monsters();
	return done();
}
