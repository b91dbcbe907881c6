#include <stdio.h>
#include <string.h>

#include "policy/rules/greylist.h"
#include "policy/verdict/explain.h"
#include "policy/verdict/passed_by.h"
#include "policy/verdict/patience.h"

/* ---- the reply ---- */

enum {
	TITLE_SHOWN = 60,
	CONTACT_SHOWN = 150,
	FROM_SHOWN = 500
}; /* bytes; so that a reply is one line (RFC 5321, 4.5.3.1.5) */

/*
 * Reasons and actions with a lead of their own; the first row that fits. Codes: RFC 5321, 3463 and 7372.
 * Innocent people read them: a reply says what is missing, and accuses nobody.
 */
static const struct row {
	enum action done;
	enum outcome outcome; /* where reason is NONE */
	enum reason reason;
	const char *code, *enhanced, *lead;
} rows[] = {
	{ ACTION_GREYLIST, 0, REASON_NONE, "451", "4.7.1", "greylisted, please try again" },
	{ ACTION_REJECT, 0, REASON_RELAYING, "554", "5.7.1", "relaying refused" },
	{ ACTION_REJECT, 0, REASON_DMARC_REJECT, "550", "5.7.1", "message refused" },
	{ ACTION_REJECT, 0, REASON_FROM_TOO_LONG, "550", "5.6.0", "message refused" },
	{ ACTION_DEFER, 0, REASON_RECIPIENT_DIFFERS, "452", "4.5.3", "please send to this recipient separately" },
	{ ACTION_DEFER, 0, REASON_OWN_FAILURE, "451", "4.3.0", "not accepted for now, please try again" },
	{ ACTION_DEFER, OUTCOME_UNSURE, REASON_NONE, "451", "4.4.3", "not sure yet, please try again" },
};
#define OWN_LEAD "Open relay not allowed; no relaying was tried: mail in our own name from an unknown host"
static const struct row refused = { .code = "550", .enhanced = "5.7.26", .lead = "message refused" };
static const struct row deferred = { .code = "451", .enhanced = "4.7.26", .lead = "not accepted for now, please try again" };
static const struct row own_refused = { .code = "550", .enhanced = "5.7.26", .lead = OWN_LEAD };
static const struct row own_deferred = { .code = "451", .enhanced = "4.7.1", .lead = OWN_LEAD };

static bool
row_fits(const struct row *row, const struct verdict *verdict, enum action done)
{
	if (row->done != done)
		return false;
	if (row->reason != REASON_NONE)
		return row->reason == verdict->reason;
	return row->outcome == 0 || row->outcome == verdict->outcome;
}

/* Our name, used without proof. */
static bool
is_own_forgery(const struct verdict *verdict)
{
	const struct claim *claim = verdict_claim(verdict);

	return verdict->outcome == OUTCOME_FORGED && claim != NULL && claim->vendor->number == VENDOR_OWN;
}

static const struct row *
find_row(const struct verdict *verdict, enum action done)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (row_fits(&rows[i], verdict, done))
			return &rows[i];
	if (is_own_forgery(verdict))
		return done == ACTION_REJECT ? &own_refused : &own_deferred;
	return done == ACTION_REJECT ? &refused : &deferred;
}

/* A title may hold any text of the configuration; a reply is ASCII. */
static void
put_title(const struct vendor *vendor, struct text *out)
{
	const char *title = vendor->title != NULL && vendor->title[0] != '\0' ? vendor->title : vendor->name;

	text_plain(out, title, TITLE_SHOWN);
}

/* Whose mail this was or was not proven to be; nothing where the row has another reason, or nobody is claimed. */
static void
put_claimed(const struct row *row, const struct verdict *verdict, struct text *out)
{
	static const char *const words[] = { [OUTCOME_VOUCHED] = "proven to be from ",
		[OUTCOME_UNPROVEN] = "not proven to be from ",
		[OUTCOME_UNSURE] = "not yet proven to be from ",
		[OUTCOME_FORGED] = "not proven to be from " };
	const struct claim *claim = verdict_claim(verdict);

	if (claim == NULL || claim->vendor->number == VENDOR_OWN || row->reason != REASON_NONE ||
	    words[verdict->outcome] == NULL)
		return;
	text_put(out, words[verdict->outcome]);
	put_title(claim->vendor, out);
	text_put(out, ": ");
}

