/* room: message */
#include <string.h>

#include "check_spf.h"
#include "dmarc.h"
#include "gather.h"
#include "message_parts.h"

enum { AUTHOR_DOMAINS_MAX = 8 }; /* of one message that are asked about; more is no honest mail */

static void
ask_spf(struct message *message, const char *identity, struct spf_fact *out)
{
	struct spf_query query = { message->facts.client, message->facts.helo, identity };

	check_spf(message->house->resolver, &message->budget, message->arena, &query, out);
}

static void
gather_spf(struct message *message)
{
	struct facts *facts = &message->facts;

	ask_spf(message, facts->mail_from, &facts->spf);
	/* without a name there was nothing to check; without an answer it would be asked for ever */
	if (facts->spf.result == AUTH_NOT_ASKED)
		facts->spf.result = AUTH_NONE;
}

static void
gather_live(struct message *message, const struct source *source)
{
	struct live_fact *fact = &message->facts.live[message->facts.live_count++];
	struct spf_fact spf = { .domain = "" };

	ask_spf(message, source->name, &spf);
	fact->source = source->number;
	if (spf.result == AUTH_PASS)
		fact->answer = YES;
	else
		fact->answer = spf.result == AUTH_TEMPERROR ? UNKNOWN : NO;
}

/* An earlier author of the same domain, or NULL; counts the domains before this one. */
static const struct author *
same_domain_before(const struct facts *facts, size_t index, size_t *domains)
{
	const char *domain = facts->authors[index].mailbox.domain;

	*domains = 0;
	for (size_t i = 0; i < index; i++) {
		const char *other = facts->authors[i].mailbox.domain;
		bool first = true;

		if (strcmp(other, domain) == 0)
			return &facts->authors[i];
		for (size_t j = 0; first && j < i && *domains <= AUTHOR_DOMAINS_MAX; j++)
			first = strcmp(facts->authors[j].mailbox.domain, other) != 0;
		*domains += first;
		if (*domains >= AUTHOR_DOMAINS_MAX)
			return NULL;
	}
	return NULL;
}

static void
gather_spf_from(struct message *message, size_t index)
{
	struct author *author = &message->facts.authors[index];
	struct spf_fact spf = { .domain = "" };
	size_t domains;
	const struct author *same = same_domain_before(&message->facts, index, &domains);

	if (same != NULL && same->spf_from != AUTH_NOT_ASKED) {
		author->spf_from = same->spf_from;
		return;
	}
	author->spf_from = AUTH_NONE;
	if (domains >= AUTHOR_DOMAINS_MAX || author->mailbox.domain[0] == '\0')
		return;
	ask_spf(message, author->mailbox.domain, &spf);
	if (spf.result != AUTH_NOT_ASKED)
		author->spf_from = spf.result;
}

static void
ask_dmarc(struct message *message, struct author *author)
{
	struct dmarc_check check;
	struct dns_question question;
	struct dns_answer answer;

	dmarc_begin(&check, message->house->suffixes, author->mailbox.domain);
	while (dmarc_next(&check, &question)) {
		resolver_ask(message->house->resolver, &question, &message->budget, message->arena,
		    &answer);
		dmarc_answer(&check, &answer);
	}
	dmarc_finish(&check, &message->facts, message->arena, &author->dmarc);
}

static void
gather_dmarc(struct message *message, size_t index)
{
	struct author *author = &message->facts.authors[index];
	size_t domains;
	const struct author *same = same_domain_before(&message->facts, index, &domains);

	if (same != NULL && same->dmarc.result != AUTH_NOT_ASKED)
		author->dmarc = same->dmarc;
	else if (domains < AUTHOR_DOMAINS_MAX && author->mailbox.domain[0] != '\0')
		ask_dmarc(message, author);
	if (author->dmarc.result == AUTH_NOT_ASKED)
		author->dmarc.result = AUTH_NONE;
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
	if (dmarc_next(&check, &question))
		resolver_prefetch(message->house->resolver, &question);
}
