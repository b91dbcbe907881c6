/* DNS names and types. */
#include <stdio.h>
#include <string.h>

#include "policy/dns/dns.h"
#include "t/lib/tap.h"

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"
#define LONG_4 LABEL_63 "." LABEL_63 "." LABEL_63 "."

static const struct {
	const char *name, *given, *wanted; /* NULL: refused */
} names[] = {
	{ "a plain name stays", "mail.example.com", "mail.example.com" },
	{ "capitals are folded", "Mail.EXAMPLE.Com", "mail.example.com" },
	{ "one final dot is dropped", "example.com.", "example.com" },
	{ "two final dots are an empty label", "example.com..", NULL },
	{ "an empty label in the middle is refused", "a..b", NULL },
	{ "a dot in front is refused", ".example.com", NULL },
	{ "the empty name is refused", "", NULL },
	{ "the root is refused", ".", NULL },
	{ "a label of 63 bytes is the longest", LABEL_63 ".com", LABEL_63 ".com" },
	{ "a label of 64 bytes is refused", LABEL_63 "x.com", NULL },
	{ "a name of 255 wire bytes is the longest", LONG_4 "b234567890123456789012345678901234567890123456789012345678901",
	    LONG_4 "b234567890123456789012345678901234567890123456789012345678901" },
	{ "a name of 256 wire bytes is refused",
	    LONG_4 "b2345678901234567890123456789012345678901234567890123456789012", NULL },
	{ "a byte above 127 is written as a number", "\xe9.example", "\\233.example" },
	{ "a number for a letter is that letter, folded", "\\065b.example", "ab.example" },
	{ "a blank is written as a number", "a b.example", "a\\032b.example" },
	{ "an escaped dot stays in its label", "a\\.b.example", "a\\.b.example" },
	{ "a dot by number is escaped", "a\\046b.example", "a\\.b.example" },
	{ "a backslash is escaped", "a\\\\b.example", "a\\\\b.example" },
	{ "a number over 255 is refused", "\\256.example", NULL },
	{ "half a number is refused", "\\06", NULL },
	{ "a backslash at the end is refused", "example\\", NULL },
};

static void
test_names(void)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct dns_question question;
		bool good = dns_question_make(&question, names[i].given, DNS_A);

		is(good ? question.name : NULL, names[i].wanted, "%s", names[i].name);
	}
}

static void
test_wire(void)
{
	static const uint8_t wanted[] = "\3A\\b\2\xff.\0";
	uint8_t wire[255];
	char text[DNS_NAME_TEXT];
	size_t length = dns_name_to_wire("A\\\\b.\\255\\.", wire);

	ok(length == 8 && memcmp(wire, wanted, 8) == 0, "wire form holds the bytes that the escapes mean");
	ok(dns_name_from_wire(wire, length, text), "wire form is read");
	is(text, "A\\\\b.\\255\\.", "wire form is written with the same escapes, its case kept");
	is_number((long long)dns_name_to_wire(".", wire), 1, "the root has a wire form");
	ok(dns_name_from_wire((const uint8_t *)"", 1, text) && text[0] == '\0', "the root is the empty text");
	ok(!dns_name_from_wire((const uint8_t *)"\3ab", 3, text), "a label that runs over the end is refused");
	ok(!dns_name_from_wire((const uint8_t *)"\2ab", 3, text), "a name without its root label is refused");
	ok(!dns_name_from_wire((const uint8_t *)"\300\014", 2, text), "a compression pointer is refused");
}

static void
test_types(void)
{
	is(dns_type_name(DNS_TXT), "TXT", "a type has a name");
}

int
main(void)
{
	test_names();
	test_wire();
	test_types();
	return done();
}
