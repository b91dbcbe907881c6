#include <stdlib.h>
#include <string.h>

#include "policy/rules/policy.h"
#include "policy/util/arena.h"
#include "policy/util/domain.h"

void
policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	policy_free(policy->draft);
	arena_close(policy->arena); /* the policy itself is in it */
}

const struct vendor *
policy_vendor_named(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->vendor_count; i++)
		if (strcmp(policy->vendors[i].name, name) == 0)
			return &policy->vendors[i];
	return NULL;
}

bool
policy_has_source(const struct policy *policy, const struct source *source)
{
	for (size_t i = 0; i < policy->source_count; i++)
		if (strcmp(policy->sources[i].text, source->text) == 0 &&
		    strcmp(policy->sources[i].vendor->name, source->vendor->name) == 0)
			return true;
	return false;
}

/* ---- names ---- */

static size_t
count_rules(const struct policy *policy)
{
	size_t count = policy->own.domains.count + policy->own.envelope.count + policy->own.dkim.count +
	    policy->settings.own.lists.count + policy->source_count;

	for (size_t i = 0; i < policy->vendor_count; i++)
		count += policy->vendors[i].domains.count + policy->vendors[i].envelope.count +
		    policy->vendors[i].dkim.count;
	for (size_t i = 0; i < policy->delegation_count; i++)
		count += policy->delegations[i].domains.count;
	for (size_t i = 0; i < policy->partner_count; i++)
		count += policy->partners[i].domains.count;
	return count;
}

static bool
add_vendor(struct name_index *names, const struct vendor *vendor, uint32_t number)
{
	return name_index_add(names, NAMES_DOMAINS, number, &vendor->domains) &&
	    name_index_add(names, NAMES_ENVELOPE, number, &vendor->envelope) &&
	    name_index_add(names, NAMES_DKIM, number, &vendor->dkim);
}

static bool
add_delegations(struct name_index *names, enum name_list list, const struct delegation *delegations, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!name_index_add(names, list, (uint32_t)i, &delegations[i].domains))
			return false;
	return true;
}

/* The names that sources publish under are theirs; names below may be anybody's, but those of host sources. */
static bool
add_sources(struct name_index *names, const struct policy *policy)
{
	struct name_rule *rules = arena_take(policy->arena, (policy->source_count + 1) * sizeof *rules);

	for (size_t i = 0; rules != NULL && i < policy->source_count; i++) {
		if (!source_asks_dns(&policy->sources[i]) && policy->sources[i].kind != SOURCE_HOST)
			continue;
		rules[i] = (struct name_rule){ .domain = policy->sources[i].name,
			.exact = policy->sources[i].kind != SOURCE_HOST };
		if (!name_index_add(names, NAMES_SOURCES, (uint32_t)i, &(struct name_rules){ &rules[i], 1 }))
			return false;
	}
	return rules != NULL;
}

bool
policy_index(struct policy *policy)
{
	struct name_index *names = name_index_open(policy->arena, count_rules(policy));
	const struct vendor **gateways = arena_take(policy->arena, (policy->vendor_count + 1) * sizeof(struct vendor *));

	if (names == NULL || gateways == NULL || !add_vendor(names, &policy->own, VENDOR_OWN))
		return false;
	for (size_t i = 0; i < policy->vendor_count; i++) {
		if (!add_vendor(names, &policy->vendors[i], (uint32_t)i))
			return false;
		if (policy->vendors[i].kind == VENDOR_GATEWAY)
			gateways[policy->gateway_count++] = &policy->vendors[i];
	}
	policy->names = names;
	policy->gateways = gateways;
	return add_delegations(names, NAMES_DELEGATIONS, policy->delegations, policy->delegation_count) &&
	    add_delegations(names, NAMES_PARTNERS, policy->partners, policy->partner_count) &&
	    name_index_add(names, NAMES_LISTS, VENDOR_OWN, &policy->settings.own.lists) && add_sources(names, policy);
}

