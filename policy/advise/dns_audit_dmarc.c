/* Our DMARC record, and whether the delegated vendors' mail can meet it. */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"

/* ---- the record ---- */

struct found {
	const char *name; /* _dmarc.example.com; "": nowhere */
	bool inherited;   /* from a name above */
	bool usable;
	const char *organisation;
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

/* What is wrong with what stands at found->name. */
static void
record_judge(struct dns_audit *audit, size_t count, struct span text, const struct found *found,
    const struct dmarc_walk *walk)
{
	struct span version = text;

	if (count > 1) {
		audit_wrong(audit, "there are %zu records at '%s', so receivers ignore all of them; keep one", count,
		    found->name);
		return;
	}
	if (!span_is(span_trim(span_cut(&version, ';')), "v=DMARC1"))
		audit_wrong(audit, "'%s' does not begin with 'v=DMARC1;', as it must", audit_shown_span(audit, text));
	audit_dmarc_tags(audit, text);
	if (walk->count == 1 && walk->steps[0].psd == 'y')
		audit_advise(audit,
		    "'psd=y' says that names below %s are other organisations'; take it out unless it is a registry",
		    audit->request->domain);
}

/* The registry above says that it is one, and ours is the name below it: its policy was not made for us. */
static bool
is_registrys(const struct dmarc_choice *choice)
{
	return choice->inherited && choice->record->psd == DMARC_PSD_YES;
}

static void
absence_judge(struct dns_audit *audit, const struct dmarc_choice *choice, const char *organisation)
{
	if (choice->record == NULL)
		audit_wrong(audit, "there is no DMARC record; publish the one below, and read the reports");
	else if (is_registrys(choice))
		audit_wrong(audit,
		    "there is no DMARC record at '_dmarc.%s', so what the registry %s asks for (psd=y) is applied to your "
		    "mail; publish the one below, and read the reports",
		    organisation, choice->domain);
}

static void
record_find(struct dns_audit *audit, struct found *found)
{
	const char *domain = audit->request->domain;
	struct dmarc_walk walk;
	struct dmarc_choice choice;
	struct span text = { "", 0 };
	size_t count;

	audit_dmarc_walk(audit, &walk);
	choice = dmarc_walk_choose(&walk);
	audit_dmarc_show(audit, &walk);
	found->organisation = dmarc_walk_organisation(&walk);
	found->inherited = choice.inherited;
	found->usable = choice.record != NULL && choice.record->usable && !is_registrys(&choice);
	if (found->usable)
		found->record = *choice.record;
	found->name = audit_kept(audit, arena_format(audit->arena, "_dmarc.%s", domain));
	count = records_find(audit, found->name, &text);
	if (count == 0 && choice.inherited && !is_registrys(&choice)) {
		found->name = audit_kept(audit, arena_format(audit->arena, "_dmarc.%s", choice.domain));
		count = records_find(audit, found->name, &text);
	}
	if (count > 0)
		record_judge(audit, count, text, found, &walk);
	else
		absence_judge(audit, &choice, found->organisation);
	audit_dmarc_compare(audit, &walk);
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

/* Where one record is enough: at our organisation's name, by the tree where there is one, else by the list. */
static void
start_write(struct dns_audit *audit, const struct found *found)
{
	const char *domain = audit->request->domain, *above = suffix_organisational(audit->request->suffixes, domain);

	if (strcmp(found->organisation, domain) != 0)
		above = found->organisation;
	if (above != NULL && audit_is_ours(audit, above))
		domain = above;
	audit->report.dmarc_name = audit_kept(audit, arena_format(audit->arena, "_dmarc.%s", domain));
	audit->report.dmarc = audit_kept(audit,
	    arena_format(audit->arena, "v=DMARC1; p=none; rua=mailto:postmaster@%s", domain));
}

void
audit_dmarc(struct dns_audit *audit)
{
	struct found found = { .name = "", .organisation = "" };
	enum dmarc_policy policy;

	record_find(audit, &found);
	policy = found.inherited ? found.record.sp : found.record.p;
	if (!found.usable)
		start_write(audit, &found);
	else if (policy == DMARC_NONE)
		audit_advise(audit,
		    "'p=none' asks receivers to refuse nothing; "
		    "once the reports show only your mail, write 'p=quarantine'");
	vendors_judge(audit, &found, policy);
}
