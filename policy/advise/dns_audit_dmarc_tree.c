/* The walk up the tree from a domain of ours, and what receivers of the RFC before (7489) find in its place. */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"

void
audit_dmarc_walk(struct dns_audit *audit, struct dmarc_walk *walk)
{
	struct dns_question question;

	dmarc_walk_begin(walk, audit->request->domain);
	while (dmarc_walk_next(walk, &question))
		dmarc_walk_answer(walk,
		    audit_ask(audit, audit_kept(audit, arena_string(audit->arena, question.name)), DNS_TXT));
}

/* ---- the walk, as the report shows it ---- */

static const char *
found_text(const struct dmarc_walk *walk, size_t i)
{
	switch (walk->steps[i].found) {
	case DMARC_FOUND_SEVERAL:
		return "several records, which are none";
	case DMARC_FOUND_RECORD:
		break;
	default:
		return "no record";
	}
	if (walk->steps[i].psd == 'y')
		return "a record of a registry (psd=y): the walk ends";
	return walk->steps[i].psd == 'n' ? "a record with psd=n: the walk ends" : "a record";
}

void
audit_dmarc_show(struct dns_audit *audit, const struct dmarc_walk *walk)
{
	struct dmarc_choice choice = dmarc_walk_choose(walk);
	struct dmarc_policy_choice policy = dmarc_choice_policy(&choice, true);
	struct dns_audit_report *report = &audit->report;

	for (size_t i = 0; i < walk->count; i++)
		report->steps[i] = (struct dns_audit_step){ walk->steps[i].domain, found_text(walk, i) };
	report->step_count = walk->count;
	report->organisation = dmarc_walk_organisation(walk);
	report->policy = dmarc_policy_word(policy.applied);
	report->policy_tag = policy.tag;
	report->policy_of = choice.record == NULL || !choice.record->usable ? "" : choice.domain;
	report->testing = choice.record != NULL && choice.record->testing;
}

/* ---- receivers of RFC 7489 ---- */

/* Their policy for the domain: its own record's, else that of its organisational domain by the public suffix list. */
struct before {
	const char *organisation; /* NULL: a public suffix, which they do not ask about */
	const char *domain;       /* of the record; "": none */
	enum dmarc_policy policy;
};

static enum dmarc_found
record_before(struct dns_audit *audit, const char *domain, struct dmarc_record *out)
{
	const struct dns_answer *answer;
	struct dmarc_record one;
	size_t count = 0;

	answer = audit_ask(audit, audit_kept(audit, arena_format(audit->arena, "_dmarc.%s", domain)), DNS_TXT);
	for (size_t i = 0; i < answer->count; i++)
		if (dmarc_record_read((const char *)answer->records[i].bytes, answer->records[i].length, &one)) {
			*out = one;
			count++;
		}
	return count == 0 ? DMARC_FOUND_NOTHING : count == 1 && out->usable ? DMARC_FOUND_RECORD : DMARC_FOUND_SEVERAL;
}

static struct before
look_before(struct dns_audit *audit)
{
	const char *domain = audit->request->domain;
	struct before out = { suffix_organisational(audit->request->suffixes, domain), "", DMARC_NONE };
	struct dmarc_record record;
	enum dmarc_found found;

	if (out.organisation == NULL)
		return out;
	found = record_before(audit, domain, &record);
	if (found == DMARC_FOUND_RECORD) {
		out.domain = domain;
		out.policy = record.p;
	} else if (found == DMARC_FOUND_NOTHING && strcmp(domain, out.organisation) != 0 &&
	    record_before(audit, out.organisation, &record) == DMARC_FOUND_RECORD) {
		out.domain = out.organisation;
		out.policy = record.sp;
	}
	return out;
}

static void
record_compare(struct dns_audit *audit, const struct before *before, const struct dmarc_choice *choice)
{
	struct dmarc_policy_choice policy = dmarc_choice_policy(choice, true);

	if (choice->record == NULL || !choice->record->usable)
		return;
	if (strcmp(before->domain, choice->domain) == 0)
		return;
	if (before->domain[0] == '\0')
		audit_advise(audit,
		    "receivers of RFC 9989 find '_dmarc.%s' and apply %s, those of RFC 7489 find no record; "
		    "publish one at '_dmarc.%s' for both",
		    choice->domain, dmarc_policy_word(policy.applied), audit->request->domain);
	else
		audit_advise(audit,
		    "receivers of RFC 9989 find '_dmarc.%s' and apply %s, those of RFC 7489 '_dmarc.%s' and %s; "
		    "publish one at '_dmarc.%s' for both",
		    choice->domain, dmarc_policy_word(policy.applied), before->domain,
		    dmarc_policy_word(before->policy), audit->request->domain);
}

static void
tags_compare(struct dns_audit *audit, const struct dmarc_choice *choice)
{
	const struct dmarc_record *record = choice->record;

	if (record == NULL || !record->usable)
		return;
	if (record->testing && dmarc_choice_policy(choice, true).published != DMARC_NONE)
		audit_advise(audit,
		    "'t=y' tests the policy only at receivers of RFC 9989, which apply it one step milder; those of RFC "
		    "7489 apply it as written; write p=none as long as you test");
	if (record->np != record->sp)
		audit_advise(audit,
		    "'np=' asks for %s where a name does not exist, and receivers of RFC 7489 apply sp= (%s) to it",
		    dmarc_policy_word(record->np), dmarc_policy_word(record->sp));
}

void
audit_dmarc_compare(struct dns_audit *audit, const struct dmarc_walk *walk)
{
	struct dmarc_choice choice = dmarc_walk_choose(walk);
	const char *organisation = dmarc_walk_organisation(walk);
	struct before before = look_before(audit);

	record_compare(audit, &before, &choice);
	tags_compare(audit, &choice);
	if (choice.record != NULL && before.organisation != NULL && strcmp(before.organisation, organisation) != 0)
		audit_advise(audit,
		    "receivers of RFC 9989 align with names of %s, those of RFC 7489 with names of %s: "
		    "sign and bounce as %s itself, which suits both",
		    organisation, before.organisation, audit->request->domain);
}
