#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/judge_again.h"
#include "policy/review/privacy.h"
#include "policy/util/hash.h"
#include "t/lib/judged_again.h"

static void
compare(const struct verdict_record *record, struct recorded *recorded, struct arena *arena, char *out, size_t size)
{
	const struct rules_again rules = { record->judge->policy, NULL };
	struct judged_again again;
	struct fault why = { .line = 0 };

	if (!judge_again(&rules, arena, recorded, &again, &why))
		snprintf(out, size, "it cannot be judged again: %s", why.text);
	else if (again.cannot != NULL && recorded->hidden_by[0] != '\0' && strncmp(again.cannot, "hidden-", 7) == 0)
		out[0] = '\0';
	else if (again.cannot != NULL && strcmp(again.cannot, "refused-at-rcpt") != 0)
		snprintf(out, size, "it cannot be judged again: %s", again.cannot);
	else if (again.differs)
		snprintf(out, size, "judged again it is %s, %s, %s", outcome_word(again.verdict.outcome),
		    reason_slug(again.verdict.reason), action_word(again.would));
	judged_again_free(&again);
}

static void
compare_text(const struct verdict_record *record, const char *json, char *out, size_t size)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault why = { .line = 0 };

	if (arena == NULL || !record_read(arena, span_of(json), &recorded, &why))
		snprintf(out, size, "it cannot be read back: %s", why.text);
	else
		compare(record, &recorded, arena, out, size);
	arena_close(arena);
}

static bool
open_hash(const void *key, const void *bytes, size_t length, uint64_t *out)
{
	(void)key;
	*out = hash_bytes(HASH_START, bytes, length);
	return true;
}

/* With log.privacy it is judged the same, or not at all. */
static void
compare_hidden(const struct verdict_record *record, char *out, size_t size)
{
	const struct privacy by = { NULL, open_hash, "abcdefgh" };
	struct arena *arena = arena_open(RECORD_ARENA);
	struct verdict_record hidden;
	struct facts shown;
	struct text json;
	char why[200] = "";

	text_open(&json, VERDICT_JSON_MAX);
	if (arena == NULL || !privacy_hide(&by, arena, record, &shown, &hidden)) {
		snprintf(out, size, "it cannot be hidden");
	} else {
		verdict_record_write_json(&hidden, &json);
		compare_text(record, json.bytes, why, sizeof why);
		if (why[0] != '\0')
			snprintf(out, size, "hidden, %s", why);
	}
	text_close(&json);
	arena_close(arena);
}

void
judged_again_compare(const struct verdict_record *record, const char *json, char *out, size_t size)
{
	out[0] = '\0';
	compare_text(record, json, out, size);
	if (out[0] == '\0')
		compare_hidden(record, out, size);
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
