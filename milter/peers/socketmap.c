#include <stdlib.h>
#include <string.h>

#include "milter/peers/socketmap.h"
#include "milter/smtp/message.h"
#include "policy/util/netstring.h"
#include "policy/verdict/delegate_reply.h"

enum {
	WORKERS = 8,       /* most wait for DNS, if they wait at all */
	DNS_MS = 8 * 1000, /* a ruleset has no time-out of its own */
	REPLY_MAX = 64
};

/* Splits "greenlane 192.0.2.10,<bounce@vendor.example>" into its parts; false: it is not such a key. The
 * ruleset may use any name for the map. */
static bool
read_key(struct span request, struct smtp_client *client, char *sender, size_t size)
{
	struct span text;
	char address[64];

	(void)span_cut(&request, ' ');
	text = span_trim(span_cut(&request, ','));
	request = span_trim(request);
	if (text.length >= sizeof address || request.length >= size)
		return false;
	memcpy(address, text.at, text.length);
	address[text.length] = '\0';
	memcpy(sender, request.at, request.length);
	sender[request.length] = '\0';
	return address_read(address, &client->address);
}

/* Is this client and sender promised passage, or is it a host of ours that must not wait? Without memory false: then
 * the mail is greylisted. */
static bool
is_white(const struct services *services, const struct smtp_client *client, const char *sender)
{
	struct message *message = message_open(services, client, sender, "");
	struct delegate_reply reply;
	bool white;

	if (message == NULL)
		return false;
	delegate_decide(message_judge(message), message_facts(message), true, &reply);
	white = delegate_promises(&reply) || reply.why == DELEGATE_KNOWN;
	message_close(message);
	return white;
}

static bool
reply_to_key(void *context, const struct connection_peer *peer, struct frame *key, struct text *out)
{
	struct smtp_client client = { .name = "",
		.helo = "",
		.daemon_name = "",
		.mta_name = "",
		.patience_ms = DNS_MS,
		.claims_only = true };
	char sender[1024];

	(void)peer;
	if (!read_key((struct span){ key->bytes, key->length }, &client, sender, sizeof sender))
		netstring_put(out, span_of("PERM the key is CLIENT,SENDER"));
	else
		netstring_put(out, span_of(is_white(context, &client, sender) ? "OK WHITE" : "NOTFOUND "));
	return true;
}

const struct request_protocol socketmap_protocol = { .name = "socketmap",
	.workers = WORKERS,
	.request_max = NETSTRING_FRAME_MAX,
	.reply_max = REPLY_MAX,
	.cut = netstring_cut,
	.reply = reply_to_key };
