#include "policy/verdict/claims.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/own.h"
#include "policy/verdict/patience.h"

/* ---- authors ---- */

/* Ours, or an enabled vendor's. */
static bool
is_somebodys(const struct author *author)
{
	return (author->held_by & (HELD_BY_OWN | HELD_BY_VENDOR)) != 0;
}

/* The first of the configuration; NULL: no vendor's. */
static const struct vendor *
owner_of(const struct policy *policy, const struct facts *facts, const struct author *author)
{
	if (!(author->held_by & HELD_BY_VENDOR))
		return NULL;
	for (size_t i = 0; i < facts->claimed.count; i++)
		if (author->held_by & 1u << i)
			return &policy->vendors[facts->claimed.list[i]];
	return policy_owner(policy, &author->mailbox); /* more vendors than are counted */
}

/* A gateway vouches for authors that are neither ours nor a vendor's, where SPF passes aligned with them. */
static enum tri
gateway_covers(const struct judge *judge, const struct facts *facts, const struct vendor *gateway,
    const struct author *author, const struct source **source)
{
	struct claim claim = { .vendor = gateway };

	if (gateway->kind != VENDOR_GATEWAY || is_somebodys(author))
		return NO;
	evidence_listed(judge, facts, &claim);
	*source = claim.source;
	/* DNS is not asked about an unclaimed gateway: only what it lists counts */
	if (claim.reviewed != YES)
		return NO;
	if (author->dmarc.spf_aligned)
		return YES;
	return facts->spf.result == AUTH_TEMPERROR ? patience_spf(judge->policy, facts) : NO;
}

/* Such an author may be covered by a gateway, or by a vendor that may send in his name. */
static enum tri
is_covered(const struct judge *judge, const struct facts *facts, const struct author *author)
{
	const struct policy *policy = judge->policy;
	const struct source *source = NULL;
	enum tri covered = NO;

	for (size_t i = 0; i < policy->gateway_count; i++)
		covered = tri_or(covered, gateway_covers(judge, facts, policy->gateways[i], author, &source));
	for (size_t i = 0; author->held_by & HELD_BY_DELEGATE && i < policy->partner_count; i++)
		covered = tri_or(covered, own_partner_covers(judge, facts, &policy->partners[i], author));
	return covered;
}

static const struct claim *
claim_of(const struct verdict *verdict, const struct vendor *vendor)
{
	for (size_t i = 0; i < verdict->claim_count; i++)
		if (verdict->claims[i].vendor == vendor)
			return &verdict->claims[i];
	return NULL;
}

static enum tri
is_vouched(const struct claim *claim)
{
	if (claim->outcome == OUTCOME_UNSURE)
		return UNKNOWN;
	return claim->outcome == OUTCOME_VOUCHED ? YES : NO;
}

/* Is every author some enabled vendor's, proven to be ours, or covered? NO: one is a stranger. */
static enum tri
authors_are_known(const struct judge *judge, const struct facts *facts, const struct verdict *verdict)
{
	const struct claim *own = claim_of(verdict, &judge->policy->own);
	enum tri known = YES;

	for (size_t i = 0; i < facts->author_count; i++) {
		const struct author *author = &facts->authors[i];

		if (author->held_by & HELD_BY_VENDOR)
			continue;
		if (own != NULL && author->held_by & HELD_BY_OWN)
			known = tri_and(known, is_vouched(own));
		else
			known = tri_and(known, is_covered(judge, facts, author));
	}
	return known;
}

/* Is this author vouched for by an enabled vendor's policy, or as ours? */
static enum tri
author_is_vouched(const struct judge *judge, const struct facts *facts, const struct verdict *verdict,
    const struct author *author)
{
	const struct vendor *owner = owner_of(judge->policy, facts, author);
	const struct claim *claim;

	if (owner == NULL && author->held_by & HELD_BY_OWN)
		owner = &judge->policy->own;
	claim = owner == NULL ? NULL : claim_of(verdict, owner);
	return claim == NULL ? is_covered(judge, facts, author) : is_vouched(claim);
}

