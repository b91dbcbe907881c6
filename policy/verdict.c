#include <string.h>

#include "evidence.h"
#include "verdict.h"

const char *
outcome_word(enum outcome outcome)
{
	static const char *const words[] = { [OUTCOME_EXEMPT] = "exempt",
		[OUTCOME_STRANGER] = "stranger", [OUTCOME_VOUCHED] = "vouched",
		[OUTCOME_UNPROVEN] = "unproven", [OUTCOME_UNSURE] = "unsure",
		[OUTCOME_FORGED] = "forged" };

	return words[outcome];
}

const struct claim *
verdict_claim(const struct verdict *verdict)
{
	return verdict->deciding < 0 ? NULL : &verdict->claims[verdict->deciding];
}

const char *
verdict_vendor(const struct verdict *verdict)
{
	const struct claim *claim = verdict_claim(verdict);

	return claim == NULL ? "" : claim->vendor->name;
}

enum reason
verdict_exempts(const struct policy *policy, const struct facts *facts)
{
	const struct strings *names = &policy->settings.own.daemon_names;

	if (facts->auth[0] != '\0')
		return REASON_EXEMPT_AUTHENTICATED;
	if (facts->client.family == ADDRESS_NONE)
		return REASON_EXEMPT_LOCAL;
	if (address_is_loopback(&facts->client))
		return REASON_EXEMPT_LOOPBACK;
	if (prefixes_hold(&policy->settings.own.networks, &facts->client))
		return REASON_EXEMPT_NETWORK;
	for (size_t i = 0; i < names->count; i++)
		if (facts->daemon_name[0] != '\0' && strcmp(names->list[i], facts->daemon_name) == 0)
			return REASON_EXEMPT_DAEMON;
	return REASON_NONE;
}

/* ---- authors ---- */

static bool
is_own(const struct policy *policy, const struct mailbox *mailbox)
{
	return name_rules_hold(&policy->settings.own.domains, mailbox);
}

/* A gateway vouches for authors that are nobody's, where SPF passes aligned with them. */
static enum answer
gateway_covers(const struct judge *judge, const struct facts *facts, const struct vendor *gateway,
    const struct author *author, const struct source **source)
{
	struct claim claim = { .vendor = gateway };

	if (gateway->kind != VENDOR_GATEWAY || is_own(judge->policy, &author->mailbox) ||
	    policy_owner(judge->policy, &author->mailbox) != NULL)
		return NO;
	evidence_listed(judge, facts, &claim);
	*source = claim.source;
	/* an unclaimed gateway is not asked for the address: only what is listed counts */
	if (claim.reviewed != YES)
		return NO;
	if (author->dmarc.spf_aligned)
		return YES;
	return facts->spf.result == AUTH_TEMPERROR ? UNKNOWN : NO;
}

static enum answer
any_gateway_covers(const struct judge *judge, const struct facts *facts, const struct author *author)
{
	const struct source *source = NULL;
	enum answer answer = NO;

	for (size_t i = 0; i < judge->policy->vendor_count; i++)
		answer = answer_either(answer,
		    gateway_covers(judge, facts, &judge->policy->vendors[i], author, &source));
	return answer;
}

/* Is every author some enabled vendor's, or covered by a gateway? NO: a stranger stands there. */
static enum answer
authors_are_known(const struct judge *judge, const struct facts *facts)
{
	enum answer answer = YES;

	for (size_t i = 0; i < facts->author_count; i++) {
		if (policy_owner(judge->policy, &facts->authors[i].mailbox) != NULL)
			continue;
		answer = answer_both(answer, any_gateway_covers(judge, facts, &facts->authors[i]));
	}
	return answer;
}

static const struct claim *
claim_of(const struct verdict *verdict, const struct vendor *vendor)
{
	for (size_t i = 0; i < verdict->claim_count; i++)
		if (verdict->claims[i].vendor == vendor)
			return &verdict->claims[i];
	return NULL;
}

/* Is this author vouched by an enabled vendor's policy? */
static enum answer
author_is_vouched(const struct judge *judge, const struct facts *facts, const struct verdict *verdict,
    const struct author *author)
{
	const struct vendor *owner = policy_owner(judge->policy, &author->mailbox);
	const struct claim *claim = owner == NULL ? NULL : claim_of(verdict, owner);

	if (claim == NULL)
		return any_gateway_covers(judge, facts, author);
	if (claim->outcome == OUTCOME_UNSURE)
		return UNKNOWN;
	return claim->outcome == OUTCOME_VOUCHED ? YES : NO;
}

