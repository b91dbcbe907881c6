/*
 * domain_t.c - DNS names: normal form, parents, and whether one lies below another.
 */
#include <stdio.h>
#include <string.h>

#include "policy/util/domain.h"
#include "t/lib/tap.h"

#define COUNT(rows) (sizeof rows / sizeof *rows)

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *what, *name, *normal; /* NULL: not a name */
} names[] = {
	{ "a name", "vendor.example", "vendor.example" },
	{ "capitals are folded", "Vendor.EXAMPLE", "vendor.example" },
	{ "one final dot is dropped", "vendor.example.", "vendor.example" },
	{ "one label", "localhost", "localhost" },
	{ "one letter", "a", "a" },
	{ "digits", "192.0.2.1", "192.0.2.1" },
	{ "an underscore", "_dmarc.vendor.example", "_dmarc.vendor.example" },
	{ "hyphens anywhere", "-a-.b--c", "-a-.b--c" },
	{ "a label of 63 bytes", L63 ".example", L63 ".example" },
	{ "a name of 253 bytes", L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ "a name of 253 bytes and its final dot",
	    L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.",
	    L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ "U-labels", "b\303\274cher.example", "xn--bcher-kva.example" },
	{ "U-labels in capitals", "B\303\234CHER.Example", "xn--bcher-kva.example" },
	{ "U-labels in decomposed form", "bu\314\210cher.example", "xn--bcher-kva.example" },
	{ "A-labels in capitals", "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
	{ "the sharp s is itself (IDNA 2008)", "stra\303\237e.example", "xn--strae-oqa.example" },
	{ "an underscore beside a U-label", "_dmarc.b\303\274cher.example", "_dmarc.xn--bcher-kva.example" },
	{ "full-width letters", "\357\275\216\357\275\205\357\275\224.example", "net.example" },
	{ "an ideographic full stop", "vendor\343\200\202example", "vendor.example" },
	{ "Chinese", "\351\243\237\347\213\256.\344\270\255\345\233\275", "xn--85x722f.xn--fiqs8s" },
	{ "nothing", "", NULL },
	{ "a dot", ".", NULL },
	{ "two final dots", "vendor.example..", NULL },
	{ "a leading dot", ".vendor.example", NULL },
	{ "an empty label", "vendor..example", NULL },
	{ "a label of 64 bytes", L63 "a.example", NULL },
	{ "a name of 254 bytes", L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    NULL },
	{ "a blank", "vendor example", NULL },
	{ "a blank at the end", "vendor.example ", NULL },
	{ "a line break at the end", "vendor.example\n", NULL },
	{ "a quote", "vendor.example'a.evil.example", NULL },
	{ "a parenthesis", "vendor.example(a.evil.example", NULL },
	{ "an at sign", "a@vendor.example", NULL },
	{ "a backslash", "ven\\dor.example", NULL },
	{ "a star", "*.vendor.example", NULL },
	{ "a slash", "vendor.example/", NULL },
	{ "a percent sign", "vendor%2eexample", NULL },
	{ "a colon", "vendor.example:25", NULL },
	{ "brackets", "[192.0.2.1]", NULL },
	{ "Latin-1", "b\374cher.example", NULL },
	{ "UTF-8 cut short", "b\303", NULL },
	{ "overlong UTF-8", "vendor\300\256example", NULL },
	{ "a full-width at sign", "a\357\274\240vendor.example", NULL },
	{ "a right-to-left override", "\342\200\256vendor.example", NULL },
	{ "an emoji", "\360\237\223\247.example", NULL },
	{ "a combining mark in front", "\314\210a.example", NULL },
};

static void
test_names(void)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		char normal[DOMAIN_TEXT], again[DOMAIN_TEXT];
		struct fault why = { .text = "" };
		bool read = domain_read(names[i].name, strlen(names[i].name), normal, &why);

		is(read ? normal : NULL, names[i].normal, "name: %s", names[i].what);
		if (read)
			ok(domain_read(normal, strlen(normal), again, NULL) && strcmp(normal, again) == 0,
			    "name: %s: its normal form stays", names[i].what);
		else
			ok(why.text[0] != '\0', "name: %s: the fault says so", names[i].what);
	}
}

static void
test_spans(void)
{
	static const char long_name[5000] = "a";
	char normal[DOMAIN_TEXT];

	ok(domain_read("vendor.example.evil.test", 14, normal, NULL), "a name ends where its length says");
	is(normal, "vendor.example", "nothing after the length is read");
	ok(!domain_read("vendor\0.example", 15, normal, NULL), "a name holds no NUL");
	ok(!domain_read("vendor.example\0", 15, normal, NULL), "a name does not end in a NUL");
	ok(!domain_read(long_name, sizeof long_name, normal, NULL), "a name of 5,000 bytes is refused");
}

static const struct {
	const char *what, *name, *parent;
	bool under;
} family[] = {
	{ "a name is under itself", "vendor.example", "vendor.example", true },
	{ "a host is under its domain", "mail.vendor.example", "vendor.example", true },
	{ "a name is under the top", "mail.vendor.example", "example", true },
	{ "a longer label is not under", "notvendor.example", "vendor.example", false },
	{ "the parent is not under the child", "example", "vendor.example", false },
	{ "a name is not under its front", "vendor.example.evil.test", "vendor.example", false },
	{ "nothing is under nothing", "vendor.example", "", false },
	{ "the empty name is not under a name", "", "vendor.example", false },
	{ "the empty name is not under itself", "", "", false },
};

static void
test_family(void)
{
	for (size_t i = 0; i < COUNT(family); i++)
		ok(domain_is_under(family[i].name, family[i].parent) == family[i].under, "%s", family[i].what);
	is(domain_parent("a.b.c"), "b.c", "the parent lacks the first label");
	is(domain_parent("c"), NULL, "a single label has no parent");
	is(domain_parent(""), NULL, "the empty name has no parent");
	is_number(domain_labels("a.b.c"), 3, "labels are counted");
	is_number(domain_labels("c"), 1, "a single label is one");
	is_number(domain_labels(""), 0, "the empty name has no label");
}

int
main(void)
{
	test_names();
	test_spans();
	test_family();
	return done();
}