/* Does every author stand on its own, without the envelope: vouched for, or passing DMARC? */
static enum tri
authors_stand(const struct judge *judge, const struct facts *facts, const struct verdict *verdict)
{
	enum tri stand = facts->author_count > 0 ? YES : NO;

	if (facts->from_state == FROM_NOT_SEEN)
		return UNKNOWN;
	if (facts->from_state != FROM_READ)
		return NO;
	for (size_t i = 0; i < facts->author_count; i++) {
		const struct author *author = &facts->authors[i];

		stand = tri_and(stand,
		    tri_or(patience_dmarc(judge->policy, facts, author),
			author_is_vouched(judge, facts, verdict, author)));
	}
	return stand;
}

/* May a claim by the envelope alone be vouched for? Not where an author is another vendor's or ours. */
static bool
authors_leave_room(const struct judge *judge, const struct facts *facts, const struct vendor *vendor)
{
	for (size_t i = 0; i < facts->author_count; i++) {
		const struct author *author = &facts->authors[i];
		const struct vendor *owner = owner_of(judge->policy, facts, author);

		if ((owner != NULL && owner != vendor) || author->held_by & HELD_BY_OWN)
			return false;
	}
	return true;
}

/* ---- claims ---- */

bool
claims_find(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	bool few = claims_list(judge, facts, verdict);

	for (size_t i = 0; i < verdict->claim_count; i++)
		if (verdict->claims[i].vendor != &judge->policy->own)
			evidence_find(judge, facts, &verdict->claims[i]);
	return few;
}

/* Does the owner want mail that fails DMARC kept out, and not only test that? */
static bool
wants_refusal(const struct author *author)
{
	return author->dmarc.policy >= DMARC_QUARANTINE && !author->dmarc.testing;
}

/* A name that is given up is no better than one that fails. */
static bool
dmarc_fails_by_policy(const struct policy *policy, const struct facts *facts)
{
	for (size_t i = 0; i < facts->author_count; i++)
		if (wants_refusal(&facts->authors[i]) && patience_dmarc(policy, facts, &facts->authors[i]) == NO)
			return true;
	return false;
}

/* DMARC has answered for an author of this vendor, and fails. */
static bool
dmarc_has_failed(const struct facts *facts, const struct vendor *vendor)
{
	for (size_t i = 0; i < facts->author_count; i++)
		if (facts->authors[i].dmarc.result == AUTH_FAIL && wants_refusal(&facts->authors[i]) &&
		    name_rules_hold(&vendor->domains, &facts->authors[i].mailbox))
			return true;
	return false;
}

static void
set(struct claim *claim, enum outcome outcome, enum reason reason)
{
	claim->outcome = outcome;
	claim->reason = reason;
}

static bool
author_is_in_trouble(const struct facts *facts)
{
	for (size_t i = 0; i < facts->author_count; i++)
		if (facts->authors[i].spf_from == AUTH_TEMPERROR || facts->authors[i].dmarc.result == AUTH_TEMPERROR)
			return true;
	return false;
}

/* Before the end of the message most of it has not been asked yet: that is no trouble. */
static bool
is_in_trouble(const struct facts *facts, const struct claim *claim)
{
	if (claim->unanswered || (claim->spf == UNKNOWN && facts->spf.result == AUTH_TEMPERROR))
		return true;
	return facts->stage == STAGE_EOM && (!claim->wrong || claim->dkim == UNKNOWN || author_is_in_trouble(facts));
}

static void
set_unsure(const struct facts *facts, struct claim *claim)
{
	if (is_in_trouble(facts, claim))
		set(claim, OUTCOME_UNSURE, REASON_DNS_TROUBLE);
	else
		set(claim, OUTCOME_UNSURE, claim->wrong ? REASON_SOURCE_WRONG : REASON_NONE);
}

