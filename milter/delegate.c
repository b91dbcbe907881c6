#include <stdlib.h>
#include <string.h>

#include "delegate.h"
#include "delegate_answer.h"
#include "delegate_request.h"

enum {
	WORKERS = 8,                  /* most wait for DNS, if they wait at all */
	IDLE_MS = 15 * 60 * 1000,     /* Postfix lets a connection rest for 5 minutes, and ends it after 17 */
	WITHIN_MS = 30 * 1000,
	DNS_MS = 8 * 1000             /* below the time-out of 10 s that is recommended for main.cf */
};

struct delegate {
	struct house house;
	struct door *door;
};

/* ---- one request ---- */

static uint16_t
port_of(const char *text)
{
	unsigned long port = strspn(text, "0123456789") == strlen(text) ? strtoul(text, NULL, 10) : 0;

	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* An address that is missing or cannot be read stays ADDRESS_NONE: a stranger. */
static struct visitor
visitor_of(const struct delegate_request *request)
{
	struct visitor visitor = { .name = request->client_name, .helo = request->helo_name,
		.port = port_of(request->client_port), .daemon_name = "", .mta_name = "",
		.patience_ms = DNS_MS, .claims_only = true };

	if (!address_read(request->client_address, &visitor.address))
		visitor.address = (struct address){ .family = ADDRESS_NONE };
	return visitor;
}

/* A refusal is the last that is heard of this recipient, so its line is written here. */
static void
write_refusal(struct delegate *delegate, const struct message *message, const struct verdict *verdict,
    const struct delegate_request *request)
{
	const char *rcpts[] = { request->recipient };
	struct verdict_record record;

	message_verdict_record(message, &record);
	record.qid = request->queue_id;
	record.verdict = verdict;
	record.stage = STAGE_RCPT;
	record.action = ACTION_REJECT;
	record.rcpts = rcpts;
	record.rcpt_count = 1;
	journal_verdict(delegate->house.journal, &record);
}

static void
refuse(struct delegate *delegate, const struct message *message, const struct delegate_answer *answer,
    const struct delegate_request *request, struct reply *reply)
{
	struct verdict verdict;
	struct verdict_record record;

	delegate_verdict(answer, &verdict);
	message_verdict_record(message, &record);
	if (!explain_reply(&verdict, ACTION_REJECT, record.id,
		message_judge(message)->policy->settings.contact, 0, reply))
		reply->text[0] = '\0';
	write_refusal(delegate, message, &verdict, request);
}

static void
keep_promise(struct delegate *delegate, const struct message *message,
    const struct delegate_answer *answer)
{
	const struct facts *facts = message_facts(message);

	if (delegate_promises(answer))
		promise_make(delegate->house.promises, facts, answer->claim.vendor->name);
	else
		promise_drop(delegate->house.promises, facts);
}

/* False without memory: Postfix then does as its default_action says. */
static bool
answer(struct delegate *delegate, const struct delegate_request *request, struct text *out)
{
	struct visitor visitor = visitor_of(request);
	bool at_rcpt = strcmp(request->protocol_state, "RCPT") == 0;
	struct delegate_answer answered;
	struct reply reply = { .text = "" };
	struct message *message;

	message = message_open(&delegate->house, &visitor, request->sender, request->sasl_username);
	if (message == NULL)
		return false;
	delegate_decide(message_judge(message), message_facts(message), at_rcpt, &answered);
	if (at_rcpt)
		keep_promise(delegate, message, &answered);
	if (answered.word == DELEGATE_REFUSE)
		refuse(delegate, message, &answered, request, &reply);
	delegate_answer_write(answered.word,
	    message_judge(message)->policy->settings.delegate.greylist_class, reply.text, out);
	message_close(message);
	return true;
}

/* ---- callers ---- */

static void *
opened(void *context)
{
	(void)context;
	return delegate_reader_open();
}

static void
closed(void *context, void *state)
{
	(void)context;
	delegate_reader_close(state);
}

static enum door_next
heard(void *context, void *state, struct span *bytes, struct text *out)
{
	struct delegate *delegate = context;
	struct delegate_request request;
	struct fault why;

	switch (delegate_reader_feed(state, bytes, &request, &why)) {
	case DELEGATE_BROKEN:
		journal_say(delegate->house.journal, LOG_WARNING,
		    "delegate: a malformed request: %s; its connection is closed", why.text);
		return DOOR_CLOSE;
	case DELEGATE_READY:
		return answer(delegate, &request, out) ? DOOR_IDLE : DOOR_CLOSE;
	default:
		return delegate_reader_is_within(state) ? DOOR_WITHIN : DOOR_IDLE;
	}
}

static void
trouble(void *context, const struct fault *why)
{
	struct delegate *delegate = context;

	journal_say(delegate->house.journal, LOG_WARNING, "delegate: %s", why->text);
}

struct delegate *
delegate_open(const struct house *house, struct door *door, unsigned most_callers, struct fault *why)
{
	struct delegate *delegate = calloc(1, sizeof *delegate);
	struct door_keeper keeper = { opened, heard, closed, trouble, delegate };
	struct door_limits limits = { .workers = WORKERS, .most = most_callers, .idle_ms = IDLE_MS,
		.within_ms = WITHIN_MS, .answer = DELEGATE_ANSWER_MAX };

	if (delegate == NULL) {
		fault_set(why, "out of memory");
		door_close(door);
		return NULL;
	}
	delegate->house = *house;
	delegate->door = door;
	if (door_serve(door, &keeper, &limits, why))
		return delegate;
	delegate_close(delegate);
	return NULL;
}

void
delegate_let(struct delegate *delegate, unsigned most_callers)
{
	door_let(delegate->door, most_callers);
}

void
delegate_close(struct delegate *delegate)
{
	if (delegate == NULL)
		return;
	door_close(delegate->door);
	free(delegate);
}
