/* room: message */
#include <string.h>

#include "handover.h"
#include "message_parts.h"
#include "relay.h"
#include "text.h"

static bool
is_asked(const struct message *message)
{
	switch (verdict_exempts(message->judge->policy, &message->facts)) {
	case REASON_EXEMPT_AUTHENTICATED:
	case REASON_EXEMPT_LOCAL:
	case REASON_EXEMPT_DAEMON:
		return false;
	default:
		return message->judge->policy->relay_count > 0;
	}
}

void
handover_begin(struct message *message)
{
	struct facts *facts = &message->facts;
	const struct relay *relay;
	enum answer answer;

	facts->peer = facts->client;
	facts->via = "";
	if (!is_asked(message))
		return;
	answer = relay_find(message->judge, &facts->peer, &relay);
	facts->perhaps_relayed = answer == UNKNOWN;
	if (answer != YES)
		return;
	facts->via = relay->name;
	facts->client_hidden = relay->kind == RELAY_GATEWAY;
	if (facts->client_hidden)
		facts->client = (struct address){ .family = ADDRESS_NONE };
}

void
handover_header(struct message *message, const char *name, const char *value)
{
	const char *copy;

	if (!message->facts.client_hidden || message->received_count == HOPS_MAX ||
	    !span_is_nocase(span_trim(span_of(name)), "Received"))
		return;
	copy = arena_string(message->arena, value);
	if (copy == NULL)
		message->facts.failed = true;
	else
		message->received[message->received_count++] = copy;
}

/* SPF is asked for the host that the gateway saw, by the name which that host gave. */
void
handover_settle(struct message *message)
{
	struct facts *facts = &message->facts;
	const struct relay *gateway = relay_of(message->judge->policy, facts), *via;
	struct received hop;
	const char *helo;

	if (!facts->client_hidden || gateway == NULL ||
	    !relay_client(message->judge, gateway, message->received, message->received_count, &hop, &via))
		return;
	helo = arena_string(message->arena, hop.helo);
	if (helo == NULL) {
		facts->failed = true;
		return;
	}
	facts->client = hop.client;
	facts->client_hidden = false;
	facts->via = via->name;
	facts->helo = helo;
	if (facts->null_sender)
		facts->spf.domain = helo;
}
