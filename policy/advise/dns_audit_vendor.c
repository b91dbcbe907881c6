/* Whose a term is, and which delegations cover the domain. */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"
#include "policy/util/domain.h"

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
audit_delegation(const struct dns_audit *audit, size_t n)
{
	const struct policy *policy = audit->request->policy;

	for (size_t i = 0; i < policy->delegation_count; i++)
		if (rules_touch(&policy->delegations[i].domains, audit->request->domain) && n-- == 0)
			return &policy->delegations[i];
	return NULL;
}

bool
audit_wants(const struct delegation *delegation, unsigned proofs)
{
	for (size_t i = 0; i < delegation->vouch_count; i++)
		if ((delegation->vouch[i] & proofs) != 0)
			return true;
	return false;
}

bool
audit_is_ours(const struct dns_audit *audit, const char *name)
{
	return name_rules_hold_domain(&audit->request->policy->settings.own.domains, name);
}

/* ---- vendors ---- */

static bool
is_delegated(const struct dns_audit *audit, const struct vendor *vendor)
{
	const struct delegation *delegation;

	for (size_t i = 0; (delegation = audit_delegation(audit, i)) != NULL; i++)
		if (strcmp(delegation->vendor_name, vendor->name) == 0)
			return true;
	return false;
}

static bool
is_relay(const struct dns_audit *audit, const struct vendor *vendor)
{
	const struct policy *policy = audit->request->policy;

	for (size_t i = 0; i < policy->relay_count; i++)
		if (strcmp(policy->relays[i].vendor_name, vendor->name) == 0)
			return true;
	return false;
}

/* Vendors in force, then those that are only known; NULL after the last. */
static const struct vendor *
vendor_at(const struct dns_audit *audit, size_t i)
{
	const struct dns_audit_request *request = audit->request;

	if (i < request->policy->vendor_count)
		return &request->policy->vendors[i];
	i -= request->policy->vendor_count;
	return i < request->known_count ? request->known[i] : NULL;
}

static bool
source_lists(const struct source *source, const struct prefix *network)
{
	for (size_t i = 0; !source_asks_dns(source) && i < source->prefix_count; i++)
		if (prefix_is_within(network, &source->prefixes[i]))
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
		bool named = name[0] == '\0' ? source_lists(source, &term->network)
					     : source_asks_dns(source) && strcmp(source->name, name) == 0;

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

/* Several vendors may share a name: one that may send decides, then one whose source it is, then one whose name. */
struct audit_whose
audit_term_whose(struct dns_audit *audit, const struct spf_term *term)
{
	const char *name = audit_term_name(audit, term);
	struct audit_whose best = { .vendor = NULL };
	const struct vendor *vendor;
	unsigned best_score = 0;

	if (term->mechanism == SPF_ALL || (name[0] != '\0' && audit_is_ours(audit, name)))
		return best;
	for (size_t i = 0; (vendor = vendor_at(audit, i)) != NULL; i++) {
		struct audit_whose whose = { vendor, source_find(vendor, term, name), is_delegated(audit, vendor),
			is_relay(audit, vendor), i < audit->request->policy->vendor_count };
		bool named = is_of_vendor(vendor, name);
		unsigned score = 1 + whose.delegated * 16u + whose.relayed * 8u + (whose.source != NULL) * 4u +
		    named * 2u + whose.enabled;

		if ((whose.source != NULL || named) && score > best_score) {
			best = whose;
			best_score = score;
		}
	}
	return best;
}

const struct source *
audit_source_spf(const struct dns_audit *audit, const char *name)
{
	const struct vendor *vendor;
	char normal[DOMAIN_TEXT];

	if (!domain_read(name, strlen(name), normal, NULL))
		return NULL;
	for (size_t i = 0; (vendor = vendor_at(audit, i)) != NULL; i++)
		for (size_t j = 0; j < vendor->source_count; j++)
			if (vendor->sources[j].kind == SOURCE_SPF && strcmp(vendor->sources[j].name, normal) == 0)
				return &vendor->sources[j];
	return NULL;
}
