/* room: own_dns */
/* Our DMARC record, and whether the delegated vendors' mail can meet it. */
#include <string.h>

#include "dmarc.h"
#include "own_dns_parts.h"

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

/* Receivers send reports by mail alone. */
static bool
is_mail_list(struct span value)
{
	while (value.length > 0) {
		struct span one = span_trim(span_cut(&value, ','));

		if (one.length < 10 || !span_is_nocase((struct span){ one.at, 7 }, "mailto:") || memchr(one.at, '@', one.length) == NULL)
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
span_shown(struct own_dns *own, struct span span)
{
	return own_shown(own, own_kept(own, arena_copy(own->arena, span.at, span.length)));
}

static void
tag_judge(struct own_dns *own, struct span tag)
{
	struct span value = tag, name = span_trim(span_cut(&value, '='));

	for (size_t i = 0; i < TAGS; i++) {
		if (!span_is_nocase(name, tags[i].name))
			continue;
		if (!tags[i].fits(span_trim(value)))
			own_wrong(own, "'%s' means nothing; write %s= and %s", span_shown(own, tag), tags[i].name, tags[i].instead);
		return;
	}
	own_wrong(own, "'%s' is no tag that receivers know; take it out", span_shown(own, tag));
}

static void
tags_judge(struct own_dns *own, struct span record)
{
	bool has_policy = false;

	for (unsigned i = 0; record.length > 0 && i < OWN_WORDS_MAX; i++) {
		struct span tag = span_trim(span_cut(&record, ';')), name = tag;

		if (tag.length > 0)
			tag_judge(own, tag);
		has_policy = has_policy || span_is_nocase(span_trim(span_cut(&name, '=')), "p");
	}
	if (!has_policy)
		own_wrong(own, "the record has no p=, so it asks for nothing; write p=none, p=quarantine or p=reject behind v=DMARC1");
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

/* How many records are meant; the last of them. */
static size_t
records_find(struct own_dns *own, const char *name, struct span *out)
{
	const struct dns_answer *answer = own_ask(own, name, DNS_TXT);
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
record_judge(struct own_dns *own, size_t count, struct span text, struct found *found)
{
	struct dmarc_record *record = &found->record;
	struct span version = text;

	found->usable = count == 1 && dmarc_record_read(text.at, text.length, record) == AUTH_PASS;
	if (count > 1) {
		own_wrong(own, "there are %zu records at '%s', so receivers ignore all of them; keep one", count, found->name);
		return;
	}
	if (!span_is(span_trim(span_cut(&version, ';')), "v=DMARC1"))
		own_wrong(own, "'%s' does not begin with 'v=DMARC1;', as it must", span_shown(own, text));
	tags_judge(own, text);
}

static void
record_find(struct own_dns *own, struct found *found)
{
	const char *domain = own->request->domain, *above = suffix_organisational(own->request->suffixes, domain);
	const char *name = own_kept(own, arena_format(own->arena, "_dmarc.%s", domain));
	struct span text = { "", 0 };
	size_t count = records_find(own, name, &text);

	if (count == 0 && above != NULL && strcmp(above, domain) != 0) {
		name = own_kept(own, arena_format(own->arena, "_dmarc.%s", above));
		found->inherited = true;
		count = records_find(own, name, &text);
	}
	found->name = name;
	if (count > 0)
		record_judge(own, count, text, found);
	else
		own_wrong(own, "there is no DMARC record; publish the one below, and read the reports");
}

/* ---- what it means for the vendors ---- */

/* Has it a key with which it signs as us, aligned? */
static bool
vendor_signs(struct own_dns *own, const struct delegation *delegation, const struct dmarc_record *record)
{
	bool signs = false, above = false;

	if (delegation->selectors.count == 0)
		return own_wants(delegation, PROOF_DKIM);
	for (size_t i = 0; i < delegation->selectors.count; i++) {
		enum own_key key = own_key_find(own, delegation, delegation->selectors.list[i], false);

		signs = signs || key == OWN_KEY_HERE || (key == OWN_KEY_ABOVE && !record->strict_dkim);
		above = above || key == OWN_KEY_ABOVE;
	}
	if (!signs && above)
		own_wrong(own, "'adkim=s' refuses signatures of %s, whose key belongs to the domain above; write 'adkim=r'",
		    delegation->vendor_name);
	return signs;
}

static void
vendors_judge(struct own_dns *own, const struct found *found, enum dmarc_policy policy)
{
	const struct delegation *delegation;
	const char *domain = own->request->domain;

	for (size_t i = 0; (delegation = own_delegation(own, i)) != NULL; i++) {
		const char *vendor = delegation->vendor_name;
		bool signs = vendor_signs(own, delegation, &found->record);

		/* of keys that it should have and has not the part before speaks */
		if (!signs && delegation->selectors.count == 0)
			own_advise(own, "%s signs nothing as %s: where its mail bounces to its own name, DMARC fails at other receivers%s; "
					"let it sign, or bounce to a name of yours", vendor, domain,
			    policy == DMARC_NONE ? "" : ", and they refuse or file it as spam");
		if (found->record.strict_spf)
			own_advise(own, "'aspf=s' refuses mail of %s that bounces to a name below %s; write 'aspf=r' unless it signs all",
			    vendor, domain);
	}
}

static void
start_write(struct own_dns *own)
{
	const char *domain = own->request->domain, *above = suffix_organisational(own->request->suffixes, domain);

	if (above != NULL && own_is_ours(own, above))
		domain = above;
	own->report.dmarc_name = own_kept(own, arena_format(own->arena, "_dmarc.%s", domain));
	own->report.dmarc = own_kept(own, arena_format(own->arena, "v=DMARC1; p=none; rua=mailto:postmaster@%s", domain));
}

void
own_dmarc(struct own_dns *own)
{
	struct found found = { .name = "" };
	enum dmarc_policy policy;

	record_find(own, &found);
	policy = found.inherited ? found.record.sp : found.record.p;
	if (!found.usable)
		start_write(own);
	else if (policy == DMARC_NONE)
		own_advise(own, "'p=none' asks receivers to refuse nothing; once the reports show only mail of yours, write 'p=quarantine'");
	vendors_judge(own, &found, policy);
}
