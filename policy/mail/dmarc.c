#include <string.h>

#include "policy/mail/dmarc.h"
#include "policy/util/domain.h"

void
dmarc_begin(struct dmarc_check *check, const struct suffix_list *suffixes, const struct facts *facts,
    const char *author_domain, unsigned *walks)
{
	*check = (struct dmarc_check){ .suffixes = suffixes,
		.facts = facts,
		.domain = author_domain,
		.walks = walks,
		.exists = UNKNOWN };
	dmarc_walk_begin(&check->author, *walks > 0 ? author_domain : "");
	if (*walks > 0 && author_domain[0] != '\0')
		--*walks;
}

/* ---- alignment (4.10.2) ---- */

/* Is the name that is proven the author's, as RFC 9989 has it? */
enum relation {
	RELATION_NONE,
	RELATION_ALIGNED,
	RELATION_SILENT, /* a name did not answer */
	RELATION_OPEN    /* more must be asked */
};

/* What is not a host name is nobody's: quotes and brackets there have fooled libraries. */
static bool
is_host_name(const char *name)
{
	char normal[DOMAIN_TEXT];

	return domain_read(name, strlen(name), normal, NULL) && strcmp(name, normal) == 0;
}

static const char *
last_label(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot == NULL ? name : dot + 1;
}

static const struct dmarc_identifier *
known_find(const struct dmarc_check *check, const char *domain)
{
	for (size_t i = 0; i < check->known_count; i++)
		if (strcmp(check->known[i].domain, domain) == 0)
			return &check->known[i];
	return NULL;
}

static enum relation
relation_by_walk(const struct dmarc_check *check, const char *domain)
{
	const struct dmarc_identifier *known = known_find(check, domain);

	if (known == NULL)
		return *check->walks > 0 && check->known_count < DMARC_IDENTIFIERS_MAX ? RELATION_OPEN : RELATION_NONE;
	if (known->silent != NULL)
		return RELATION_SILENT;
	return strcmp(known->organisation, dmarc_walk_organisation(&check->author)) == 0
	    ? RELATION_ALIGNED
	    : RELATION_NONE;
}

static enum relation
relation_of(const struct dmarc_check *check, const char *domain, bool strict)
{
	if (!is_host_name(domain))
		return RELATION_NONE;
	if (strcmp(domain, check->domain) == 0)
		return RELATION_ALIGNED;
	if (strict || !domain_is_under(domain, last_label(check->domain)))
		return RELATION_NONE;
	if (!dmarc_walk_has_ended(&check->author))
		return RELATION_OPEN;
	if (!domain_is_under(domain, dmarc_walk_least(&check->author)))
		return RELATION_NONE;
	if (dmarc_walk_silent(&check->author) != NULL)
		return RELATION_SILENT;
	return relation_by_walk(check, domain);
}

static bool
is_strict(const struct dmarc_check *check, bool spf)
{
	struct dmarc_choice choice = dmarc_walk_choose(&check->author);

	return choice.record != NULL && (spf ? choice.record->strict_spf : choice.record->strict_dkim);
}

/* Only the checked identity aligns: HELO only for the null sender (RFC 7208, 2.4; CVE-2019-20790). */
static enum relation
spf_relation(const struct dmarc_check *check)
{
	const struct facts *facts = check->facts;

	if (facts->spf.by_helo && !facts->null_sender)
		return RELATION_NONE;
	return relation_of(check, facts->spf.domain, is_strict(check, true));
}

static enum relation
dkim_relation(const struct dmarc_check *check, const struct dkim_fact *signature)
{
	return relation_of(check, signature->d, is_strict(check, false));
}

/* May this alignment prove something here? A registry's name is nobody's, and customers do not meet at a name of the
 * public suffix list. */
static bool
is_proof(const struct dmarc_check *check, const char *domain)
{
	if (suffix_owner(check->suffixes, domain) == NULL)
		return false;
	return strcmp(domain, check->domain) == 0 ||
	    (suffix_owner(check->suffixes, check->domain) != NULL &&
		!suffix_is_public(check->suffixes, dmarc_walk_organisation(&check->author)));
}

/* ---- what passes ---- */

static enum dmarc_by
worth_of(const struct dkim_fact *signature)
{
	if (signature->counts)
		return signature->reply_open ? DMARC_BY_REPLY_OPEN : DMARC_BY_PROOF;
	return signature->weak ? DMARC_BY_WEAK : DMARC_BY_NOTHING;
}

/* The key could not be asked, and an answer might have made this signature count. */
static bool
may_count(const struct dkim_fact *signature)
{
	static const char *const never[] = { "no-from", "repeated-field", "partial-body", "query-method",
		"public-suffix" }; /* whatever the key says */

	if (signature->result != AUTH_TEMPERROR)
		return false;
	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		if (strcmp(signature->why, never[i]) == 0)
			return false;
	return true;
}

static bool
spf_passes(const struct dmarc_check *check)
{
	return check->facts->spf.result == AUTH_PASS;
}