/* The lowest number is the first vendor in the configuration; VENDOR_OWN: no vendor's, but perhaps ours. */
static uint32_t
first_holder(const struct policy *policy, enum name_list list, const struct mailbox *mailbox)
{
	struct name_walk walk = name_walk_begin(policy->names, list, mailbox->domain);
	const struct name_entry *entry;
	uint32_t first = VENDOR_OWN;

	while ((entry = name_walk_next_holding(&walk, mailbox)) != NULL)
		if (entry->owner < first)
			first = entry->owner;
	return first;
}

const struct vendor *
policy_owner(const struct policy *policy, const struct mailbox *mailbox)
{
	uint32_t first = first_holder(policy, NAMES_DOMAINS, mailbox);

	return first == VENDOR_OWN ? NULL : &policy->vendors[first];
}

bool
policy_is_own(const struct policy *policy, const struct mailbox *mailbox)
{
	struct name_walk walk = name_walk_begin(policy->names, NAMES_DOMAINS, mailbox->domain);
	const struct name_entry *entry;

	while ((entry = name_walk_next_holding(&walk, mailbox)) != NULL)
		if (entry->owner == VENDOR_OWN)
			return true;
	return false;
}

bool
policy_sends(const struct policy *policy, const struct mailbox *mailbox)
{
	return first_holder(policy, NAMES_DOMAINS, mailbox) != VENDOR_OWN ||
	    first_holder(policy, NAMES_ENVELOPE, mailbox) != VENDOR_OWN;
}

bool
policy_shared_names(const struct policy *policy, struct arena *arena, struct strings *out)
{
	const char **list;
	size_t count = 0;

	for (const struct shared_sender *s = policy->senders; s != NULL; s = s->next)
		count += s->names.count;
	list = arena_take(arena, count * sizeof *list);
	if (list == NULL)
		return false;
	*out = (struct strings){ .list = list };
	for (const struct shared_sender *s = policy->senders; s != NULL; s = s->next)
		for (size_t i = 0; i < s->names.count; i++)
			if (s->names.list[i].local == NULL)
				list[out->count++] = s->names.list[i].domain;
	return true;
}

/* Does a rule without a mailbox cover it? */
static bool
covers_domain(const struct policy *policy, enum name_list list, const char *domain)
{
	struct name_walk walk = name_walk_begin(policy->names, list, domain);
	const struct name_entry *entry;

	while ((entry = name_walk_next(&walk)) != NULL)
		if (entry->rule->local == NULL)
			return true;
	return false;
}

/* Could a signature by d= prove an enabled vendor, us, a partner or a list? */
static bool
could_prove(const struct policy *policy, const char *d)
{
	return covers_domain(policy, NAMES_DKIM, d) || covers_domain(policy, NAMES_PARTNERS, d) ||
	    covers_domain(policy, NAMES_LISTS, d);
}

/* ---- standing for DNS ---- */

enum standing
policy_standing(const struct policy *policy, const char *domain)
{
	struct name_walk walk = name_walk_begin(policy->names, NAMES_ALL, domain);

	if (name_walk_next(&walk) == NULL)
		return STANDING_STRANGER;
	return walk.at == domain ? STANDING_LISTED : STANDING_BELOW;
}

enum standing
policy_walk_standing(const struct policy *policy, const char *start, const char *domain)
{
	for (const char *name = start; name != NULL && strcmp(name, domain) != 0; name = domain_parent(name))
		if (policy_standing(policy, name) == STANDING_LISTED)
			return STANDING_LISTED;
	return policy_standing(policy, domain);
}

enum standing
policy_signer_standing(const struct policy *policy, const char *d)
{
	enum standing standing = could_prove(policy, d) ? policy_standing(policy, d) : STANDING_STRANGER;

	return standing == STANDING_LISTED ? STANDING_SELECTOR : standing;
}
