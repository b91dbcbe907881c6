#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/advise/draft.h"
#include "policy/config/policy_value.h"
#include "policy/dns/spf_text.h"
#include "policy/util/domain.h"

enum { MEMORY_MAX = 1024 * 1024 };

enum part { PART_SPF, PART_DMARC, PART_MX, PART_KEYS, PARTS };

struct draft {
	const struct draft_request *request;
	struct arena *arena;
	struct draft_facts facts;
	enum draft_state state;
	struct fault why;
	unsigned part;
	struct dns_question asked;
	struct source source;
	struct unfolding *unfolding;
	char ending_at[DNS_NAME_TEXT]; /* the record whose `all` decides; "": decided */
	struct dmarc_walk dmarc;
	bool mx_asked;
	bool at_organisation; /* the selector is looked for there now */
};

/* ---- failing ---- */

static void
fail(struct draft *draft, enum draft_state state, const char *what, const char *name)
{
	if (draft->state != DRAFT_ASKS)
		return;
	draft->state = state;
	fault_set(&draft->why, "%s%s%.280s", what, name[0] == '\0' ? "" : " ", name);
}

static const char *
kept(struct draft *draft, const char *made)
{
	if (made == NULL)
		fail(draft, DRAFT_TEMPORARY, "out of memory", "");
	return made == NULL ? "" : made;
}

/* ---- SPF ---- */

static const char *
shared_find(const struct draft_request *request, const char *name)
{
	for (size_t i = 0; i < request->shared_count; i++)
		if (domain_is_under(name, request->shared[i]))
			return request->shared[i];
	return NULL;
}

static bool
spf_next(struct draft *draft, struct dns_question *out)
{
	return unfolding_next(draft->unfolding, out);
}

/* Every other record of the tree was named by an include or a redirect. */
static void
include_add(struct draft *draft, const char *name)
{
	struct draft_facts *facts = &draft->facts;

	for (size_t i = 0; i < facts->spf.include_count; i++)
		if (strcmp(facts->spf.includes[i].name, name) == 0)
			return;
	if (facts->spf.include_count == DRAFT_INCLUDES_MAX)
		return;
	facts->spf.includes[facts->spf.include_count++] = (struct draft_include){
		.name = kept(draft, arena_string(draft->arena, name)),
		.shared = shared_find(draft->request, name),
		.foreign = !domain_is_under(name, facts->organisation),
	};
}

static const struct dns_record *
spf_pick(const struct dns_answer *answer)
{
	for (size_t i = 0; answer->status == DNS_FOUND && i < answer->count; i++)
		if (spf_text_is_record((const char *)answer->records[i].bytes, answer->records[i].length))
			return &answer->records[i];
	return NULL;
}

/* How the record ends: at its `all`, else where its redirect leads (RFC 7208, 4.7, 6.1). */
static void
ending_read(struct draft *draft, const struct dns_record *text)
{
	struct dns_question target;
	struct spf_record record;

	draft->ending_at[0] = '\0';
	if (!spf_text_read(draft->arena, (const char *)text->bytes, text->length, &record, NULL)) {
		if (record.starved)
			(void)kept(draft, NULL);
		return;
	}
	for (size_t i = 0; i < record.count; i++)
		if (record.terms[i].mechanism == SPF_ALL) {
			draft->facts.spf.ending = record.terms[i].qualifier;
			return;
		}
	if (record.redirect[0] != '\0' && !record.redirect_has_macro &&
	    dns_question_make(&target, record.redirect, DNS_TXT))
		memcpy(draft->ending_at, target.name, sizeof target.name);
}

static void
spf_look(struct draft *draft, const struct dns_answer *answer)
{
	const struct dns_record *text = spf_pick(answer);
	bool own = strcmp(draft->asked.name, draft->facts.domain) == 0;

	if (!own)
		include_add(draft, draft->asked.name);
	if (text == NULL)
		return;
	if (own)
		draft->facts.spf.record = kept(draft, arena_copy(draft->arena, text->bytes, text->length));
	if (strcmp(draft->asked.name, draft->ending_at) == 0)
		ending_read(draft, text);
}

static enum draft_spf
spf_judge(const struct draft *draft)
{
	const struct draft_facts *facts = &draft->facts;

	if (facts->spf.record[0] == '\0')
		return DRAFT_SPF_NONE;
	if (facts->spf.ending == '+')
		return DRAFT_SPF_OPEN;
	if (unfolding_state(draft->unfolding, NULL) == UNFOLDING_BROKEN)
		return DRAFT_SPF_BROKEN;
	return facts->spf.network_count == 0 && facts->spf.asked_why[0] == '\0' ? DRAFT_SPF_EMPTY : DRAFT_SPF_USABLE;
}

static void
spf_finish(struct draft *draft)
{
	struct draft_facts *facts = &draft->facts;
	struct fault why;

	if (unfolding_state(draft->unfolding, &why) == UNFOLDING_TEMPORARY)
		fail(draft, DRAFT_TEMPORARY, why.text, "");
	facts->spf.why = kept(draft, arena_string(draft->arena, why.text));
	facts->spf.asked_why = unfolding_asked_why(draft->unfolding);
	facts->spf.networks = unfolding_networks(draft->unfolding, &facts->spf.network_count);
	facts->spf.state = spf_judge(draft);
}

