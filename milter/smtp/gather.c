#include <stdio.h>
#include <string.h>

#include "milter/checks/check_spf.h"
#include "milter/smtp/gather.h"
#include "milter/smtp/message_parts.h"
#include "policy/dns/dnswl.h"
#include "policy/mail/dmarc.h"
#include "policy/mail/iprev.h"
#include "policy/util/domain.h"
#include "policy/verdict/claims.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/passed_by.h"
#include "policy/verdict/patience.h"

enum { AUTHOR_DOMAINS_MAX = 8 }; /* asked about per message; honest mail has no more */

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool
is_some_vendors(const struct policy *policy, const struct mailbox *identity)
{
	return policy_is_own(policy, identity) || policy_sends(policy, identity);
}

/*
 * Reserves part of the DNS budget while we ask a name that is not in the policy itself, or whose record may lead to
 * such names: a forger must not make the vendor's questions fail with slow names of his own. A stranger's name
 * gets half of what is left, and leaves a quarter of the whole to names below a vendor's; those leave an
 * eighth to the names of the policy.
 */
static int64_t
set_aside(struct message *message, enum standing standing, bool leads_on)
{
	int64_t left = message->budget.left_ms, kept = 0;

	if (standing == STANDING_STRANGER)
		kept = most(left / 2, least(left, 2 * message->reserve_ms));
	else if (standing == STANDING_BELOW || leads_on)
		kept = least(left, message->reserve_ms);
	message->budget.left_ms -= kept;
	return kept;
}

static struct silence
ask_spf(struct message *message, const char *identity, const char *domain, struct spf_fact *out, struct spf_detail *detail)
{
	struct spf_query query = { message->facts.client, message->facts.helo, identity,
		policy_standing(message->judge->policy, domain) };
	int64_t kept = set_aside(message, query.standing, true);
	struct silence silence;

	silence = check_spf(message->services->resolver, &message->budget, message->arena, &query, out, detail);
	message->budget.left_ms += kept;
	return silence;
}

static void
gather_spf(struct message *message)
{
	struct facts *facts = &message->facts;
	struct mailbox identity = evidence_identity(facts);
	bool foreign = !is_some_vendors(message->judge->policy, &identity);
	struct spf_detail detail = { NULL, false };

	if (promise_find_spf(message->services->promises, facts, message->arena))
		return;
	if (foreign && message->client->claims_only && !claims_may_cover(message->judge->policy)) {
		facts->spf.result = AUTH_NONE; /* it could prove nothing for any vendor */
		return;
	}
	facts->spf_silence = ask_spf(message, facts->mail_from, identity.domain, &facts->spf, &detail);
	facts->spf_why = detail.why;
	facts->spf_narrow = detail.narrow ? YES : NO;
	promise_keep_spf(message->services->promises, facts);
	/* without a name there was nothing to check; without a result it would be asked for ever */
	if (facts->spf.result == AUTH_NOT_ASKED)
		facts->spf.result = AUTH_NONE;
}

static void
gather_source(struct message *message, const struct source *source)
{
	struct asked_fact *fact = &message->facts.asked[message->facts.asked_count++];
	struct spf_fact spf = { .domain = "" };

	fact->silence = ask_spf(message, source->name, source->name, &spf, NULL);
	fact->source = source->number;
	if (spf.result == AUTH_PASS)
		fact->passes = YES;
	else
		fact->passes = spf.result == AUTH_TEMPERROR ? UNKNOWN : NO;
}

static void
ask_iprev(struct message *message, struct iprev_check *check)
{
	struct dns_question question;
	struct dns_answer answer;
	int64_t kept;

	for (size_t i = 1; iprev_ahead(check, i, &question); i++) {
		question.standing = policy_standing(message->judge->policy, question.name);
		resolver_prefetch(message->services->resolver, &question);
	}
	(void)iprev_next(check, &question);
	question.standing = policy_standing(message->judge->policy, question.name);
	/* the client chose all these names, those that a vendor's zone holds as well */
	kept = set_aside(message, question.standing, true);
	resolver_ask(message->services->resolver, &question, &message->budget, message->arena, &answer);
	message->budget.left_ms += kept;
	iprev_answer(check, &answer);
}

