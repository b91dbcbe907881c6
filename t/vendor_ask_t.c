#include <stdio.h>
#include <string.h>

#include "policy/advise/vendor_age.h"
#include "policy/advise/vendor_ask.h"
#include "policy/util/date.h"
#include "t/lib/tap.h"

enum { DAY = 24 * 3600 };
#define NOW (date_days(2026, 11, 29) * DAY)

/* ---- days in free text ---- */

static const struct {
	const char *seen, *day; /* "": none */
} days[] = {
	{ "2020-02-05", "2020-02-05" },
	{ "2026", "2026-01-01" },
	{ "2026-07", "2026-07-01" },
	{ "2025 to 2026", "2026-01-01" },
	{ "2019-06-11 to 2022-01-04", "2022-01-04" },
	{ "2025, by the page's address", "2025-01-01" },
	{ "undated copy", "" },
	{ "release 2023.3 or later", "" },
	{ "", "" },
	{ "20261", "" },
	{ "1789", "" },
	{ "2026-13-01", "" },
	{ "v2026", "" },
	{ "seen on 2024-05-06.", "2024-05-06" },
};

static void
test_days(void)
{
	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		char got[DATE_TEXT] = "";
		int64_t day;

		if (vendor_seen(days[i].seen, &day)) {
			date_write(day * DAY, got);
			got[10] = '\0';
		}
		is(got, days[i].day, "'%s'", days[i].seen);
	}
}

static const struct {
	int64_t days;
	const char *text;
} ages[] = { { 0, "today" }, { 1, "1 day" }, { 59, "59 days" }, { 60, "2 months" }, { 729, "24 months" },
	{ 730, "2 years" }, { -5, "today" } };

static void
test_ages(void)
{
	for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
		struct text out;

		text_open(&out, 64);
		vendor_age_write(ages[i].days, &out);
		is(out.bytes, ages[i].text, "%lld days", (long long)ages[i].days);
		text_close(&out);
	}
}

/* ---- questions ---- */

static const struct name_rule names[] = { { .domain = "a.example" }, { .domain = "b.example", .local = "bot" } };
#define NAMES            \
	{                \
		names, 2 \
	}
#define SPF_SOURCE .kind = SOURCE_SPF, .name = "a.example", .selected = true, .as_of = "", .review_by = ""
#define A_EXAMPLE .text = "spf:a.example"
#define LIST_SOURCE .kind = SOURCE_CIDR, .text = "cidr:192.0.2.0/24", .name = "", .selected = true, .as_of = ""

static const struct evidence all_proven[] = {
	{ "domains, envelope,dkim , sources: its page", "page", "2026-08-01" },
};
static const struct evidence old[] = { { "domains, envelope, dkim, sources: its page", "page", "2020-08-01" } };
static const struct evidence undated[] = { { "domains, envelope, dkim, sources", "page", "undated" } };
static const struct evidence beside[] = { { "DMARC of domains is p=reject", "page", "2026" } };
static const char *const unknown[] = { "bounce domain", "whether it signs" };
static const struct source shut[] = { { SPF_SOURCE, A_EXAMPLE, .exclusive = true } };
static const struct source shared[] = { { SPF_SOURCE, A_EXAMPLE },
	{ SPF_SOURCE, .text = "spf:b.example", .exclusive_said = true } };
static const struct source list[] = { { LIST_SOURCE, .exclusive = true, .review_by = "2026-08-01" } };
static const struct source many[] = { { SPF_SOURCE, A_EXAMPLE }, { SPF_SOURCE, A_EXAMPLE }, { SPF_SOURCE, A_EXAMPLE },
	{ SPF_SOURCE, A_EXAMPLE }, { SPF_SOURCE, A_EXAMPLE }, { SPF_SOURCE, A_EXAMPLE } };
static const struct source logins[] = { { SPF_SOURCE, A_EXAMPLE, .use = USE_LOGIN, .exclusive = true } };