/* Does every author stand without the envelope: vouched, or passing DMARC? */
static enum answer
authors_stand(const struct judge *judge, const struct facts *facts, const struct verdict *verdict)
{
	enum answer answer = facts->author_count > 0 ? YES : NO;

	if (facts->from_state == FROM_NOT_SEEN)
		return UNKNOWN;
	if (facts->from_state != FROM_READ)
		return NO;
	for (size_t i = 0; i < facts->author_count; i++) {
		const struct author *author = &facts->authors[i];

		answer = answer_both(answer, answer_either(evidence_answer(author->dmarc.result),
						 author_is_vouched(judge, facts, verdict, author)));
	}
	return answer;
}

/* May a claim by the envelope alone be vouched: no author is another vendor's or ours. */
static bool
authors_leave_room(const struct judge *judge, const struct facts *facts, const struct vendor *vendor)
{
	for (size_t i = 0; i < facts->author_count; i++) {
		const struct mailbox *mailbox = &facts->authors[i].mailbox;
		const struct vendor *owner = policy_owner(judge->policy, mailbox);

		if ((owner != NULL && owner != vendor) || is_own(judge->policy, mailbox))
			return false;
	}
	return true;
}

/* ---- claims ---- */

static bool
names_author(const struct facts *facts, const struct vendor *vendor)
{
	if (facts->from_state == FROM_UNREADABLE) {
		for (size_t i = 0; i < vendor->domains.count; i++)
			if (mailbox_field_names(facts->from_raw, facts->from_raw_length,
				vendor->domains.list[i].domain))
				return true;
	}
	for (size_t i = 0; i < facts->author_count; i++)
		if (name_rules_hold(&vendor->domains, &facts->authors[i].mailbox))
			return true;
	return false;
}

static bool
names_sender(const struct facts *facts, const struct vendor *vendor)
{
	return !facts->null_sender && name_rules_hold(&vendor->domains, &facts->sender);
}

/* Lists the claimed vendors in the order of the configuration; false above the ceiling. */
static bool
find_claims(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	for (size_t i = 0; i < judge->policy->vendor_count; i++) {
		const struct vendor *vendor = &judge->policy->vendors[i];
		struct claim claim = { .vendor = vendor,
			.by_author = names_author(facts, vendor),
			.by_envelope = names_sender(facts, vendor) };

		if (!claim.by_author && !claim.by_envelope)
			continue;
		if (verdict->claim_count == CLAIMS_MAX)
			return false;
		evidence_find(judge, facts, &claim);
		verdict->claims[verdict->claim_count++] = claim;
	}
	return true;
}

static bool
dmarc_fails_by_policy(const struct facts *facts)
{
	for (size_t i = 0; i < facts->author_count; i++)
		if (facts->authors[i].dmarc.result == AUTH_FAIL &&
		    facts->authors[i].dmarc.policy >= DMARC_QUARANTINE)
			return true;
	return false;
}

static void
set(struct claim *claim, enum outcome outcome, enum reason reason)
{
	claim->outcome = outcome;
	claim->reason = reason;
}

/* The rows of section 3's table below "vouched", for a claim that no alternative can prove. */
static void
judge_unvouched(const struct facts *facts, struct claim *claim)
{
	/* without a sender SPF of the author stands in for SPF of the envelope */
	enum answer from = facts->null_sender ? claim->spf_from : NO;
	enum answer beside = answer_either(answer_either(claim->spf, claim->dkim),
	    answer_either(claim->dmarc, from));
	/* a shared range does not save what the owner wants refused; an exclusive one does */
	enum answer listed = dmarc_fails_by_policy(facts) ? claim->exclusively : claim->listed;

	if (beside == YES || listed == YES)
		set(claim, OUTCOME_UNPROVEN,
		    evidence_lapsed(claim) ? REASON_REVIEW_LAPSED : REASON_PARTLY_PROVEN);
	else if (claim->weak)
		set(claim, OUTCOME_UNPROVEN, REASON_WEAK_SIGNATURE);
	else if (beside == UNKNOWN || listed == UNKNOWN)
		set(claim, OUTCOME_UNSURE, REASON_DNS_TROUBLE);
	else if (claim->listed == YES)
		set(claim, OUTCOME_FORGED, REASON_SHARED_RANGE_DMARC_FAILS);
	else
		set(claim, OUTCOME_FORGED, REASON_NOTHING_PROVEN);
}