/* "It names no vendor" would tell the sender nothing: it waits because it is new here. So it does at RCPT, where nobody
 * knows yet what the message will prove. */
static const char *
sentence(const struct verdict *verdict, enum action done)
{
	const struct claim *claim = verdict_claim(verdict);
	bool open = verdict->outcome == OUTCOME_UNSURE && !verdict->settled;

	if ((verdict->outcome == OUTCOME_VOUCHED || open) && claim != NULL && claim->mode == MODE_MONITOR)
		return "its mode is monitor, so proof does not help it yet";
	if (done == ACTION_GREYLIST &&
	    (verdict->reason == REASON_NO_CLAIM || verdict->reason == REASON_DMARC_QUARANTINE || open))
		return "the first message of an unknown sender has to wait";
	return reason_sentence(verdict->reason);
}

/* Tells whoever runs the refused host what would let it pass. */
static const char *
remedy(const struct verdict *verdict)
{
	if (verdict->reason == REASON_RELAYING)
		return "; a host that forwards for others must be authorised to do so";
	if (is_own_forgery(verdict))
		return "; a host of ours needs an authorised address or SMTP authentication";
	return "";
}

bool
explain_reply(const struct verdict *verdict, enum action done, const char *id, const char *contact, int64_t wait,
    struct reply *out)
{
	const struct row *row;
	struct text text;

	if (done == ACTION_PASS || done == ACTION_TAG || done == ACTION_QUARANTINE)
		return false;
	row = find_row(verdict, done);
	out->code = row->code;
	out->enhanced = row->enhanced;
	text_open(&text, sizeof out->text - 1);
	text_put(&text, row->lead);
	if (done == ACTION_GREYLIST && wait > 0)
		text_format(&text, " in %lld second%s", (long long)wait, text_s((size_t)wait));
	text_put(&text, ": ");
	put_claimed(row, verdict, &text);
	text_format(&text, "%s%s (%s, id %s); ask ", sentence(verdict, done), remedy(verdict),
	    reason_slug(verdict->reason), id);
	if (contact[0] != '\0')
		text_format(&text, "%.*s", CONTACT_SHOWN, contact);
	else
		text_put(&text, "the postmaster of the recipient's domain");
	snprintf(out->text, sizeof out->text, "%s", text.bytes);
	text_close(&text);
	return true;
}

/* ---- for a person ---- */

enum { VALUE_SHOWN = 200 }; /* bytes */

/* Network text. */
static void
put_safe(struct text *out, const char *value)
{
	text_plain(out, value, VALUE_SHOWN);
}

static void
write_envelope(const struct facts *facts, struct text *out)
{
	if (facts->not_given & GIVEN_MAIL_FROM) {
		text_put(out, "envelope   not known: --mail-from was not given (\"<>\" is the null sender)\n");
		return;
	}
	text_put(out, "envelope   <");
	put_safe(out, facts->mail_from);
	if (facts->null_sender && (facts->not_given & GIVEN_HELO))
		text_put(out, ">, SPF not known: --helo was not given");
	else
		text_format(out, ">, SPF %s", auth_word(facts->spf.result));
	if (facts->spf.by_helo)
		text_put(out, " (of the HELO name)");
	if (facts->spf_why != NULL) {
		text_put(out, ": ");
		put_safe(out, facts->spf_why);
	}
	text_put(out, "\n");
}

/* A From that cannot be parsed, as it came, and where it breaks RFC 5322. */
static void
write_field(const struct facts *facts, struct text *out)
{
	bool cut = facts->from_raw_length > FROM_SHOWN;

	if (facts->from_fields == 0)
		text_put(out,
		    "author     none: the message has no From field, and programs show its Sender\n  that is  \"");
	else
		text_format(out, "author     cannot be parsed: a From field breaks RFC 5322\n  after    byte %zu of \"",
		    facts->from_stopped);
	text_escaped(out, facts->from_raw, cut ? FROM_SHOWN : facts->from_raw_length);
	text_put(out, cut ? "...\"\n" : "\"\n");
}

