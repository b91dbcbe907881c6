#include <string.h>
#include <strings.h>

#include "policy/mail/iprev.h"
#include "policy/util/domain.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/own.h"
#include "policy/verdict/patience.h"
#include "policy/verdict/relay.h"

enum { OWN_USES_MAX = 64 }; /* authors of ours that are looked at one by one; no honest mail has more */

/* One of our names in use: by an author, or by the envelope's sender. */
struct use {
	const struct mailbox *mailbox;
	const struct author *author; /* NULL: the sender */
};

/* The evidence for one use, and the delegation that says most about it. */
struct finding {
	const char *used; /* the domain */
	enum tri proven;
	enum reason how;
	const struct delegation *delegation; /* NULL: none is of this name */
	const struct source *source;         /* of its vendor, that lists the client */
	bool exclusive;
	bool lapsed; /* it would hold, had somebody reviewed that source */
};

bool
own_names(const struct policy *policy, const struct mailbox *mailbox)
{
	return policy_is_own(policy, mailbox);
}

bool
own_delegation_holds(const struct delegation *delegation, const struct mailbox *mailbox)
{
	return name_rules_hold(&delegation->domains, mailbox);
}

/* ---- signatures ---- */

/* By a rule of ours, of which there may be many. */
static bool
is_aligned_by_own(const struct policy *policy, const char *d, const char *domain)
{
	struct name_walk walk = name_walk_begin(policy->names, NAMES_DOMAINS, domain);
	const struct name_entry *entry;

	while ((entry = name_walk_next(&walk)) != NULL)
		if (entry->owner == VENDOR_OWN && name_rule_covers(entry->rule, d))
			return true;
	return false;
}

/* A signer's name and an author's belong together where one rule covers both. */
static bool
is_aligned(const struct policy *policy, const struct name_rules *rules, const char *d, const char *domain)
{
	if (rules == &policy->own.domains)
		return is_aligned_by_own(policy, d, domain);
	for (size_t i = 0; i < rules->count; i++)
		if (name_rule_covers(&rules->list[i], d) && name_rule_covers(&rules->list[i], domain))
			return true;
	return false;
}

static bool
is_listed_word(const struct strings *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcasecmp(words->list[i], word) == 0)
			return true;
	return false;
}

/* A key that a delegation names is in the vendor's hands: it proves what the delegation allows, no more. */
static bool
is_delegated_key(const struct policy *policy, const struct dkim_fact *fact)
{
	for (size_t i = 0; i < policy->delegation_count; i++) {
		const struct delegation *delegation = &policy->delegations[i];

		if (!is_listed_word(&delegation->selectors, fact->s))
			continue;
		for (size_t j = 0; j < delegation->domains.count; j++)
			if (domain_is_under(fact->d, delegation->domains.list[j].domain) ||
			    domain_is_under(delegation->domains.list[j].domain, fact->d))
				return true;
	}
	return false;
}

/* A signature in the name of the mailbox, by a key that is ours, or (delegation) the vendor's. */
static enum tri
find_signature(const struct judge *judge, const struct facts *facts, const struct use *use,
    const struct name_rules *names, const struct delegation *delegation, struct claim *claim)
{
	const struct policy *policy = judge->policy;
	enum tri proven = facts->dkim_done ? NO : UNKNOWN;

	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i];

		if (!is_aligned(policy, names, fact->d, use->mailbox->domain) || evidence_signs_for_list(policy, fact))
			continue;
		if (delegation == NULL && is_delegated_key(policy, fact))
			continue;
		if (delegation != NULL && delegation->selectors.count > 0 &&
		    !is_listed_word(&delegation->selectors, fact->s))
			continue;
		proven = tri_or(proven, evidence_signs(judge, facts, claim, fact, &claim->weak));
	}
	return proven;
}

/* ---- our own proof ---- */

/* Tags choose which sources prove the vendor; networks and hosts of the file that they leave out are still the
 * vendor's. */
