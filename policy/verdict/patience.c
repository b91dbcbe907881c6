#include <string.h>

#include "policy/mail/iprev.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/patience.h"

bool
patience_has_ended(const struct policy *policy, const struct facts *facts)
{
	return facts->unsure_since > 0 && facts->now - facts->unsure_since >= policy->settings.unsure_max;
}

bool
patience_gives_up(const struct policy *policy, const struct facts *facts)
{
	return patience_has_ended(policy, facts) && facts->answered_since > 0 &&
	    facts->now - facts->answered_since >= PATIENCE_ANSWERED;
}

/* ---- which trouble the message brought ---- */

/* Is it in the policy itself, and not only below a name that is? */
static bool
stands(const struct policy *policy, const char *domain)
{
	return policy_standing(policy, domain) == STANDING_LISTED;
}

static bool
spf_is_brought(const struct policy *policy, const char *domain, enum auth_result result, struct silence silence)
{
	return result == AUTH_TEMPERROR && silence.name != NULL && (silence.lured || !stands(policy, domain));
}

bool
patience_sender_is_brought(const struct policy *policy, const struct facts *facts)
{
	return spf_is_brought(policy, facts->spf.domain, facts->spf.result, facts->spf_silence);
}

bool
patience_spf_from_is_brought(const struct policy *policy, const struct author *author)
{
	return spf_is_brought(policy, author->mailbox.domain, author->spf_from, author->spf_from_silence);
}

/* Did the message bring what left it open: a name of a walk up the tree, SPF, or a key? A selector is always brought. A
 * listed name is not, nor one above it to which its walk leads. */
bool
patience_dmarc_is_brought(const struct policy *policy, const struct facts *facts, const struct author *author)
{
	const struct dmarc_fact *dmarc = &author->dmarc;

	if (dmarc->result != AUTH_TEMPERROR)
		return false;
	if (dmarc->silent != NULL)
		return policy_walk_standing(policy, dmarc->silent_of, dmarc->silent) != STANDING_LISTED;
	return !dmarc->spf_open || patience_sender_is_brought(policy, facts);
}

bool
patience_asked_is_brought(const struct asked_fact *asked)
{
	return asked->passes == UNKNOWN && asked->silence.name != NULL && asked->silence.lured;
}

bool
patience_iprev_is_brought(const struct facts *facts)
{
	return facts->iprev.silence.name != NULL;
}

/* ---- what it is worth ---- */

static enum tri
weigh(const struct policy *policy, const struct facts *facts, enum tri known, bool brought)
{
	return known == UNKNOWN && brought && patience_gives_up(policy, facts) ? NO : known;
}

enum tri
patience_spf(const struct policy *policy, const struct facts *facts)
{
	return weigh(policy, facts, evidence_passes(facts->spf.result), patience_sender_is_brought(policy, facts));
}

enum tri
patience_spf_from(const struct policy *policy, const struct facts *facts, const struct author *author)
{
	return weigh(policy, facts, evidence_passes(author->spf_from), patience_spf_from_is_brought(policy, author));
}

enum tri
patience_dmarc(const struct policy *policy, const struct facts *facts, const struct author *author)
{
	return weigh(policy, facts, evidence_passes(author->dmarc.result),
	    patience_dmarc_is_brought(policy, facts, author));
}

enum tri
patience_key(const struct policy *policy, const struct facts *facts)
{
	return weigh(policy, facts, UNKNOWN, true);
}

enum tri
patience_asked(const struct policy *policy, const struct facts *facts, const struct asked_fact *asked)
{
	return weigh(policy, facts, asked->passes, patience_asked_is_brought(asked));
}

enum tri
patience_iprev(const struct policy *policy, const struct facts *facts, const struct source *source)
{
	return weigh(policy, facts, iprev_is_below(&facts->iprev, source->name), patience_iprev_is_brought(facts));
}

/* ---- whose names must have answered ---- */

static bool
brought_any(const struct policy *policy, const struct facts *facts)
{
	if (patience_sender_is_brought(policy, facts) || patience_iprev_is_brought(facts))
		return true;
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (facts->dkim[i].result == AUTH_TEMPERROR)
			return true;
	for (size_t i = 0; i < facts->asked_count; i++)
		if (patience_asked_is_brought(&facts->asked[i]))
			return true;
	for (size_t i = 0; i < facts->author_count; i++)
		if (patience_spf_from_is_brought(policy, &facts->authors[i]) ||
		    patience_dmarc_is_brought(policy, facts, &facts->authors[i]))
			return true;
	return false;
}

/* Does this rule cover a name that the message uses? */
static bool
is_used(const struct facts *facts, const struct name_rule *rule)
{
	if (name_rule_covers(rule, facts->spf.domain))
		return true;
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (facts->dkim[i].result == AUTH_TEMPERROR && name_rule_covers(rule, facts->dkim[i].d))
			return true;
	for (size_t i = 0; i < facts->author_count; i++)
		if (name_rule_covers(rule, facts->authors[i].mailbox.domain))
			return true;
	return false;
}

static size_t
add_name(const char *name, const char *out[NAME_FACTS_MAX], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(out[i], name) == 0)
			return count;
	if (count < NAME_FACTS_MAX)
		out[count++] = name;
	return count;
}

static size_t
add_used(const struct facts *facts, const struct name_rules *rules, const char *out[NAME_FACTS_MAX], size_t count)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->list[i].domain[0] != '\0' && is_used(facts, &rules->list[i]))
			count = add_name(rules->list[i].domain, out, count);
	return count;
}

/* A name of the client below a host source did not answer, or no name was learnt: is it the vendor's zone that is out? */
static size_t
add_hosts(const struct facts *facts, const struct vendor *vendor, const char *out[NAME_FACTS_MAX], size_t count)
{
	for (size_t i = 0; patience_iprev_is_brought(facts) && i < vendor->source_count; i++)
		if (vendor->sources[i].kind == SOURCE_HOST && source_counts(&vendor->sources[i]))
			count = add_name(vendor->sources[i].name, out, count);
	return count;
}

size_t
patience_names(const struct policy *policy, const struct facts *facts, const struct verdict *verdict,
    const char *out[NAME_FACTS_MAX])
{
	size_t count = 0;

	if (!brought_any(policy, facts))
		return 0;
	for (size_t i = 0; i < verdict->claim_count; i++) {
		const struct vendor *vendor = verdict->claims[i].vendor;

		if (verdict->claims[i].outcome != OUTCOME_UNSURE)
			continue;
		count = add_used(facts, &vendor->domains, out, count);
		count = add_used(facts, &vendor->envelope, out, count);
		count = add_used(facts, &vendor->dkim, out, count);
		count = add_hosts(facts, vendor, out, count);
	}
	count = add_used(facts, &policy->settings.own.lists, out, count);
	for (size_t i = 0; i < policy->partner_count; i++)
		count = add_used(facts, &policy->partners[i].domains, out, count);
	return count;
}