/* The result, and which policy of which record applies. */
static void
write_dmarc(const struct dmarc_fact *dmarc, bool known, struct text *out)
{
	text_format(out, ", DMARC %s", known ? auth_word(dmarc->result) : "not known");
	if (dmarc->domain[0] != '\0') {
		text_format(out, " (%s by %s= of ", dmarc_policy_word(dmarc->policy), dmarc->tag);
		put_safe(out, dmarc->domain);
		text_put(out, dmarc->testing ? ", only tested: no reason to refuse)" : ")");
	}
	text_put(out, "\n");
}

/* Only what was looked at: a name is no proof where no source names it. */
static void
write_names(const struct iprev_fact *fact, struct text *out)
{
	static const char *const none[] = { [AUTH_FAIL] = "no name of its address leads back to it",
		[AUTH_PERMERROR] = "DNS has no name for its address",
		[AUTH_TEMPERROR] = "not known, DNS did not answer" };

	if (fact->by_mta != NULL) {
		text_put(out, "name       ");
		put_safe(out, fact->by_mta);
		text_put(out, ", confirmed by the MTA\n");
	}
	for (size_t i = 0; i < fact->count; i++) {
		text_put(out, "name       ");
		put_safe(out, fact->names[i]);
		text_put(out, ", confirmed in DNS\n");
	}
	if (fact->result != AUTH_NOT_ASKED && fact->count == 0)
		text_format(out, "name       %s%s\n", fact->by_mta != NULL ? "otherwise " : "", none[fact->result]);
}

static void
write_all_authors(const struct facts *facts, struct text *out)
{
	for (size_t i = 0; i < facts->author_count && i < 10; i++) {
		const struct dmarc_fact *dmarc = &facts->authors[i].dmarc;

		text_put(out, "author     ");
		put_safe(out, facts->authors[i].mailbox.text);
		write_dmarc(dmarc, facts_dmarc_is_known(facts, dmarc), out);
	}
	if (facts->not_given & GIVEN_FROM)
		text_put(out, "author     not known: neither --from nor --message was given\n");
	else if (facts->from_state == FROM_MISSING)
		text_put(out, "author     none: the message has no From field\n");
	if (facts->from_state == FROM_UNREADABLE)
		write_field(facts, out);
}

static void
write_all_signatures(const struct facts *facts, struct text *out)
{
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i];

		text_put(out, "signature  d=");
		put_safe(out, fact->d);
		text_format(out, ", %s%s%s%s\n", auth_word(fact->result),
		    fact->counts ? ", counts" : ", does not count", fact->why[0] != '\0' ? ": " : "", fact->why);
	}
	if (facts->not_given & GIVEN_MESSAGE)
		text_put(out, "signature  not known: without --message none could be seen\n");
	else if (facts->dkim_done && facts->dkim_count == 0)
		text_put(out, "signature  none\n");
}

static void
write_facts(const struct facts *facts, struct text *out)
{
	char client[ADDRESS_TEXT];
	const char *name = address_write(&facts->client, client);

	if (facts->client_hidden)
		name = facts->via[0] != '\0'
		    ? "not known: the relay's Received fields do not name it"
		    : "not known: the address is private, and neither in own.networks nor in relays";
	text_format(out, "client     %s\n", name);
	if (facts->via[0] != '\0')
		text_format(out, "relay      %s at %s\n", facts->via, address_write(&facts->peer, client));
	write_names(&facts->iprev, out);
	write_envelope(facts, out);
	write_all_authors(facts, out);
	write_all_signatures(facts, out);
}

/* ---- what did not answer ---- */

static void
write_silence(const char *prefix, const char *name, const char *for_what, const char *of, bool brought, struct text *out)
{
	text_put(out, "no answer  ");
	text_put(out, prefix);
	put_safe(out, name);
	text_format(out, ", for %s", for_what);
	put_safe(out, of);
	text_put(out, brought ? ": only the message brought it\n" : "\n");
}