/* Does any evidence support the claim, although no alternative proves it? */
static enum tri
is_saved(const struct policy *policy, const struct facts *facts, const struct claim *claim)
{
	/* without a sender, SPF of the author takes the place of SPF of the envelope */
	enum tri from = facts->null_sender ? claim->spf_from : NO;
	enum tri beside = tri_or(tri_or(claim->spf, claim->dkim), tri_or(claim->dmarc, from));

	/* a shared range does not save what the owner wants refused; an exclusive one does */
	return tri_or(beside, dmarc_fails_by_policy(policy, facts) ? claim->exclusively : claim->listed);
}

/* DNS may yet prove it, but is waited for no longer than unsure_max where DMARC has answered and fails, and no known
 * evidence supports it. */
static void
set_waiting(const struct policy *policy, const struct facts *facts, struct claim *claim)
{
	if (patience_has_ended(policy, facts) && !facts->client_hidden && !claim->weak &&
	    dmarc_has_failed(facts, claim->vendor) && is_saved(policy, facts, claim) != YES)
		set(claim, OUTCOME_FORGED, REASON_DMARC_FAILS);
	else
		set_unsure(facts, claim);
}

/* A claim that no alternative of `vouch` can prove: unproven, unsure or forged. */
static void
judge_unvouched(const struct policy *policy, const struct facts *facts, struct claim *claim)
{
	enum tri saved = is_saved(policy, facts, claim);

	if (saved == YES)
		set(claim, OUTCOME_UNPROVEN, evidence_lapsed(claim) ? REASON_REVIEW_LAPSED : REASON_PARTLY_PROVEN);
	else if (claim->weak != NULL)
		set(claim, OUTCOME_UNPROVEN, REASON_WEAK_SIGNATURE);
	else if (saved == UNKNOWN)
		set_waiting(policy, facts, claim);
	else if (claim->without_addresses && !dmarc_fails_by_policy(policy, facts))
		set(claim, OUTCOME_UNPROVEN, REASON_WITHOUT_ADDRESSES);
	else if (claim->listed == YES)
		set(claim, OUTCOME_FORGED, REASON_SHARED_RANGE_DMARC_FAILS);
	else
		set(claim, OUTCOME_FORGED, REASON_NOTHING_PROVEN);
}

static void
judge_by_proof(const struct policy *policy, const struct facts *facts, struct claim *claim, enum tri vouch)
{
	if (vouch == YES)
		set(claim, OUTCOME_VOUCHED, REASON_PROVEN);
	else if (vouch == UNKNOWN)
		set_waiting(policy, facts, claim);
	else
		judge_unvouched(policy, facts, claim);
}

/* Vouched needs a From that parses to at least one mailbox. */
static enum tri
from_allows(const struct facts *facts)
{
	if (facts->from_state == FROM_NOT_SEEN)
		return UNKNOWN;
	return facts->from_state == FROM_READ && facts->author_count > 0 ? YES : NO;
}

/* Our name must not lend its proof to a stranger next to it: is every author covered that is not a vendor's or ours? */
static enum tri
others_are_covered(const struct judge *judge, const struct facts *facts)
{
	enum tri covered = YES;

	for (size_t i = 0; i < facts->author_count; i++) {
		const struct author *author = &facts->authors[i];

		if (!is_somebodys(author))
			covered = tri_and(covered, is_covered(judge, facts, author));
	}
	return covered;
}

