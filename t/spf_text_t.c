/* SPF records by the grammar of RFC 7208, 12, and as libspf2 is shown them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/dns/spf_text.h"
#include "policy/dns/spf_write.h"
#include "t/lib/tap.h"

enum { ARENA = 1024 * 1024 };

static const struct {
	const char *name, *text;
	bool good;
} grammar[] = {
	{ "the version alone is a record", "v=spf1", true },
	{ "the version is read in any case", "V=SpF1 -all", true },
	{ "blanks after the last term do not matter", "v=spf1 -all   ", true },
	{ "two blanks between terms do not matter", "v=spf1 a  -all", true },
	{ "another version is not a record", "v=spf10 -all", false },
	{ "a tab is not a blank", "v=spf1\t-all", false },
	{ "a tab between terms is refused", "v=spf1 a\t-all", false },
	{ "a byte above 126 is refused wherever it stands", "v=spf1 -all x=\xe9", false },
	{ "mechanisms are read in any case", "v=spf1 MX A:Example.com iP4:192.0.2.1 ALL", true },
	{ "an unknown mechanism is refused", "v=spf1 ip:192.0.2.1 -all", false },
	{ "an unknown word after all is refused", "v=spf1 -all moo", false },
	{ "a qualifier alone is refused", "v=spf1 - all", false },
	{ "two qualifiers are refused", "v=spf1 -+all", false },
	{ "all takes no argument", "v=spf1 all:example.com", false },
	{ "all takes no prefix length", "v=spf1 all/8", false },
	{ "include needs a domain", "v=spf1 include", false },
	{ "include needs more than a colon", "v=spf1 include:", false },
	{ "include takes no prefix length", "v=spf1 include:example.com/24", false },
	{ "exists needs a domain", "v=spf1 exists", false },
	{ "ptr may stand alone", "v=spf1 ptr", true },
	{ "ptr takes no prefix length", "v=spf1 ptr/24", false },
	{ "a takes both prefix lengths", "v=spf1 a:example.com/24//64", true },
	{ "a takes the second alone", "v=spf1 a//64", true },
	{ "the second needs two slashes", "v=spf1 a/24/64", false },
	{ "a prefix length of 0 is allowed", "v=spf1 a/0 mx//0", true },
	{ "a leading zero is refused", "v=spf1 a/032", false },
	{ "33 is too long for IPv4", "v=spf1 a/33", false },
	{ "129 is too long for IPv6", "v=spf1 mx//129", false },
	{ "a slash without digits is refused", "v=spf1 a/", false },
	{ "slash and colon may stand in a domain", "v=spf1 a:foo:bar/baz.example.com", true },
	{ "a port is not part of a domain", "v=spf1 a:example.com:8080", false },
	{ "a single label is not a domain", "v=spf1 a:museum", false },
	{ "nor with a final dot", "v=spf1 a:museum.", false },
	{ "a final dot is allowed after a domain", "v=spf1 a:example.com.", true },
	{ "a top label of digits is refused", "v=spf1 a:111.222.33.44", false },
	{ "a top label may hold hyphens", "v=spf1 a:example.xn--p1ai", true },
	{ "but not begin with one", "v=spf1 a:example.-com", false },
	{ "nor end with one", "v=spf1 a:example.com-", false },
	{ "empty labels are left to the DNS", "v=spf1 a:mail.example...com", true },
	{ "a macro ends a domain", "v=spf1 exists:%{i}", true },
	{ "a macro in the top label does not", "v=spf1 exists:foo.%{d}com", false },
	{ "a dot after a final macro is refused", "v=spf1 exists:%{d}.", false },
	{ "all letters of terms are known", "v=spf1 exists:%{s}%{l}%{o}%{d}%{i}%{p}%{h}%{v}.example.com", true },
	{ "letters of explanations are refused", "v=spf1 exists:%{c}.example.com", false },
	{ "and in redirect", "v=spf1 redirect=%{r}.example.com", false },
	{ "an unknown letter is refused", "v=spf1 exists:%{x}.example.com", false },
	{ "transformers are read", "v=spf1 exists:%{d2r.-+,/_=}.example.com", true },
	{ "r comes after the number", "v=spf1 exists:%{dr2}.example.com", false },
	{ "a number of 0 is refused", "v=spf1 exists:%{d0}.example.com", false },
	{ "a huge number is allowed", "v=spf1 exists:%{d99999999999999999999}.example.com", true },
	{ "an unknown delimiter is refused", "v=spf1 exists:%{d2;}.example.com", false },
	{ "a macro that is not closed is refused", "v=spf1 exists:%{d.example.com", false },
	{ "a lone percent is refused", "v=spf1 exists:foo%.example.com", false },
	{ "a percent at the very end is refused", "v=spf1 foo=%", false },
	{ "a macro that is cut behind its number is refused", "v=spf1 foo=%{d2", false },
	{ "nor may it end behind the r", "v=spf1 foo=%{d2r", false },
	{ "nor behind a delimiter", "v=spf1 foo=%{d2r.", false },
	{ "letters of explanations are known in a macro-string", "v=spf1 foo=%{c}%{r}%{T}", true },
	{ "and unknown ones are not", "v=spf1 foo=%{x}", false },
	{ "escapes are read", "v=spf1 a:%%%_%-.example.com", true },
	{ "ip4 needs four parts", "v=spf1 ip4:1.2.3", false },
	{ "ip4 refuses leading zeros", "v=spf1 ip4:192.0.02.1", false },
	{ "ip4 refuses a port", "v=spf1 ip4:192.0.2.1:25", false },
	{ "ip4 refuses two slashes", "v=spf1 ip4:192.0.2.1//32", false },
	{ "ip4 refuses a number of four digits", "v=spf1 ip4:192.0.2.1/1000", false },
	{ "ip4 refuses what is longer than any address",
	    "v=spf1 ip4:192.0.2.1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/24", false },
	{ "ip4 with host bits is allowed", "v=spf1 ip4:192.0.2.1/8", true },
	{ "ip6 is read in its short form", "v=spf1 ip6:::1/0", true },
	{ "ip6 needs a number after the slash", "v=spf1 ip6:::1/", false },
	{ "ip6 refuses IPv4", "v=spf1 ip6:192.0.2.1", false },
	{ "ip6 refuses a scope", "v=spf1 ip6:fe80::1%eth0", false },
	{ "an unknown modifier is passed over", "v=spf1 moo.cow-far_out=man:dog/cat", true },
	{ "its name begins with a letter", "v=spf1 1up=foo", false },
	{ "its name is not empty", "v=spf1 =foo", false },
	{ "its value is a macro-string", "v=spf1 foo=%abc", false },
	{ "its value may be empty", "v=spf1 foo=", true },
	{ "redirect needs a domain", "v=spf1 redirect=", false },
	{ "redirect is not a mechanism", "v=spf1 redirect:example.com", false },
	{ "a second redirect is refused", "v=spf1 redirect=a.example redirect=b.example", false },
	{ "exp needs a domain", "v=spf1 exp=-all", false },
	{ "a second exp is refused", "v=spf1 exp=a.example -all exp=b.example", false },
	{ "a modifier takes no qualifier", "v=spf1 -redirect=a.example", false },
};

static void
test_grammar(void)
{
	for (size_t i = 0; i < sizeof grammar / sizeof grammar[0]; i++) {
		struct arena *arena = arena_open(ARENA);
		struct fault why = { .line = 0 };
		struct spf_record record;
		bool good = spf_text_read(arena, grammar[i].text, strlen(grammar[i].text), &record, &why);

		if (!ok(good == grammar[i].good && (why.text[0] == '\0') == good, "%s", grammar[i].name))
			note("%s", good ? "taken" : why.text);
		arena_close(arena);
	}
}

static void
test_terms(void)
{
	static const char text[] = "v=spf1 ~MX:Example.com./24//64 ip6:::ffff:192.0.2.1 redirect=%{d2}.x.example a";
	struct arena *arena = arena_open(ARENA);
	struct spf_record record = { .count = 0 };

	ok(spf_text_read(arena, text, strlen(text), &record, NULL), "a record is read");
	is_number((long long)record.count, 3, "a modifier is not a term");
	if (record.count == 3) {
		const struct spf_term *mx = &record.terms[0], *ip6 = &record.terms[1], *a = &record.terms[2];

		ok(mx->mechanism == SPF_MX_TERM && mx->qualifier == '~', "mechanism and qualifier are known");
		is(mx->spec, "Example.com", "a domain keeps its case and loses its final dot");
		ok(mx->bits4 == 24 && mx->bits6 == 64 && !mx->has_macro, "both prefix lengths are known");
		ok(ip6->network.base.family == ADDRESS_V6 && ip6->network.bits == 128,
		    "a mapped network of ip6 is not about IPv4");
		ok(a->qualifier == '+' && a->bits4 == 32 && a->bits6 == 128 && *a->spec == '\0',
		    "what is absent has its default");
	}
	is(record.redirect, "%{d2}.x.example", "redirect is kept apart");
	ok(record.redirect_has_macro, "and known to hold a macro");
	arena_close(arena);
}

/* A record of the beginning, `count` times the middle, and the end. */
static char *
repeat(const char *start, const char *middle, size_t count, const char *end)
{
	char *made = malloc(strlen(start) + count * strlen(middle) + strlen(end) + 1), *to = stpcpy(made, start);

	for (size_t i = 0; i < count; i++)
		to = stpcpy(to, middle);
	strcpy(to, end);
	return made;
}

