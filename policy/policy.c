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
policy_signs(const struct policy *policy, const char *d)
{
	for (size_t i = 0; i < policy->vendor_count; i++)
		if (name_rules_hold_domain(&policy->vendors[i].dkim, d))
			return true;
	return false;
}