static void
spf_answer(struct draft *draft, const struct dns_answer *answer)
{
	bool first = draft->asked.type == DNS_TXT && strcmp(draft->asked.name, draft->facts.domain) == 0;

	if (first && answer->status == DNS_NXDOMAIN) {
		fail(draft, DRAFT_NOWHERE, "there is no domain", draft->facts.domain);
		return;
	}
	if (draft->asked.type == DNS_TXT)
		spf_look(draft, answer);
	unfolding_answer(draft->unfolding, answer);
}

/* ---- DMARC and MX ---- */

static bool
dmarc_ask(struct draft *draft, struct dns_question *out)
{
	return dmarc_walk_next(&draft->dmarc, out);
}

static void
dmarc_take(struct draft *draft, const struct dns_answer *answer)
{
	dmarc_walk_answer(&draft->dmarc, answer);
}

/* That the domain exists is known from its SPF record. */
static void
dmarc_end(struct draft *draft)
{
	struct dmarc_choice choice = dmarc_walk_choose(&draft->dmarc);

	draft->facts.dmarc.found = choice.record != NULL && choice.record->usable;
	if (!draft->facts.dmarc.found)
		return;
	draft->facts.dmarc.domain = choice.domain;
	draft->facts.dmarc.organisation = dmarc_walk_organisation(&draft->dmarc);
	draft->facts.dmarc.policy = dmarc_choice_policy(&choice, true).published;
	draft->facts.dmarc.testing = choice.record->testing;
}

static bool
mx_next(struct draft *draft, struct dns_question *out)
{
	bool asks = !draft->mx_asked && dns_question_make(out, draft->facts.domain, DNS_MX);

	draft->mx_asked = true;
	return asks;
}

static void
mx_answer(struct draft *draft, const struct dns_answer *answer)
{
	struct draft_facts *facts = &draft->facts;
	struct dns_question host;

	for (size_t i = 0; answer->status == DNS_FOUND && i < answer->count; i++) {
		const char *name = (const char *)answer->records[i].bytes;

		if (name[0] == '\0' || strcmp(name, ".") == 0)
			facts->null_mx = true;
		else if (facts->host_count < DRAFT_HOSTS_MAX && dns_question_make(&host, name, DNS_A))
			facts->hosts[facts->host_count++] = kept(draft, arena_string(draft->arena, host.name));
	}
}

/* ---- DKIM ---- */

/* Where this turn looks for the selector. */
static const char *
key_place(const struct draft *draft)
{
	return draft->at_organisation ? draft->facts.organisation : draft->facts.domain;
}

/* Goes on to the organisational domain, then to the next selector. */
static void
key_turn(struct draft *draft, bool found)
{
	bool more = strcmp(draft->facts.domain, draft->facts.organisation) != 0;

	if (!found && more && !draft->at_organisation) {
		draft->at_organisation = true;
		return;
	}
	draft->at_organisation = false;
	draft->facts.key_count++;
}

static bool
key_next(struct draft *draft, struct dns_question *out)
{
	struct draft_facts *facts = &draft->facts;

	while (facts->key_count < draft->request->selector_count) {
		struct draft_key *key = &facts->keys[facts->key_count];
		const char *name;

		key->selector = draft->request->selectors[facts->key_count];
		key->domain = "";
		name = kept(draft, arena_format(draft->arena, "%s._domainkey.%s", key->selector, key_place(draft)));
		if (dns_question_make(out, name, DNS_TXT))
			return true;
		key_turn(draft, false);
	}
	return false;
}

static void
key_answer(struct draft *draft, const struct dns_answer *answer)
{
	struct draft_key *key = &draft->facts.keys[draft->facts.key_count];
	bool found = answer->status == DNS_FOUND && answer->count > 0;

	if (found)
		key->domain = key_place(draft);
	for (size_t i = 0; found && i < answer->count && !key->record; i++)
		key->record = dkim_key_read((const char *)answer->records[i].bytes, answer->records[i].length, &key->key);
	key_turn(draft, found);
}

bool
draft_key_counts(const struct draft_key *found)
{
	const struct dkim_key *key = &found->key;

	if (!found->record || key->revoked || !key->sound || key->test || !key->sha256 || !key->mail)
		return false;
	return key->kind == DKIM_KEY_ED25519 || key->bits >= 1024; /* RFC 8301, 3.2 */
}

bool
draft_has_key(const struct draft_facts *facts)
{
	for (size_t i = 0; i < facts->key_count; i++)
		if (draft_key_counts(&facts->keys[i]))
			return true;
	return false;
}

/* ---- one part after the other ---- */

