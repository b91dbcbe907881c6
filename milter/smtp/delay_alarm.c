#include <stdio.h>

#include "milter/smtp/delay_alarm.h"
#include "milter/smtp/message_parts.h"
#include "policy/advise/deferral.h"
#include "policy/verdict/delegate_reply.h"

enum { SHOWN_MAX = 300 };

static void
write_who(struct text *out, const struct message *message, const struct vendor *vendor, const struct deferral *deferral,
    const char *path)
{
	struct journal *journal = message->services->journal;
	char client[ADDRESS_TEXT];

	text_format(out, "alarm: mail of %s from %s, which greenlane vouches for, was deferred by %s: from=<",
	    vendor->name, address_write(&message->facts.client, client), deferral->who);
	text_plain(out, journal_address(journal, message->arena, message->facts.mail_from), SHOWN_MAX);
	text_put(out, "> to=");
	text_plain(out, journal_address(journal, message->arena, path), SHOWN_MAX);
}

/* The vendor that we vouch for; in monitor mode, would vouch for. */
static const struct vendor *
find_vendor(const struct message *message)
{
	struct delegate_reply reply;

	if (message->judge->policy->settings.monitor)
		return verdict_promised(message->judge, &message->facts);
	delegate_decide(message->judge, &message->facts, true, &reply);
	return delegate_promises(&reply) ? reply.claim.vendor : NULL;
}

/* All vendors are checked, once: nothing new is learnt between two recipients. */
static const struct vendor *
vouched_vendor(struct message *message)
{
	if (!message->vendor_promised)
		message->promised_vendor = find_vendor(message);
	message->vendor_promised = true;
	return message->promised_vendor;
}

/* In monitor mode the delegate lets nothing past the greylister, even if main.cf is right. */
static const char *
remedy_of(const struct message *message, const struct deferral *deferral)
{
	const struct settings *settings = &message->judge->policy->settings;

	if (deferral->greylister && settings->monitor && settings->delegate.listen[0] != '\0')
		return "mode is \"monitor\", in which the delegate lets nothing past; if the greylister is in the "
		       "class, \"enforce\" stops that";
	return deferral->remedy;
}

void
delay_alarm_rcpt_refused(struct message *message, const char *path, const char *status, const char *text)
{
	const struct services *services = message->services;
	const struct facts *facts = &message->facts;
	const struct deferral *deferral = deferral_read(text);
	const struct vendor *vendor;
	struct text line;

	/* a permanent refusal is somebody's decision; a delay is what we promised to prevent */
	if (message->exempt || status[0] != '4')
		return;
	vendor = vouched_vendor(message);
	if (vendor == NULL)
		return;
	(void)usage_note(services->usage, USAGE_DELAYED, vendor->name, &facts->client, facts->now);
	vendor_rates_note_delayed(services->rates, vendor->name, facts->now);
	text_open(&line, 4 * SHOWN_MAX);
	write_who(&line, message, vendor, deferral, path);
	text_put(&line, " said=\"");
	text_plain(&line, status, SHOWN_MAX);
	text_char(&line, ' ');
	text_plain(&line, journal_hides(services->journal) ? "(hidden by log.privacy)" : text, SHOWN_MAX);
	journal_say(services->journal, LOG_WARNING, "%s\"; %u of this vendor so far; %s (id %s)", line.bytes,
	    usage_count(services->usage, USAGE_DELAYED, vendor->name), remedy_of(message, deferral), message->id);
	text_close(&line);
}
