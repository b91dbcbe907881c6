#include <string.h>

#include "policy/mail/address_name.h"
#include "policy/mail/iprev.h"
#include "policy/verdict/passed_by.h"
#include "policy/verdict/strangers.h"

bool
passed_by_is_set(const struct greylist_settings *settings)
{
	return settings->auto_pass_network > 0 || settings->spf_pass || settings->only != 0 || settings->dnswl[0] != '\0';
}

bool
passed_by_wants_spf(const struct greylist_settings *settings)
{
	return settings->spf_pass || settings->only & 1u << MARK_NO_SPF;
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

/* Does any of the client's confirmed names hold its address? */
static bool
has_address_name(const struct facts *facts)
{
	const struct iprev_fact *iprev = &facts->iprev;

	if (iprev->by_mta != NULL && address_name_holds(iprev->by_mta, &facts->client))
		return true;
	for (size_t i = 0; i < iprev->count; i++)
		if (address_name_holds(iprev->names[i], &facts->client))
			return true;
	return false;
}

/* Is he marked by the client's name, or would it be known only if DNS answered? */
static bool
is_marked_by_name(uint32_t only, const struct facts *facts)
{
	enum tri confirmed = iprev_confirmed(&facts->iprev);

	if (confirmed == UNKNOWN || (confirmed == NO && only & 1u << MARK_NO_NAME))
		return true;
	return only & 1u << MARK_ADDRESS_NAME && has_address_name(facts);
}

/* Who bears none of the marks that are asked for is not greylisted. */
static enum passed_by
by_only(uint32_t only, const struct facts *facts, enum want *missing)
{
	if (only & 1u << MARK_NO_SPF && facts->spf.result != AUTH_PASS)
		return PASSED_BY_NOTHING;
	if (!(only & (1u << MARK_NO_NAME | 1u << MARK_ADDRESS_NAME)))
		return PASSED_BY_ONLY;
	if (facts->iprev.by_mta == NULL && facts->iprev.result == AUTH_NOT_ASKED) {
		*missing = WANT_IPREV;
		return PASSED_BY_NOTHING;
	}
	return is_marked_by_name(only, facts) ? PASSED_BY_NOTHING : PASSED_BY_ONLY;
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
	if (by == PASSED_BY_NOTHING && *missing == WANT_NOTHING && settings->only != 0)
		by = by_only(settings->only, facts, missing);
	if (by == PASSED_BY_NOTHING && *missing == WANT_NOTHING && settings->dnswl[0] != '\0')
		by = by_dnswl(settings, facts, missing);
	return by;
}