static bool
spf_may_pass(const struct dmarc_check *check)
{
	return check->facts->spf.result == AUTH_TEMPERROR || check->facts->client_hidden;
}

/* What is known so far. */
struct outcome {
	enum dmarc_by by, signed_by;
	bool said;    /* it passes by the RFC */
	bool silent;  /* a name that did not answer could make it pass */
	bool trouble; /* so could SPF or a key that could not be asked */
};

static void
weigh_spf(const struct dmarc_check *check, struct outcome *out)
{
	enum relation relation = spf_passes(check) || spf_may_pass(check) ? spf_relation(check) : RELATION_NONE;

	out->silent = out->silent || relation == RELATION_SILENT;
	if (relation != RELATION_ALIGNED)
		return;
	out->trouble = spf_may_pass(check);
	out->said = spf_passes(check);
	if (spf_passes(check) && is_proof(check, check->facts->spf.domain))
		out->by = DMARC_BY_PROOF;
}

static void
weigh_signature(const struct dmarc_check *check, const struct dkim_fact *signature, struct outcome *out)
{
	enum dmarc_by worth = worth_of(signature);
	bool matters = worth > DMARC_BY_NOTHING || signature->passes || may_count(signature);
	enum relation relation = matters ? dkim_relation(check, signature) : RELATION_NONE;

	out->silent = out->silent || relation == RELATION_SILENT;
	if (relation != RELATION_ALIGNED)
		return;
	out->trouble = out->trouble || may_count(signature);
	out->said = out->said || signature->passes;
	if (worth > out->signed_by && is_proof(check, signature->d))
		out->signed_by = worth;
}

static struct outcome
weigh(const struct dmarc_check *check)
{
	struct outcome out = { DMARC_BY_NOTHING, DMARC_BY_NOTHING, false, false, false };

	weigh_spf(check, &out);
	for (size_t i = 0; i < check->facts->dkim_count; i++)
		weigh_signature(check, &check->facts->dkim[i], &out);
	if (out.signed_by > out.by)
		out.by = out.signed_by;
	return out;
}

/* ---- what to ask ---- */

/* Would this signature add to what is known? After SPF only a forwarder's mail needs signatures. */
static bool
adds(const struct dmarc_check *check, const struct outcome *known, const struct dkim_fact *signature)
{
	enum dmarc_by least = check->facts->via[0] != '\0' ? known->signed_by : known->by;

	return worth_of(signature) > least || (signature->passes && !known->said);
}

/* The next name whose alignment is open and matters; NULL: none. */
static const char *
open_identifier(const struct dmarc_check *check)
{
	const struct facts *facts = check->facts;
	struct outcome known = weigh(check);

	if (spf_passes(check) && (known.by < DMARC_BY_PROOF || !known.said) && spf_relation(check) == RELATION_OPEN)
		return facts->spf.domain;
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (adds(check, &known, &facts->dkim[i]) && dkim_relation(check, &facts->dkim[i]) == RELATION_OPEN)
			return facts->dkim[i].d;
	if (known.by > DMARC_BY_NOTHING && known.said)
		return NULL;
	if (spf_may_pass(check) && spf_relation(check) == RELATION_OPEN)
		return facts->spf.domain;
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (may_count(&facts->dkim[i]) && dkim_relation(check, &facts->dkim[i]) == RELATION_OPEN)
			return facts->dkim[i].d;
	return NULL;
}

/* Only where another policy is for names that do not exist, and this one may be one. */
static bool
existence_matters(const struct dmarc_check *check)
{
	struct dmarc_choice choice = dmarc_walk_choose(&check->author);

	return choice.inherited && check->author.absent && choice.record->np != choice.record->sp;
}

/* ---- asking ---- */

static bool
has_own_record(const struct dmarc_check *check)
{
	return check->author.count > 0 && check->author.steps[0].found == DMARC_FOUND_RECORD;
}

static bool
applies(const struct dmarc_check *check)
{
	struct dmarc_choice choice = dmarc_walk_choose(&check->author);

	return choice.record != NULL && choice.record->usable;
}

/* The walk that has to go on; NULL: none. An identifier's walk begins only when the author's has ended. */
static struct dmarc_walk *
walk_wanted(struct dmarc_check *check)
{
	const char *domain;

	if (check->other.start != NULL)
		return &check->other;
	if (!dmarc_walk_has_ended(&check->author) && !has_own_record(check))
		return &check->author;
	domain = applies(check) ? open_identifier(check) : NULL;
	if (domain == NULL)
		return NULL;
	if (!dmarc_walk_has_ended(&check->author))
		return &check->author;
	dmarc_walk_begin(&check->other, domain);
	--*check->walks;
	return &check->other;
}

static void
keep_identifier(struct dmarc_check *check)
{
	struct dmarc_walk *walk = &check->other;

	check->known[check->known_count++] = (struct dmarc_identifier){ walk->start, dmarc_walk_organisation(walk),
		dmarc_walk_silent(walk) };
	walk->start = NULL;
}