/* Vouched needs a From that parses to at least one mailbox. */
static enum answer
from_allows(const struct facts *facts)
{
	if (facts->from_state == FROM_NOT_SEEN)
		return UNKNOWN;
	return facts->from_state == FROM_READ && facts->author_count > 0 ? YES : NO;
}

static void
judge_author_claim(const struct judge *judge, const struct facts *facts, struct claim *claim)
{
	enum answer known, vouch;

	if (facts->from_state == FROM_UNREADABLE) {
		set(claim, OUTCOME_FORGED, REASON_UNREADABLE_FROM);
		return;
	}
	known = authors_are_known(judge, facts);
	if (known == NO) {
		set(claim, OUTCOME_FORGED, REASON_STRANGER_BESIDE_VENDOR);
		return;
	}
	vouch = answer_both(evidence_vouches(claim), answer_both(known, from_allows(facts)));
	if (vouch == YES)
		set(claim, OUTCOME_VOUCHED, REASON_PROVEN);
	else if (vouch == UNKNOWN)
		set(claim, OUTCOME_UNSURE, REASON_DNS_TROUBLE);
	else
		judge_unvouched(facts, claim);
}

static bool
may_be_refused(const struct claim *claim)
{
	return claim->outcome == OUTCOME_FORGED ||
	    (claim->outcome == OUTCOME_UNPROVEN && claim->vendor->on_unproven == ACTION_REJECT);
}

static void
judge_envelope_claim(const struct judge *judge, const struct facts *facts, struct claim *claim,
    enum answer stand)
{
	enum answer vouch = answer_both(evidence_vouches(claim), from_allows(facts));

	if (!authors_leave_room(judge, facts, claim->vendor))
		vouch = NO;
	if (vouch == YES)
		set(claim, OUTCOME_VOUCHED, REASON_PROVEN);
	else if (vouch == UNKNOWN)
		set(claim, OUTCOME_UNSURE, REASON_DNS_TROUBLE);
	else
		judge_unvouched(facts, claim);
	/* dropping keeps a claim from spoiling; one that is proven spoils nothing */
	claim->dropped = stand == YES && claim->outcome != OUTCOME_VOUCHED;
	/* authors that may yet stand would drop the claim: DNS trouble is no 5xx */
	if (stand == UNKNOWN && may_be_refused(claim))
		set(claim, OUTCOME_UNSURE, REASON_DNS_TROUBLE);
}

static void
judge_claims(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	bool few = find_claims(judge, facts, verdict);
	enum answer stand;

	for (size_t i = 0; i < verdict->claim_count; i++)
		if (verdict->claims[i].by_author)
			judge_author_claim(judge, facts, &verdict->claims[i]);
	stand = authors_stand(judge, facts, verdict);
	for (size_t i = 0; i < verdict->claim_count; i++) {
		if (!verdict->claims[i].by_author)
			judge_envelope_claim(judge, facts, &verdict->claims[i], stand);
		if (!few)
			set(&verdict->claims[i], OUTCOME_FORGED, REASON_TOO_MANY_VENDORS);
	}
}

/* Nobody is claimed: does one gateway cover every author? Then it is a claim of the gateway's. */
static void
judge_gateways(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	if (facts->from_state != FROM_READ)
		return;
	for (size_t i = 0; i < judge->policy->vendor_count; i++) {
		struct claim claim = { .vendor = &judge->policy->vendors[i] };
		enum answer covered = facts->author_count > 0 ? YES : NO;

		for (size_t j = 0; covered == YES && j < facts->author_count; j++)
			covered = gateway_covers(judge, facts, claim.vendor, &facts->authors[j],
			    &claim.source);
		if (covered != YES)
			continue;
		evidence_find(judge, facts, &claim);
		set(&claim, OUTCOME_VOUCHED, REASON_PROVEN_GATEWAY);
		verdict->claims[0] = claim;
		verdict->claim_count = 1;
		return;
	}
}

/* ---- actions ---- */

static enum action
strangers_way(const struct policy *policy)
{
	return policy->settings.greylist.on ? ACTION_GREYLIST : ACTION_PASS;
}