/* An authorised outbound address is ours whatever the From looks like; otherwise the From must parse. */
static void
judge_own_claim(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	enum tri proven = own_prove(judge, facts, claim), read = from_allows(facts);
	enum tri others = claim->by_author ? others_are_covered(judge, facts) : YES;
	enum tri vouch = tri_and(proven, tri_and(read, others));
	enum reason how = claim->reason;

	if (how == REASON_OWN_OUTBOUND && proven == YES)
		set(claim, read == YES ? OUTCOME_VOUCHED : OUTCOME_UNPROVEN, how);
	else if (others == NO)
		set(claim, OUTCOME_FORGED, REASON_STRANGER_BESIDE_VENDOR);
	else if (vouch == YES)
		set(claim, OUTCOME_VOUCHED, how);
	else if (proven == YES && read == NO) /* our host's sender beside a From of nobody: no forgery */
		set(claim, OUTCOME_UNPROVEN, REASON_PARTLY_PROVEN);
	else if (claim->weak != NULL && proven == NO)
		set(claim, OUTCOME_UNPROVEN, REASON_WEAK_SIGNATURE);
	else if (how == REASON_REVIEW_LAPSED) /* as for a vendor: no proof, but no forgery */
		set(claim, OUTCOME_UNPROVEN, how);
	else if (vouch == UNKNOWN || proven == UNKNOWN)
		set_waiting(judge->policy, facts, claim);
	else
		set(claim, OUTCOME_FORGED, how);
}

static void
judge_author_claim(const struct judge *judge, const struct facts *facts, const struct verdict *verdict,
    struct claim *claim)
{
	enum tri known, vouch;

	known = authors_are_known(judge, facts, verdict);
	if (known == NO) {
		set(claim, OUTCOME_FORGED, REASON_STRANGER_BESIDE_VENDOR);
		return;
	}
	vouch = tri_and(evidence_vouches(claim), tri_and(known, from_allows(facts)));
	judge_by_proof(judge->policy, facts, claim, vouch);
}

static bool
may_be_refused(const struct claim *claim)
{
	return claim->outcome == OUTCOME_FORGED ||
	    (claim->outcome == OUTCOME_UNPROVEN && claim->vendor->on_unproven == ACTION_REJECT);
}

/* A vendor's claim by the envelope alone. */
static void
judge_sender_claim(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	enum tri vouch = tri_and(evidence_vouches(claim), from_allows(facts));

	if (!authors_leave_room(judge, facts, claim->vendor))
		vouch = NO;
	judge_by_proof(judge->policy, facts, claim, vouch);
}

static void
judge_envelope_claim(const struct judge *judge, const struct facts *facts, struct claim *claim, enum tri stand)
{
	if (claim->vendor == &judge->policy->own)
		judge_own_claim(judge, facts, claim);
	else
		judge_sender_claim(judge, facts, claim);
	/* a dropped claim cannot spoil the verdict; a proven one would not */
	claim->dropped = stand == YES && claim->outcome != OUTCOME_VOUCHED;
	/* authors that may yet stand on their own would drop the claim: DNS trouble is no 5xx */
	if (stand == UNKNOWN && may_be_refused(claim))
		set_unsure(facts, claim);
}

/* ---- a From that cannot be parsed ---- */

/* It vouches for nobody, but a display name is no forgery: is this very vendor behind the field? Of two fields nobody
 * can say which one a signature covers. */
static enum tri
stands_behind(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	bool only = facts->from_fields == 1;
	enum tri proven;

	if (claim->vendor != &judge->policy->own)
		return tri_or(only ? claim->dkim : NO, tri_and(claim->listed, claim->spf));
	proven = own_prove(judge, facts, claim);
	return only || claim->reason == REASON_OWN_OUTBOUND ? proven : NO;
}

static void
judge_field_claim(const struct facts *facts, struct claim *claim, enum tri stands, enum tri shown)
{
	if (stands == YES) {
		set(claim, OUTCOME_UNPROVEN,
		    claim->reason == REASON_OWN_OUTBOUND ? claim->reason : REASON_UNREADABLE_FROM);
	} else if (shown == YES) {
		/* next to the address that mail programs show, a name is only text; the envelope is judged separately */
		claim->by_author = !claim->by_envelope;
		claim->dropped = claim->by_author;
		set(claim, OUTCOME_UNPROVEN, REASON_UNREADABLE_FROM);
	} else if (stands == UNKNOWN || shown == UNKNOWN) {
		set_unsure(facts, claim);
	} else {
		set(claim, OUTCOME_FORGED, REASON_UNREADABLE_FROM);
	}
}

