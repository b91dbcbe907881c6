#include "policy/verdict/strangers.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/own.h"

enum dmarc_policy
strangers_failing_policy(const struct facts *facts)
{
	enum dmarc_policy strictest = DMARC_NONE;

	for (size_t i = 0; i < facts->author_count; i++) {
		const struct dmarc_fact *dmarc = &facts->authors[i].dmarc;

		if (dmarc->said == AUTH_FAIL && dmarc->policy > strictest)
			strictest = dmarc->policy;
	}
	return strictest;
}

/* Did a host send it on of which we know that it breaks DMARC? A list may yet show itself. */
static bool
is_sent_on(const struct judge *judge, const struct facts *facts, const struct verdict *verdict)
{
	return (verdict->relay != NULL && verdict->relay->kind == RELAY_FORWARDER) ||
	    evidence_list(judge, facts) != NO || own_is_outbound(judge->policy, facts);
}

/* Did nobody prove his name, and would nobody have done so if DNS had answered? */
static bool
nobody_is_proven(const struct facts *facts)
{
	enum auth_result spf = facts->spf.result;

	if (spf == AUTH_PASS || spf == AUTH_TEMPERROR || spf == AUTH_NOT_ASKED)
		return false;
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (facts->dkim[i].counts || facts->dkim[i].result == AUTH_TEMPERROR)
			return false;
	return true;
}

/* A relay would bounce what is refused; of a client that cannot be seen too little is known. */
static bool
may_be_refused(const struct facts *facts, const struct verdict *verdict)
{
	return verdict->relay == NULL && !facts->perhaps_relayed && !facts->client_hidden && nobody_is_proven(facts);
}

void
strangers_decide(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	enum strangers_dmarc choice = judge->policy->settings.strangers.dmarc;
	enum dmarc_policy policy = strangers_failing_policy(facts);

	if (choice < STRANGERS_QUARANTINE || facts->stage != STAGE_EOM || policy < DMARC_QUARANTINE ||
	    is_sent_on(judge, facts, verdict))
		return;
	if (choice == STRANGERS_REJECT && policy == DMARC_REJECT && may_be_refused(facts, verdict)) {
		verdict->asks_tuple = !facts->tuple_asked;
		if (facts->tuple_asked && facts->tuple_new == YES) {
			verdict->reason = REASON_DMARC_REJECT;
			verdict->action = verdict->would = ACTION_REJECT;
			return;
		}
	}
	verdict->reason = REASON_DMARC_QUARANTINE;
	verdict->past_greylist = judge->policy->settings.strangers.hold ? ACTION_QUARANTINE : ACTION_TAG;
	/* a relay's mail never waits */
	if (verdict->action == ACTION_PASS || verdict->relay != NULL)
		verdict->action = verdict->would = verdict->past_greylist;
}
