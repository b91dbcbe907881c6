#include "policy/verdict/evidence.h"
#include "policy/verdict/patience.h"
#include "policy/verdict/relay.h"

enum tri
evidence_passes(enum auth_result result)
{
	if (result == AUTH_PASS)
		return YES;
	return result == AUTH_NOT_ASKED || result == AUTH_TEMPERROR ? UNKNOWN : NO;
}

const struct asked_fact *
evidence_asked(const struct facts *facts, uint32_t source)
{
	for (size_t i = 0; i < facts->asked_count; i++)
		if (facts->asked[i].source == source)
			return &facts->asked[i];
	return NULL;
}

/* For a source that the table did not hit: what do its state and its answer for this client say? */
static enum tri
listed_beyond_table(const struct judge *judge, const struct facts *facts, const struct source *source)
{
	const struct source_state *state = &judge->ranges->states[source->number];
	const struct asked_fact *fact = evidence_asked(facts, source->number);

	if (source->kind == SOURCE_HOST)
		return patience_iprev(judge->policy, facts, source);
	if (fact != NULL && fact->passes != NO)
		return patience_asked(judge->policy, facts, fact);
	if (!state->known || (state->asked && fact == NULL))
		return UNKNOWN;
	return NO;
}

static bool
is_hit(struct prefix_hits hits, uint32_t number)
{
	for (size_t i = 0; i < hits.count; i++)
		if (hits.numbers[i] == number)
			return true;
	return false;
}

static struct prefix_hits
hits_of(const struct judge *judge, const struct address *address)
{
	if (judge->ranges->table == NULL || address->family == ADDRESS_NONE)
		return (struct prefix_hits){ 0 };
	return prefix_table_find(judge->ranges->table, address);
}

enum tri
evidence_listed_by(const struct judge *judge, const struct source *source, const struct address *address)
{
	if (is_hit(hits_of(judge, address), source->number))
		return YES;
	return judge->ranges->states[source->number].known ? NO : UNKNOWN;
}

/* Why is it not known: because of what is published, or of DNS? */
static void
note_unknown(const struct judge *judge, const struct facts *facts, const struct source *source, struct claim *claim)
{
	const struct asked_fact *fact = evidence_asked(facts, source->number);

	if (facts->client_hidden) /* it was not asked */
		return;
	if (judge->ranges->states[source->number].wrong && (fact == NULL || fact->passes != UNKNOWN))
		claim->wrong = true;
	else
		claim->unanswered = true;
}

void
evidence_listed(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	struct prefix_hits hits = hits_of(judge, &facts->client);
	int64_t grace = judge->policy->settings.review_grace;

	claim->listed = claim->exclusively = claim->reviewed = NO;
	claim->without_addresses = ranges_lack_addresses(judge->ranges, claim->vendor);
	if (relay_forwards(judge->policy, facts))
		return;
	for (size_t i = 0; i < claim->vendor->source_count; i++) {
		const struct source *source = &claim->vendor->sources[i];
		bool lapsed = source_is_lapsed(source, facts->now, grace);
		enum tri listed;

		if (!source_counts(source))
			continue;
		if (facts->client_hidden)
			listed = facts_hide_client(facts) ? NO : UNKNOWN;
		else
			listed = is_hit(hits, source->number) ? YES : listed_beyond_table(judge, facts, source);
		if (listed == UNKNOWN)
			note_unknown(judge, facts, source, claim);
		claim->listed = tri_or(claim->listed, listed);
		if (source->exclusive)
			claim->exclusively = tri_or(claim->exclusively, listed);
		/* it may still be right, so it saves from forged; but nobody vouches for it any more */
		if (!lapsed)
			claim->reviewed = tri_or(claim->reviewed, listed);
		if (listed != YES)
			continue;
		claim->lapsed = claim->lapsed || lapsed;
		/* an exclusive source says more: name it rather than a shared one */
		if (claim->source == NULL || (source->exclusive && !claim->exclusive))
			claim->source = source;
		claim->exclusive = claim->exclusive || source->exclusive;
	}
	claim->lapsed = claim->lapsed && claim->reviewed != YES;
}

/* The mailbox that SPF checks: the sender, or postmaster at the HELO name (RFC 7208, 2.4). */
struct mailbox
evidence_identity(const struct facts *facts)
{
	if (!facts->null_sender)
		return facts->sender;
	return (struct mailbox){ .local = "postmaster", .domain = facts->spf.domain, .text = "" };
}

