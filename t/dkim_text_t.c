#include <string.h>

#include "policy/mail/dkim_text.h"
#include "t/lib/tap.h"

#define REST "; s=s; h=from:subject"

struct tag_row {
	const char *name, *value;
	bool sound;
	const char *d;
};

static const struct tag_row tag_rows[] = {
	{ "plain list", "d=a.example; s=s; h=from", true, "a.example" },
	{ "final semicolon", "d=a.example; s=s; h=from; ", true, "a.example" },
	{ "capitals are folded", "d=A.Example" REST, true, "a.example" },
	{ "blanks and folds about", " d = a.\r\n\texample" REST, true, "a.example" },
	{ "other tags are let pass", "zz=9; d=a.example" REST, true, "a.example" },
	{ "equals sign in a value", "d=a.example; b=ab==" REST, true, "a.example" },
	{ "empty text", "", false, "" },
	{ "empty tag", "d=a.example;;" REST, false, "a.example" },
	{ "tag without value", "d=a.example; v" REST, false, "a.example" },
	{ "tag without name", "d=a.example; =1" REST, false, "a.example" },
	{ "d= twice", "d=a.example; d=b.example" REST, false, "a.example" },
	{ "d= twice in two cases", "d=a.example; D=b.example" REST, false, "a.example" },
	{ "capital D alone", "D=a.example" REST, false, "" },
	{ "no d=", "s=s; h=from", false, "" },
	{ "no s=", "d=a.example; h=from", false, "a.example" },
	{ "no h=", "d=a.example; s=s", false, "a.example" },
	{ "quote in d=", "d=a.example'b.example" REST, false, "" },
	{ "parenthesis in d=", "d=a.example(b.example" REST, false, "" },
	{ "empty label in d=", "d=a..example" REST, false, "" },
	{ "8-bit byte", "d=a.example; z=\xff" REST, false, "" },
	{ "control character", "d=a.example; z=\x01" REST, false, "" },
	{ "U-labels are refused",
	    "d=b\xc3\xbc"
	    "cher.example" REST,
	    false, "" },
};

static void
test_tags(void)
{
	static const char list[] = "a=x\"; b=AbCd+/=== junk; l=12; c=simple/relaxed; d=a.example; s=s; h=From : To:\r\n from";
	static const char odd[] = "c=relaxed; l=9999999999999999999999; d=a.example; s=s; h=x";
	struct arena *arena = arena_open(1 << 20);
	struct dkim_text text;

	for (size_t i = 0; i < sizeof tag_rows / sizeof tag_rows[0]; i++) {
		const struct tag_row *row = &tag_rows[i];

		ok(dkim_text_read(arena, row->value, strlen(row->value), &text) && text.sound == row->sound,
		    "%s: sound or not", row->name);
		is(text.d, row->d, "%s: signer", row->name);
	}
	ok(dkim_text_read(arena, list, sizeof list - 1, &text), "a longer list is read");
	is(text.a, "", "an odd algorithm is not told");
	is(text.b, "AbCd+/==", "eight characters of b= are told");
	is(text.h, "From:To:from", "h= loses its blanks");
	ok(text.has_l && text.l == 12 && text.relaxed, "l= and the body's canonicalisation are read");
	is_number((long long)dkim_text_signs(&text, span_of("FROM")), 2, "a field is signed as often as it is named");
	is_number((long long)dkim_text_signs(&text, span_of("fro")), 0, "part of a name is not a name");
	ok(dkim_text_read(arena, odd, sizeof odd - 1, &text) && !text.relaxed && text.l == UINT64_MAX,
	    "c=relaxed is for the header alone; a huge l= is the largest");
	arena_close(arena);

	arena = arena_open(10);
	ok(!dkim_text_read(arena, "d=a.example; s=s; h=from", 24, &text), "running out of memory is reported");
	arena_close(arena);
}

static const struct when_row {
	const char *name, *value;
	bool by_dns;
	int64_t t;
} when_rows[] = {
	{ "neither q= nor t=", "d=a.example" REST, true, 0 },
	{ "q=dns/txt", "q=dns/txt; d=a.example" REST, true, 0 },
	{ "q=DNS/TXT last of several, with blanks", "q=x/y : DNS/TXT; d=a.example" REST, true, 0 },
	{ "q=dns", "q=dns; d=a.example" REST, false, 0 },
	{ "q= of something else", "q=dns/txt2:x; d=a.example" REST, false, 0 },
	{ "t=", "t=1700000000; d=a.example" REST, true, 1700000000 },
	{ "t= of words is as old as can be", "t=now; d=a.example" REST, true, 1 },
	{ "t=0 as well", "t=0; d=a.example" REST, true, 1 },
	{ "t= of more digits than any time has", "t=1700000000000; d=a.example" REST, true, 1 },
};

static void
test_when(void)
{
	struct arena *arena = arena_open(1 << 20);
	struct dkim_text text;

	for (size_t i = 0; i < sizeof when_rows / sizeof when_rows[0]; i++) {
		const struct when_row *row = &when_rows[i];

		ok(dkim_text_read(arena, row->value, strlen(row->value), &text) && text.by_dns == row->by_dns,
		    "%s: the key is in DNS or not", row->name);
		is_number(text.t, row->t, "%s: when", row->name);
	}
	arena_close(arena);
}

struct length_row {
	const char *name, *body;
	unsigned simple, relaxed;
};

static const struct length_row length_rows[] = {
	{ "nothing", "", 2, 0 },
	{ "line ends alone", "\r\n\r\n", 2, 0 },
	{ "RFC 6376, 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", 12, 9 },
	{ "blanks alone", "  \r\n \t\r\n", 8, 0 },
	{ "line ends inside count", "a\r\n\r\n\r\nb\r\n", 10, 10 },
	{ "no last line end", "abc", 5, 5 },
	{ "CR inside a line", "a\rb\r\n", 5, 5 },
	{ "two CRs before the end", "a\r\r\n", 4, 4 },
	{ "blanks before a lone CR", "a \rb\r\n", 6, 6 },
};

static void
test_lengths(void)
{
	for (size_t i = 0; i < sizeof length_rows / sizeof length_rows[0]; i++) {
		const struct length_row *row = &length_rows[i];
		struct dkim_length simple = { .relaxed = false }, relaxed = { .relaxed = true };

		for (const char *at = row->body; *at != '\0'; at++) {
			dkim_length_add(&simple, (const unsigned char *)at, 1);
			dkim_length_add(&relaxed, (const unsigned char *)at, 1);
		}
		is_number((long long)dkim_length_end(&simple), row->simple, "%s: simple", row->name);
		is_number((long long)dkim_length_end(&relaxed), row->relaxed, "%s: relaxed", row->name);
	}
}

int
main(void)
{
	test_tags();
	test_when();
	test_lengths();
	return done();
}
