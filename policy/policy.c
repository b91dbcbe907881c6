#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "domain.h"
#include "policy.h"

void
policy_free(struct policy *policy)
{
	if (policy != NULL)
		arena_close(policy->arena); /* the policy itself lives there */
}

const struct vendor *
policy_owner(const struct policy *policy, const struct mailbox *mailbox)
{
	for (size_t i = 0; i < policy->vendor_count; i++)
		if (name_rules_hold(&policy->vendors[i].domains, mailbox))
			return &policy->vendors[i];
	return NULL;
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

bool
policy_signs(const struct policy *policy, const char *d)
{
	for (size_t i = 0; i < policy->vendor_count; i++)
		if (name_rules_hold_domain(&policy->vendors[i].dkim, d))
			return true;
	for (size_t i = 0; i < policy->partner_count; i++)
		if (name_rules_hold_domain(&policy->partners[i].domains, d))
			return true;
	return name_rules_hold_domain(&policy->own.dkim, d) ||
	    name_rules_hold_domain(&policy->settings.own.lists, d);
}

/* ---- names that are listed ---- */

static int
name_compare(const void *a, const void *b)
{
	return strcmp(((const struct listed_name *)a)->name, ((const struct listed_name *)b)->name);
}

/* By name, and in front the one that speaks for those below it too. */
static int
name_order(const void *a, const void *b)
{
	int order = name_compare(a, b);

	return order != 0 ? order : ((const struct listed_name *)a)->alone - ((const struct listed_name *)b)->alone;
}

/* Adds the names of the rules to the list, unless it is NULL; how many there are. */
static size_t
rules_add(const struct name_rules *rules, struct listed_name *list, size_t count)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct name_rule *rule = &rules->list[i];

		if (rule->domain[0] == '\0')
			continue;
		if (list != NULL)
			list[count] = (struct listed_name){ rule->domain, rule->exact };
		count++;
	}
	return count;
}

static size_t
vendor_add(const struct vendor *vendor, struct listed_name *list, size_t count)
{
	count = rules_add(&vendor->domains, list, count);
	count = rules_add(&vendor->envelope, list, count);
	return rules_add(&vendor->dkim, list, count);
}

static size_t
names_add(const struct policy *policy, struct listed_name *list)
{
	size_t count = vendor_add(&policy->own, list, 0);

	count = rules_add(&policy->settings.own.lists, list, count);
	for (size_t i = 0; i < policy->vendor_count; i++)
		count = vendor_add(&policy->vendors[i], list, count);
	for (size_t i = 0; i < policy->delegation_count; i++)
		count = rules_add(&policy->delegations[i].domains, list, count);
	for (size_t i = 0; i < policy->partner_count; i++)
		count = rules_add(&policy->partners[i].domains, list, count);
	for (size_t i = 0; i < policy->source_count; i++) {
		if (!source_asks_dns(&policy->sources[i]))
			continue;
		if (list != NULL)
			list[count] = (struct listed_name){ policy->sources[i].name, true };
		count++;
	}
	return count;
}

bool
policy_list_names(struct policy *policy)
{
	size_t count = names_add(policy, NULL), kept = 0;
	struct listed_name *list;

	if (count == 0)
		return true;
	list = arena_take(policy->arena, count * sizeof *list);
	if (list == NULL)
		return false;
	names_add(policy, list);
	qsort(list, count, sizeof *list, name_order);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(list[kept - 1].name, list[i].name) != 0)
			list[kept++] = list[i];
	policy->listed = list;
	policy->listed_count = kept;
	return true;
}

static const struct listed_name *
name_find(const struct policy *policy, const char *name)
{
	struct listed_name wanted = { .name = name };

	if (policy->listed_count == 0)
		return NULL;
	return bsearch(&wanted, policy->listed, policy->listed_count, sizeof wanted, name_compare);
}

enum standing
policy_standing(const struct policy *policy, const char *domain)
{
	const struct listed_name *found = name_find(policy, domain);

	if (found != NULL)
		return STANDING_LISTED;
	while (domain != NULL && (found == NULL || found->alone))
		if ((domain = domain_parent(domain)) != NULL)
			found = name_find(policy, domain);
	return domain != NULL ? STANDING_BELOW : STANDING_STRANGER;
}

enum standing
policy_signer_standing(const struct policy *policy, const char *d)
{
	enum standing standing = policy_signs(policy, d) ? policy_standing(policy, d) : STANDING_STRANGER;

	return standing == STANDING_LISTED ? STANDING_SELECTOR : standing;
}
