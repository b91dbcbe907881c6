#include "milter/smtp/message_parts.h"
#include "milter/smtp/refusals.h"
#include "milter/smtp/shadow.h"
#include "policy/verdict/own.h"

static const struct row {
	enum reason reason; /* NONE: the reason of the whole message */
	enum action action;
} rows[REFUSALS] = {
	[REFUSAL_GREYLIST] = { REASON_NONE, ACTION_GREYLIST },
	[REFUSAL_RELAYING] = { REASON_RELAYING, ACTION_REJECT },
	[REFUSAL_DIFFERS] = { REASON_RECIPIENT_DIFFERS, ACTION_DEFER },
};

void
refusals_add(struct message *message, enum refusal kind, const char *rcpt)
{
	struct refused *refused = &message->refused[kind];

	if (refused->rcpts == NULL)
		refused->rcpts = arena_take(message->arena, RCPTS_MAX * sizeof *refused->rcpts);
	if (refused->rcpts != NULL && refused->count < RCPTS_MAX)
		refused->rcpts[refused->count++] = rcpt;
}

static void
judge(struct message *message, enum refusal kind, struct verdict *out)
{
	const struct policy *policy = message->judge->policy;
	const struct vendor *vendor = kind == REFUSAL_DIFFERS ? message->refused[kind].vendor : &policy->own;
	enum action action = rows[kind].action;

	/* the client may be a relay, which would bounce what is refused */
	if (message->facts.perhaps_relayed && action == ACTION_REJECT)
		action = ACTION_DEFER;
	verdict_refuse(policy, &message->facts, vendor, rows[kind].reason, action, out);
}

bool
refusals_rcpt(struct message *message, const char *rcpt, const struct mailbox *mailbox, struct reply *out)
{
	const struct policy *policy = message->judge->policy;
	enum refusal kind = REFUSAL_RELAYING;
	struct verdict verdict;

	/* `greenlane explain` explains the message as a whole */
	if (policy->settings.monitor || message->services->first_contact)
		return true;
	if (!own_refuses_relaying(policy, &message->facts, mailbox)) {
		const struct vendor *vendor = message->exempt
		    ? NULL
		    : verdict_recipient_differs(message->judge, &message->facts, mailbox);

		if (vendor == NULL)
			return true;
		kind = REFUSAL_DIFFERS;
		message->refused[kind].vendor = vendor;
	}
	refusals_add(message, kind, rcpt);
	judge(message, kind, &verdict);
	return !explain_reply(&verdict, verdict.action, message->id, policy->settings.contact, 0, out);
}

/* What no mode would have softened; what is not settled yet says nothing. */
static enum action
would_instead(const struct verdict *verdict, enum action done)
{
	return verdict->settled && verdict->would != ACTION_GREYLIST ? verdict->would : done;
}

void
refusals_write(struct message *message)
{
	for (int kind = 0; kind < REFUSALS; kind++) {
		const struct refused *refused = &message->refused[kind];
		struct verdict verdict;
		struct verdict_record record;

		if (refused->count == 0)
			continue;
		if (rows[kind].reason == REASON_NONE && !message->ended)
			verdict_judge(message->judge, &message->facts, &message->verdict);
		message_verdict_record(message, &record);
		if (rows[kind].reason != REASON_NONE) {
			judge(message, (enum refusal)kind, &verdict);
			record.verdict = &verdict;
		}
		record.stage = STAGE_RCPT;
		record.action = rows[kind].reason == REASON_NONE ? rows[kind].action : verdict.action;
		record.would = would_instead(record.verdict, record.action);
		record.greylist = refused->grey;
		record.tries = refused->tries;
		record.passed_by = PASSED_BY_NOTHING;
		record.rcpts = refused->rcpts;
		record.rcpt_count = refused->count;
		shadow_write(message, &record);
		counters_note_verdict(message->services->counters, &record);
	}
}
