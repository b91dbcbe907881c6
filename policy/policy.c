#include <stdlib.h>

#include "arena.h"
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
