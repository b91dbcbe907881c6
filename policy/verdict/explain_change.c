#include <stdlib.h>
#include <string.h>

#include "policy/verdict/claims.h"
#include "policy/verdict/explain.h"
#include "policy/verdict/own.h"

/* ---- the same message, with a part that was not given ---- */

/* Facts with room for one more author or signature, so that none of the real ones is touched. */
struct what_if {
	struct facts facts;
	struct author *authors; /* given */
	struct dkim_fact signature;
};

static bool
what_if_open(const struct facts *facts, struct what_if *out)
{
	*out = (struct what_if){ .facts = *facts };
	out->authors = calloc(facts->author_count + 1, sizeof *out->authors);
	if (out->authors == NULL)
		return false;
	if (facts->author_count > 0)
		memcpy(out->authors, facts->authors, facts->author_count * sizeof *facts->authors);
	out->facts.authors = out->authors;
	return true;
}

/* That vendor's authors align with what was proven in its name. */
static void
align(struct what_if *what_if, const struct vendor *vendor, bool by_signature)
{
	for (size_t i = 0; i < what_if->facts.author_count; i++) {
		struct dmarc_fact *dmarc = &what_if->authors[i].dmarc;

		if (!name_rules_hold(&vendor->domains, &what_if->authors[i].mailbox))
			continue;
		dmarc->spf_aligned = dmarc->spf_aligned || !by_signature;
		dmarc->dkim_aligned = dmarc->dkim_aligned || by_signature;
		if (dmarc->result == AUTH_FAIL || dmarc->result == AUTH_TEMPERROR) {
			dmarc->result = dmarc->said = AUTH_PASS;
			dmarc->by = DMARC_BY_PROOF;
		}
	}
}

static bool
what_if_signature(struct what_if *what_if, const struct vendor *vendor)
{
	if (!(what_if->facts.not_given & GIVEN_MESSAGE) || vendor->dkim.count == 0)
		return false;
	what_if->signature = (struct dkim_fact){ .d = vendor->dkim.list[0].domain,
		.s = "",
		.a = "",
		.b = "",
		.why = "",
		.result = AUTH_PASS,
		.counts = true };
	what_if->facts.dkim = &what_if->signature;
	what_if->facts.dkim_count = 1;
	align(what_if, vendor, true);
	return true;
}

static bool
what_if_sender(struct what_if *what_if, const struct vendor *vendor)
{
	const char *domain = vendor->domains.count == 0 ? "" : vendor->domains.list[0].domain;

	if (!(what_if->facts.not_given & GIVEN_MAIL_FROM) || domain[0] == '\0')
		return false;
	what_if->facts.sender = (struct mailbox){ "bounce", domain, "" };
	what_if->facts.spf = (struct spf_fact){ .result = AUTH_PASS, .domain = domain };
	align(what_if, vendor, false);
	return true;
}

static bool
what_if_author(struct what_if *what_if, const struct vendor *vendor)
{
	const char *domain = vendor->domains.count == 0 ? "" : vendor->domains.list[0].domain;

	if (!(what_if->facts.not_given & GIVEN_FROM) || domain[0] == '\0')
		return false;
	what_if->authors[0] = (struct author){ .mailbox = { "noreply", domain, "" },
		.spf_from = what_if->facts.spf.result,
		.dmarc = { .result = AUTH_NONE, .domain = "" } };
	what_if->facts.author_count = 1;
	what_if->facts.from_state = FROM_READ;
	return true;
}

/* ---- what it would change ---- */

static const struct row {
	bool (*what_if)(struct what_if *, const struct vendor *);
	const char *what; /* the vendor's name follows */
} rows[] = {
	{ what_if_signature, "a counting signature of " },
	{ what_if_sender, "an SPF pass for an envelope sender of " },
	{ what_if_author, "a From field of " },
};

static void
write_change(const struct judge *judge, const struct facts *facts, const struct verdict *verdict,
    const struct vendor *vendor, const struct row *row, struct text *out)
{
	struct verdict other;
	struct what_if what_if;

	if (!what_if_open(facts, &what_if))
		return;
	if (row->what_if(&what_if, vendor) && claims_settle(judge->policy, NULL, &what_if.facts)) {
		verdict_judge(judge, &what_if.facts, &other);
		if (other.outcome != verdict->outcome || other.action != verdict->action)
			text_format(out, "but        %s%s would make it %s: %s\n", row->what,
			    vendor->number == VENDOR_OWN ? "our own names" : vendor->name, outcome_word(other.outcome),
			    action_word(other.action));
	}
	free(what_if.authors);
}

/* Nobody is claimed yet, but what was not given may claim somebody. */
static void
write_open_names(const struct facts *facts, struct text *out)
{
	bool from = facts->not_given & GIVEN_FROM, sender = facts->not_given & GIVEN_MAIL_FROM;

	if (from || sender)
		text_format(out, "but        %s that names an enabled vendor or us would be judged by that policy\n",
		    from && sender ? "a From field or an envelope sender"
			: from     ? "a From field"
				   : "an envelope sender");
}

/* Exceptions and relaying both depend on the recipients. */
static bool
recipient_matters(const struct policy *policy, const struct facts *facts)
{
	return (facts->not_given & GIVEN_RCPT) && (policy->exception_count > 0 || own_is_outbound(policy, facts));
}

void
explain_changes(const struct judge *judge, const struct facts *facts, const struct verdict *verdict, struct text *out)
{
	if (facts->not_given == 0 || verdict->outcome == OUTCOME_EXEMPT)
		return;
	for (size_t i = 0; i < verdict->claim_count; i++)
		for (size_t j = 0; j < sizeof rows / sizeof rows[0]; j++)
			write_change(judge, facts, verdict, verdict->claims[i].vendor, &rows[j], out);
	if (verdict->claim_count == 0)
		write_open_names(facts, out);
	if (facts->null_sender && (facts->not_given & GIVEN_HELO))
		text_put(out, "but        SPF of the null sender is that of the HELO name, which was not given\n");
	if (recipient_matters(judge->policy, facts))
		text_put(out, "but        the recipient may change it: some have exceptions, or must not be relayed to\n");
}