static const struct {
	const char *name, *start, *middle, *end;
	size_t count;
	bool good;
} ceilings[] = {
	{ "the record that kills libspf2 is refused (CVE-2023-42118)", "v=spf1 exists:", "%{d}", "x.example", 1027, false },
	{ "a domain-spec of 400 bytes is the longest", "v=spf1 a:", "abcdefgh", ".example", 49, true },
	{ "one of 401 bytes is refused", "v=spf1 a:x", "abcdefgh", ".example", 49, false },
	{ "1000 mechanisms are the most", "v=spf1", " all", "", 1000, true },
	{ "1001 mechanisms are refused", "v=spf1", " all", "", 1001, false },
	{ "8 KiB are the longest record", "v=spf1  x=", "abcdefgh", "abcdef", 1022, true },
	{ "a byte more is refused", "v=spf1   x=", "abcdefgh", "abcdef", 1022, false },
};

static void
test_ceilings(void)
{
	for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++) {
		struct arena *arena = arena_open(ARENA), *none = arena_open(16);
		char *text = repeat(ceilings[i].start, ceilings[i].middle, ceilings[i].count, ceilings[i].end);
		struct spf_record record;
		struct fault why;

		ok(spf_text_read(arena, text, strlen(text), &record, &why) == ceilings[i].good, "%s", ceilings[i].name);
		ok(!spf_text_read(none, text, strlen(text), &record, &why), "and without memory nothing is read");
		free(text);
		arena_close(arena);
		arena_close(none);
	}
}

