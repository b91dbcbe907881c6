/* room: message */
#include <string.h>

#include "check_spf.h"
#include "claims.h"
#include "dmarc.h"
#include "evidence.h"
#include "gather.h"
#include "message_parts.h"

enum { AUTHOR_DOMAINS_MAX = 8 }; /* of one message that are asked about; more is no honest mail */

/*
 * Sets half of the waiting aside while a name that is no vendor's is asked: a stranger's slow DNS must
 * not use up what the vendor's questions need, or a forger could make himself unsure.
 */
static int64_t
set_aside(struct message *message, bool foreign)
{
	int64_t kept = foreign ? message->budget.left_ms / 2 : 0;

	message->budget.left_ms -= kept;
	return kept;
}

static void
ask_spf(struct message *message, const char *identity, const char *domain, bool foreign, struct spf_fact *out,
    const char **why)
{
	struct spf_query query = { message->facts.client, message->facts.helo, identity,
		policy_standing(message->judge->policy, domain) };
	int64_t kept = set_aside(message, foreign);

	check_spf(message->house->resolver, &message->budget, message->arena, &query, out, why);
	message->budget.left_ms += kept;
}

static bool
is_some_vendors(const struct policy *policy, const struct mailbox *identity)
{
	if (name_rules_hold(&policy->own.domains, identity))
		return true;
	for (size_t i = 0; i < policy->vendor_count; i++)
		if (vendor_owns_sender(&policy->vendors[i], identity))
			return true;
	return false;
}

static void
gather_spf(struct message *message)
{
	struct facts *facts = &message->facts;
	struct mailbox identity = evidence_identity(facts);
	bool foreign = !is_some_vendors(message->judge->policy, &identity);

	if (promise_find_spf(message->house->promises, facts, message->arena))
		return;
	if (foreign && message->visitor->claims_only && !claims_may_cover(message->judge->policy)) {
		facts->spf.result = AUTH_NONE; /* it could speak for nobody */
		return;
	}
	ask_spf(message, facts->mail_from, identity.domain, foreign, &facts->spf, &facts->spf_why);
	promise_keep_spf(message->house->promises, facts);
	/* without a name there was nothing to check; without an answer it would be asked for ever */
	if (facts->spf.result == AUTH_NOT_ASKED)
		facts->spf.result = AUTH_NONE;
}

static void
gather_live(struct message *message, const struct source *source)
{
	struct live_fact *fact = &message->facts.live[message->facts.live_count++];
	struct spf_fact spf = { .domain = "" };

	ask_spf(message, source->name, source->name, false, &spf, NULL);
	fact->source = source->number;
	if (spf.result == AUTH_PASS)
		fact->answer = YES;
	else
		fact->answer = spf.result == AUTH_TEMPERROR ? UNKNOWN : NO;
}

static bool
is_of_domain(const struct author *author, const char *domain)
{
	return strcmp(author->mailbox.domain, domain) == 0;
}

/* One answer serves all authors of a domain; above the ceiling it is "none" for all that are left. */
static void
gather_spf_from(struct message *message, size_t index)
{
	struct facts *facts = &message->facts;
	const char *domain = facts->authors[index].mailbox.domain;
	bool full = message->spf_from_asked == AUTHOR_DOMAINS_MAX;
	struct spf_fact spf = { .domain = "" };

	if (!full && domain[0] != '\0') {
		message->spf_from_asked++;
		ask_spf(message, domain, domain, false, &spf, NULL);
	}
	if (spf.result == AUTH_NOT_ASKED)
		spf.result = AUTH_NONE;
	for (size_t i = index; i < facts->author_count; i++)
		if (facts->authors[i].spf_from == AUTH_NOT_ASKED &&
		    (full || is_of_domain(&facts->authors[i], domain)))
			facts->authors[i].spf_from = spf.result;
}

/* The next question, with the standing of the domain behind "_dmarc.". */
static bool
dmarc_question(const struct message *message, struct dmarc_check *check, struct dns_question *out)
{
	static const char prefix[] = "_dmarc.";

	if (!dmarc_next(check, out))
		return false;
	out->standing = policy_standing(message->judge->policy, out->name + sizeof prefix - 1);
	return true;
}

static void
ask_dmarc(struct message *message, const char *domain, struct dmarc_fact *out)
{
	struct dmarc_check check;
	struct dns_question question;
	struct dns_answer answer;

	dmarc_begin(&check, message->house->suffixes, domain);
	while (dmarc_question(message, &check, &question)) {
		resolver_ask(message->house->resolver, &question, &message->budget, message->arena,
		    &answer);
		dmarc_answer(&check, &answer);
	}
	dmarc_finish(&check, &message->facts, message->arena, out);
}

static void
gather_dmarc(struct message *message, size_t index)
{
	struct facts *facts = &message->facts;
	const struct mailbox *mailbox = &facts->authors[index].mailbox;
	const char *domain = mailbox->domain;
	bool full = message->dmarc_asked == AUTHOR_DOMAINS_MAX;
	struct dmarc_fact dmarc = { .domain = "" };
	int64_t kept;

	if (!full && domain[0] != '\0') {
		kept = set_aside(message, policy_owner(message->judge->policy, mailbox) == NULL &&
			!name_rules_hold(&message->judge->policy->own.domains, mailbox));
		message->dmarc_asked++;
		ask_dmarc(message, domain, &dmarc);
		message->budget.left_ms += kept;
	}
	if (dmarc.result == AUTH_NOT_ASKED)
		dmarc.result = AUTH_NONE;
	for (size_t i = index; i < facts->author_count; i++)
		if (facts->authors[i].dmarc.result == AUTH_NOT_ASKED &&
		    (full || is_of_domain(&facts->authors[i], domain)))
			facts->authors[i].dmarc = dmarc;
}

void
gather(struct message *message)
{
	struct wanted wanted;

	while (!message->facts.failed) {
		wanted = verdict_wants(message->judge, &message->facts);
		switch (wanted.want) {
		case WANT_NOTHING:
			return;
		case WANT_SPF:
			gather_spf(message);
			break;
		case WANT_LIVE:
			gather_live(message, wanted.source);
			break;
		case WANT_SPF_FROM:
			gather_spf_from(message, wanted.author);
			break;
		case WANT_DMARC:
			gather_dmarc(message, wanted.author);
			break;
		}
	}
}

void
gather_ahead(struct message *message)
{
	const struct settings *settings = &message->judge->policy->settings;
	struct dmarc_check check;
	struct dns_question question;

	if (message->facts.author_count == 0 || !settings->strangers.authenticate)
		return;
	dmarc_begin(&check, message->house->suffixes, message->facts.authors[0].mailbox.domain);
	if (dmarc_question(message, &check, &question))
		resolver_prefetch(message->house->resolver, &question);
}
