#include <string.h>

#include "milter/smtp/gather.h"
#include "milter/smtp/greylisting.h"
#include "milter/smtp/message_parts.h"
#include "milter/smtp/refusals.h"
#include "milter/smtp/shadow.h"
#include "policy/rules/greylist_network.h"
#include "policy/verdict/own.h"
#include "policy/verdict/passed_by.h"

enum { UNSURE_FORGOTTEN = 24 * 3600 }; /* seconds without a try after which an unsure tuple counts as new */

static const struct greylist_settings *
settings_of(const struct message *message)
{
	return &message->judge->policy->settings.greylist;
}

static bool
is_monitored(const struct message *message)
{
	return message->judge->policy->settings.monitor;
}

static bool
is_on(const struct message *message)
{
	return settings_of(message)->on && !is_monitored(message) && message->services->store != NULL;
}

/* A tuple is known by its second message, at least delay later. What others rely on is not taught by who only watches. */
static bool
learns(const struct message *message)
{
	const struct store *store = message->services->store;

	return message->verdict.learns && settings_of(message)->learn && store != NULL && !store->shared;
}

static size_t
key_of(const struct message *message, const char *rcpt, char kind, char out[GREYLIST_KEY_MAX + 1])
{
	return greylist_key(settings_of(message), message->services->suffixes, &message->facts, rcpt, kind, out);
}

/* May its network let it pass, and count? Not where nobody waits. The verdict is known. */
static bool
may_ask_network(const struct message *message)
{
	return settings_of(message)->auto_pass_network > 0 && !is_monitored(message) &&
	    passed_by_may(&message->facts, &message->verdict);
}

static void
make_keys(const struct message *message, const char *rcpt, struct greylist_keys *out)
{
	out->tuple_length = key_of(message, rcpt, 'g', out->tuple);
	out->network_length = 0;
	if (may_ask_network(message))
		greylist_network_keys(message->services->suffixes, &message->facts, out);
}

/* Asks about one recipient and stores the record. A store that fails greylists nobody, and says so itself. */
static struct greylist_decision
ask(struct message *message, const char *rcpt)
{
	const struct greylist_settings *settings = settings_of(message);
	struct greylist_decision decision = { .state = GREYLIST_EXEMPT };
	struct greylist_keys keys;

	if (greylist_is_exempt(settings, &message->facts, rcpt))
		return decision;
	make_keys(message, rcpt, &keys);
	store_decide(message->services->store, settings, &keys, message->facts.now, &decision, NULL);
	return decision;
}

static bool
is_known(enum greylist_state state)
{
	return state == GREYLIST_KNOWN || state == GREYLIST_FREE;
}

static void
keep_state(struct message *message, const struct greylist_decision *decision)
{
	message->grey = decision->state;
	message->tries = greylist_tries(decision, message->facts.now);
	message->passed_by = decision->passed_by;
}

/* Does a setting let it pass by what is known of its sender? Then no greylist is asked. The verdict is known. */
static bool
passes_by_setting(struct message *message)
{
	enum passed_by by = passed_by_is_set(settings_of(message)) ? gather_passed_by(message) : PASSED_BY_NOTHING;
	struct greylist_decision decision = { .state = GREYLIST_EXEMPT, .passed_by = by };

	if (by != PASSED_BY_NOTHING)
		keep_state(message, &decision);
	return by != PASSED_BY_NOTHING;
}

/* ---- at RCPT ---- */

static bool
find_whether_it_asks(const struct message *message)
{
	if (!is_on(message) || !message->client->replies_at_rcpt || message->facts.null_sender)
		return false;
	if (message->facts.via[0] != '\0' || own_is_outbound(message->judge->policy, &message->facts))
		return false; /* a relay would queue the mail, and an address of ours is no stranger */
	switch (settings_of(message)->stage) {
	case GREYLIST_RCPT:
		return !verdict_promises(message->judge, &message->facts);
	case GREYLIST_AUTO:
		return !verdict_may_vouch(message->judge, &message->facts);
	default:
		return false;
	}
}

/* All vendors were checked: nothing new is learnt between two recipients. */
static bool
asks_at_rcpt(struct message *message)
{
	if (message->asks_at_rcpt == UNKNOWN)
		message->asks_at_rcpt = find_whether_it_asks(message) ? YES : NO;
	return message->asks_at_rcpt == YES;
}

bool
greylisting_may_refuse_rcpt(const struct judge *judge)
{
	const struct settings *settings = &judge->policy->settings;
	struct facts nobody = { .stage = STAGE_MAIL,
		.spf.domain = "",
		.helo = "",
		.auth = "",
		.daemon_name = "",
		.via = "",
		.sender = { "", "", "" } };

	if (!settings->greylist.on || settings->monitor)
		return false;
	if (settings->greylist.stage == GREYLIST_AUTO) /* if a session without facts may be vouched, all may */
		return !verdict_may_vouch(judge, &nobody);
	return settings->greylist.stage == GREYLIST_RCPT;
}

