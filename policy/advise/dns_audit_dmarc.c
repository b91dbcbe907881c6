/* Our DMARC record, and whether the delegated vendors' mail can meet it. */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"
#include "policy/mail/dmarc.h"

/* ---- tags (RFC 7489, 6.3) ---- */

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
is_percentage(struct span value)
{
	unsigned number = 0;

	for (size_t i = 0; i < value.length && number <= 100; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
		number = number * 10 + (unsigned)(value.at[i] - '0');
	}
	return value.length > 0 && number <= 100;
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
} tags[] = {
	{ "v", is_any, "" },
	{ "p", is_policy, "none, quarantine or reject" },
	{ "sp", is_policy, "none, quarantine or reject" },
	{ "np", is_policy, "none, quarantine or reject" },
	{ "adkim", is_mode, "r or s" },
	{ "aspf", is_mode, "r or s" },
	{ "pct", is_percentage, "a number up to 100" },
	{ "rua", is_mail_list, "mailto: and an address, with commas between several" },
	{ "ruf", is_mail_list, "mailto: and an address, with commas between several" },
	{ "fo", is_any, "" },
	{ "rf", is_any, "" },
	{ "ri", is_any, "" },
	{ "t", is_any, "" },
	{ "psd", is_any, "" },
};
enum { TAGS = sizeof tags / sizeof tags[0] };

static const char *
span_shown(struct dns_audit *audit, struct span span)
{
	return audit_shown(audit, audit_kept(audit, arena_copy(audit->arena, span.at, span.length)));
}

static void
tag_judge(struct dns_audit *audit, struct span tag)
{
	struct span value = tag, name = span_trim(span_cut(&value, '='));

	for (size_t i = 0; i < TAGS; i++) {
		if (!span_is_nocase(name, tags[i].name))
			continue;
		if (!tags[i].fits(span_trim(value)))
			audit_wrong(audit, "'%s' means nothing; write %s= with %s", span_shown(audit, tag),
			    tags[i].name, tags[i].instead);
		return;
	}
	audit_wrong(audit, "'%s' is not a tag that receivers know; take it out", span_shown(audit, tag));
}

static void
tags_judge(struct dns_audit *audit, struct span record)
{
	bool has_policy = false;

	for (unsigned i = 0; record.length > 0 && i < AUDIT_WORDS_MAX; i++) {
		struct span tag = span_trim(span_cut(&record, ';')), name = tag;

		if (tag.length > 0)
			tag_judge(audit, tag);
		has_policy = has_policy || span_is_nocase(span_trim(span_cut(&name, '=')), "p");
	}
	if (!has_policy)
		audit_wrong(audit,
		    "the record has no p=, so it asks for nothing; "
		    "write p=none, p=quarantine or p=reject after v=DMARC1");
}

/* ---- the record ---- */

struct found {
	const char *name; /* _dmarc.example.com; "": nowhere */
	bool inherited;   /* from the organisational domain */
	bool usable;
	struct dmarc_record record;
};

/* Begins like one: v=DMARC1 in any case, whatever follows. */
static bool
is_meant(struct span text)
{
	struct span value = span_cut(&text, ';'), name = span_cut(&value, '=');

	return span_is_nocase(span_trim(name), "v") && span_trim(value).length >= 5 &&
	    span_is_nocase((struct span){ span_trim(value).at, 5 }, "DMARC");
}

/* How many texts are meant as a record; the last of them. */
static size_t
records_find(struct dns_audit *audit, const char *name, struct span *out)
{
	const struct dns_answer *answer = audit_ask(audit, name, DNS_TXT);
	size_t count = 0;

	for (size_t i = 0; i < answer->count; i++) {
		struct span text = { (const char *)answer->records[i].bytes, answer->records[i].length };

		if (!is_meant(text))
			continue;
		*out = text;
		count++;
	}
	return count;
}

