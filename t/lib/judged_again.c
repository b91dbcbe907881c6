#include <stdio.h>
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
