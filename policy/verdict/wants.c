#include "policy/verdict/claims.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/own.h"
#include "policy/verdict/passed_by.h"
#include "policy/verdict/wants.h"

/* SPF of the sender is for a vendor's name, a gateway's authors, and the results header. */
static bool
wants_spf(const struct judge *judge, const struct facts *facts)
{
	struct mailbox identity = evidence_identity(facts);

	if (facts->stage < STAGE_MAIL || facts->spf.result != AUTH_NOT_ASKED || facts->client_hidden)
		return false;
	if (own_names(judge->policy, &identity) || name_rules_hold(&judge->policy->settings.own.lists, &identity))
		return true;
	if (judge->policy->settings.strangers.authenticate || claims_may_cover(judge->policy))
		return true;
	if (judge->policy->settings.greylist.on && passed_by_wants_spf(&judge->policy->settings.greylist))
		return true;
	return policy_sends(judge->policy, &identity);
}

/* ---- vendors that nobody claims, but whose ranges decide ---- */

static bool
is_used(const struct facts *facts, const struct delegation *delegation)
{
	for (size_t i = 0; i < facts->author_count; i++)
		if (own_delegation_holds(delegation, &facts->authors[i].mailbox))
			return true;
	return !facts->null_sender && own_delegation_holds(delegation, &facts->sender);
}

static bool
may_speak_here(const struct facts *facts, const struct vendor *vendor, const struct delegation *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].vendor == vendor && is_used(facts, &list[i]))
			return true;
	return false;
}

/* Our SPF proves nothing from any vendor's range, so every range must be known. */
static bool
matters(const struct policy *policy, const struct facts *facts, const struct vendor *vendor)
{
	return evidence_spf(policy, facts, &policy->own) == YES ||
	    may_speak_here(facts, vendor, policy->delegations, policy->delegation_count) ||
	    may_speak_here(facts, vendor, policy->partners, policy->partner_count);
}

static bool
names_us(const struct policy *policy, const struct verdict *claims)
{
	return claims->claim_count > 0 && claims->claims[claims->claim_count - 1].vendor == &policy->own;
}

/* ---- each want ---- */

/* Could it still be asked for this client? For all host sources there is one look-up. */
static bool
is_open(const struct judge *judge, const struct facts *facts, const struct source *source)
{
	if (source->kind == SOURCE_HOST)
		return facts->iprev.result == AUTH_NOT_ASKED;
	return facts->asked_count < ASKED_MAX && judge->ranges->states[source->number].asked &&
	    evidence_asked(facts, source->number) == NULL;
}

static const struct source *
source_to_ask(const struct judge *judge, const struct facts *facts, const struct claim *claim)
{
	for (size_t i = 0; claim->listed == UNKNOWN && i < claim->vendor->source_count; i++) {
		const struct source *source = &claim->vendor->sources[i];

		if (source_counts(source) && is_open(judge, facts, source))
			return source;
	}
	return NULL;
}

static const struct source *
source_to_ask_of_others(const struct judge *judge, const struct facts *facts, const struct verdict *claims)
{
	const struct policy *policy = judge->policy;
	const struct source *source = NULL;

	if (!names_us(policy, claims) && policy->partner_count == 0)
		return NULL;
	for (size_t i = 0; source == NULL && i < policy->vendor_count; i++) {
		struct claim claim = { .vendor = &policy->vendors[i], .listed = UNKNOWN };

		/* few vendors have such a source, so looking at all uses comes last */
		if (source_to_ask(judge, facts, &claim) == NULL || !matters(policy, facts, claim.vendor))
			continue;
		evidence_listed(judge, facts, &claim);
		source = source_to_ask(judge, facts, &claim);
	}
	return source;
}

static const struct source *
source_to_ask_of_any(const struct judge *judge, const struct facts *facts, const struct verdict *claims)
{
	const struct source *source = NULL;

	for (size_t i = 0; source == NULL && i < claims->claim_count; i++)
		source = source_to_ask(judge, facts, &claims->claims[i]);
	return source != NULL ? source : source_to_ask_of_others(judge, facts, claims);
}

static bool
uses_spf_from(const struct facts *facts, const struct vendor *vendor)
{
	if (facts->null_sender)
		return true;
	for (size_t i = 0; i < vendor->vouch_count; i++)
		if (vendor->vouch[i] & PROOF_SPF_FROM)
			return true;
	return false;
}

/* Only for a listed client: from elsewhere the answer could prove nothing. */
static bool
delegation_wants_spf_from(const struct judge *judge, const struct facts *facts, const struct author *author,
    const struct delegation *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct claim claim = { .vendor = list[i].vendor };
		bool asks = false;

		for (size_t j = 0; j < list[i].vouch_count; j++)
			asks = asks || (list[i].vouch[j] & PROOF_SPF_FROM);
		if (!asks || !own_delegation_holds(&list[i], &author->mailbox))
			continue;
		evidence_listed(judge, facts, &claim);
		if (claim.listed != NO) /* a list that nobody reviewed proves nothing, but its reason is reported */
			return true;
	}
	return false;
}

/* Two vendors may own one name: any of them that wants it is enough. */
static bool
wants_spf_from(const struct judge *judge, const struct facts *facts, const struct author *author)
{
	const struct policy *policy = judge->policy;

	if (author->spf_from != AUTH_NOT_ASKED || facts->client_hidden)
		return false;
	if (author->held_by & HELD_BY_DELEGATE &&
	    (delegation_wants_spf_from(judge, facts, author, policy->delegations, policy->delegation_count) ||
		delegation_wants_spf_from(judge, facts, author, policy->partners, policy->partner_count)))
		return true;
	for (size_t i = 0; i < facts->claimed.count; i++)
		if (author->held_by & 1u << i && uses_spf_from(facts, &policy->vendors[facts->claimed.list[i]]))
			return true;
	return false;
}

static bool
wants_of_author(const struct judge *judge, const struct facts *facts, size_t i, bool claimed, struct wanted *out)
{
	const struct author *author = &facts->authors[i];
	bool report = judge->policy->settings.strangers.authenticate &&
	    judge->policy->settings.strangers.dmarc != STRANGERS_OFF;

	out->author = i;
	if (wants_spf_from(judge, facts, author)) {
		out->want = WANT_SPF_FROM;
		return true;
	}
	if (facts->dkim_done && author->dmarc.result == AUTH_NOT_ASKED &&
	    (claimed || report || claims_may_cover(judge->policy))) {
		out->want = WANT_DMARC;
		return true;
	}
	return false;
}

struct wanted
wants_next(const struct judge *judge, const struct facts *facts)
{
	struct wanted out = { WANT_NOTHING, NULL, 0 };
	struct verdict claims = { .deciding = -1 };

	if (wants_spf(judge, facts)) {
		out.want = WANT_SPF;
		return out;
	}
	/* more vendors than an honest mail names: nothing is asked for the rest */
	(void)claims_list(judge, facts, &claims);
	for (size_t i = 0; i < claims.claim_count; i++)
		if (claims.claims[i].vendor != &judge->policy->own)
			evidence_listed(judge, facts, &claims.claims[i]);
	out.source = facts->client_hidden ? NULL : source_to_ask_of_any(judge, facts, &claims);
	if (out.source != NULL) {
		out.want = out.source->kind == SOURCE_HOST ? WANT_IPREV : WANT_SOURCE;
		return out;
	}
	for (size_t i = 0; i < facts->author_count; i++)
		if (wants_of_author(judge, facts, i, claims.claim_count > 0, &out))
			return out;
	out.want = WANT_NOTHING;
	return out;
}