enum tri
evidence_spf(const struct policy *policy, const struct facts *facts, const struct vendor *vendor)
{
	struct mailbox identity = evidence_identity(facts);

	if (facts->stage < STAGE_MAIL)
		return UNKNOWN;
	/* another's name proves nothing here, whatever its DNS says */
	if (!vendor_owns_sender(vendor, &identity) || facts_hide_client(facts))
		return NO;
	return patience_spf(policy, facts);
}

/* Does this signature prove its name, whatever Reply-To says? */
static enum tri
signature_proves(const struct policy *policy, const struct facts *facts, const struct dkim_fact *fact)
{
	if (fact->counts)
		return YES;
	return fact->result == AUTH_TEMPERROR ? patience_key(policy, facts) : NO;
}

/* Would somebody get the reply who is neither the vendor's, nor near an author, nor ours? */
static bool
reply_goes_elsewhere(const struct policy *policy, const struct facts *facts, const struct vendor *vendor)
{
	for (size_t i = 0; i < facts->reply_count; i++) {
		const struct reply_to *reply = &facts->replies[i];

		if (!reply->near_author && !vendor_owns_sender(vendor, &reply->mailbox) &&
		    !name_rules_hold_domain(&vendor->dkim, reply->mailbox.domain) &&
		    !name_rules_hold(&policy->own.domains, &reply->mailbox))
			return true;
	}
	return facts->replies_unclear;
}

/* Proof that leaves Reply-To unsigned: whoever sends a signed mail again may add one, but not from a host that is the
 * vendor's alone. */
static enum tri
despite_reply(const struct judge *judge, const struct facts *facts, const struct claim *claim, const char **weak)
{
	if (!reply_goes_elsewhere(judge->policy, facts, claim->vendor) || claim->exclusively == YES)
		return YES;
	if (claim->exclusively == NO)
		*weak = "foreign-reply-to";
	return claim->exclusively;
}

enum tri
evidence_signs(const struct judge *judge, const struct facts *facts, const struct claim *claim,
    const struct dkim_fact *fact, const char **weak)
{
	if (fact->weak)
		*weak = fact->why;
	if (fact->counts && fact->reply_open)
		return despite_reply(judge, facts, claim, weak);
	return signature_proves(judge->policy, facts, fact);
}

static enum tri
find_dkim(const struct judge *judge, const struct facts *facts, const struct claim *claim, const char **weak)
{
	const struct vendor *vendor = claim->vendor;
	enum tri signs = facts->dkim_done ? NO : UNKNOWN;

	if (vendor->dkim.count == 0)
		return NO;
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i];

		if (!name_rules_hold_domain(&vendor->dkim, fact->d) || evidence_signs_for_list(judge->policy, fact))
			continue;
		signs = tri_or(signs, evidence_signs(judge, facts, claim, fact, weak));
	}
	return signs;
}

enum tri
evidence_dmarc(const struct judge *judge, const struct facts *facts, const struct claim *claim,
    const struct author *author, enum dmarc_by by, const char **weak)
{
	if (author->dmarc.result != AUTH_PASS)
		return patience_dmarc(judge->policy, facts, author);
	if (by == DMARC_BY_REPLY_OPEN)
		return despite_reply(judge, facts, claim, weak);
	if (by == DMARC_BY_WEAK)
		*weak = "dmarc-by-weak";
	return by == DMARC_BY_PROOF ? YES : NO;
}

/* What is asked of each author. */
typedef enum tri author_proof(const struct judge *, const struct facts *, const struct claim *, const struct author *,
    const char **weak);

static bool
is_author_of(const struct facts *facts, const struct author *author, const struct vendor *vendor)
{
	size_t at = vendor_numbers_find(&facts->claimed, vendor->number);

	if (vendor->number == VENDOR_OWN)
		return (author->held_by & HELD_BY_OWN) != 0;
	return at < facts->claimed.count && (author->held_by & 1u << at) != 0;
}

/* An author's proof counts for a vendor only when all of that vendor's authors have it. */
static enum tri
find_of_authors(const struct judge *judge, const struct facts *facts, const struct claim *claim, author_proof *of,
    const char **weak)
{
	enum tri proven = YES;
	bool any = false;

	if (facts->from_state == FROM_NOT_SEEN)
		return UNKNOWN;
	if (facts->from_state != FROM_READ)
		return NO;
	for (size_t i = 0; i < facts->author_count; i++) {
		if (!is_author_of(facts, &facts->authors[i], claim->vendor))
			continue;
		proven = tri_and(proven, of(judge, facts, claim, &facts->authors[i], weak));
		any = true;
	}
	return any ? proven : NO;
}

