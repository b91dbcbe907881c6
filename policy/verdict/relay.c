#include <string.h>

#include "policy/verdict/evidence.h"
#include "policy/verdict/relay.h"

static enum tri
has_address(const struct judge *judge, const struct relay *relay, const struct address *address)
{
	const struct vendor *vendor = relay->vendor;
	enum tri has = prefixes_hold(&relay->networks, address) ? YES : NO;

	for (size_t i = 0; has != YES && vendor != NULL && i < vendor->source_count; i++)
		if (source_counts(&vendor->sources[i]) &&
		    source_is_chosen(&vendor->sources[i], relay->tags.list, relay->tags.count))
			has = tri_or(has, evidence_listed_by(judge, &vendor->sources[i], address));
	return has;
}

enum tri
relay_find(const struct judge *judge, const struct address *address, const struct relay **out)
{
	enum tri found = NO;

	for (size_t i = 0; found != YES && i < judge->policy->relay_count; i++) {
		*out = &judge->policy->relays[i];
		found = tri_or(found, has_address(judge, *out, address));
	}
	return found;
}

const struct relay *
relay_of(const struct policy *policy, const struct facts *facts)
{
	for (size_t i = 0; facts->via[0] != '\0' && i < policy->relay_count; i++)
		if (strcmp(policy->relays[i].name, facts->via) == 0)
			return &policy->relays[i];
	return NULL;
}

bool
relay_forwards(const struct policy *policy, const struct facts *facts)
{
	const struct relay *relay = relay_of(policy, facts);

	return relay != NULL && relay->kind == RELAY_FORWARDER;
}

/* Did this relay write the field? Without received_by its place alone decides. */
static bool
wrote(const struct relay *relay, const struct received *hop)
{
	return relay->received_by.count == 0 || name_rules_hold_domain(&relay->received_by, hop->by);
}

bool
relay_hides_client(const struct policy *policy, const struct address *client)
{
	return address_is_private(client) && !prefixes_hold(&policy->settings.own.networks, client) &&
	    !prefixes_hold(&policy->settings.own.outbound, client) &&
	    !prefixes_hold(&policy->settings.own.may_forward, client);
}

bool
relay_client(const struct judge *judge, const struct relay *gateway, const char *const *fields, size_t count,
    struct received *out, const struct relay **via)
{
	*via = gateway;
	for (size_t i = 0; i < count; i++) {
		const struct relay *next;
		enum tri known;

		received_read(fields[i], strlen(fields[i]), out);
		if (!out->told || !wrote(*via, out))
			return false;
		if (address_is_loopback(&out->client)) /* from one program of the relay to another */
			continue;
		known = relay_find(judge, &out->client, &next);
		if (known == NO)
			return !relay_hides_client(judge->policy, &out->client);
		if (known == UNKNOWN)
			return false;
		*via = next;
		if (next->kind == RELAY_FORWARDER)
			return true;
	}
	return false;
}