bool
greylisting_at_rcpt(struct message *message, const char *rcpt, struct reply *out)
{
	struct greylist_decision decision;

	if (!asks_at_rcpt(message))
		return true;
	message->asked_at_rcpt = true;
	if (passed_by_is_set(settings_of(message)))
		verdict_judge(message->judge, &message->facts, &message->verdict);
	if (!greylist_is_exempt(settings_of(message), &message->facts, rcpt) && passes_by_setting(message)) {
		message->passed_at_rcpt = true;
		return true;
	}
	decision = ask(message, rcpt);
	if (decision.state == GREYLIST_EXEMPT && message->passed_at_rcpt)
		return true; /* it speaks for nobody */
	message->known_at_rcpt = message->known_at_rcpt || is_known(decision.state);
	message->passed_at_rcpt = message->passed_at_rcpt || decision.passed_by != PASSED_BY_NOTHING;
	if (!greylist_state_waits(decision.state)) { /* for the message; refused recipients have their own line */
		keep_state(message, &decision);
		return true;
	}
	verdict_judge(message->judge, &message->facts, &message->verdict);
	refusals_add(message, REFUSAL_GREYLIST, rcpt);
	message->refused[REFUSAL_GREYLIST].grey = decision.state;
	message->refused[REFUSAL_GREYLIST].tries = greylist_tries(&decision, message->facts.now);
	explain_reply(&message->verdict, ACTION_GREYLIST, message->id, message->judge->policy->settings.contact,
	    decision.wait, out);
	return false;
}

/* ---- unsure tuples ---- */

static bool
unsure_get(struct message *message, const char *key, size_t length, struct greylist_record *record)
{
	struct fault why;
	bool known = false;

	if (!store_get(message->services->unsure, key, length, record, &known, &why)) {
		journal_fault(message->services->journal, LOG_ERR, &why);
		return false;
	}
	return known && message->facts.now - record->last <= UNSURE_FORGOTTEN && record->first <= message->facts.now;
}

/* Since when the names of the policy have answered at every try. A record stores it as seconds after its first try,
 * plus one; 0: they did not answer at the last one. */
static int64_t
answered_since(const struct greylist_record *record)
{
	return record->asked == 0 ? 0 : record->first + (int64_t)record->asked - 1;
}

static void
note_answered(struct greylist_record *record, bool answered, int64_t now)
{
	if (!answered)
		record->asked = 0;
	else if (record->asked == 0)
		record->asked = (uint32_t)(now - record->first + 1);
}

/* Finds since when these tuples have been unsure: the oldest of all recipients. */
static void
find_unsure(struct message *message)
{
	struct facts *facts = &message->facts;
	char key[GREYLIST_KEY_MAX + 1];

	facts->unsure_since = facts->now;
	for (size_t i = 0; i < facts->rcpt_count; i++) {
		size_t length = key_of(message, facts->rcpts[i], 'u', key);
		struct greylist_record record;

		if (!unsure_get(message, key, length, &record) || record.first >= facts->unsure_since)
			continue;
		facts->unsure_since = record.first;
		facts->answered_since = answered_since(&record);
	}
}

static void
keep_unsure(struct message *message, bool answered)
{
	struct facts *facts = &message->facts;
	char key[GREYLIST_KEY_MAX + 1];
	struct fault why;

	for (size_t i = 0; i < facts->rcpt_count; i++) {
		size_t length = key_of(message, facts->rcpts[i], 'u', key);
		struct greylist_record record;

		if (!unsure_get(message, key, length, &record))
			record = (struct greylist_record){ .first = facts->now };
		record.last = facts->now;
		note_answered(&record, answered, facts->now);
		if (!store_put(message->services->unsure, key, length, &record, &why))
			journal_fault(message->services->journal, LOG_ERR, &why);
	}
}

/* Finds out how long the tuple has been unsure, and judges again whether to go on deferring it. */
static void
weigh_unsure(struct message *message)
{
	struct facts *facts = &message->facts;
	bool answered;

	find_unsure(message);
	answered = gather_names(message);
	if (!answered)
		facts->answered_since = 0;
	else if (facts->answered_since == 0)
		facts->answered_since = facts->now;
	keep_unsure(message, answered);
	verdict_judge(message->judge, facts, &message->verdict);
}

/* Keys to forget, as many as a store takes at once. */
struct forgetting {
	struct message *message;
	size_t count;
	struct store_key keys[16];
	char texts[16][GREYLIST_KEY_MAX + 1];
};