static enum tri
spf_from_of(const struct judge *judge, const struct facts *facts, const struct claim *claim,
    const struct author *author, const char **weak)
{
	(void)claim, (void)weak;
	return patience_spf_from(judge->policy, facts, author);
}

static enum tri
dmarc_of(const struct judge *judge, const struct facts *facts, const struct claim *claim, const struct author *author,
    const char **weak)
{
	return evidence_dmarc(judge, facts, claim, author, author->dmarc.by, weak);
}

/* A forwarder's address says nothing: signatures alone decide. */
static enum tri
dmarc_signed_of(const struct judge *judge, const struct facts *facts, const struct claim *claim,
    const struct author *author, const char **weak)
{
	return evidence_dmarc(judge, facts, claim, author, author->dmarc.signed_by, weak);
}

void
evidence_find(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	const struct vendor *vendor = claim->vendor;
	bool forwarded = relay_forwards(judge->policy, facts);

	evidence_listed(judge, facts, claim);
	claim->spf = evidence_is_of_list(judge->policy, facts) ? NO : evidence_spf(judge->policy, facts, vendor);
	claim->spf_from = find_of_authors(judge, facts, claim, spf_from_of, &claim->weak);
	claim->dmarc = find_of_authors(judge, facts, claim, forwarded ? dmarc_signed_of : dmarc_of, &claim->weak);
	/* last, because its reason for being weak says more */
	claim->dkim = find_dkim(judge, facts, claim, &claim->weak);
	if (forwarded)
		claim->spf = NO;
	if (forwarded || facts_hide_client(facts))
		claim->spf_from = NO;
}

static enum tri
alternative_holds(const struct claim *claim, enum tri listed, unsigned proofs)
{
	const struct {
		enum proof proof;
		enum tri holds;
	} rows[] = { { PROOF_LISTED, listed }, { PROOF_SPF, claim->spf }, { PROOF_DKIM, claim->dkim },
		{ PROOF_SPF_FROM, claim->spf_from }, { PROOF_DMARC, claim->dmarc } };
	enum tri holds = YES;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (proofs & rows[i].proof)
			holds = tri_and(holds, rows[i].holds);
	return holds;
}

enum tri
evidence_satisfies(const struct claim *claim, enum tri listed, const unsigned *vouch, size_t count)
{
	enum tri holds = NO;

	for (size_t i = 0; i < count; i++)
		holds = tri_or(holds, alternative_holds(claim, listed, vouch[i]));
	return holds;
}

enum tri
evidence_vouches(const struct claim *claim)
{
	return evidence_satisfies(claim, claim->reviewed, claim->vendor->vouch, claim->vendor->vouch_count);
}

bool
evidence_lapsed(const struct claim *claim)
{
	const struct vendor *vendor = claim->vendor;

	return claim->lapsed && evidence_vouches(claim) == NO &&
	    evidence_satisfies(claim, claim->listed, vendor->vouch, vendor->vouch_count) == YES;
}

/* ---- mailing lists ---- */

bool
evidence_is_of_list(const struct policy *policy, const struct facts *facts)
{
	struct mailbox identity = evidence_identity(facts);

	return name_rules_hold(&policy->settings.own.lists, &identity);
}

bool
evidence_signs_for_list(const struct policy *policy, const struct dkim_fact *fact)
{
	return name_rules_hold_domain(&policy->settings.own.lists, fact->d);
}

/* Anybody can write a List-Id: only the host's own SPF or signature shows a list. */
enum tri
evidence_list(const struct judge *judge, const struct facts *facts)
{
	const struct policy *policy = judge->policy;
	enum tri sent = NO;

	if (policy->settings.own.lists.count == 0)
		return NO;
	if (evidence_is_of_list(policy, facts) && !facts_hide_client(facts))
		sent = patience_spf(policy, facts);
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i];

		if (!evidence_signs_for_list(policy, fact))
			continue;
		sent = tri_or(sent, signature_proves(policy, facts, fact));
	}
	return facts->dkim_done ? sent : tri_or(sent, UNKNOWN);
}
