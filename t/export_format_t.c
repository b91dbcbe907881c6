/*
 * export_format_t.c - what an entry of a list for other programs may say.
 */
#include "policy/rules/export_format.h"
#include "t/lib/tap.h"

static const struct {
	const char *name, *value;
	enum export_format format;
	bool right;
} values[] = {
	{ "none is always right", "", EXPORT_POSTGREY, true },
	{ "a format without a choice takes none", "permit", EXPORT_POSTSCREEN, false },
	{ "json takes none", "x", EXPORT_JSON, false },
	{ "a list of milters", "unix:/a, inet:127.0.0.1:1", EXPORT_CIDR, true },
	{ "DISABLE", "DISABLE", EXPORT_CIDR, true },
	{ "a newline would be an entry of its own", "x\n0.0.0.0/0 y", EXPORT_CIDR, false },
	{ "a blank in front would continue the line before", " x", EXPORT_CIDR, false },
	{ "a text that is not ASCII", "\xc3\xa4", EXPORT_CIDR, false },
	{ "OK", "OK", EXPORT_SENDMAIL_ACCESS, true },
	{ "RELAY", "RELAY", EXPORT_SENDMAIL_ACCESS, false },
	{ "relay in small letters", "relay", EXPORT_SENDMAIL_ACCESS, false },
	{ "a table", "inet filter", EXPORT_NFTABLES, true },
	{ "a table with digits", "ip6 t_1", EXPORT_NFTABLES, true },
	{ "a table without a family", "filter", EXPORT_NFTABLES, false },
	{ "a family without a table", "inet ", EXPORT_NFTABLES, false },
	{ "a table that begins with a digit", "inet 1", EXPORT_NFTABLES, false },
	{ "a table followed by a statement", "inet a; flush ruleset", EXPORT_NFTABLES, false },
};

static void
test_values(void)
{
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct fault why = { .text = "" };

		ok(export_format_takes(values[i].format, values[i].value, &why) == values[i].right &&
			(why.text[0] == '\0') == values[i].right,
		    "value: %s: %s", values[i].name, values[i].right ? "taken" : "refused");
	}
}

static void
test_words(void)
{
	unsigned named = 0;

	while (export_format_words[named] != NULL)
		named++;
	is_number(named, EXPORT_FORMATS, "every format has a name");
}

int
main(void)
{
	test_words();
	test_values();
	return done();
}