bool
dmarc_next(struct dmarc_check *check, struct dns_question *out, const char **start)
{
	struct dmarc_walk *walk;

	while ((walk = walk_wanted(check)) != NULL) {
		*start = walk->start;
		if (dmarc_walk_next(walk, out))
			return true;
		if (walk == &check->other)
			keep_identifier(check);
	}
	*start = check->domain;
	/* an alias exists, wherever it leads: so the alias itself is asked for (RFC 8020) */
	return !check->exists_asked && applies(check) && existence_matters(check) &&
	    dns_question_make(out, check->domain, DNS_CNAME);
}

void
dmarc_answer(struct dmarc_check *check, const struct dns_answer *answer)
{
	struct dmarc_walk *walk = walk_wanted(check);

	if (walk != NULL) {
		dmarc_walk_answer(walk, answer);
		return;
	}
	check->exists_asked = true;
	if (answer->status != DNS_TEMPORARY)
		check->exists = answer->status == DNS_NXDOMAIN ? NO : YES;
}

size_t
dmarc_ahead(const struct dmarc_check *check, const char *out[DMARC_STEPS_MAX])
{
	if (check->other.start != NULL)
		return check->other.count == 0 ? dmarc_walk_rest(&check->other, out) : 0;
	return check->author.count == 1 ? dmarc_walk_rest(&check->author, out) : 0;
}

/* ---- the result ---- */

static bool
existence_is_silent(const struct dmarc_check *check)
{
	return check->exists_asked && check->exists == UNKNOWN;
}

static enum auth_result
result_of(const struct dmarc_check *check, const struct outcome *known, bool passes)
{
	if (!has_own_record(check) && dmarc_walk_silent(&check->author) != NULL)
		return AUTH_TEMPERROR;
	if (!applies(check))
		return AUTH_NONE;
	if (passes)
		return AUTH_PASS;
	if (known->silent || known->trouble || existence_is_silent(check))
		return AUTH_TEMPERROR;
	return AUTH_FAIL;
}

static void
fill_silence(const struct dmarc_check *check, struct dmarc_fact *out)
{
	if (out->result != AUTH_TEMPERROR && out->said != AUTH_TEMPERROR)
		return;
	out->silent = dmarc_walk_silent(&check->author);
	if (out->silent == NULL && existence_is_silent(check))
		out->silent = check->domain;
	if (out->silent != NULL)
		out->silent_of = check->domain;
	for (size_t i = 0; out->silent == NULL && i < check->known_count; i++) {
		out->silent = check->known[i].silent;
		out->silent_of = out->silent == NULL ? NULL : check->known[i].domain;
	}
}

static void
fill_policy(const struct dmarc_check *check, struct dmarc_fact *out)
{
	struct dmarc_choice choice = dmarc_walk_choose(&check->author);
	struct dmarc_policy_choice policy = dmarc_choice_policy(&choice, check->exists != NO);

	if (!applies(check))
		return;
	out->domain = choice.domain;
	out->policy = policy.applied;
	out->tag = policy.tag;
	out->testing = choice.record->testing;
}

static void
fill_walk(const struct dmarc_walk *walk, struct arena *arena, struct dmarc_fact *out)
{
	struct dmarc_step *steps = walk->count == 0 ? NULL : arena_take(arena, walk->count * sizeof *steps);

	if (dmarc_walk_has_ended(walk) && walk->count > 0)
		out->organisation = dmarc_walk_organisation(walk);
	if (steps == NULL)
		return;
	memcpy(steps, walk->steps, walk->count * sizeof *steps);
	out->steps = steps;
	out->step_count = walk->count;
}

/* By the list, which asks no DNS: for gateways, and for hints. */
static void
fill_relations(const struct dmarc_check *check, struct dmarc_fact *out)
{
	const struct facts *facts = check->facts;

	out->spf_aligned = spf_passes(check) && (!facts->spf.by_helo || facts->null_sender) &&
	    suffix_relates(check->suffixes, facts->spf.domain, check->domain);
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (facts->dkim[i].counts && suffix_relates(check->suffixes, facts->dkim[i].d, check->domain))
			out->dkim_aligned = true;
}

void
dmarc_finish(const struct dmarc_check *check, struct arena *arena, struct dmarc_fact *out)
{
	struct outcome known = weigh(check);

	*out = (struct dmarc_fact){ .result = result_of(check, &known, known.by > DMARC_BY_NOTHING),
		.said = result_of(check, &known, known.said),
		.by = known.by,
		.signed_by = known.signed_by,
		.domain = "" };
	fill_silence(check, out);
	fill_policy(check, out);
	fill_walk(&check->author, arena, out);
	fill_relations(check, out);
	out->spf_open = out->result == AUTH_TEMPERROR && spf_may_pass(check) && spf_relation(check) == RELATION_ALIGNED;
}