static void
judge_field(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	enum tri stands[CLAIMS_MAX + 2], shown = NO;

	for (size_t i = 0; i < verdict->claim_count; i++) {
		struct claim *claim = &verdict->claims[i];

		stands[i] = claim->by_author ? stands_behind(judge, facts, claim) : NO;
		if (facts->from_last != NULL && name_rules_hold(&claim->vendor->domains, &facts->from_last->mailbox))
			shown = tri_or(shown, stands[i]);
	}
	for (size_t i = 0; i < verdict->claim_count; i++)
		if (verdict->claims[i].by_author)
			judge_field_claim(facts, &verdict->claims[i], stands[i], shown);
}

/* ---- who may break a proof: lists and forwarders ---- */

/* A list's mail is not vouched for because it is a list's, and not refused for what the list did to it. */
static void
soften_for_list(enum tri list, const struct facts *facts, struct claim *claim)
{
	if (claim->outcome != OUTCOME_FORGED && claim->outcome != OUTCOME_UNPROVEN)
		return;
	if (list == YES)
		set(claim, OUTCOME_UNPROVEN, REASON_KNOWN_LIST);
	else if (list == UNKNOWN && claim->outcome == OUTCOME_FORGED)
		set_unsure(facts, claim);
}

static bool
is_signed_by(const struct facts *facts, const struct name_rules *names)
{
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (name_rules_hold_domain(names, facts->dkim[i].d))
			return true;
	return false;
}

/* Only the address counts against it: a vendor that does not sign has nothing that could survive. */
static bool
rests_on_spf_alone(const struct policy *policy, const struct facts *facts, const struct claim *claim)
{
	switch (claim->reason) {
	case REASON_NOTHING_PROVEN:
	case REASON_SHARED_RANGE_DMARC_FAILS:
		return claim->vendor->dkim.count == 0;
	case REASON_OWN_UNPROVEN:
	case REASON_UNDELEGATED:
	case REASON_OUTSIDE_SOURCES:
	case REASON_OWN_SPF_LACKS_VENDOR:
		return !is_signed_by(facts, &policy->own.dkim);
	default:
		return false;
	}
}

/* That we cannot see the client is our fault: only what no genuine mail does is refused or deferred for it. */
static void
soften_for_hidden(const struct facts *facts, struct claim *claim)
{
	bool unsure = claim->outcome == OUTCOME_UNSURE && facts->stage == STAGE_EOM;

	if ((claim->outcome == OUTCOME_FORGED && claim->reason != REASON_TOO_MANY_VENDORS) || unsure)
		set(claim, OUTCOME_UNPROVEN, REASON_HIDDEN_CLIENT);
}

static void
soften(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	enum tri list = evidence_list(judge, facts);
	bool forwarded = verdict->relay != NULL && verdict->relay->kind == RELAY_FORWARDER;

	for (size_t i = 0; i < verdict->claim_count; i++) {
		struct claim *claim = &verdict->claims[i];

		soften_for_list(list, facts, claim);
		if (facts_hide_client(facts))
			soften_for_hidden(facts, claim);
		if (forwarded && claim->outcome == OUTCOME_FORGED && rests_on_spf_alone(judge->policy, facts, claim))
			set(claim, OUTCOME_UNPROVEN, REASON_FORWARDED);
	}
}

/* ---- all of them ---- */

static void
judge_authors(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	struct claim *own = verdict->claim_count == 0 ? NULL : &verdict->claims[verdict->claim_count - 1];

	if (own != NULL && own->vendor == &judge->policy->own && own->by_author)
		judge_own_claim(judge, facts, own);
	for (size_t i = 0; i < verdict->claim_count; i++)
		if (verdict->claims[i].by_author && verdict->claims[i].vendor != &judge->policy->own)
			judge_author_claim(judge, facts, verdict, &verdict->claims[i]);
}