static bool
is_left_out(const struct vendor *vendor, const struct facts *facts)
{
	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];
		const struct prefixes written = { source->prefixes, source->prefix_count };

		if (!source_counts(source) &&
		    (source_names_hosts(source) ? iprev_is_below(&facts->iprev, source->name) == YES
						: prefixes_hold(&written, &facts->client)))
			return true;
	}
	return false;
}

/* From a vendor's range its other customers pass our SPF as well as we do. */
static enum tri
is_in_vendor_range(const struct judge *judge, const struct facts *facts)
{
	struct facts waiting = *facts;
	enum tri inside = NO;

	waiting.answered_since = 0; /* NO would help the sender here, so nothing is given up */
	for (size_t i = 0; inside != YES && i < judge->policy->vendor_count; i++) {
		struct claim claim = { .vendor = &judge->policy->vendors[i] };

		evidence_listed(judge, &waiting, &claim);
		/* what a vendor published wrongly for days must not delay our own mail: its last good copy counts */
		if (claim.listed == UNKNOWN && !claim.unanswered)
			claim.listed = NO;
		if (is_left_out(claim.vendor, facts))
			claim.listed = YES;
		inside = tri_or(inside, claim.listed);
	}
	return inside;
}

static bool
is_own_client(const struct policy *policy, const struct facts *facts)
{
	return !facts->client_hidden && prefixes_hold(&policy->settings.own.networks, &facts->client);
}

static bool
is_authorised(const struct policy *policy, const struct facts *facts)
{
	return !facts->client_hidden &&
	    (prefixes_hold(&policy->settings.own.outbound, &facts->client) ||
		prefixes_hold(&policy->settings.own.may_forward, &facts->client));
}

/* What holds for all uses: where it comes from, and our SPF. */
static struct finding
prove_session(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	const struct policy *policy = judge->policy;

	claim->listed = claim->spf = NO;
	if (relay_forwards(policy, facts))
		return (struct finding){ .proven = NO, .how = REASON_PROVEN_OWN };
	if (is_authorised(policy, facts))
		claim->listed = YES;
	else if (facts->client_hidden && !facts_hide_client(facts))
		claim->listed = UNKNOWN;
	claim->spf = evidence_is_of_list(policy, facts) ? NO : evidence_spf(policy, facts, &policy->own);
	if (claim->spf != NO) {
		enum tri range = is_in_vendor_range(judge, facts);

		claim->unanswered = claim->unanswered || range == UNKNOWN;
		claim->spf = tri_and(claim->spf, tri_not(range));
	}
	if (claim->listed != NO)
		return (struct finding){ .proven = claim->listed, .how = REASON_OWN_OUTBOUND };
	if (is_own_client(policy, facts)) /* through a relay of ours; otherwise it would be exempt */
		return (struct finding){ .proven = YES, .how = REASON_EXEMPT_NETWORK };
	return (struct finding){ .proven = claim->spf, .how = REASON_PROVEN_OWN };
}

/* ---- delegations ---- */

/* Evidence for the vendor of a delegation; spf_from and dmarc are those of the name in use. */
static enum tri
weigh_delegation(const struct judge *judge, const struct facts *facts, const struct delegation *delegation,
    const struct use *use, const struct name_rules *names, struct claim *out)
{
	const struct author *author = use->author;

	*out = (struct claim){ .vendor = delegation->vendor };
	evidence_listed(judge, facts, out);
	out->spf = evidence_spf(judge->policy, facts, delegation->vendor);
	out->dkim = find_signature(judge, facts, use, names, delegation, out);
	if (facts_hide_client(facts))
		out->spf_from = NO;
	else
		out->spf_from = author == NULL ? patience_spf(judge->policy, facts)
					       : patience_spf_from(judge->policy, facts, author);
	out->dmarc = author == NULL ? NO : evidence_dmarc(judge, facts, out, author, author->dmarc.by, &out->weak);
	return evidence_satisfies(out, out->reviewed, delegation->vouch, delegation->vouch_count);
}

