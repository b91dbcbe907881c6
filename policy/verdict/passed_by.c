#include "policy/verdict/passed_by.h"
#include "policy/verdict/strangers.h"

bool
passed_by_is_set(const struct greylist_settings *settings)
{
	return settings->auto_pass_network > 0;
}

/* What cannot be read may name anybody. */
static bool
may_name_anybody(const struct facts *facts)
{
	return facts->from_state == FROM_UNREADABLE || facts->from_too_long;
}

bool
passed_by_may(const struct facts *facts, const struct verdict *verdict)
{
	return verdict->outcome == OUTCOME_STRANGER && verdict->claim_count == 0 && !facts->client_hidden &&
	    !may_name_anybody(facts) && strangers_failing_policy(facts) == DMARC_NONE;
}