static void
judge_listed_claims(const struct judge *judge, const struct facts *facts, struct verdict *verdict, bool few)
{
	enum tri stand;

	if (facts->from_state == FROM_UNREADABLE)
		judge_field(judge, facts, verdict);
	else
		judge_authors(judge, facts, verdict);
	stand = authors_stand(judge, facts, verdict);
	for (size_t i = 0; i < verdict->claim_count; i++) {
		if (!verdict->claims[i].by_author)
			judge_envelope_claim(judge, facts, &verdict->claims[i], stand);
		if (!few)
			set(&verdict->claims[i], OUTCOME_FORGED, REASON_TOO_MANY_VENDORS);
	}
	soften(judge, facts, verdict);
}

static void
add_cover(const struct judge *judge, const struct facts *facts, struct claim *claim, enum reason reason,
    struct verdict *verdict)
{
	size_t at = 0;

	/* its claim by the envelope may be there, dropped: there is one claim for each vendor */
	while (at < verdict->claim_count && verdict->claims[at].vendor != claim->vendor)
		at++;
	claim->by_envelope = claims_by_envelope(facts, claim->vendor);
	evidence_find(judge, facts, claim);
	set(claim, OUTCOME_VOUCHED, reason);
	verdict->claims[at] = *claim;
	if (at == verdict->claim_count)
		verdict->claim_count++;
}

static enum tri
gateway_covers_all(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	enum tri covered = YES;

	for (size_t i = 0; covered == YES && i < facts->author_count; i++)
		covered = gateway_covers(judge, facts, claim->vendor, &facts->authors[i], &claim->source);
	return covered;
}

static enum tri
partner_covers_all(const struct judge *judge, const struct facts *facts, const struct delegation *partner)
{
	enum tri covered = YES;

	for (size_t i = 0; covered == YES && i < facts->author_count; i++)
		covered = own_partner_covers(judge, facts, partner, &facts->authors[i]);
	return covered;
}

/* Nobody is claimed: where one gateway or partner covers every author, that vendor is. */
static void
judge_covers(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	const struct policy *policy = judge->policy;

	if (facts->from_state != FROM_READ || facts->author_count == 0)
		return;
	for (size_t i = 0; i < policy->vendor_count; i++) {
		struct claim claim = { .vendor = &policy->vendors[i] };

		if (gateway_covers_all(judge, facts, &claim) == YES) {
			add_cover(judge, facts, &claim, REASON_PROVEN_GATEWAY, verdict);
			return;
		}
	}
	for (size_t i = 0; i < policy->partner_count; i++) {
		struct claim claim = { .vendor = policy->partners[i].vendor, .delegation = &policy->partners[i] };

		if (partner_covers_all(judge, facts, &policy->partners[i]) == YES) {
			add_cover(judge, facts, &claim, REASON_PROVEN_PARTNER, verdict);
			return;
		}
	}
}

static void
judge_all(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	bool few = claims_find(judge, facts, verdict), standing = false;

	judge_listed_claims(judge, facts, verdict, few);
	for (size_t i = 0; i < verdict->claim_count; i++)
		standing = standing || !verdict->claims[i].dropped;
	if (!standing)
		judge_covers(judge, facts, verdict);
}

/* Which claims would be judged differently if the names that the message brought had not been given up? */
static void
note_given_up(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	struct verdict before = { .deciding = -1, .relay = verdict->relay };
	struct facts waiting = *facts;

	waiting.answered_since = 0;
	judge_all(judge, &waiting, &before);
	for (size_t i = 0; i < verdict->claim_count && i < before.claim_count; i++) {
		struct claim *claim = &verdict->claims[i];

		claim->given_up = claim->outcome != before.claims[i].outcome;
		if (claim->given_up && claim->outcome == OUTCOME_FORGED)
			claim->reason = REASON_UNRESOLVED_NAME;
	}
}

void
claims_judge(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	judge_all(judge, facts, verdict);
	if (patience_gives_up(judge->policy, facts))
		note_given_up(judge, facts, verdict);
}

bool
claims_may_cover(const struct policy *policy)
{
	return policy->gateway_count > 0 || policy->partner_count > 0;
}