static void
write_silent_key(const struct dkim_fact *fact, struct text *out)
{
	text_put(out, "no answer  ");
	put_safe(out, fact->s);
	text_put(out, "._domainkey.");
	put_safe(out, fact->d);
	text_put(out, ", for a signature: only the message brought it\n");
}

/* Which names did not answer, and who chose them: a forger's own are not waited for like the vendor's. */
static void
write_silences(const struct policy *policy, const struct facts *facts, struct text *out)
{
	if (facts->spf_silence.name != NULL)
		write_silence("", facts->spf_silence.name, "SPF of ", facts->spf.domain,
		    patience_sender_is_brought(policy, facts), out);
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (facts->dkim[i].result == AUTH_TEMPERROR)
			write_silent_key(&facts->dkim[i], out);
	for (size_t i = 0; i < facts->author_count && i < 10; i++) {
		const struct author *author = &facts->authors[i];

		if (author->spf_from_silence.name != NULL)
			write_silence("", author->spf_from_silence.name, "SPF of the author's ", author->mailbox.domain,
			    patience_spf_from_is_brought(policy, author), out);
		if (author->dmarc.silent != NULL)
			write_silence("_dmarc.", author->dmarc.silent, "DMARC of ", author->mailbox.domain,
			    patience_dmarc_is_brought(policy, facts, author), out);
	}
	for (size_t i = 0; i < facts->asked_count; i++)
		if (facts->asked[i].silence.name != NULL)
			write_silence("", facts->asked[i].silence.name, "source ",
			    policy->sources[facts->asked[i].source].text, patience_asked_is_brought(&facts->asked[i]),
			    out);
	if (facts->iprev.silence.name != NULL)
		write_silence("", facts->iprev.silence.name, "the name of the client", "",
		    patience_iprev_is_brought(facts), out);
	for (size_t i = 0; i < facts->name_count; i++)
		text_format(out, "%s  %s, which is in the policy\n",
		    facts->names[i].answered ? "answered " : "no answer", facts->names[i].name);
}

/* How a name of ours is proven is the same everywhere; only delegations differ. */
static void
write_own_terms(const struct claim *claim, struct text *out)
{
	text_put(out, "an authorised outbound address, our own signature, or our own SPF outside the vendors' ranges");
	if (claim->delegation != NULL) {
		text_format(out, ",\n             or sent by %s and proven by ", claim->delegation->vendor_name);
		vouch_write(claim->delegation->vouch, claim->delegation->vouch_count, out);
	}
	if (claim->sender != NULL)
		text_format(out, "\n  sent by  %s", claim->sender->name);
	if (claim->source != NULL)
		text_format(out, "\n  in range %s of %s", claim->source->text, claim->source->vendor->name);
}

static const char *
claimed_by(const struct claim *claim)
{
	if (claim->by_author)
		return claim->by_envelope ? "author and envelope" : "author";
	if (claim->by_envelope)
		return "envelope";
	return claim->reason == REASON_PROVEN_PARTNER ? "nobody; it may send for the author" : "nobody; it is the gateway";
}

/* One kind of a claim's evidence, found from these parts. */
static void
put_evidence(const char *name, const struct facts *facts, unsigned parts, enum tri found, struct text *out)
{
	enum tri known = facts_known(facts, parts, found);

	text_format(out, "\n  %-8s %s%s", name, tri_word(known), known != found ? " (not given)" : "");
}