static void
gather_iprev(struct message *message)
{
	struct dns_question question;
	struct iprev_check check;

	iprev_begin(&check, message->arena, &message->facts.client);
	while (iprev_next(&check, &question))
		ask_iprev(message, &check);
	iprev_finish(&check, &message->facts.iprev);
	if (arena_failed(message->arena))
		message->facts.failed = true;
}

static bool
is_of_domain(const struct author *author, const char *domain)
{
	return strcmp(author->mailbox.domain, domain) == 0;
}

/* One answer is for all authors of a domain; beyond the limit it is "none" for all the others. */
static void
gather_spf_from(struct message *message, size_t index)
{
	struct facts *facts = &message->facts;
	const char *domain = facts->authors[index].mailbox.domain;
	bool full = message->spf_from_asked == AUTHOR_DOMAINS_MAX;
	struct spf_fact spf = { .domain = "" };
	struct silence silence = { NULL, false };

	if (!full && domain[0] != '\0') {
		message->spf_from_asked++;
		silence = ask_spf(message, domain, domain, &spf, NULL);
	}
	if (spf.result == AUTH_NOT_ASKED)
		spf.result = AUTH_NONE;
	for (size_t i = index; i < facts->author_count; i++)
		if (facts->authors[i].spf_from == AUTH_NOT_ASKED && (full || is_of_domain(&facts->authors[i], domain))) {
			facts->authors[i].spf_from = spf.result;
			facts->authors[i].spf_from_silence = silence;
		}
}

static void
prefetch_dmarc(struct message *message, const char *start, const char *const *domains, size_t count)
{
	char name[sizeof "_dmarc." + DOMAIN_MAX];
	struct dns_question question;

	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof name, "_dmarc.%s", domains[i]);
		if (!dns_question_make(&question, name, DNS_TXT))
			continue;
		question.standing = policy_walk_standing(message->judge->policy, start, domains[i]);
		resolver_prefetch(message->services->resolver, &question);
	}
}

/* The standing of a question about the walk up from start: that of the domain after "_dmarc.". */
static enum standing
dmarc_standing(const struct message *message, const struct dns_question *question, const char *start)
{
	static const char prefix[] = "_dmarc.";
	bool walks = strncmp(question->name, prefix, sizeof prefix - 1) == 0;

	return policy_walk_standing(message->judge->policy, start, question->name + (walks ? sizeof prefix - 1 : 0));
}

static void
ask_dmarc(struct message *message, const char *domain, struct dmarc_fact *out)
{
	const char *start, *ahead[DMARC_STEPS_MAX];
	struct dmarc_check check;
	struct dns_question question;
	struct dns_answer answer;
	int64_t kept;

	dmarc_begin(&check, message->services->suffixes, &message->facts, domain, &message->dmarc_walks);
	while (dmarc_next(&check, &question, &start)) {
		prefetch_dmarc(message, start, ahead, dmarc_ahead(&check, ahead));
		question.standing = dmarc_standing(message, &question, start);
		kept = set_aside(message, question.standing, false);
		resolver_ask(message->services->resolver, &question, &message->budget, message->arena, &answer);
		message->budget.left_ms += kept;
		dmarc_answer(&check, &answer);
	}
	dmarc_finish(&check, message->arena, out);
}

static void
gather_dmarc(struct message *message, size_t index)
{
	struct facts *facts = &message->facts;
	const char *domain = facts->authors[index].mailbox.domain;
	bool full = message->dmarc_asked == AUTHOR_DOMAINS_MAX;
	struct dmarc_fact dmarc = { .domain = "" };

	if (!full && domain[0] != '\0') {
		message->dmarc_asked++;
		ask_dmarc(message, domain, &dmarc);
	}
	if (dmarc.result == AUTH_NOT_ASKED)
		dmarc.result = AUTH_NONE;
	for (size_t i = index; i < facts->author_count; i++)
		if (facts->authors[i].dmarc.result == AUTH_NOT_ASKED && (full || is_of_domain(&facts->authors[i], domain)))
			facts->authors[i].dmarc = dmarc;
}

