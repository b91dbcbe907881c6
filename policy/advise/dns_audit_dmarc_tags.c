/* The tags of our DMARC record, and who reads them differently (RFC 9989, 4.7; RFC 7489, 6.3 before it). */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"

static bool
is_policy(struct span value)
{
	return span_is_nocase(value, "none") || span_is_nocase(value, "quarantine") || span_is_nocase(value, "reject");
}

static bool
is_mode(struct span value)
{
	return span_is_nocase(value, "r") || span_is_nocase(value, "s");
}

static bool
is_yes_or_no(struct span value)
{
	return span_is_nocase(value, "y") || span_is_nocase(value, "n");
}

static bool
is_psd(struct span value)
{
	return is_yes_or_no(value) || span_is_nocase(value, "u");
}

/* Receivers send reports only by mail. */
static bool
is_mail_list(struct span value)
{
	while (value.length > 0) {
		struct span one = span_trim(span_cut(&value, ','));

		if (one.length < 10 || !span_is_nocase((struct span){ one.at, 7 }, "mailto:") ||
		    memchr(one.at, '@', one.length) == NULL)
			return false;
	}
	return true;
}

static bool
is_any(struct span value)
{
	(void)value;
	return true;
}

static const struct {
	const char *name;
	bool (*fits)(struct span value);
	const char *instead;
	const char *gone; /* what to do about a tag that RFC 9989 took away; NULL: it is still one */
} tags[] = {
	{ "v", is_any, "", NULL },
	{ "p", is_policy, "none, quarantine or reject", NULL },
	{ "sp", is_policy, "none, quarantine or reject", NULL },
	{ "np", is_policy, "none, quarantine or reject", NULL },
	{ "psd", is_psd, "y, n or u", NULL },
	{ "t", is_yes_or_no, "y or n", NULL },
	{ "adkim", is_mode, "r or s", NULL },
	{ "aspf", is_mode, "r or s", NULL },
	{ "rua", is_mail_list, "mailto: and an address, with commas between several", NULL },
	{ "ruf", is_mail_list, "mailto: and an address, with commas between several", NULL },
	{ "fo", is_any, "", NULL },
	{ "pct", is_any, "",
	    "receivers apply the policy to all mail, and older ones to that share of it; take it out, and write t=y while "
	    "you test" },
	{ "rf", is_any, "", "take it out" },
	{ "ri", is_any, "", "take it out" },
};
enum { TAGS = sizeof tags / sizeof tags[0] };

/* The row of a tag; TAGS: nobody knows it. */
static size_t
row_of(struct span name)
{
	size_t i = 0;

	while (i < TAGS && !span_is_nocase(name, tags[i].name))
		i++;
	return i;
}

static void
tag_judge(struct dns_audit *audit, struct span tag, unsigned *seen)
{
	struct span value = tag, name = span_trim(span_cut(&value, '='));
	size_t row = row_of(name);

	if (row == TAGS) {
		audit_wrong(audit, "'%s' is not a tag that receivers know; take it out", audit_shown_span(audit, tag));
		return;
	}
	if (!span_is(name, tags[row].name))
		audit_advise(audit, "'%s' has its name in capitals, which some receivers do not read; write '%s='",
		    audit_shown_span(audit, tag), tags[row].name);
	if (*seen & 1u << row)
		audit_wrong(audit, "'%s' is there twice, and only the last counts for most receivers; keep one",
		    tags[row].name);
	*seen |= 1u << row;
	if (tags[row].gone != NULL)
		audit_advise(audit, "'%s' means nothing since RFC 9989: %s", audit_shown_span(audit, tag), tags[row].gone);
	else if (!tags[row].fits(span_trim(value)))
		audit_wrong(audit, "'%s' means nothing; write %s= with %s", audit_shown_span(audit, tag),
		    tags[row].name, tags[row].instead);
}

void
audit_dmarc_tags(struct dns_audit *audit, struct span record)
{
	bool has_policy = false, second = false;
	unsigned seen = 0, count = 0;

	for (unsigned i = 0; record.length > 0 && i < AUDIT_WORDS_MAX; i++) {
		struct span tag = span_trim(span_cut(&record, ';')), name = tag;

		if (tag.length == 0)
			continue;
		tag_judge(audit, tag, &seen);
		if (span_is_nocase(span_trim(span_cut(&name, '=')), "p")) {
			second = second || count == 1;
			has_policy = true;
		}
		count++;
	}
	if (!has_policy)
		audit_wrong(audit,
		    "the record has no p=, so it asks for nothing; "
		    "write p=none, p=quarantine or p=reject after v=DMARC1");
	else if (!second)
		audit_advise(audit,
		    "p= does not come right after v=DMARC1, where receivers of RFC 7489 want it; move it there");
}
