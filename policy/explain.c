#include <stdio.h>
#include <string.h>

#include "explain.h"

static void
set_codes(const struct verdict *verdict, enum action done, struct reply *out)
{
	out->code = done == ACTION_REJECT ? "550" : "451";
	if (done == ACTION_GREYLIST)
		out->enhanced = "4.7.1";
	else if (done == ACTION_REJECT)
		out->enhanced = verdict->reason == REASON_FROM_TOO_LONG ? "5.6.0" : "5.7.26";
	else if (verdict->reason == REASON_OWN_FAILURE)
		out->enhanced = "4.3.0";
	else
		out->enhanced = verdict->outcome == OUTCOME_UNSURE ? "4.4.3" : "4.7.26";
}

static const char *
lead(const struct verdict *verdict, enum action done)
{
	if (done == ACTION_GREYLIST)
		return "greylisted, please try again";
	if (done == ACTION_REJECT)
		return "message refused";
	return verdict->outcome == OUTCOME_UNSURE ? "not sure yet, please try again"
						  : "not accepted for now, please try again";
}

/* To the sender "it names no vendor" would say nothing: he waits for being new here. */
static const char *
sentence(const struct verdict *verdict, enum action done)
{
	if (done == ACTION_GREYLIST && verdict->reason == REASON_NO_CLAIM)
		return "the first mail of a sender that is not known here waits";
	return reason_sentence(verdict->reason);
}

bool
explain_reply(const struct verdict *verdict, enum action done, const char *id, const char *contact,
    int64_t wait, struct reply *out)
{
	const char *vendor = verdict_vendor(verdict);
	struct text text;

	if (done == ACTION_PASS || done == ACTION_TAG || done == ACTION_QUARANTINE)
		return false;
	set_codes(verdict, done, out);
	text_open(&text, sizeof out->text - 1);
	text_put(&text, lead(verdict, done));
	if (done == ACTION_GREYLIST && wait > 0)
		text_format(&text, " in %lld seconds", (long long)wait);
	if (vendor[0] != '\0')
		text_format(&text, "; claims to be %.100s", vendor);
	text_format(&text, ": %s (%s, id %s)", sentence(verdict, done), reason_slug(verdict->reason), id);
	if (contact[0] != '\0')
		text_format(&text, "; ask %.150s", contact);
	snprintf(out->text, sizeof out->text, "%s", text.bytes);
	text_close(&text);
	return true;
}

/* ---- for a person ---- */

/* Network text: printable ASCII stays, all else is '?', at most 200 bytes. */
static void
put_safe(struct text *out, const char *value)
{
	for (size_t i = 0; value[i] != '\0' && i < 200; i++)
		text_char(out, value[i] >= 0x20 && value[i] < 0x7f ? value[i] : '?');
}

static void
write_facts(const struct facts *facts, struct text *out)
{
	char client[ADDRESS_TEXT];

	text_format(out, "client     %s\n", address_write(&facts->client, client));
	text_put(out, "envelope   <");
	put_safe(out, facts->mail_from);
	text_format(out, ">, SPF %s", auth_word(facts->spf.result));
	if (facts->spf.by_helo)
		text_put(out, " (of the HELO name)");
	text_put(out, "\n");
	for (size_t i = 0; i < facts->author_count && i < 10; i++) {
		text_put(out, "author     ");
		put_safe(out, facts->authors[i].mailbox.text);
		text_format(out, ", DMARC %s (p=%s)\n", auth_word(facts->authors[i].dmarc.result),
		    dmarc_policy_word(facts->authors[i].dmarc.policy));
	}
	if (facts->from_state == FROM_MISSING)
		text_put(out, "author     none: the message has no From field\n");
	if (facts->from_state == FROM_UNREADABLE)
		text_put(out, "author     cannot be read: a From field breaks RFC 5322\n");
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i];

		text_put(out, "signature  d=");
		put_safe(out, fact->d);
		text_format(out, ", %s%s%s%s\n", auth_word(fact->result),
		    fact->counts ? ", counts" : ", does not count",
		    fact->why[0] != '\0' ? ": " : "", fact->why);
	}
	if (facts->dkim_done && facts->dkim_count == 0)
		text_put(out, "signature  none\n");
}

static void
write_alternative(unsigned proofs, struct text *out)
{
	static const char *const words[] = { "listed", "spf", "dkim", "spf_from", "dmarc" };
	bool any = false;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!(proofs & (1u << i)))
			continue;
		text_format(out, "%s%s", any ? "+" : "", words[i]);
		any = true;
	}
}

static void
write_claim(const struct claim *claim, struct text *out)
{
	const struct vendor *vendor = claim->vendor;

	text_format(out, "vendor     %s (%s), claimed by %s\n", vendor->name,
	    vendor_mode_word(vendor->mode),
	    claim->by_author ? claim->by_envelope ? "author and envelope" : "author"
			     : claim->by_envelope ? "envelope" : "nobody; it is the gateway");
	text_format(out, "  listed   %s", answer_word(claim->listed));
	if (claim->source != NULL)
		text_format(out, " (%s%s%s%s)", claim->source->text,
		    claim->exclusive ? ", exclusive" : ", shared",
		    claim->lapsed ? ", proves nothing: to be reviewed by " : "",
		    claim->lapsed ? claim->source->review_by : "");
	text_format(out, "\n  spf      %s\n  dkim     %s%s\n", answer_word(claim->spf),
	    answer_word(claim->dkim), claim->weak ? " (a weak signature)" : "");
	text_format(out, "  spf_from %s\n  dmarc    %s\n", answer_word(claim->spf_from),
	    answer_word(claim->dmarc));
	text_put(out, "  vouched by ");
	for (size_t i = 0; i < vendor->vouch_count; i++) {
		text_put(out, i > 0 ? " or " : "");
		write_alternative(vendor->vouch[i], out);
	}
	text_format(out, "\n  so it is %s%s: %s\n", outcome_word(claim->outcome),
	    claim->dropped ? ", but its authors stand by themselves and the claim is dropped" : "",
	    reason_sentence(claim->reason));
}

void
explain_write(const struct judge *judge, const struct facts *facts, const struct verdict *verdict,
    struct text *out)
{
	text_format(out, "outcome    %s (%s): %s\n", outcome_word(verdict->outcome),
	    reason_slug(verdict->reason), reason_sentence(verdict->reason));
	text_format(out, "action     %s", action_word(verdict->action));
	if (verdict->monitored)
		text_format(out, " (monitor mode; it would %s)", action_word(verdict->would));
	if (verdict->action == ACTION_GREYLIST)
		text_put(out, " (a first contact waits)");
	text_put(out, "\n");
	if (verdict->outcome == OUTCOME_EXEMPT)
		return;
	write_facts(facts, out);
	for (size_t i = 0; i < verdict->claim_count; i++)
		write_claim(&verdict->claims[i], out);
	if (judge->policy->vendor_count == 0)
		text_put(out, "vendor     none is enabled\n");
}
