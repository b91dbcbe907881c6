#include "policy/verdict/actions.h"
#include "policy/verdict/own.h"
#include "policy/verdict/patience.h"

/* ---- actions ---- */

/* Greylisting is for strangers; a host that we authorised is not one. */
static enum action
strangers_way(const struct policy *policy, const struct facts *facts)
{
	return policy->settings.greylist.on && !own_is_outbound(policy, facts) ? ACTION_GREYLIST : ACTION_PASS;
}

/* ---- modes ---- */

enum vendor_mode
actions_mode(const struct policy *policy, const struct vendor *vendor, const struct mailbox *rcpt)
{
	for (size_t i = 0; i < policy->exception_count; i++) {
		const struct exception *exception = &policy->exceptions[i];
		const struct name_rules rule = { &exception->rule, 1 };

		if (exception->vendor == vendor && name_rules_hold(&rule, rcpt))
			return exception->mode;
	}
	return vendor->mode;
}

bool
actions_have_exception(const struct policy *policy, const struct vendor *vendor)
{
	for (size_t i = 0; i < policy->exception_count; i++)
		if (policy->exceptions[i].vendor == vendor)
			return true;
	return false;
}

/* One reply serves all recipients, so the strictest mode among them applies. */
static enum vendor_mode
mode_for_all(const struct policy *policy, const struct facts *facts, const struct vendor *vendor)
{
	enum vendor_mode strictest = MODE_MONITOR;

	if (facts->rcpt_count == 0 || policy->exception_count == 0)
		return vendor->mode;
	for (size_t i = 0; i < facts->rcpt_count; i++) {
		enum vendor_mode mode = actions_mode(policy, vendor, &facts->rcpt_mailboxes[i]);

		if (mode < strictest)
			strictest = mode;
	}
	return strictest;
}

/* ---- actions ---- */

static enum action
wanted_action(const struct policy *policy, const struct facts *facts, const struct relay *relay, struct claim *claim)
{
	const struct vendor *vendor = claim->vendor;

	switch (claim->outcome) {
	case OUTCOME_FORGED:
		return vendor->on_forged;
	case OUTCOME_UNPROVEN:
		if (claim->reason == REASON_FORWARDED)
			return relay->on_forwarded;
		if (claim->reason == REASON_KNOWN_LIST)
			return ACTION_GREYLIST;
		if (claim->given_up &&
		    vendor->on_unproven == ACTION_REJECT) /* after DNS trouble only forged mail is refused */
			return ACTION_GREYLIST;
		/* that we cannot see the client is our fault, and refuses nobody */
		if (vendor->on_unproven == ACTION_REJECT && facts_hide_client(facts))
			return ACTION_GREYLIST;
		return vendor->on_unproven;
	case OUTCOME_UNSURE:
		if (patience_has_ended(policy, facts)) {
			if (claim->reason == REASON_DNS_TROUBLE)
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
action_under_mode(enum action stranger, const struct claim *claim)
{
	if (claim->mode == MODE_MONITOR)
		return stranger;
	if (claim->mode == MODE_VOUCH && claim->outcome != OUTCOME_VOUCHED)
		return stranger;
	return claim->wanted;
}

static enum action
stricter(enum action a, enum action b)
{
	return a > b ? a : b;
}

/* The strictest action of all claims wins; among equals the first in the configuration decides. */
void
actions_decide(const struct policy *policy, const struct facts *facts, struct verdict *verdict)
{
	enum action stranger = strangers_way(policy, facts);

	verdict->would = ACTION_PASS;
	for (size_t i = 0; i < verdict->claim_count; i++) {
		struct claim *claim = &verdict->claims[i];

		claim->mode = mode_for_all(policy, facts, claim->vendor);
		if (claim->dropped)
			continue;
		claim->wanted = wanted_action(policy, facts, verdict->relay, claim);
		if (claim->wanted == ACTION_GREYLIST)
			claim->wanted = stranger;
		claim->action = action_under_mode(stranger, claim);
		verdict->would = stricter(verdict->would, claim->wanted);
		if (verdict->deciding < 0 || claim->action > verdict->action) {
			verdict->deciding = (int)i;
			verdict->action = claim->action;
			verdict->outcome = claim->outcome;
			verdict->reason = claim->reason;
		}
	}
	if (verdict->deciding < 0)
		verdict->action = verdict->would = stranger;
}

/* ---- what overrides every claim ---- */

/* A relay would queue what is deferred, and bounce what is refused to an address that a forger chose. */
static enum action
under_relay(enum action action)
{
	static const enum action mapped[ACTIONS] = { [ACTION_PASS] = ACTION_PASS,
		[ACTION_TAG] = ACTION_TAG,
		[ACTION_QUARANTINE] = ACTION_QUARANTINE,
		[ACTION_GREYLIST] = ACTION_TAG,
		[ACTION_DEFER] = ACTION_TAG,
		[ACTION_REJECT] = ACTION_QUARANTINE };

	return mapped[action];
}

/* A forged results field that could not be removed would be believed. A relay's mail is quarantined, because the relay
 * would retry for ever. */
static void
fail(struct verdict *verdict)
{
	verdict->outcome = OUTCOME_UNSURE;
	verdict->reason = REASON_OWN_FAILURE;
	verdict->action = verdict->would = verdict->relay != NULL ? ACTION_QUARANTINE : ACTION_DEFER;
	verdict->deciding = -1;
}

static enum action
not_refused(enum action action)
{
	return action == ACTION_REJECT ? ACTION_DEFER : action;
}

/* Is somebody's claim false, or not yet known to be true? */
static bool
is_doubtful(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->claim_count; i++) {
		const struct claim *claim = &verdict->claims[i];

		if (!claim->dropped && (claim->outcome == OUTCOME_FORGED || claim->outcome == OUTCOME_UNSURE))
			return true;
	}
	return false;
}

void
actions_override(const struct policy *policy, const struct facts *facts, struct verdict *verdict)
{
	if (!facts->failed && facts->from_too_long) {
		verdict->reason = REASON_FROM_TOO_LONG;
		verdict->action = verdict->would = ACTION_REJECT;
	}
	if (verdict->relay != NULL) {
		verdict->action = under_relay(verdict->action);
		verdict->would = under_relay(verdict->would);
	} else if (facts->perhaps_relayed) {
		verdict->action = not_refused(verdict->action);
		verdict->would = not_refused(verdict->would);
	}
	if (facts->failed)
		fail(verdict);
	if (policy->settings.monitor) {
		verdict->learns = verdict->action == ACTION_GREYLIST && !is_doubtful(verdict);
		verdict->action = ACTION_PASS;
	}
}