static const struct {
	const char *name, *client, *text, *wanted;
} written[] = {
	{ "exp and unknown modifiers are left out", "192.0.2.1", "v=spf1 x=y exp=e.example -all", "v=spf1 -all" },
	{ "redirect comes last", "192.0.2.1", "v=spf1 redirect=b.example ~mx", "v=spf1 ~mx:d.example redirect=b.example" },
	{ "nothing comes after all", "192.0.2.1", "v=spf1 ?all a redirect=b.example", "v=spf1 ?all" },
	{ "a network that holds the client is all", "192.0.2.1", "v=spf1 ?ip4:192.0.2.9/24 mx -all", "v=spf1 ?all" },
	{ "one that does not is left out", "192.0.3.1", "v=spf1 ip4:192.0.2.9/24 mx -all", "v=spf1 mx:d.example -all" },
	{ "the same for IPv6", "2001:db8::1", "v=spf1 ip6:2001:db9::/32 ip6:2001:db8::9/32 -all", "v=spf1 all" },
	{ "ip6 does not hold IPv4", "192.0.2.1", "v=spf1 ip6:::/0 ip6:::ffff:192.0.2.1 ~all", "v=spf1 ~all" },
	{ "nor ip4 IPv6", "2001:db8::1", "v=spf1 ip4:0.0.0.0/0 ~all", "v=spf1 ~all" },
	{ "ip4 with prefix 0 is all", "192.0.2.1", "v=spf1 -ip4:1.2.3.4/0 +all", "v=spf1 -all" },
	{ "ip6 with prefix 0 is all", "2001:db8::1", "v=spf1 ~ip6:::/0", "v=spf1 ~all" },
	{ "a with prefix 0 is exists", "192.0.2.1", "v=spf1 a/0 -a:x.example/0",
	    "v=spf1 exists:d.example -exists:x.example" },
	{ "a with prefix 0 is a half for IPv6", "2001:db8::1", "v=spf1 a//0", "v=spf1 a:d.example//1" },
	{ "mx with prefix 0 is a half", "192.0.2.1", "v=spf1 mx/0", "v=spf1 mx:d.example/1" },
	{ "a client sees its prefix length alone", "192.0.2.1", "v=spf1 a/24//64 mx//64",
	    "v=spf1 a:d.example/24 mx:d.example" },
	{ "that of IPv6 with two slashes", "2001:db8::1", "v=spf1 a/24//64 mx/24", "v=spf1 a:d.example//64 mx:d.example" },
	{ "a plain macro is written out", "192.0.2.1", "v=spf1 include:_spf.%{d}", "v=spf1 include:_spf.d.example" },
	{ "a name with other bytes has a stand-in", "192.0.2.1", "v=spf1 a:a+b.example exists:%{l}.x.example",
	    "v=spf1 a:0.macro.invalid exists:1.macro.invalid" },
	{ "so has one whose top label is odd", "192.0.2.1", "v=spf1 a:example.4a", "v=spf1 a:0.macro.invalid" },
	{ "an internationalised one is written as it is", "192.0.2.1", "v=spf1 ptr:example.xn--p1ai",
	    "v=spf1 ptr:example.xn--p1ai" },
	{ "and one that is too long a label", "192.0.2.1",
	    "v=spf1 a:a123456789012345678901234567890123456789012345678901234567890123.example",
	    "v=spf1 a:0.macro.invalid" },
	{ "and one of %{p}, which costs a look-up", "192.0.2.1", "v=spf1 include:%{p}", "v=spf1 include:0.macro.invalid" },
	{ "ptr compares the name itself", "192.0.2.1", "v=spf1 ptr ptr:%{d1}.com ptr:%{l}.com",
	    "v=spf1 ptr:d.example ptr:example.com ptr:nowhere.invalid" },
	{ "nothing comes after the eleventh look-up", "192.0.2.1", "v=spf1 a a a a a a a a a a a mx ip4:192.0.2.1 -all",
	    "v=spf1 a:d.example a:d.example a:d.example a:d.example a:d.example a:d.example a:d.example a:d.example "
	    "a:d.example a:d.example a:d.example" },
};

