#include <string.h>

#include "domain.h"
#include "text.h"
#include "vendor.h"

static bool
rule_holds_domain(const struct name_rule *rule, const char *domain)
{
	return rule->exact ? strcmp(rule->domain, domain) == 0
			   : domain_is_under(domain, rule->domain);
}

bool
name_rules_hold(const struct name_rules *rules, const struct mailbox *mailbox)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct name_rule *rule = &rules->list[i];

		if (!rule_holds_domain(rule, mailbox->domain))
			continue;
		if (rule->local == NULL || span_is_nocase(span_of(mailbox->local), rule->local))
			return true;
	}
	return false;
}

bool
name_rules_hold_domain(const struct name_rules *rules, const char *domain)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->list[i].local == NULL && rule_holds_domain(&rules->list[i], domain))
			return true;
	return false;
}

bool
vendor_owns_sender(const struct vendor *vendor, const struct mailbox *sender)
{
	return name_rules_hold(&vendor->domains, sender) ||
	    name_rules_hold(&vendor->envelope, sender);
}

bool
source_counts(const struct source *source)
{
	return source->selected && source->use == USE_MX;
}

const char *
action_word(enum action action)
{
	static const char *const words[] = { [ACTION_PASS] = "pass", [ACTION_TAG] = "tag",
		[ACTION_QUARANTINE] = "quarantine", [ACTION_GREYLIST] = "greylist",
		[ACTION_DEFER] = "defer", [ACTION_REJECT] = "reject" };

	return words[action];
}

const char *
vendor_mode_word(enum vendor_mode mode)
{
	static const char *const words[] = { [MODE_ENFORCE] = "enforce", [MODE_VOUCH] = "vouch",
		[MODE_MONITOR] = "monitor" };

	return words[mode];
}
