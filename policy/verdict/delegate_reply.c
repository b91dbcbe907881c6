#include <string.h>

#include "policy/config/policy_value.h"
#include "policy/verdict/actions.h"
#include "policy/verdict/claims.h"
#include "policy/verdict/delegate_reply.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/own.h"

bool
delegate_promises(const struct delegate_reply *reply)
{
	return reply->why == DELEGATE_PROMISED || reply->why == DELEGATE_TRUSTED;
}

/* ---- what is known so far ---- */

/* A gateway may vouch for authors that are not a vendor's or ours, where SPF passes: the message will show them. */
static bool
may_cover(const struct facts *facts, const struct claim *claim)
{
	return claim->vendor->kind == VENDOR_GATEWAY && evidence_passes(facts->spf.result) == YES;
}

/* Listed, and what is missing may still come with the message. */
static bool
is_undecided(const struct facts *facts, const struct claim *claim)
{
	return claim->reviewed == YES && (evidence_vouches(claim) == UNKNOWN || may_cover(facts, claim));
}

/* A list that nobody has reviewed for too long says nothing about whose mail comes from there. */
static bool
is_trusted(const struct policy *policy, const struct facts *facts, const struct claim *claim)
{
	switch (policy->settings.delegate.undecided) {
	case UNDECIDED_VOUCH:
		return true;
	case UNDECIDED_GREYLIST:
		return false;
	case UNDECIDED_EXCLUSIVE:
		break;
	}
	return claim->source != NULL && claim->source->exclusive &&
	    !source_is_lapsed(claim->source, facts->now, policy->settings.review_grace);
}

/*
 * Nothing that comes with the message can prove it: each alternative of `vouch` is known to fail, the
 * vendor does not sign, and neither address nor SPF supports it.
 */
static bool
is_forged(const struct policy *policy, const struct facts *facts, const struct claim *claim)
{
	const struct vendor *vendor = claim->vendor;

	/* a relay would bounce it, and some recipient may want it: the milter takes care of both */
	if (facts->perhaps_relayed || facts_hide_client(facts) || actions_have_exception(policy, vendor))
		return false;
	return vendor->mode == MODE_ENFORCE && vendor->on_forged == ACTION_REJECT && vendor->dkim.count == 0 &&
	    claim->listed == NO && !claim->without_addresses && claim->spf == NO && evidence_vouches(claim) == NO;
}

/* ---- the decision ---- */

static void
say(struct delegate_reply *out, enum delegate_word word, enum delegate_why why, const struct claim *claim)
{
	out->word = word;
	out->why = why;
	if (claim != NULL)
		out->claim = *claim;
}

/* What counts when vendors disagree: proof before trust, trust before doubt. */
struct findings {
	struct claim promised, trusted, undecided, forged;
	size_t claims, forgeries; /* vendors that the envelope names; those that it certainly forges */
};

static void
find_for(const struct judge *judge, const struct facts *facts, const struct vendor *vendor, bool sender_is_claimed,
    struct findings *out)
{
	struct claim claim = { .vendor = vendor, .by_envelope = claims_by_envelope(facts, vendor) };
	struct claim *where = NULL;
	bool may_speak;

	evidence_find(judge, facts, &claim);
	out->claims += claim.by_envelope;
	/* the range of one vendor never decides about the name of another; SPF is for the vendor's own name */
	may_speak = vendor->mode != MODE_MONITOR && (claim.by_envelope || claim.spf == YES || !sender_is_claimed);
	if (claim.by_envelope && is_forged(judge->policy, facts, &claim)) {
		out->forgeries++;
		where = &out->forged;
	} else if (may_speak && evidence_vouches(&claim) == YES) {
		where = &out->promised;
	} else if (may_speak && is_undecided(facts, &claim)) {
		where = is_trusted(judge->policy, facts, &claim) ? &out->trusted : &out->undecided;
	}
	if (where != NULL && where->vendor == NULL)
		*where = claim;
}