static struct spf_view
view_of(const char *client)
{
	struct spf_view view = { .local = "Some-us.er+tag",
		.sender_domain = "email.example.com",
		.helo = "mx.example.org",
		.domain = "d.example",
		.name = "unknown" };

	if (!address_read(client, &view.client))
		ok(false, "'%s' is an address", client);
	return view;
}

static void
test_written(void)
{
	for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
		struct arena *arena = arena_open(ARENA);
		struct spf_view view = view_of(written[i].client);
		struct spf_names names = { .arena = arena };
		struct spf_record record;
		struct text out;
		bool good;

		text_open(&out, SPF_RECORD_MAX);
		good = spf_text_read(arena, written[i].text, strlen(written[i].text), &record, NULL) &&
		    spf_write(&record, &view, &names, &out);
		is(good ? out.bytes : NULL, written[i].wanted, "%s", written[i].name);
		text_close(&out);
		arena_close(arena);
	}
}

static const struct {
	const char *name, *client, *spec, *wanted;
} macros[] = {
	{ "s is the sender", "192.0.2.3", "%{s}", "Some-us.er+tag@email.example.com" },
	{ "l is its local part", "192.0.2.3", "%{l}", "Some-us.er+tag" },
	{ "o is its domain", "192.0.2.3", "%{o}", "email.example.com" },
	{ "d is the record's domain", "192.0.2.3", "%{d}", "d.example" },
	{ "h is the HELO name", "192.0.2.3", "%{h}", "mx.example.org" },
	{ "p is the client's name", "192.0.2.3", "%{p}", "unknown" },
	{ "i of IPv4 is dotted", "192.0.2.3", "%{i}", "192.0.2.3" },
	{ "i of IPv6 is nibbles", "2001:db8::cb01", "%{ir}.%{v}",
	    "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6" },
	{ "v of IPv4 is in-addr", "192.0.2.3", "%{ir}.%{v}.arpa", "3.2.0.192.in-addr.arpa" },
	{ "a number keeps the right", "192.0.2.3", "%{o2}", "example.com" },
	{ "a number as large as the count keeps all", "192.0.2.3", "%{d2}", "d.example" },
	{ "a larger one keeps all", "192.0.2.3", "%{d127}", "d.example" },
	{ "a number that overflows keeps all", "192.0.2.3", "%{d4294967297}", "d.example" },
	{ "a leading zero changes nothing", "192.0.2.3", "%{o002}", "example.com" },
	{ "r comes before the number", "192.0.2.3", "%{i1r}", "192" },
	{ "delimiters are replaced by dots", "192.0.2.3", "%{l-}", "Some.us.er+tag" },
	{ "several delimiters split each", "192.0.2.3", "%{l-+.}", "Some.us.er.tag" },
	{ "a number counts the parts, not the dots", "192.0.2.3", "%{l1-}", "us.er+tag" },
	{ "r reverses the parts, not the labels", "192.0.2.3", "%{lr-}", "us.er+tag.Some" },
	{ "a delimiter that does not occur leaves one part", "192.0.2.3", "%{l1r=}", "Some-us.er+tag" },
	{ "a capital letter asks for URL escapes", "192.0.2.3", "%{S}", "Some-us.er%2Btag%40email.example.com" },
	{ "escapes are written out", "192.0.2.3", "a%%b%_c%-d", "a%b c%20d" },
	{ "a loopback client is shown as it is", "127.0.0.1", "%{ir}", "1.0.0.127" },
};

