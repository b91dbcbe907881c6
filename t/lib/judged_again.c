#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/judge_again.h"
#include "t/lib/judged_again.h"

static void
compare(const struct verdict_record *record, struct recorded *recorded, struct arena *arena, char *out, size_t size)
{
	const struct rules_again rules = { record->judge->policy, NULL };
	struct judged_again again;
	struct fault why = { .line = 0 };

	if (!judge_again(&rules, arena, recorded, &again, &why))
		snprintf(out, size, "it cannot be judged again: %s", why.text);
	else if (again.cannot != NULL && strcmp(again.cannot, "refused-at-rcpt") != 0)
		snprintf(out, size, "it cannot be judged again: %s", again.cannot);
	else if (again.differs)
		snprintf(out, size, "judged again it is %s, %s, %s", outcome_word(again.verdict.outcome),
		    reason_slug(again.verdict.reason), action_word(again.would));
	judged_again_free(&again);
}

void
judged_again_compare(const struct verdict_record *record, const char *json, char *out, size_t size)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault why = { .line = 0 };

	out[0] = '\0';
	if (arena == NULL || !record_read(arena, span_of(json), &recorded, &why))
		snprintf(out, size, "it cannot be read back: %s", why.text);
	else
		compare(record, &recorded, arena, out, size);
	arena_close(arena);
}

/* ---- a draft ---- */

static bool
says_the_same(const struct shadow_verdict *shadow, const struct judged_again *again)
{
	if (shadow == NULL)
		return !again->differs;
	return again->differs && shadow->outcome == again->verdict.outcome && shadow->would == again->would &&
	    strcmp(shadow->reason, reason_slug(again->verdict.reason)) == 0 &&
	    strcmp(shadow->vendor, verdict_vendor(&again->verdict)) == 0;
}

static void
compare_draft(const struct verdict_record *record, const struct rules_again *rules, struct recorded *recorded,
    struct arena *arena, char *out, size_t size)
{
	const struct shadow_verdict *shadow = record->shadow;
	struct judged_again again;
	struct fault why = { .line = 0 };

	if (!judge_again(rules, arena, recorded, &again, &why))
		snprintf(out, size, "it cannot be judged by the draft: %s", why.text);
	else if (again.cannot != NULL && shadow != NULL)
		snprintf(out, size, "replay cannot judge it by the draft: %s", again.cannot);
	else if (again.cannot == NULL && !says_the_same(shadow, &again))
		snprintf(out, size, "replay says %s:%s, beside the verdict was said %s:%s", action_word(again.would),
		    reason_slug(again.verdict.reason), shadow == NULL ? "-" : action_word(shadow->would),
		    shadow == NULL ? "-" : shadow->reason);
	judged_again_free(&again);
}

void
judged_again_compare_draft(const struct verdict_record *record, const struct judge *draft, const char *json, char *out,
    size_t size)
{
	const struct policy *policy = draft->policy;
	bool *is_new = calloc(policy->source_count + 1, sizeof *is_new);
	const struct sources_today today = { draft->ranges, is_new };
	const struct rules_again rules = { policy, &today };
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault why = { .line = 0 };

	out[0] = '\0';
	for (size_t i = 0; is_new != NULL && i < policy->source_count; i++)
		is_new[i] = source_asks_dns(&policy->sources[i]) &&
		    !policy_has_source(record->judge->policy, &policy->sources[i]);
	if (is_new == NULL || arena == NULL || !record_read(arena, span_of(json), &recorded, &why))
		snprintf(out, size, "it cannot be read back: %s", why.text);
	else
		compare_draft(record, &rules, &recorded, arena, out, size);
	arena_close(arena);
	free(is_new);
}