static void
write_claim(const struct facts *facts, const struct claim *claim, struct text *out)
{
	const struct vendor *vendor = claim->vendor;
	const char *dropped = !claim->dropped ? ""
	    : facts->from_state == FROM_UNREADABLE
	    ? ", but next to the address that mail programs show it is only text, and the claim is dropped"
	    : ", but its authors stand on their own, and the claim is dropped";

	text_format(out, "vendor     %s (%s), claimed by %s\n", vendor->name, vendor_mode_word(claim->mode),
	    claimed_by(claim));
	text_format(out, "  listed   %s", tri_word(claim->listed));
	if (claim->source != NULL && vendor->number != VENDOR_OWN)
		text_format(out, " (%s%s%s%s)", claim->source->text, claim->exclusive ? ", exclusive" : ", shared",
		    claim->lapsed ? ", proves nothing: review was due by " : "",
		    claim->lapsed ? claim->source->review_by : "");
	put_evidence("spf", facts, facts_sender_part(facts), claim->spf, out);
	put_evidence("dkim", facts, GIVEN_MESSAGE, claim->dkim, out);
	if (claim->weak != NULL)
		text_format(out, " (a weak signature: %s)", claim->weak);
	put_evidence("spf_from", facts, GIVEN_FROM, claim->spf_from, out);
	put_evidence("dmarc", facts, GIVEN_FROM | GIVEN_MESSAGE | facts_sender_part(facts), claim->dmarc, out);
	text_put(out, "\n  vouched by ");
	if (vendor->number == VENDOR_OWN)
		write_own_terms(claim, out);
	else
		vouch_write(vendor->vouch, vendor->vouch_count, out);
	text_format(out, "\n  so it is %s%s: %s\n", outcome_word(claim->outcome), dropped, reason_sentence(claim->reason));
}

/* The first vendor whose mode softens what its policy says; NULL: none does. */
static const struct claim *
softened(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->claim_count; i++) {
		const struct claim *claim = &verdict->claims[i];

		if (!claim->dropped && claim->mode != MODE_ENFORCE && claim->wanted != claim->action)
			return claim;
	}
	return NULL;
}

/* Whose mode makes the action another one than it would be. */
static void
write_mode(const struct policy *policy, const struct facts *facts, const struct verdict *verdict, struct text *out)
{
	const struct claim *claim = softened(verdict);

	if (verdict->would == verdict->action)
		return;
	if (verdict->would == ACTION_GREYLIST && greylist_exempts_all(&policy->settings.greylist, facts))
		return;
	if (policy->settings.monitor)
		text_put(out, " (the daemon's mode is monitor;");
	else if (claim != NULL)
		text_format(out, " (the mode of '%s' is %s;", claim->vendor->name, vendor_mode_word(claim->mode));
	else
		return;
	text_format(out, " enforce would %s)", action_word(verdict->would));
}

/* No greylist is asked: what would a first contact meet? */
static void
write_greylist(const struct greylist_settings *settings, const struct facts *facts, const struct verdict *verdict,
    struct text *out)
{
	enum want missing;
	enum passed_by by = passed_by_find(settings, facts, verdict, &missing);

	if (greylist_exempts_all(settings, facts))
		text_put(out, " (but it is exempt from the greylist, and passes)");
	else if (by != PASSED_BY_NOTHING)
		text_format(out, " (but greylist.%s lets it pass)", passed_by_word(by));
	else if (settings->auto_pass_network > 0 && passed_by_may(facts, verdict))
		text_put(out, " (a first contact has to wait, unless greylist.auto_pass_network knows its network)");
	else
		text_put(out, " (a first contact has to wait)");
}

void
explain_write(const struct judge *judge, const struct facts *facts, const struct verdict *verdict, struct text *out)
{
	text_format(out, "outcome    %s (%s): %s\n", outcome_word(verdict->outcome), reason_slug(verdict->reason),
	    reason_sentence(verdict->reason));
	text_format(out, "action     %s", action_word(verdict->action));
	write_mode(judge->policy, facts, verdict, out);
	if (verdict->action == ACTION_GREYLIST)
		write_greylist(&judge->policy->settings.greylist, facts, verdict, out);
	text_put(out, "\n");
	if (verdict->outcome == OUTCOME_EXEMPT)
		return;
	write_facts(facts, out);
	write_silences(judge->policy, facts, out);
	for (size_t i = 0; i < verdict->claim_count; i++)
		write_claim(facts, &verdict->claims[i], out);
	explain_remedy(facts, verdict, out);
	if (judge->policy->vendor_count == 0)
		text_put(out, "vendor     none is enabled\n");
	explain_changes(judge, facts, verdict, out);
}
