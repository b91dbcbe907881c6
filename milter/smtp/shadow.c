#include "milter/smtp/message_parts.h"
#include "milter/smtp/shadow.h"
#include "policy/review/judge_again.h"

static void
judge(struct message *message, const struct verdict_record *record, struct judged_again *out)
{
	struct fault why;

	if (!judge_beside(&message->snapshot->draft, record, message->arena, out, &why)) {
		out->cannot = "own-failure";
		out->cannot_what = "there was no memory for it";
	}
}

void
shadow_write(struct message *message, struct verdict_record *record)
{
	const struct services *services = message->services;
	struct shadow_verdict shadow;
	struct judged_again judged;
	char rule[JUDGED_AGAIN_RULE];

	if (message->snapshot->draft.policy == NULL) {
		journal_verdict(services->journal, record);
		return;
	}
	judge(message, record, &judged);
	shadow_tally_note(services->shadow, message->snapshot, &judged, message->facts.now);
	if (judged.cannot == NULL && judged.differs) {
		judged_again_rule(&judged.verdict, rule);
		shadow = (struct shadow_verdict){ judged.verdict.outcome, judged.would,
			reason_slug(judged.verdict.reason), verdict_vendor(&judged.verdict), rule };
		record->shadow = &shadow;
	}
	journal_verdict(services->journal, record);
	record->shadow = NULL;
}
