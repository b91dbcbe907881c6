#include <string.h>

#include "policy/verdict/actions.h"
#include "policy/verdict/claims.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/own.h"
#include "policy/verdict/passed_by.h"
#include "policy/verdict/relay.h"
#include "policy/verdict/strangers.h"
#include "policy/verdict/verdict.h"

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
	bool relay = facts->via[0] != '\0'; /* it stays one even in own.networks */

	if (facts->auth[0] != '\0')
		return REASON_EXEMPT_AUTHENTICATED;
	if (facts->peer.family == ADDRESS_NONE)
		return REASON_EXEMPT_LOCAL;
	if (!relay && address_is_loopback(&facts->peer))
		return REASON_EXEMPT_LOOPBACK;
	if (!relay && prefixes_hold(&policy->settings.own.networks, &facts->peer))
		return REASON_EXEMPT_NETWORK;
	for (size_t i = 0; i < names->count; i++)
		if (facts->daemon_name[0] != '\0' && strcmp(names->list[i], facts->daemon_name) == 0)
			return REASON_EXEMPT_DAEMON;
	return REASON_NONE;
}

static bool
is_settled(const struct policy *policy, const struct facts *facts, const struct verdict *verdict)
{
	if (facts->stage == STAGE_EOM)
		return true;
	/* authors are covered only when their DMARC, and with it alignment, is known */
	if (facts->from_state == FROM_NOT_SEEN || claims_may_cover(policy))
		return false;
	for (size_t i = 0; i < verdict->claim_count; i++)
		if (verdict->claims[i].outcome == OUTCOME_UNSURE || !facts->dkim_done)
			return false;
	return true;
}

void
verdict_refuse(const struct policy *policy, const struct facts *facts, const struct vendor *vendor, enum reason reason,
    enum action action, struct verdict *out)
{
	*out = (struct verdict){ .settled = true,
		.outcome = OUTCOME_STRANGER,
		.reason = reason,
		.action = action,
		.would = action,
		.claim_count = 1,
		.relay = relay_of(policy, facts) };
	out->claims[0] = (struct claim){ .vendor = vendor,
		.by_envelope = true,
		.mode = vendor->mode,
		.outcome = OUTCOME_STRANGER,
		.reason = reason,
		.wanted = action,
		.action = action };
	if (policy->settings.monitor)
		out->action = ACTION_PASS;
}

/* What needs no evidence: an outbound address that sends for strangers, and exempt mail. */
static bool
judge_session(const struct policy *policy, const struct facts *facts, struct verdict *out)
{
	enum reason exempt = verdict_exempts(policy, facts);

	for (size_t i = 0; i < facts->rcpt_count; i++)
		if (own_refuses_relaying(policy, facts, &facts->rcpt_mailboxes[i])) {
			verdict_refuse(policy, facts, &policy->own, REASON_RELAYING, ACTION_REJECT, out);
			return true;
		}
	if (exempt == REASON_NONE)
		return false;
	out->outcome = OUTCOME_EXEMPT;
	out->reason = exempt;
	/* a forged results field that could not be removed would be believed, even in exempt mail */
	if (facts->failed)
		actions_override(policy, facts, out);
	return true;
}

void
verdict_judge(const struct judge *judge, const struct facts *facts, struct verdict *out)
{
	*out = (struct verdict){ .outcome = OUTCOME_STRANGER,
		.reason = REASON_NO_CLAIM,
		.deciding = -1,
		.relay = relay_of(judge->policy, facts) };
	if (judge_session(judge->policy, facts, out)) {
		out->settled = true;
		return;
	}
	claims_judge(judge, facts, out);
	actions_decide(judge->policy, facts, out);
	if (out->deciding < 0)
		strangers_decide(judge, facts, out);
	actions_override(judge->policy, facts, out);
	out->settled = is_settled(judge->policy, facts, out);
}

/* ---- before the end ---- */

bool
verdict_may_vouch(const struct judge *judge, const struct facts *facts)
{
	/* our own signature may still come; so may a partner's */
	if (judge->policy->own.domains.count > 0 || judge->policy->partner_count > 0)
		return true;
	for (size_t i = 0; i < judge->policy->vendor_count; i++) {
		struct claim claim = { .vendor = &judge->policy->vendors[i] };

		if (claim.vendor->mode == MODE_MONITOR)
			continue;
		evidence_find(judge, facts, &claim);
		if (evidence_vouches(&claim) != NO)
			return true;
		if (claim.vendor->kind == VENDOR_GATEWAY && claim.reviewed == YES &&
		    evidence_passes(facts->spf.result) != NO)
			return true;
	}
	return false;
}

const struct vendor *
verdict_promised(const struct judge *judge, const struct facts *facts)
{
	struct claim own = { .vendor = &judge->policy->own, .by_envelope = true };

	for (size_t i = 0; i < judge->policy->vendor_count; i++) {
		struct claim claim = { .vendor = &judge->policy->vendors[i] };

		if (claim.vendor->mode == MODE_MONITOR)
			continue;
		evidence_find(judge, facts, &claim);
		if (evidence_vouches(&claim) == YES)
			return claim.vendor;
	}
	if (claims_by_envelope(facts, &judge->policy->own) && own_prove(judge, facts, &own) == YES)
		return own.vendor;
	return NULL;
}

static bool
is_proven(const struct judge *judge, const struct facts *facts, const struct claim *claim)
{
	struct claim own = *claim;

	if (claim->vendor == &judge->policy->own)
		return own_prove(judge, facts, &own) == YES;
	return evidence_vouches(claim) == YES;
}

const struct vendor *
verdict_recipient_differs(const struct judge *judge, const struct facts *facts, const struct mailbox *rcpt)
{
	const struct policy *policy = judge->policy;
	struct verdict claims = { .deciding = -1 };

	if (policy->exception_count == 0 || facts->rcpt_count == 0 || facts->via[0] != '\0' || policy->settings.monitor)
		return NULL;
	(void)claims_find(judge, facts, &claims);
	for (size_t i = 0; i < claims.claim_count; i++) {
		const struct claim *claim = &claims.claims[i];

		if (actions_mode(policy, claim->vendor, rcpt) ==
		    actions_mode(policy, claim->vendor, &facts->rcpt_mailboxes[0]))
			continue;
		/* one that is already proven passes in any mode */
		if (!is_proven(judge, facts, claim))
			return claim->vendor;
	}
	return NULL;
}

bool
verdict_promises(const struct judge *judge, const struct facts *facts)
{
	return verdict_promised(judge, facts) != NULL;
}

/* A message that claims nobody is judged by its signatures only where somebody may cover its authors, or by DMARC. */
bool
verdict_will_greylist(const struct judge *judge, const struct facts *facts)
{
	const struct settings *settings = &judge->policy->settings;
	struct verdict verdict;

	if (settings->strangers.dmarc >= STRANGERS_QUARANTINE || passed_by_is_set(&settings->greylist) ||
	    claims_may_cover(judge->policy) || facts->stage < STAGE_HEADERS || facts->from_state != FROM_READ)
		return false;
	verdict_judge(judge, facts, &verdict);
	return verdict.claim_count == 0 && verdict.action == ACTION_GREYLIST;
}

struct wanted
verdict_wants(const struct judge *judge, const struct facts *facts)
{
	if (verdict_exempts(judge->policy, facts) != REASON_NONE)
		return (struct wanted){ .want = WANT_NOTHING };
	return wants_next(judge, facts);
}