/* One stranger's question is like another's, whoever runs the list; no answer is no word for him. */
static void
gather_dnswl(struct message *message)
{
	struct facts *facts = &message->facts;
	struct dns_question question;
	struct dns_answer answer = { .status = DNS_TEMPORARY };
	int64_t kept;

	facts->dnswl_zone = message->judge->policy->settings.greylist.dnswl;
	if (!dnswl_question(facts->dnswl_zone, &facts->client, &question))
		return;
	question.standing = STANDING_STRANGER;
	kept = set_aside(message, question.standing, false);
	resolver_ask(message->services->resolver, &question, &message->budget, message->arena, &answer);
	message->budget.left_ms += kept;
	facts->dnswl = dnswl_lists(&answer);
}

static void
gather_one(struct message *message, struct wanted wanted)
{
	switch (wanted.want) {
	case WANT_NOTHING:
		break;
	case WANT_SPF:
		gather_spf(message);
		break;
	case WANT_SOURCE:
		gather_source(message, wanted.source);
		break;
	case WANT_IPREV:
		gather_iprev(message);
		break;
	case WANT_SPF_FROM:
		gather_spf_from(message, wanted.author);
		break;
	case WANT_DNSWL:
		gather_dnswl(message);
		break;
	case WANT_DMARC:
		gather_dmarc(message, wanted.author);
		break;
	}
}

void
gather(struct message *message)
{
	struct wanted wanted;

	while (!message->facts.failed) {
		wanted = verdict_wants(message->judge, &message->facts);
		if (wanted.want == WANT_NOTHING)
			return;
		gather_one(message, wanted);
	}
}

enum passed_by
gather_passed_by(struct message *message)
{
	const struct greylist_settings *settings = &message->judge->policy->settings.greylist;
	enum passed_by by = PASSED_BY_NOTHING;
	enum want missing;

	while (!message->facts.failed) {
		by = passed_by_find(settings, &message->facts, &message->verdict, &missing);
		if (missing == WANT_NOTHING)
			return by;
		gather_one(message, (struct wanted){ .want = missing });
	}
	return PASSED_BY_NOTHING;
}

/* Does a name of the policy answer, and does its zone answer for a name that no cache can hold? */
static bool
name_answers(struct message *message, const char *name)
{
	char id[sizeof message->id], fresh[DNS_NAME_TEXT];
	struct dns_question question;
	struct dns_answer answer;

	snprintf(id, sizeof id, "%s", message->id);
	for (char *at = id; *at != '\0'; at++)
		*at = *at == '.' ? '-' : *at;
	snprintf(fresh, sizeof fresh, "greenlane-%s.%s", id, name);
	for (int i = 0; i < 2; i++) {
		if (!dns_question_make(&question, i == 0 ? name : fresh, DNS_TXT))
			continue; /* the name is too long for a label below it */
		question.standing = STANDING_LISTED;
		resolver_ask(message->services->resolver, &question, &message->budget, message->arena, &answer);
		if (answer.status == DNS_TEMPORARY)
			return false;
	}
	return true;
}

bool
gather_names(struct message *message)
{
	struct facts *facts = &message->facts;
	const char *names[NAME_FACTS_MAX];
	bool all = true;

	facts->name_count = patience_names(message->judge->policy, facts, &message->verdict, names);
	for (size_t i = 0; i < facts->name_count; i++) {
		facts->names[i] = (struct name_fact){ names[i], name_answers(message, names[i]) };
		all = all && facts->names[i].answered;
	}
	return all && facts->name_count > 0;
}

/* Is the author's own name already proven, or signed for, so that its own record will be enough? */
static bool
is_one_name(const struct message *message, const char *author)
{
	const struct spf_fact *spf = &message->facts.spf;

	return (spf->result == AUTH_PASS && strcmp(spf->domain, author) == 0) ||
	    (message->dkim != NULL && dkim_check_signs(message->dkim, author));
}

void
gather_ahead(struct message *message)
{
	const struct settings *settings = &message->judge->policy->settings;
	const char *author, *domains[DMARC_STEPS_MAX];
	struct dmarc_walk walk;
	size_t count;

	if (message->facts.author_count == 0 || !settings->strangers.authenticate)
		return;
	author = message->facts.authors[0].mailbox.domain;
	dmarc_walk_begin(&walk, author);
	count = dmarc_walk_rest(&walk, domains);
	if (count > 1 && is_one_name(message, author))
		count = 1;
	prefetch_dmarc(message, author, domains, count);
}
