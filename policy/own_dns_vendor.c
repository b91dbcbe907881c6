/* room: own_dns */
/* Whose a term is, and which delegations say something of the domain. */
#include <string.h>

#include "domain.h"
#include "own_dns_parts.h"

/* ---- delegations ---- */

static bool
rules_touch(const struct name_rules *rules, const char *domain)
{
	for (size_t i = 0; i < rules->count; i++)
		if (name_rule_covers(&rules->list[i], domain))
			return true;
	return false;
}

const struct delegation *
own_delegation(const struct own_dns *own, size_t n)
{
	const struct policy *policy = own->request->policy;

	for (size_t i = 0; i < policy->delegation_count; i++)
		if (rules_touch(&policy->delegations[i].domains, own->request->domain) && n-- == 0)
			return &policy->delegations[i];
	return NULL;
}

bool
own_wants(const struct delegation *delegation, unsigned proofs)
{
	for (size_t i = 0; i < delegation->vouch_count; i++)
		if ((delegation->vouch[i] & proofs) != 0)
			return true;
	return false;
}

bool
own_is_ours(const struct own_dns *own, const char *name)
{
	return name_rules_hold_domain(&own->request->policy->settings.own.domains, name);
}

/* ---- vendors ---- */

static bool
is_delegated(const struct own_dns *own, const struct vendor *vendor)
{
	const struct delegation *delegation;

	for (size_t i = 0; (delegation = own_delegation(own, i)) != NULL; i++)
		if (strcmp(delegation->vendor_name, vendor->name) == 0)
			return true;
	return false;
}

static bool
is_relay(const struct own_dns *own, const struct vendor *vendor)
{
	const struct policy *policy = own->request->policy;

	for (size_t i = 0; i < policy->relay_count; i++)
		if (strcmp(policy->relays[i].vendor_name, vendor->name) == 0)
			return true;
	return false;
}

/* Vendors in force, then those that are only known; NULL behind the last. */
static const struct vendor *
vendor_at(const struct own_dns *own, size_t i)
{
	const struct own_dns_request *request = own->request;

	if (i < request->policy->vendor_count)
		return &request->policy->vendors[i];
	i -= request->policy->vendor_count;
	return i < request->known_count ? request->known[i] : NULL;
}

static bool
source_lists(const struct source *source, const struct prefix *network)
{
	for (size_t i = 0; !source_asks_dns(source) && i < source->prefix_count; i++)
		if (source->prefixes[i].bits <= network->bits && prefix_holds(&source->prefixes[i], &network->base))
			return true;
	return false;
}

/* The source that the term names: by its name, or by a network that it lists. A selected one first. */
static const struct source *
source_find(const struct vendor *vendor, const struct spf_term *term, const char *name)
{
	const struct source *found = NULL;

	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];
		bool named = name[0] == '\0' ? source_lists(source, &term->network) :
					       source_asks_dns(source) && strcmp(source->name, name) == 0;

		if (named && (found == NULL || (!source_counts(found) && source_counts(source))))
			found = source;
	}
	return found;
}

static bool
is_of_vendor(const struct vendor *vendor, const char *name)
{
	return name[0] != '\0' &&
	    (name_rules_hold_domain(&vendor->domains, name) || name_rules_hold_domain(&vendor->envelope, name));
}

/* Several may share a name: he who may send decides, then he whose source it is, then whose name. */
struct own_whose
own_term_whose(struct own_dns *own, const struct spf_term *term)
{
	const char *name = own_term_name(own, term);
	struct own_whose best = { .vendor = NULL };
	const struct vendor *vendor;
	unsigned best_score = 0;

	if (term->mechanism == SPF_ALL || (name[0] != '\0' && own_is_ours(own, name)))
		return best;
	for (size_t i = 0; (vendor = vendor_at(own, i)) != NULL; i++) {
		struct own_whose whose = { vendor, source_find(vendor, term, name), is_delegated(own, vendor),
			is_relay(own, vendor), i < own->request->policy->vendor_count };
		bool named = is_of_vendor(vendor, name);
		unsigned score = 1 + whose.delegated * 16u + whose.relayed * 8u + (whose.source != NULL) * 4u + named * 2u + whose.enabled;

		if ((whose.source != NULL || named) && score > best_score) {
			best = whose;
			best_score = score;
		}
	}
	return best;
}

const struct source *
own_source_spf(const struct own_dns *own, const char *name)
{
	const struct vendor *vendor;
	char normal[DOMAIN_TEXT];

	if (!domain_read(name, strlen(name), normal, NULL))
		return NULL;
	for (size_t i = 0; (vendor = vendor_at(own, i)) != NULL; i++)
		for (size_t j = 0; j < vendor->source_count; j++)
			if (vendor->sources[j].kind == SOURCE_SPF && strcmp(vendor->sources[j].name, normal) == 0)
				return &vendor->sources[j];
	return NULL;
}
