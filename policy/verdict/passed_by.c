#include <string.h>

#include "policy/verdict/passed_by.h"
#include "policy/verdict/strangers.h"

bool
passed_by_is_set(const struct greylist_settings *settings)
{
	return settings->auto_pass_network > 0 || settings->spf_pass || settings->dnswl[0] != '\0';
}

bool
passed_by_wants_spf(const struct greylist_settings *settings)
{
	return settings->spf_pass;
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

/* ---- each setting ---- */

/* The sender's own SPF: for the null sender, that of the HELO name. */
static enum passed_by
by_spf(const struct facts *facts, enum want *missing)
{
	if (facts->spf.result != AUTH_PASS || facts->spf.by_helo != facts->null_sender)
		return PASSED_BY_NOTHING;
	if (facts->spf_narrow == UNKNOWN)
		*missing = WANT_SPF;
	return facts->spf_narrow == YES ? PASSED_BY_SPF : PASSED_BY_NOTHING;
}

static enum passed_by
by_dnswl(const struct greylist_settings *settings, const struct facts *facts, enum want *missing)
{
	if (facts->dnswl_zone == NULL || strcmp(facts->dnswl_zone, settings->dnswl) != 0) {
		*missing = WANT_DNSWL;
		return PASSED_BY_NOTHING;
	}
	return facts->dnswl ? PASSED_BY_DNSWL : PASSED_BY_NOTHING;
}

/* What costs no question comes first. */
enum passed_by
passed_by_find(const struct greylist_settings *settings, const struct facts *facts, const struct verdict *verdict,
    enum want *missing)
{
	enum passed_by by = PASSED_BY_NOTHING;

	*missing = WANT_NOTHING;
	if (!passed_by_may(facts, verdict))
		return PASSED_BY_NOTHING;
	if (settings->spf_pass)
		by = by_spf(facts, missing);
	if (by == PASSED_BY_NOTHING && *missing == WANT_NOTHING && settings->dnswl[0] != '\0')
		by = by_dnswl(settings, facts, missing);
	return by;
}
