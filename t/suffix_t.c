/*
 * suffix_t.c - organisational domains: the list's own tests, and what DMARC and DKIM rely on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "policy/util/domain.h"
#include "policy/util/suffix.h"
#include "t/lib/tap.h"

static const struct {
	const char *what, *name, *organisation; /* NULL: a public suffix, or no name */
} rows[] = {
	{ "a bare name is its own organisation", "vendor.com", "vendor.com" },
	{ "a host belongs to the name below the suffix", "a.b.vendor.com", "vendor.com" },
	{ "a suffix of two labels is skipped", "mail.vendor.co.uk", "vendor.co.uk" },
	{ "the suffix itself has no organisation", "co.uk", NULL },
	{ "a top-level domain has no organisation", "com", NULL },
	{ "a private suffix separates its customers", "evil.github.io", "evil.github.io" },
	{ "the private suffix itself is public", "github.io", NULL },
	{ "an unknown top-level domain follows the star rule", "mail.vendor.test", "vendor.test" },
	{ "an unknown top-level domain alone is public", "test", NULL },
	{ "a wildcard rule takes one label more", "a.b.test.ck", "b.test.ck" },
	{ "an exception to a wildcard is registrable", "www.ck", "www.ck" },
	{ "an underscore label is below the organisation", "_dmarc.vendor.com", "vendor.com" },
	{ "an A-label suffix is known", "shop.xn--55qx5d.cn", "shop.xn--55qx5d.cn" },
	{ "an A-label suffix is public", "xn--55qx5d.cn", NULL },
	{ "the empty name has no organisation", "", NULL },
	{ "a leading dot is not a name", ".vendor.com", NULL },
	{ "digits follow the star rule like any name", "192.0.2.1", "2.1" },
};

static const struct {
	const char *what, *name, *owner; /* NULL: a registry's, or no name */
} owners[] = {
	{ "a host is its organisation's", "mail.vendor.co.uk", "vendor.co.uk" },
	{ "a registry's name is nobody's", "co.uk", NULL },
	{ "a top-level domain is nobody's", "net", NULL },
	{ "an unknown top-level domain is nobody's", "test", NULL },
	{ "a name of the private part is its own", "github.io", "github.io" },
	{ "its customer's name is the customer's", "a.evil.github.io", "evil.github.io" },
	{ "a private wildcard's name is its own", "eu-west-1.compute.amazonaws.com", "eu-west-1.compute.amazonaws.com" },
	{ "a wildcard of a registry is nobody's", "anything.ck", NULL },
	{ "the empty name is nobody's", "", NULL },
};

static void
test_owners(const struct suffix_list *list)
{
	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
		is(suffix_owner(list, owners[i].name), owners[i].owner, "%s", owners[i].what);
		ok(suffix_is_registry(list, owners[i].name) == (owners[i].owner == NULL), "%s (a registry's or not)",
		    owners[i].what);
	}
}

static void
test_rows(const struct suffix_list *list)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		is(suffix_organisational(list, rows[i].name), rows[i].organisation, "%s", rows[i].what);
		ok(suffix_is_public(list, rows[i].name) == (rows[i].organisation == NULL), "%s (public or not)",
		    rows[i].what);
	}
}

/* The quoted word behind *at, or NULL for the word null; moves *at past it. */
static char *
argument(char **at)
{
	char *start = *at + strspn(*at, "(, "), *end;

	if (*start != '\'') {
		*at = start + strcspn(start, ",)");
		return NULL;
	}
	end = strchr(start + 1, '\'');
	if (end == NULL)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return start + 1;
}

/* One line of the list's own tests, with names brought to normal form as everywhere here. */
static void
test_line(const struct suffix_list *list, char *line)
{
	char *at = line + strlen("checkPublicSuffix"), *name = argument(&at), *wanted = argument(&at);
	char normal[DOMAIN_TEXT], normal_wanted[DOMAIN_TEXT];
	const char *got = NULL;

	if (name == NULL)
		return; /* null in, null out: no name in C */
	if (domain_read(name, strlen(name), normal, NULL))
		got = suffix_organisational(list, normal);
	if (wanted != NULL && !domain_read(wanted, strlen(wanted), normal_wanted, NULL)) {
		ok(false, "'%s' of the list's tests is a name", wanted);
		return;
	}
	is(got, wanted == NULL ? NULL : normal_wanted, "the list's own test of %s", name);
	if (got != NULL)
		ok(got >= normal && got <= normal + strlen(normal), "%s: the result points into the name", name);
}