enum tri
own_partner_covers(const struct judge *judge, const struct facts *facts, const struct delegation *partner,
    const struct author *author)
{
	const struct use use = { &author->mailbox, author };
	struct claim ignored;

	if (!own_delegation_holds(partner, use.mailbox))
		return NO;
	return weigh_delegation(judge, facts, partner, &use, &partner->domains, &ignored);
}

/* Would it hold if the sources that list the client had been reviewed? */
static bool
is_lapsed(const struct delegation *delegation, const struct claim *found, enum tri proven)
{
	return proven == NO && found->lapsed &&
	    evidence_satisfies(found, found->listed, delegation->vouch, delegation->vouch_count) == YES;
}

/* Tries every delegation of this name, and reports the one that says most. */
static struct finding
prove_by_delegation(const struct judge *judge, const struct facts *facts, const struct use *use, struct claim *claim)
{
	const struct policy *policy = judge->policy;
	struct finding best = { .used = use->mailbox->domain, .proven = NO, .how = REASON_PROVEN_DELEGATION };

	for (size_t i = 0; i < policy->delegation_count && best.proven != YES; i++) {
		const struct delegation *delegation = &policy->delegations[i];
		struct claim found;
		enum tri proven;

		if (!own_delegation_holds(delegation, use->mailbox))
			continue;
		proven = weigh_delegation(judge, facts, delegation, use, &policy->own.domains, &found);
		if (found.weak != NULL)
			claim->weak = found.weak;
		claim->wrong = claim->wrong || found.wrong;
		claim->unanswered = claim->unanswered || found.unanswered;
		best.lapsed = best.lapsed || is_lapsed(delegation, &found, proven);
		if (best.delegation != NULL && proven == NO && best.source != NULL)
			continue; /* one whose sources list the client says more */
		best.proven = tri_or(best.proven, proven);
		best.delegation = delegation;
		best.source = found.source;
		best.exclusive = found.exclusive;
		claim->dkim = tri_or(claim->dkim, found.dkim);
	}
	return best;
}

static struct finding
prove_use(const struct judge *judge, const struct facts *facts, const struct use *use, const struct finding *session,
    struct claim *claim)
{
	enum tri signature = find_signature(judge, facts, use, &judge->policy->own.domains, NULL, claim);
	struct finding proof = prove_by_delegation(judge, facts, use, claim);

	claim->dkim = tri_or(claim->dkim, signature);
	if (session->proven == YES)
		proof.how = session->how;
	else if (signature == YES)
		proof.how = REASON_PROVEN_OWN;
	else if (proof.proven != YES)
		proof.how = session->how;
	proof.proven = tri_or(proof.proven, tri_or(session->proven, signature));
	return proof;
}

/* ---- why not ---- */

static enum tri
has_mark_of(const struct judge *judge, const struct facts *facts, const struct vendor *vendor,
    const struct source **source)
{
	struct claim claim = { .vendor = vendor };

	evidence_find(judge, facts, &claim);
	*source = claim.source;
	return tri_or(claim.listed, tri_or(claim.spf, claim.dkim));
}

/* Which enabled vendor sent it, by its address, SPF or signature? The delegated one, else the first. */
static const struct vendor *
find_sender(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	const struct vendor *delegated = claim->delegation == NULL ? NULL : claim->delegation->vendor;
	const struct source *source;

	if (delegated != NULL && has_mark_of(judge, facts, delegated, &source) == YES)
		return delegated;
	for (size_t i = 0; i < judge->policy->vendor_count; i++)
		if (has_mark_of(judge, facts, &judge->policy->vendors[i], &source) == YES) {
			if (source != NULL)
				claim->source = source;
			return &judge->policy->vendors[i];
		}
	return NULL;
}

