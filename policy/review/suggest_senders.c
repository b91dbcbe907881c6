#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/suggest_senders.h"
#include "policy/util/domain.h"
#include "policy/util/hash.h"

struct senders {
	const struct policy *policy;
	const struct suffix_list *suffixes;
	uint64_t seed[2];
	struct kept_names *table;
};

struct senders *
senders_open(const struct policy *policy, const struct suffix_list *suffixes, const uint64_t seed[2])
{
	struct senders *senders = calloc(1, sizeof *senders);

	if (senders == NULL)
		return NULL;
	*senders = (struct senders){ policy, suffixes, { seed[0], seed[1] },
		kept_names_open(sizeof(struct sender), SENDERS_MAX, seed) };
	if (senders->table != NULL)
		return senders;
	free(senders);
	return NULL;
}

void
senders_close(struct senders *senders)
{
	if (senders == NULL)
		return;
	kept_names_close(senders->table);
	free(senders);
}

/* ---- what proves it ---- */

/* Whose message it is: the owner of all its authors' domains; NULL: it is nobody's alone. */
static const char *
owner_of(const struct senders *senders, const struct facts *facts)
{
	if (facts->from_state != FROM_READ || facts->author_count == 0 || facts->authors[0].mailbox.domain[0] == '\0')
		return NULL;
	for (size_t i = 1; i < facts->author_count; i++)
		if (!suffix_relates(senders->suffixes, facts->authors[0].mailbox.domain, facts->authors[i].mailbox.domain))
			return NULL;
	return suffix_owner(senders->suffixes, facts->authors[0].mailbox.domain);
}

static bool
signs(const struct senders *senders, const struct facts *facts, const struct dkim_fact *dkim)
{
	return dkim->counts && suffix_relates(senders->suffixes, dkim->d, facts->authors[0].mailbox.domain);
}

static bool
is_signed(const struct senders *senders, const struct facts *facts)
{
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (signs(senders, facts, &facts->dkim[i]))
			return true;
	return false;
}

/* Is the envelope in the author's name? Then its SPF speaks for the author. */
static bool
is_own_envelope(const struct senders *senders, const struct facts *facts)
{
	return !facts->spf.by_helo && facts->spf.domain[0] != '\0' &&
	    suffix_relates(senders->suffixes, facts->spf.domain, facts->authors[0].mailbox.domain);
}

/* ---- what was seen ---- */

/* False: there is no room for another name. */
static bool
count_name(struct sender_name names[SENDER_NAMES], const char *name)
{
	for (size_t i = 0; i < SENDER_NAMES; i++) {
		if (names[i].count > 0 && strcmp(names[i].name, name) != 0)
			continue;
		snprintf(names[i].name, sizeof names[i].name, "%s", name);
		names[i].count++;
		return true;
	}
	return false;
}

static void
count_distinct(struct sender_distinct *distinct, uint64_t hash)
{
	for (size_t i = 0; i < distinct->count; i++)
		if (distinct->hashes[i] == hash)
			return;
	if (distinct->count < SENDER_DISTINCT)
		distinct->hashes[distinct->count++] = hash;
}

static void
note_selector(struct sender *sender, const char *selector)
{
	char name[DOMAIN_TEXT];

	if (!domain_read(selector, strlen(selector), name, NULL) || strlen(name) >= sizeof sender->selectors[0])
		return;
	for (size_t i = 0; i < sender->selector_count; i++)
		if (strcmp(sender->selectors[i], name) == 0)
			return;
	if (sender->selector_count < SENDER_SELECTORS)
		memcpy(sender->selectors[sender->selector_count++], name, strlen(name) + 1);
}

static void
note_signatures(const struct senders *senders, struct sender *sender, const struct facts *facts)
{
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (signs(senders, facts, &facts->dkim[i])) {
			(void)count_name(sender->signers, facts->dkim[i].d);
			note_selector(sender, facts->dkim[i].s);
		}
}

static void
note_envelope(const struct senders *senders, struct sender *sender, const struct facts *facts)
{
	const char *owner;

	if (is_own_envelope(senders, facts)) {
		sender->spf[facts->spf.result]++;
		return;
	}
	owner = facts->spf.domain[0] == '\0' ? NULL : suffix_owner(senders->suffixes, facts->spf.domain);
	if (owner != NULL && !facts->spf.by_helo && facts->spf.result == AUTH_PASS)
		(void)count_name(sender->envelopes, owner);
}

static void
note_author(const struct senders *senders, struct sender *sender, const struct mailbox *author)
{
	const struct vendor *vendor = policy_owner(senders->policy, author);

	if (!count_name(sender->authors, author->domain))
		sender->more_authors++;
	count_distinct(&sender->mailboxes, hash_keyed(senders->seed, author->text, strlen(author->text)));
	sender->own += policy_is_own(senders->policy, author);
	sender->claimed += vendor != NULL;
	if (vendor != NULL)
		snprintf(sender->vendor, sizeof sender->vendor, "%s", vendor->name);
}

bool
senders_note(struct senders *senders, const struct recorded *recorded, int64_t waited)
{
	const struct facts *facts = &recorded->facts;
	const char *owner = owner_of(senders, facts);
	char client[ADDRESS_TEXT];
	struct sender *sender;
	bool by_dkim, by_spf;

	if (owner == NULL)
		return false;
	by_dkim = is_signed(senders, facts);
	by_spf = is_own_envelope(senders, facts) && facts->spf.result == AUTH_PASS;
	if (!by_dkim && !by_spf)
		return false;
	sender = kept_names_take(senders->table, owner);
	sender->head.count++;
	sender->by_dkim += by_dkim;
	sender->by_spf += by_spf;
	sender->waited += waited;
	if (waited > sender->longest)
		sender->longest = waited;
	address_write(&facts->client, client);
	count_distinct(&sender->clients, hash_keyed(senders->seed, client, strlen(client)));
	note_signatures(senders, sender, facts);
	note_envelope(senders, sender, facts);
	note_author(senders, sender, &facts->authors[0].mailbox);
	snprintf(sender->id, sizeof sender->id, "%s", recorded->id);
	return true;
}

void **
senders_sort(struct senders *senders, size_t *count)
{
	return kept_names_sort(senders->table, count);
}

uint64_t
senders_dropped(const struct senders *senders)
{
	return kept_names_dropped(senders->table);
}

const char *
sender_domain(const struct sender *sender)
{
	bool one = sender->authors[1].count == 0 && sender->more_authors == 0;

	return one ? sender->authors[0].name : sender->head.name;
}