static void
record_judge(struct dns_audit *audit, size_t count, struct span text, struct found *found)
{
	struct dmarc_record *record = &found->record;
	struct span version = text;

	found->usable = count == 1 && dmarc_record_read(text.at, text.length, record) == AUTH_PASS;
	if (count > 1) {
		audit_wrong(audit, "there are %zu records at '%s', so receivers ignore all of them; keep one", count,
		    found->name);
		return;
	}
	if (!span_is(span_trim(span_cut(&version, ';')), "v=DMARC1"))
		audit_wrong(audit, "'%s' does not begin with 'v=DMARC1;', as it must", span_shown(audit, text));
	tags_judge(audit, text);
}

static void
record_find(struct dns_audit *audit, struct found *found)
{
	const char *domain = audit->request->domain, *above = suffix_organisational(audit->request->suffixes, domain);
	const char *name = audit_kept(audit, arena_format(audit->arena, "_dmarc.%s", domain));
	struct span text = { "", 0 };
	size_t count = records_find(audit, name, &text);

	if (count == 0 && above != NULL && strcmp(above, domain) != 0) {
		name = audit_kept(audit, arena_format(audit->arena, "_dmarc.%s", above));
		found->inherited = true;
		count = records_find(audit, name, &text);
	}
	found->name = name;
	if (count > 0)
		record_judge(audit, count, text, found);
	else
		audit_wrong(audit, "there is no DMARC record; publish the one below, and read the reports");
}

/* ---- what it means for the vendors ---- */

/* Has it a key with which it signs as us, aligned? */
static bool
vendor_signs(struct dns_audit *audit, const struct delegation *delegation, const struct dmarc_record *record)
{
	bool signs = false, above = false;

	if (delegation->selectors.count == 0)
		return audit_wants(delegation, PROOF_DKIM);
	for (size_t i = 0; i < delegation->selectors.count; i++) {
		enum audit_key key = audit_key_find(audit, delegation, delegation->selectors.list[i], false);

		signs = signs || key == AUDIT_KEY_HERE || (key == AUDIT_KEY_ABOVE && !record->strict_dkim);
		above = above || key == AUDIT_KEY_ABOVE;
	}
	if (!signs && above)
		audit_wrong(audit,
		    "'adkim=s' refuses signatures of %s, whose key belongs to the domain above; "
		    "write 'adkim=r'",
		    delegation->vendor_name);
	return signs;
}

static void
vendors_judge(struct dns_audit *audit, const struct found *found, enum dmarc_policy policy)
{
	const struct delegation *delegation;
	const char *domain = audit->request->domain;

	for (size_t i = 0; (delegation = audit_delegation(audit, i)) != NULL; i++) {
		const char *vendor = delegation->vendor_name;
		bool signs = vendor_signs(audit, delegation, &found->record);

		/* the DKIM part has spoken of keys that it should have and has not */
		if (!signs && delegation->selectors.count == 0)
			audit_advise(audit,
			    "%s signs nothing as %s: where its mail bounces to its own name, DMARC "
			    "fails at other receivers%s; "
			    "have it sign, or bounce to a name of yours",
			    vendor, domain, policy == DMARC_NONE ? "" : ", which refuse it or file it as spam");
		if (found->record.strict_spf)
			audit_advise(audit,
			    "'aspf=s' refuses mail of %s that bounces to a name below %s; "
			    "write 'aspf=r' unless it signs everything",
			    vendor, domain);
	}
}

static void
start_write(struct dns_audit *audit)
{
	const char *domain = audit->request->domain, *above = suffix_organisational(audit->request->suffixes, domain);

	if (above != NULL && audit_is_ours(audit, above))
		domain = above;
	audit->report.dmarc_name = audit_kept(audit, arena_format(audit->arena, "_dmarc.%s", domain));
	audit->report.dmarc = audit_kept(audit,
	    arena_format(audit->arena, "v=DMARC1; p=none; rua=mailto:postmaster@%s", domain));
}

void
audit_dmarc(struct dns_audit *audit)
{
	struct found found = { .name = "" };
	enum dmarc_policy policy;

	record_find(audit, &found);
	policy = found.inherited ? found.record.sp : found.record.p;
	if (!found.usable)
		start_write(audit);
	else if (policy == DMARC_NONE)
		audit_advise(audit,
		    "'p=none' asks receivers to refuse nothing; "
		    "once the reports show only your mail, write 'p=quarantine'");
	vendors_judge(audit, &found, policy);
}