static enum action
wanted_action(const struct policy *policy, const struct facts *facts, struct claim *claim)
{
	const struct vendor *vendor = claim->vendor;

	switch (claim->outcome) {
	case OUTCOME_FORGED:
		return vendor->on_forged;
	case OUTCOME_UNPROVEN:
		return vendor->on_unproven;
	case OUTCOME_UNSURE:
		if (facts->unsure_since > 0 &&
		    facts->now - facts->unsure_since >= policy->settings.unsure_max) {
			claim->reason = REASON_DNS_TROUBLE_TOO_LONG;
			return ACTION_GREYLIST;
		}
		/* DNS trouble never turns into a refusal */
		return vendor->on_unsure == ACTION_REJECT ? ACTION_DEFER : vendor->on_unsure;
	default:
		return ACTION_PASS;
	}
}

static enum action
action_under_mode(const struct policy *policy, const struct claim *claim)
{
	if (claim->vendor->mode == MODE_MONITOR)
		return strangers_way(policy);
	if (claim->vendor->mode == MODE_VOUCH && claim->outcome != OUTCOME_VOUCHED)
		return strangers_way(policy);
	return claim->wanted;
}

static enum action
stricter(enum action a, enum action b)
{
	return a > b ? a : b;
}

/* The strictest action of all claims wins; of equals the first in the configuration decides. */
static void
weigh_claims(const struct policy *policy, const struct facts *facts, struct verdict *verdict)
{
	verdict->would = ACTION_PASS;
	for (size_t i = 0; i < verdict->claim_count; i++) {
		struct claim *claim = &verdict->claims[i];
		bool monitor = claim->vendor->mode == MODE_MONITOR;

		if (claim->dropped)
			continue;
		claim->wanted = wanted_action(policy, facts, claim);
		if (claim->wanted == ACTION_GREYLIST)
			claim->wanted = strangers_way(policy);
		claim->action = action_under_mode(policy, claim);
		verdict->monitored = verdict->monitored || monitor;
		verdict->would = stricter(verdict->would, monitor ? claim->wanted : claim->action);
		if (verdict->deciding < 0 || claim->action > verdict->action) {
			verdict->deciding = (int)i;
			verdict->action = claim->action;
			verdict->outcome = claim->outcome;
			verdict->reason = claim->reason;
		}
	}
}

/* What overrides every claim. */
static void
weigh_troubles(const struct policy *policy, const struct facts *facts, struct verdict *verdict)
{
	if (facts->failed) {
		verdict->outcome = OUTCOME_UNSURE;
		verdict->reason = REASON_OWN_FAILURE;
		verdict->action = verdict->would = ACTION_DEFER;
		verdict->deciding = -1;
	} else if (facts->from_too_long) {
		verdict->reason = REASON_FROM_TOO_LONG;
		verdict->action = verdict->would = ACTION_REJECT;
	}
	if (policy->settings.monitor) {
		verdict->monitored = true;
		verdict->action = ACTION_PASS;
	}
}

static bool
has_gateway(const struct policy *policy)
{
	for (size_t i = 0; i < policy->vendor_count; i++)
		if (policy->vendors[i].kind == VENDOR_GATEWAY)
			return true;
	return false;
}

static bool
is_settled(const struct policy *policy, const struct facts *facts, const struct verdict *verdict)
{
	if (facts->stage == STAGE_EOM)
		return true;
	/* a gateway covers authors only when their DMARC, and with it alignment, is known */
	if (facts->from_state == FROM_NOT_SEEN || has_gateway(policy))
		return false;
	for (size_t i = 0; i < verdict->claim_count; i++)
		if (verdict->claims[i].outcome == OUTCOME_UNSURE || !facts->dkim_done)
			return false;
	return true;
}

void
verdict_judge(const struct judge *judge, const struct facts *facts, struct verdict *out)
{
	enum reason exempt = verdict_exempts(judge->policy, facts);
	bool standing = false;

	*out = (struct verdict){ .outcome = OUTCOME_STRANGER, .reason = REASON_NO_CLAIM, .deciding = -1 };
	if (exempt != REASON_NONE) {
		out->settled = true;
		out->outcome = OUTCOME_EXEMPT;
		out->reason = exempt;
		/* a results field of ours that could not be removed would be believed: not even then */
		if (facts->failed)
			weigh_troubles(judge->policy, facts, out);
		return;
	}
	judge_claims(judge, facts, out);
	for (size_t i = 0; i < out->claim_count; i++)
		standing = standing || !out->claims[i].dropped;
	if (!standing)
		judge_gateways(judge, facts, out);
	weigh_claims(judge->policy, facts, out);
	if (out->deciding < 0)
		out->action = out->would = strangers_way(judge->policy);
	weigh_troubles(judge->policy, facts, out);
	out->settled = is_settled(judge->policy, facts, out);
}

/* ---- before the end ---- */