static const struct {
	const char *name;
	struct vendor vendor;
	const char *wanted;
} rows[] = {
	{ "everything is proven",
	    { .domains = NAMES,
		.envelope = NAMES,
		.dkim = NAMES,
		.sources = shut,
		.source_count = 1,
		.evidence = all_proven,
		.evidence_count = 1 },
	    "" },
	{ "nothing is",
	    { .domains = NAMES, .dkim = NAMES, .sources = shut, .source_count = 1, .evidence = beside, .evidence_count = 1 },
	    "Which domains are in the From of its notices? Nothing shows that it sends as a.example, bot@b.example\n"
	    "Which domains are in its bounce addresses (MAIL FROM)? The file knows none but those of `domains`\n"
	    "Does all of its mail carry a DKIM signature, and with which d=? Nothing shows that it signs as a.example, bot@b.example\n"
	    "Does all of its mail come from the addresses of spf:a.example? Nothing shows it\n" },
	{ "no source, no signature, no evidence", { .domains = NAMES, .envelope = NAMES },
	    "Which domains are in the From of its notices? Nothing shows that it sends as a.example, bot@b.example\n"
	    "Does all of its mail carry a DKIM signature, and with which d=? The file knows of none\n"
	    "Which SPF name or host names list the addresses that its mail comes from? The file knows of none\n"
	    "Is there a page that says all this? The file has no evidence\n" },
	{ "a source that does not count is none",
	    { .domains = NAMES,
		.envelope = NAMES,
		.dkim = NAMES,
		.sources = logins,
		.source_count = 1,
		.evidence = all_proven,
		.evidence_count = 1 },
	    "Which SPF name or host names list the addresses that its mail comes from? The file knows of none\n" },
	{ "others may send from a source, unless somebody looked",
	    { .domains = NAMES,
		.envelope = NAMES,
		.dkim = NAMES,
		.sources = shared,
		.source_count = 2,
		.evidence = all_proven,
		.evidence_count = 1 },
	    "Does anybody else send mail from the addresses of spf:a.example?\n" },
	{ "many sources are cut",
	    { .domains = NAMES,
		.envelope = NAMES,
		.dkim = NAMES,
		.sources = many,
		.source_count = 6,
		.evidence = all_proven,
		.evidence_count = 1 },
	    "Does anybody else send mail from the addresses of spf:a.example, spf:a.example, spf:a.example, spf:a.example, "
	    "spf:a.example and 1 more?\n" },
	{ "a list alone, and its review is overdue",
	    { .domains = NAMES,
		.envelope = NAMES,
		.dkim = NAMES,
		.sources = list,
		.source_count = 1,
		.evidence = all_proven,
		.evidence_count = 1 },
	    "Which DNS name holds its addresses (an SPF record, a host name)? A list grows old: cidr:192.0.2.0/24\n"
	    "Is cidr:192.0.2.0/24 still right? Its review was due on 2026-08-01\n" },
	{ "what the file itself says is not known comes in place of our questions",
	    { .domains = NAMES,
		.sources = shared,
		.source_count = 1,
		.unknown = unknown,
		.unknown_count = 2,
		.evidence = all_proven,
		.evidence_count = 1 },
	    "Not known: bounce domain\nNot known: whether it signs\n"
	    "Does anybody else send mail from the addresses of spf:a.example?\n" },
	{ "old evidence",
	    { .domains = NAMES,
		.envelope = NAMES,
		.dkim = NAMES,
		.sources = shut,
		.source_count = 1,
		.evidence = old,
		.evidence_count = 1 },
	    "Is the file still right? Its newest evidence is 6 years old\n" },
	{ "undated evidence",
	    { .domains = NAMES,
		.envelope = NAMES,
		.dkim = NAMES,
		.sources = shut,
		.source_count = 1,
		.evidence = undated,
		.evidence_count = 1 },
	    "Is the file still right? Its evidence is undated\n" },
};

static void
test_questions(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text out;

		text_open(&out, 1 << 16);
		vendor_ask_write(&rows[i].vendor, NOW, &out);
		is(out.bytes, rows[i].wanted, "%s", rows[i].name);
		text_close(&out);
	}
}

int
main(void)
{
	test_days();
	test_ages();
	test_questions();
	return done();
}