static unsigned
test_suite(const struct suffix_list *list, const char *folder)
{
	char path[1024], line[512];
	unsigned count = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/test_psl.txt", folder);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, "checkPublicSuffix", 17) != 0)
			continue;
		test_line(list, line);
		count++;
	}
	fclose(file);
	return count;
}

static void
test_without_list(void)
{
	static const struct suffix_list none = { NULL };

	is(suffix_organisational(&none, "a.b.co.uk"), "co.uk", "without a list two labels are an organisation");
	is(suffix_organisational(&none, "co.uk"), "co.uk", "without a list two labels are their own organisation");
	is(suffix_organisational(&none, "uk"), NULL, "without a list one label has no organisation");
	is(suffix_organisational(&none, ""), NULL, "without a list the empty name has no organisation");
	ok(suffix_is_public(&none, "uk"), "without a list one label is public");
	ok(!suffix_is_public(&none, "co.uk"), "without a list two labels are not public");
	ok(suffix_is_public(&none, ""), "without a list the empty name is public");
}

static const struct {
	const char *what, *a, *b;
	bool related;
} pairs[] = {
	{ "the same name", "example.com", "example.com", true },
	{ "a name below", "example.com", "m.example.com", true },
	{ "sisters", "a.example.com", "b.c.example.com", true },
	{ "another organisation", "example.com", "example.net", false },
	{ "an ending without a dot", "example.com", "notexample.com", false },
	{ "com is nobody's", "example.com", "com", false },
	{ "com with itself", "com", "com", false },
	{ "co.uk is nobody's", "example.co.uk", "co.uk", false },
	{ "neighbours under co.uk", "example.co.uk", "other.co.uk", false },
	{ "a name of the private part with itself", "github.io", "github.io", true },
	{ "a name of the private part with a customer's", "github.io", "evil.github.io", false },
	{ "two customers of it", "good.github.io", "evil.github.io", false },
	{ "family of one customer", "a.good.github.io", "good.github.io", true },
	{ "family under co.uk", "mail.example.co.uk", "example.co.uk", true },
	{ "no name", "example.com", "", false },
	{ "case and the final dot fold", "Example.COM.", "example.com", true },
	{ "a quote is no part of a name", "example.com", "example.com'a.example.com", false },
	{ "a bracket is no part of a name", "example.com", "any(a.example.com", false },
	{ "a blank is no part of a name", "example.com", "a b.example.com", false },
	{ "U-label and A-label are one name",
	    "b\xc3\xbc"
	    "cher.com",
	    "xn--bcher-kva.com", true },
};

static void
test_relations(const struct suffix_list *list)
{
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		ok(suffix_relates(list, pairs[i].a, pairs[i].b) == pairs[i].related &&
			suffix_relates(list, pairs[i].b, pairs[i].a) == pairs[i].related,
		    "related: %s", pairs[i].what);
}

int
main(void)
{
	const char *srcdir = getenv("srcdir");
	char folder[512], path[1024];
	struct suffix_list list;
	psl_ctx_t *psl;

	snprintf(folder, sizeof folder, "%s/t/suites/psl", srcdir == NULL ? "." : srcdir);
	snprintf(path, sizeof path, "%s/public_suffix_list.dat", folder);
	psl = psl_load_file(path);
	list.psl = psl;
	if (ok(psl != NULL, "the copied list loads")) {
		test_rows(&list);
		test_owners(&list);
		test_relations(&list);
		is_number(test_suite(&list, folder), 78, "every line of the list's own tests was run");
	}
	test_without_list();
	psl_free(psl);
	return done();
}