/* Our own name in the envelope, where the session proves that it may be used. */
static void
find_for_own(const struct judge *judge, const struct facts *facts, struct findings *out)
{
	struct claim claim = { .vendor = &judge->policy->own, .by_envelope = true };

	if (claims_by_envelope(facts, claim.vendor) && own_prove(judge, facts, &claim) == YES &&
	    out->promised.vendor == NULL)
		out->promised = claim;
}

static void
decide_by_vendors(const struct judge *judge, const struct facts *facts, struct delegate_reply *out)
{
	const struct policy *policy = judge->policy;
	struct findings findings = { .claims = 0 };
	bool claimed = false;

	for (size_t i = 0; i < policy->vendor_count; i++)
		claimed = claimed || claims_by_envelope(facts, &policy->vendors[i]);
	for (size_t i = 0; i < policy->vendor_count; i++)
		find_for(judge, facts, &policy->vendors[i], claimed, &findings);
	find_for_own(judge, facts, &findings);
	if (findings.promised.vendor != NULL)
		say(out, DELEGATE_DUNNO, DELEGATE_PROMISED, &findings.promised);
	else if (findings.claims > 0 && findings.forgeries == findings.claims)
		say(out, DELEGATE_REFUSE, DELEGATE_FORGED, &findings.forged);
	else if (findings.trusted.vendor != NULL)
		say(out, DELEGATE_DUNNO, DELEGATE_TRUSTED, &findings.trusted);
	else if (findings.undecided.vendor != NULL)
		say(out, DELEGATE_CLASS, DELEGATE_UNDECIDED, &findings.undecided);
}

void
delegate_decide(const struct judge *judge, const struct facts *facts, bool at_rcpt, struct delegate_reply *out)
{
	bool known = facts->peer.family != ADDRESS_NONE || facts->auth[0] != '\0';

	*out = (struct delegate_reply){ .word = DELEGATE_CLASS, .why = DELEGATE_STRANGER };
	if (!at_rcpt)
		say(out, DELEGATE_DUNNO, DELEGATE_OTHER_STATE, NULL);
	else if (judge->policy->settings.monitor)
		say(out, DELEGATE_CLASS, DELEGATE_MONITOR, NULL);
	else if (known && verdict_exempts(judge->policy, facts) != REASON_NONE)
		say(out, DELEGATE_DUNNO, DELEGATE_EXEMPT, NULL);
	else if (known && (facts->via[0] != '\0' || own_is_outbound(judge->policy, facts)))
		say(out, DELEGATE_DUNNO, DELEGATE_KNOWN, NULL);
	else if (known && !facts->failed)
		decide_by_vendors(judge, facts, out);
}

void
delegate_verdict(const struct delegate_reply *reply, struct verdict *out)
{
	*out = (struct verdict){ .outcome = OUTCOME_STRANGER, .reason = REASON_NO_CLAIM, .deciding = -1 };
	if (reply->word != DELEGATE_REFUSE)
		return;
	out->settled = true;
	out->outcome = OUTCOME_FORGED;
	out->reason = REASON_NOTHING_PROVEN;
	out->action = out->would = ACTION_REJECT;
	out->claims[0] = reply->claim;
	out->claims[0].outcome = out->outcome;
	out->claims[0].reason = out->reason;
	out->claims[0].wanted = out->claims[0].action = ACTION_REJECT;
	out->claim_count = 1;
	out->deciding = 0;
}

/* ---- the wire ---- */

enum { LINE_SHOWN = 500 }; /* bytes */

void
delegate_reply_write(enum delegate_word word, const char *greylist_class, const char *text, struct text *out)
{
	text_put(out, "action=");
	if (word == DELEGATE_REFUSE) {
		text_put(out, "550 5.7.26 ");
		text_plain(out, text, LINE_SHOWN);
	} else if (word == DELEGATE_CLASS && value_class(greylist_class, NULL)) {
		text_put(out, greylist_class);
	} else {
		text_put(out, "DUNNO");
	}
	text_put(out, "\n\n");
}