static void
forget_those(struct forgetting *all)
{
	const struct services *services = all->message->services;
	struct fault why;

	if (!store_forget(services->unsure, all->keys, all->count, &why))
		journal_fault(services->journal, LOG_ERR, &why);
	all->count = 0;
}

static void
forget_key(struct forgetting *all, const char *rcpt, const struct facts *facts)
{
	const struct message *message = all->message;
	char *text = all->texts[all->count];

	all->keys[all->count++] = (struct store_key){ text,
		greylist_key(settings_of(message), message->services->suffixes, facts, rcpt, 'u', text) };
	if (all->count == sizeof all->keys / sizeof all->keys[0])
		forget_those(all);
}

/* The mail is proven: these tuples are no longer unsure. SPF, if it passes now, may have been unknown before. All in one question
 * where it can be: nearly always there is nothing to forget. */
static void
forget_unsure(struct message *message)
{
	const struct facts *facts = &message->facts;
	struct facts before = *facts;
	struct forgetting all;

	all.message = message;
	all.count = 0; /* the rest is large */
	before.spf.result = AUTH_NOT_ASKED;
	for (size_t i = 0; i < facts->rcpt_count; i++) {
		forget_key(&all, facts->rcpts[i], facts);
		if (facts->spf.result == AUTH_PASS)
			forget_key(&all, facts->rcpts[i], &before);
	}
	if (all.count > 0)
		forget_those(&all);
}

/* ---- known tuples ---- */

/* Did mail of this sender to any of these recipients pass the greylist before? Looks, and teaches nothing. An exempt
 * network never waits, so it counts as known; UNKNOWN: the store could not answer. */
static enum tri
tuple_is_known(struct message *message)
{
	const struct greylist_settings *settings = settings_of(message);
	const struct facts *facts = &message->facts;

	if (prefixes_hold(&settings->exempt_networks, &facts->client) || message->known_at_rcpt)
		return YES;
	if (message->asked_at_rcpt) /* it has passed there just now, for the first time */
		return NO;
	for (size_t i = 0; message->services->store != NULL && i < facts->rcpt_count; i++) {
		char key[GREYLIST_KEY_MAX + 1];
		size_t length = key_of(message, facts->rcpts[i], 'g', key);
		struct greylist_record found;
		bool known;

		if (!store_get(message->services->store, key, length, &found, &known, NULL))
			return UNKNOWN;
		if (known && is_known(greylist_decide(settings, &found, facts->now).state))
			return YES;
	}
	return NO;
}

/* ---- at the end ---- */

/* Recipients that are asked about together; used again for those behind them. */
struct greylisting_round {
	struct store_question question;
	size_t room, end; /* for so many; what it has looked at */
	struct greylist_keys *keys;
};

/* NULL without memory. */
static struct greylisting_round *
open_round(struct message *message)
{
	size_t room = message->facts.rcpt_count < STORE_TOGETHER ? message->facts.rcpt_count : STORE_TOGETHER;
	struct greylisting_round *round = arena_take(message->arena, sizeof *round);

	if (round == NULL)
		return NULL;
	*round = (struct greylisting_round){ .room = room };
	round->keys = arena_take(message->arena, room * sizeof *round->keys);
	round->question.answers = arena_take(message->arena, room * sizeof *round->question.answers);
	return round->keys != NULL && round->question.answers != NULL ? round : NULL;
}

/* Asks about the next recipients, as many as go together. False: there is none left to be asked about. */
static bool
ask_round(struct message *message, struct greylisting_round *round)
{
	const struct facts *facts = &message->facts;
	struct store_question *question = &round->question;

	question->settings = settings_of(message);
	question->keys = round->keys;
	question->now = facts->now;
	question->count = 0;
	for (; round->end < facts->rcpt_count && question->count < round->room; round->end++)
		if (!greylist_is_exempt(question->settings, facts, facts->rcpts[round->end]))
			make_keys(message, facts->rcpts[round->end], &round->keys[question->count++]);
	if (question->count > 0)
		store_ask(message->services->store, question);
	return question->count > 0;
}

/* What is known of a message's recipients so far. */
struct weighed {
	bool asked, passes;
};

static void
weigh(struct message *message, const struct greylist_decision *decision, struct weighed *weighed)
{
	bool waits = greylist_state_waits(decision->state);

	if (weighed->passes)
		return;
	if (!weighed->asked || !waits || decision->wait < message->wait) {
		keep_state(message, decision);
		message->wait = decision->wait;
	}
	weighed->asked = true;
	weighed->passes = !waits;
}

