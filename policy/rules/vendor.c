#include <string.h>

#include "policy/rules/vendor.h"
#include "policy/util/date.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"

bool
name_rule_covers(const struct name_rule *rule, const char *domain)
{
	return rule->exact ? strcmp(rule->domain, domain) == 0 : domain_is_under(domain, rule->domain);
}

bool
name_rules_hold(const struct name_rules *rules, const struct mailbox *mailbox)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct name_rule *rule = &rules->list[i];
		bool anywhere = rule->domain[0] == '\0' && rule->local != NULL;

		if (!anywhere && !name_rule_covers(rule, mailbox->domain))
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
		if (rules->list[i].local == NULL && name_rule_covers(&rules->list[i], domain))
			return true;
	return false;
}

bool
vendor_owns_sender(const struct vendor *vendor, const struct mailbox *sender)
{
	return name_rules_hold(&vendor->domains, sender) || name_rules_hold(&vendor->envelope, sender);
}

const char *const proof_words[PROOFS] = { "listed", "spf", "dkim", "spf_from", "dmarc" };
_Static_assert(PROOF_DMARC == 1 << (PROOFS - 1), "a bit a word");

void
vouch_write(const unsigned *vouch, size_t count, struct text *out)
{
	for (size_t i = 0; i < count; i++) {
		const char *between = i > 0 ? " or " : "";

		for (size_t j = 0; j < PROOFS; j++) {
			if (!(vouch[i] & (1u << j)))
				continue;
			text_format(out, "%s%s", between, proof_words[j]);
			between = "+";
		}
	}
}

bool
source_has_tag(const struct source *source, const char *tag)
{
	for (size_t i = 0; i < source->tag_count; i++)
		if (strcmp(source->tags[i], tag) == 0)
			return true;
	return false;
}

bool
source_is_chosen(const struct source *source, const char *const *tags, size_t count)
{
	bool chosen = count == 0 || source->tag_count == 0;

	for (size_t i = 0; i < count; i++)
		chosen = chosen || source_has_tag(source, tags[i]);
	return chosen;
}

bool
source_counts(const struct source *source)
{
	return source->selected && source->use == USE_MX;
}

static int64_t
digits(const char *at, size_t count)
{
	int64_t number = 0;

	while (count-- > 0)
		number = number * 10 + (*at++ - '0');
	return number;
}

int64_t
source_review_ends(const struct source *source)
{
	const char *date = source->review_by;

	if (date[0] == '\0')
		return INT64_MAX;
	return (date_days(digits(date, 4), digits(date + 5, 2), digits(date + 8, 2)) + 1) * 86400;
}

bool
source_is_lapsed(const struct source *source, int64_t now, int64_t grace)
{
	int64_t ends = source_review_ends(source);

	return ends != INT64_MAX && now - ends >= grace;
}

bool
source_asks_dns(const struct source *source)
{
	return source->kind == SOURCE_A || source->kind == SOURCE_MX || source->kind == SOURCE_SPF;
}

bool
source_names_hosts(const struct source *source)
{
	return source->kind == SOURCE_HOST;
}

const char *
action_word(enum action action)
{
	static const char *const words[] = { [ACTION_PASS] = "pass",
		[ACTION_TAG] = "tag",
		[ACTION_QUARANTINE] = "quarantine",
		[ACTION_GREYLIST] = "greylist",
		[ACTION_DEFER] = "defer",
		[ACTION_REJECT] = "reject" };

	return words[action];
}

const char *
vendor_mode_word(enum vendor_mode mode)
{
	static const char *const words[] = { [MODE_ENFORCE] = "enforce", [MODE_VOUCH] = "vouch", [MODE_MONITOR] = "monitor" };

	return words[mode];
}
