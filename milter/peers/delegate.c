#include <stdlib.h>
#include <string.h>

#include "milter/peers/delegate.h"
#include "milter/smtp/message.h"
#include "milter/smtp/shadow.h"
#include "policy/mail/iprev.h"
#include "policy/verdict/delegate_reply.h"
#include "policy/verdict/delegate_request.h"

enum {
	WORKERS = 8,      /* most wait for DNS, if they wait at all */
	DNS_MS = 8 * 1000 /* below the time-out of 10 s that we recommend for main.cf */
};

static uint16_t
port_of(const char *text)
{
	unsigned long port = strspn(text, "0123456789") == strlen(text) ? strtoul(text, NULL, 10) : 0;

	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* An address that is missing or cannot be read stays ADDRESS_NONE: a stranger. Postfix sends "unknown" for a name that
 * it did not confirm. */
static struct smtp_client
client_of(const struct delegate_request *request, char confirmed[DOMAIN_TEXT])
{
	struct smtp_client client = { .name = request->client_name,
		.confirmed = confirmed,
		.helo = request->helo_name,
		.port = port_of(request->client_port),
		.daemon_name = "",
		.mta_name = "",
		.patience_ms = DNS_MS,
		.claims_only = true };

	if (!address_read(request->client_address, &client.address))
		client.address = (struct address){ .family = ADDRESS_NONE };
	iprev_of_mta(request->client_name, "OK", confirmed);
	return client;
}

/* After a refusal the milter never sees this recipient, so its log line is written here. */
static void
write_refusal(const struct services *services, struct message *message, const struct verdict *verdict,
    const struct delegate_request *request)
{
	const char *rcpts[] = { request->recipient };
	struct verdict_record record;

	message_verdict_record(message, &record);
	record.qid = request->queue_id;
	record.verdict = verdict;
	record.stage = STAGE_RCPT;
	record.action = record.would = ACTION_REJECT;
	record.rcpts = rcpts;
	record.rcpt_count = 1;
	shadow_write(message, &record);
	counters_note_verdict(services->counters, &record);
}

static void
refuse(const struct services *services, struct message *message, const struct delegate_reply *decided,
    const struct delegate_request *request, struct reply *reply)
{
	struct verdict verdict;
	struct verdict_record record;

	delegate_verdict(decided, &verdict);
	message_verdict_record(message, &record);
	if (!explain_reply(&verdict, ACTION_REJECT, record.id, message_judge(message)->policy->settings.contact, 0, reply))
		reply->text[0] = '\0';
	write_refusal(services, message, &verdict, request);
}

static void
keep_promise(const struct services *services, const struct message *message, const struct delegate_reply *decided)
{
	const struct facts *facts = message_facts(message);

	if (delegate_promises(decided))
		promise_make(services->promises, facts, decided->claim.vendor->name);
	else
		promise_drop(services->promises, facts);
}

/* False without memory: Postfix then takes its default action (smtpd_policy_service_default_action). */
static bool
reply_to_request(const struct services *services, const struct delegate_request *request, struct text *out)
{
	char confirmed[DOMAIN_TEXT];
	struct smtp_client client = client_of(request, confirmed);
	bool at_rcpt = strcmp(request->protocol_state, "RCPT") == 0;
	struct delegate_reply decided;
	struct reply reply = { .text = "" };
	struct message *message;

	message = message_open(services, &client, request->sender, request->sasl_username);
	if (message == NULL)
		return false;
	delegate_decide(message_judge(message), message_facts(message), at_rcpt, &decided);
	if (at_rcpt)
		keep_promise(services, message, &decided);
	if (decided.word == DELEGATE_REFUSE)
		refuse(services, message, &decided, request, &reply);
	delegate_reply_write(decided.word, message_judge(message)->policy->settings.delegate.greylist_class, reply.text,
	    out);
	message_close(message);
	return true;
}

static bool
reply_to_lines(void *context, const struct connection_peer *peer, struct frame *lines, struct text *out)
{
	struct delegate_request request;

	(void)peer;
	delegate_request_read(lines, &request);
	return reply_to_request(context, &request, out);
}

const struct request_protocol delegate_protocol = { .name = "delegate",
	.workers = WORKERS,
	.request_max = DELEGATE_REQUEST_MAX,
	.reply_max = DELEGATE_REPLY_MAX,
	.cut = delegate_request_cut,
	.reply = reply_to_lines };