static void
test_macros(void)
{
	for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++) {
		struct spf_view view = view_of(macros[i].client);
		struct text out;

		text_open(&out, SPF_RECORD_MAX);
		spf_expand(macros[i].spec, &view, &out);
		is(out.bytes, macros[i].wanted, "%s", macros[i].name);
		text_close(&out);
	}
}

static void
test_names(void)
{
	static const char record_text[] = "v=spf1 a:%{l}.x.example include:%{p}.x.example";
	struct arena *arena = arena_open(ARENA);
	struct spf_names names = { .arena = arena };
	struct spf_view view = view_of("192.0.2.1");
	char *longest = repeat("", "%{o}.", 30, "tail.example");
	const struct spf_stood_in *found;
	struct spf_record record;
	struct text out;

	text_open(&out, SPF_RECORD_MAX);
	ok(spf_text_read(arena, record_text, strlen(record_text), &record, NULL) &&
		spf_write(&record, &view, &names, &out),
	    "a record with stand-ins is written");
	found = spf_names_find(&names, "0.macro.invalid");
	ok(found != NULL && strcmp(found->name, "Some-us.er+tag.x.example") == 0 && !found->by_p,
	    "a stand-in has its name");
	found = spf_names_find(&names, "1.macro.invalid");
	ok(found != NULL && strcmp(found->name, "unknown.x.example") == 0 && found->by_p, "and knows about %%{p}");
	ok(spf_names_find(&names, "2.macro.invalid") == NULL && spf_names_find(&names, "macro.invalid") == NULL &&
		spf_names_find(&names, "-1.macro.invalid") == NULL && spf_names_find(&names, "0.macro.invalid.x") == NULL,
	    "another name is not a stand-in");
	text_clear(&out);
	spf_expand(longest, &view, &out);
	ok(out.length <= 253 && out.length > 253 - 18 && strncmp(out.bytes, "email.", 6) != 0 &&
		strstr(out.bytes, "tail.example") != NULL,
	    "a long name loses labels on the left");
	free(longest);
	text_close(&out);
	arena_close(arena);
}

int
main(void)
{
	test_grammar();
	test_terms();
	test_ceilings();
	test_written();
	test_macros();
	test_names();
	return done();
}