bool
verdict_may_vouch(const struct judge *judge, const struct facts *facts)
{
	for (size_t i = 0; i < judge->policy->vendor_count; i++) {
		struct claim claim = { .vendor = &judge->policy->vendors[i] };

		if (claim.vendor->mode == MODE_MONITOR)
			continue;
		evidence_find(judge, facts, &claim);
		if (evidence_vouches(&claim) != NO)
			return true;
		if (claim.vendor->kind == VENDOR_GATEWAY && claim.reviewed == YES &&
		    evidence_answer(facts->spf.result) != NO)
			return true;
	}
	return false;
}

const struct vendor *
verdict_promised(const struct judge *judge, const struct facts *facts)
{
	for (size_t i = 0; i < judge->policy->vendor_count; i++) {
		struct claim claim = { .vendor = &judge->policy->vendors[i] };

		if (claim.vendor->mode == MODE_MONITOR)
			continue;
		evidence_find(judge, facts, &claim);
		if (evidence_vouches(&claim) == YES)
			return claim.vendor;
	}
	return NULL;
}

bool
verdict_promises(const struct judge *judge, const struct facts *facts)
{
	return verdict_promised(judge, facts) != NULL;
}

/* SPF of the sender serves a vendor's name, a gateway's authors, and the results header. */
static bool
wants_spf(const struct judge *judge, const struct facts *facts)
{
	struct mailbox identity = evidence_identity(facts);

	if (facts->stage < STAGE_MAIL || facts->spf.result != AUTH_NOT_ASKED)
		return false;
	if (judge->policy->settings.strangers.authenticate || has_gateway(judge->policy))
		return true;
	for (size_t i = 0; i < judge->policy->vendor_count; i++)
		if (vendor_owns_sender(&judge->policy->vendors[i], &identity))
			return true;
	return false;
}

static const struct source *
wants_live(const struct judge *judge, const struct facts *facts, const struct claim *claim)
{
	if (claim->listed != UNKNOWN || facts->live_count == LIVE_MAX)
		return NULL;
	for (size_t i = 0; i < claim->vendor->source_count; i++) {
		const struct source *source = &claim->vendor->sources[i];

		if (source_counts(source) && judge->ranges->states[source->number].live &&
		    evidence_live(facts, source->number) == NULL)
			return source;
	}
	return NULL;
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

/* Two vendors may own one name: any of them that wants it is enough. */
static bool
wants_spf_from(const struct judge *judge, const struct facts *facts, const struct author *author)
{
	if (author->spf_from != AUTH_NOT_ASKED)
		return false;
	for (size_t i = 0; i < judge->policy->vendor_count; i++) {
		const struct vendor *vendor = &judge->policy->vendors[i];

		if (uses_spf_from(facts, vendor) && name_rules_hold(&vendor->domains, &author->mailbox))
			return true;
	}
	return false;
}

static bool
wants_of_author(const struct judge *judge, const struct facts *facts, size_t i, bool claimed,
    struct wanted *out)
{
	const struct author *author = &facts->authors[i];
	bool report = judge->policy->settings.strangers.authenticate &&
	    judge->policy->settings.strangers.dmarc_report;

	out->author = i;
	if (wants_spf_from(judge, facts, author)) {
		out->want = WANT_SPF_FROM;
		return true;
	}
	if (facts->dkim_done && author->dmarc.result == AUTH_NOT_ASKED &&
	    (claimed || report || has_gateway(judge->policy))) {
		out->want = WANT_DMARC;
		return true;
	}
	return false;
}

struct wanted
verdict_wants(const struct judge *judge, const struct facts *facts)
{
	struct wanted out = { WANT_NOTHING, NULL, 0 };
	struct verdict claims = { .deciding = -1 };

	if (verdict_exempts(judge->policy, facts) != REASON_NONE)
		return out;
	if (wants_spf(judge, facts)) {
		out.want = WANT_SPF;
		return out;
	}
	/* more vendors than an honest mail names: nothing is asked for the rest */
	(void)find_claims(judge, facts, &claims);
	for (size_t i = 0; i < claims.claim_count; i++) {
		out.source = wants_live(judge, facts, &claims.claims[i]);
		if (out.source != NULL) {
			out.want = WANT_LIVE;
			return out;
		}
	}
	for (size_t i = 0; i < facts->author_count; i++)
		if (wants_of_author(judge, facts, i, claims.claim_count > 0, &out))
			return out;
	out.want = WANT_NOTHING;
	return out;
}