static const struct {
	bool (*next)(struct draft *, struct dns_question *);
	void (*answer)(struct draft *, const struct dns_answer *);
	void (*finish)(struct draft *); /* NULL: nothing to do */
} parts[] = {
	[PART_SPF] = { spf_next, spf_answer, spf_finish },
	[PART_DMARC] = { dmarc_ask, dmarc_take, dmarc_end },
	[PART_MX] = { mx_next, mx_answer, NULL },
	[PART_KEYS] = { key_next, key_answer, NULL },
};

bool
draft_next(struct draft *draft, struct dns_question *out)
{
	while (draft->state == DRAFT_ASKS && draft->part < PARTS) {
		if (parts[draft->part].next(draft, out)) {
			draft->asked = *out;
			return draft->state == DRAFT_ASKS;
		}
		if (parts[draft->part].finish != NULL)
			parts[draft->part].finish(draft);
		draft->part++;
	}
	if (draft->state == DRAFT_ASKS)
		draft->state = DRAFT_DONE;
	return false;
}

void
draft_answer(struct draft *draft, const struct dns_answer *answer)
{
	char what[64];

	if (draft->state != DRAFT_ASKS || draft->part == PARTS)
		return;
	if (answer->status != DNS_TEMPORARY) {
		parts[draft->part].answer(draft, answer);
		return;
	}
	snprintf(what, sizeof what, "no %sanswer for %s", answer->bogus ? "genuine (DNSSEC) " : "",
	    dns_type_name(draft->asked.type));
	fail(draft, DRAFT_TEMPORARY, what, draft->asked.name);
}

enum draft_state
draft_state(const struct draft *draft, struct fault *why)
{
	if (why != NULL)
		*why = draft->why;
	return draft->state;
}

const struct draft_facts *
draft_facts(const struct draft *draft)
{
	return &draft->facts;
}

/* ---- open and close ---- */

static void
today_write(int64_t now, char out[sizeof "2026-11-21"])
{
	time_t when = (time_t)now;
	struct tm day = { .tm_year = 70, .tm_mday = 1 };

	(void)gmtime_r(&when, &day);
	if (strftime(out, sizeof "2026-11-21", "%Y-%m-%d", &day) == 0)
		out[0] = '\0';
}

/* The first label of the organisational domain is a legal name of a vendor: labels have no other characters. */
static const char *
name_make(struct draft *draft)
{
	const char *given = draft->request->name;
	const char *organisation = draft->facts.organisation;

	return given[0] != '\0' ? given : kept(draft, arena_copy(draft->arena, organisation, strcspn(organisation, ".")));
}

/* They are written into the file, as keys' names. */
static bool
selectors_fit(const struct draft_request *request, struct fault *why)
{
	char name[DOMAIN_TEXT];

	if (request->selector_count > DRAFT_SELECTORS_MAX)
		return fault_set(why, "more than %d selectors", DRAFT_SELECTORS_MAX);
	for (size_t i = 0; i < request->selector_count; i++)
		if (!domain_read(request->selectors[i], strlen(request->selectors[i]), name, why) ||
		    strcmp(name, request->selectors[i]) != 0)
			return fault_set(why,
			    "'%.80s' is not a selector; write it as in s= of a signature, "
			    "in lower case",
			    request->selectors[i]);
	return true;
}

static bool
begin(struct draft *draft, struct fault *why)
{
	const struct draft_request *request = draft->request;
	struct draft_facts *facts = &draft->facts;

	facts->domain = request->domain;
	facts->seen = request->seen;
	facts->organisation = suffix_owner(request->suffixes, request->domain);
	if (facts->organisation == NULL)
		return fault_set(why, "'%s' is a public suffix; name a domain below it", request->domain);
	facts->has_customers = suffix_is_public(request->suffixes, request->domain);
	facts->name = name_make(draft);
	if (!value_name(facts->name, why) || !selectors_fit(request, why))
		return false;
	facts->shared = shared_find(request, request->domain);
	facts->spf.record = facts->spf.why = facts->spf.asked_why = facts->dmarc.domain = facts->dmarc.organisation = "";
	today_write(request->now, facts->today);
	snprintf(draft->ending_at, sizeof draft->ending_at, "%s", request->domain);
	draft->source = (struct source){ .kind = SOURCE_SPF,
		.name = request->domain,
		.text = request->domain,
		.as_of = "",
		.review_by = "" };
	dmarc_walk_begin(&draft->dmarc, request->domain);
	draft->unfolding = unfolding_open(&draft->source);
	return draft->unfolding != NULL || fault_set(why, "out of memory");
}

struct draft *
draft_open(const struct draft_request *request, struct fault *why)
{
	struct draft *draft = calloc(1, sizeof *draft);

	if (draft == NULL || (draft->arena = arena_open(MEMORY_MAX)) == NULL) {
		fault_set(why, "out of memory");
	} else {
		draft->request = request;
		if (begin(draft, why))
			return draft;
	}
	draft_close(draft);
	return NULL;
}

void
draft_close(struct draft *draft)
{
	if (draft == NULL)
		return;
	unfolding_close(draft->unfolding);
	arena_close(draft->arena);
	free(draft);
}