/* One reply is for all recipients: the mail passes when the tuple of any recipient is due, and all are recorded.
 * An exempt recipient does not count: it waits or passes with the others, and alone it never waits. True: it waits. */
static bool
waits_for_all(struct message *message)
{
	struct weighed weighed = { false, false };
	struct greylisting_round *round = message->ahead;
	bool asked = round != NULL;

	message->ahead = NULL;
	message->grey = GREYLIST_EXEMPT;
	if (round == NULL && (round = open_round(message)) == NULL) {
		message->grey = GREYLIST_FAILED;
		return false;
	}
	while (asked || ask_round(message, round)) {
		store_answer(message->services->store, &round->question);
		for (size_t i = 0; i < round->question.count; i++)
			weigh(message, &round->question.answers[i], &weighed);
		asked = false;
	}
	return weighed.asked && !weighed.passes;
}

void
greylisting_ahead(struct message *message)
{
	struct greylisting_round *round;

	if (!is_on(message) || message->asked_at_rcpt || !verdict_will_greylist(message->judge, &message->facts))
		return;
	round = open_round(message);
	if (round != NULL && ask_round(message, round))
		message->ahead = round;
}

/* Monitor mode passes all, but does with the greylist what enforce would. Nobody waited, so there are no tries to tell. */
static void
watch(struct message *message)
{
	bool waits;

	message->would = message->verdict.would;
	if (message->would == ACTION_GREYLIST && !greylist_exempts_all(settings_of(message), &message->facts) &&
	    passes_by_setting(message)) {
		waits = false;
	} else if (learns(message)) {
		waits = waits_for_all(message);
		message->tries = (struct greylist_tries){ 0, 0 };
		message->wait = 0;
	} else {
		waits = !greylist_exempts_all(settings_of(message), &message->facts);
	}
	if (message->would == ACTION_GREYLIST && !waits)
		message->would = message->verdict.past_greylist;
}

/* The recipients that are left passed the greylist at RCPT. That holds, unless a setting let one pass, and what followed
 * claims a name. */
static bool
has_passed_at_rcpt(const struct message *message)
{
	return message->asked_at_rcpt && (!message->passed_at_rcpt || passed_by_may(&message->facts, &message->verdict));
}

/* Asks about mail that goes the stranger's way. */
static enum action
greylist(struct message *message)
{
	enum action passed = message->verdict.past_greylist;

	if (has_passed_at_rcpt(message))
		return passed;
	message->passed_by = PASSED_BY_NOTHING;
	if (!greylist_exempts_all(settings_of(message), &message->facts) && passes_by_setting(message))
		return passed;
	if (is_on(message))
		return waits_for_all(message) ? ACTION_GREYLIST : passed;
	if (!message->services->first_contact || greylist_exempts_all(settings_of(message), &message->facts))
		return passed; /* without a store there is no greylisting */
	return ACTION_GREYLIST;
}

void
greylisting_at_end(struct message *message)
{
	struct verdict *verdict = &message->verdict;
	bool keeps = message->services->unsure != NULL && !is_monitored(message);

	if (verdict->asks_tuple) {
		message->facts.tuple_asked = true;
		message->facts.tuple_new = tri_not(tuple_is_known(message));
		verdict_judge(message->judge, &message->facts, verdict);
	}
	if (keeps && verdict->outcome == OUTCOME_UNSURE &&
	    (verdict->reason == REASON_DNS_TROUBLE || verdict->reason == REASON_SOURCE_WRONG))
		weigh_unsure(message);
	else if (keeps && verdict->outcome == OUTCOME_VOUCHED)
		forget_unsure(message);
	if (verdict->action != ACTION_GREYLIST) /* it passes, or does not, for what it is */
		message->passed_by = PASSED_BY_NOTHING;
	message->done = verdict->action == ACTION_GREYLIST ? greylist(message) : verdict->action;
	if (is_monitored(message))
		watch(message);
	else /* a mode and the greylist are two things: only the first one is news */
		message->would = verdict->would == ACTION_GREYLIST ? message->done : verdict->would;
	if (message->ahead != NULL) /* we failed meanwhile */
		store_unask(message->services->store, &message->ahead->question);
	message->ahead = NULL;
	if (verdict->action == ACTION_GREYLIST && message->grey == GREYLIST_FAILED)
		store_count_passed(message->services->store);
}

/* ---- the log ---- */

void
greylisting_write(struct message *message)
{
	struct verdict_record record;

	message_verdict_record(message, &record);
	shadow_write(message, &record);
	vendor_tally_note(message->services->tally, &record, message->facts.now);
	vendor_rates_note(message->services->rates, &record, message->facts.now);
	counters_note_verdict(message->services->counters, &record);
	counters_note_message(message->services->counters, message->spent);
}