static bool
asks_for(const struct delegation *delegation, enum proof proof)
{
	for (size_t i = 0; i < delegation->vouch_count; i++)
		if (delegation->vouch[i] & proof)
			return true;
	return false;
}

static enum reason
blame(const struct claim *claim)
{
	const struct delegation *delegation = claim->delegation;

	if (claim->sender != NULL && (delegation == NULL || claim->sender != delegation->vendor))
		return REASON_UNDELEGATED;
	if (delegation == NULL || !asks_for(delegation, PROOF_LISTED))
		return REASON_OWN_UNPROVEN;
	if (claim->source == NULL)
		return REASON_OUTSIDE_SOURCES;
	return asks_for(delegation, PROOF_SPF_FROM) ? REASON_OWN_SPF_LACKS_VENDOR : REASON_OWN_UNPROVEN;
}

/* ---- the claim ---- */

/* Evidence that all our authors share. */
static void
find_of_authors(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	struct claim found = { .vendor = &judge->policy->own };

	evidence_find(judge, facts, &found);
	claim->spf_from = found.spf_from;
	claim->dmarc = found.dmarc;
}

/* One more name in use: a name without proof gives the reason. */
static void
add(struct finding *all, const struct finding *one)
{
	enum tri proven = tri_and(all->proven, one->proven);
	bool worse = one->proven == NO ? all->proven != NO || all->lapsed : one->proven == UNKNOWN && all->proven != NO;

	if (all->how == REASON_NONE || worse)
		*all = *one;
	all->proven = proven;
}

static void
keep_delegation(struct claim *claim, const struct finding *finding)
{
	claim->delegation = finding->delegation;
	claim->source = finding->source;
	claim->exclusive = finding->exclusive;
}

enum tri
own_prove(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	struct finding session = prove_session(judge, facts, claim), all = { .proven = YES, .how = REASON_NONE };
	struct use use = { &facts->sender, NULL };
	struct finding one;
	unsigned uses = 0;

	find_of_authors(judge, facts, claim);
	for (size_t i = 0; claim->by_author && i < facts->author_count; i++) {
		use = (struct use){ &facts->authors[i].mailbox, &facts->authors[i] };
		if (!(use.author->held_by & HELD_BY_OWN))
			continue;
		one = session;
		if (uses++ < OWN_USES_MAX)
			one = prove_use(judge, facts, &use, &session, claim);
		one.used = use.mailbox->domain;
		add(&all, &one);
	}
	if (!claim->by_author)
		all = prove_use(judge, facts, &use, &session, claim);
	if (all.how == REASON_NONE) /* a From that cannot be parsed names us: there is no author, only a host */
		all = session;
	keep_delegation(claim, &all);
	claim->reason = all.how;
	if (all.proven == NO) {
		claim->used = all.used;
		claim->sender = find_sender(judge, facts, claim);
		claim->reason = all.lapsed ? REASON_REVIEW_LAPSED : blame(claim);
	}
	return all.proven;
}

/* ---- authorised outbound addresses ---- */

bool
own_is_outbound(const struct policy *policy, const struct facts *facts)
{
	return facts->via[0] == '\0' && is_authorised(policy, facts);
}

/* MTAs deliver an address in brackets elsewhere, and Postfix and Sendmail send on by an address in the local part. */
static bool
stays_with_us(const struct policy *policy, const struct mailbox *rcpt)
{
	if (rcpt->domain[0] == '\0')
		return strpbrk(rcpt->text, "@!%") == NULL;
	return strpbrk(rcpt->local, "@!%") == NULL && own_names(policy, rcpt);
}

bool
own_refuses_relaying(const struct policy *policy, const struct facts *facts, const struct mailbox *rcpt)
{
	return facts->via[0] == '\0' && !facts->null_sender &&
	    prefixes_hold(&policy->settings.own.outbound, &facts->client) &&
	    !prefixes_hold(&policy->settings.own.may_forward, &facts->client) && !own_names(policy, &facts->sender) &&
	    !stays_with_us(policy, rcpt);
}
