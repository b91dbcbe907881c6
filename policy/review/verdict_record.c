#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/review/record_sources.h"
#include "policy/review/verdict_record.h"
#include "policy/util/date.h"
#include "policy/util/json_write.h"

/* ---- what both forms say ---- */

enum {
	DELEGATION_TEXT = 400, /* two names */
	FINGERPRINT_TEXT = 17,
	SHADOW_TEXT = 80, /* an action and a reason */
	FROM_SHOWN = 2048 /* bytes of a From that cannot be parsed; facts have all of it */
};

static const char *
mode_word(const struct verdict_record *record)
{
	const struct claim *claim = verdict_claim(record->verdict);

	if (record->judge->policy->settings.monitor)
		return vendor_mode_word(MODE_MONITOR);
	return vendor_mode_word(claim == NULL ? MODE_ENFORCE : claim->mode);
}

static const char *
listed_text(const struct verdict_record *record)
{
	const struct claim *claim = verdict_claim(record->verdict);

	return claim == NULL || claim->source == NULL ? "" : claim->source->text;
}

/* What is written of it. */
static const struct facts *
shown_facts(const struct verdict_record *record)
{
	return record->shown == NULL ? record->facts : record->shown;
}

static bool
is_hidden(const struct verdict_record *record)
{
	return record->hidden_by != NULL && record->hidden_by[0] != '\0';
}

/* The author to report: the deciding vendor's first, else the first of all. */
static const struct author *
main_author(const struct verdict_record *record)
{
	const struct claim *claim = verdict_claim(record->verdict);
	const struct facts *facts = record->facts;

	for (size_t i = 0; claim != NULL && i < facts->author_count; i++)
		if (name_rules_hold(&claim->vendor->domains, &facts->authors[i].mailbox))
			return &facts->authors[i];
	if (facts->from_last != NULL)
		return facts->from_last;
	return facts->author_count > 0 ? &facts->authors[0] : NULL;
}

/* "autotask for example.com": the delegation that would have allowed it. */
static const char *
delegation_text(const struct verdict_record *record, char *out, size_t size)
{
	const struct claim *claim = verdict_claim(record->verdict);

	out[0] = '\0';
	if (claim != NULL && claim->sender != NULL && claim->used != NULL && claim->reason == REASON_UNDELEGATED)
		snprintf(out, size, "%s for %s", claim->sender->name, claim->used);
	return out;
}

/* "reject:nothing-proven" */
static const char *
shadow_text(const struct shadow_verdict *shadow, char out[SHADOW_TEXT])
{
	snprintf(out, SHADOW_TEXT, "%s:%s", action_word(shadow->would), shadow->reason);
	return out;
}

static const char *
sender_text(const struct facts *facts)
{
	return facts->null_sender ? "<>" : facts->mail_from; /* "" where it was not given */
}

static const char *
dmarc_text(const struct verdict_record *record)
{
	const struct author *author = main_author(record);

	if (author == NULL || !facts_dmarc_is_known(record->facts, &author->dmarc))
		return "-";
	return auth_word(author->dmarc.result);
}

/* The authors, or a From that cannot be parsed, as it came. */
static void
write_authors(const struct facts *facts, struct text *out)
{
	if (facts->from_state == FROM_UNREADABLE) {
		text_add(out, facts->from_raw, facts->from_raw_length < FROM_SHOWN ? facts->from_raw_length : FROM_SHOWN);
		return;
	}
	for (size_t i = 0; i < facts->author_count; i++) {
		if (i > 0)
			text_char(out, ',');
		text_put(out, facts->authors[i].mailbox.text);
	}
}

static void
write_signatures(const struct facts *facts, struct text *out)
{
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i];

		text_format(out, "%s%s:%s%s%s", i > 0 ? "," : "", auth_word(fact->result), fact->d,
		    fact->why[0] != '\0' ? ":" : "", fact->why);
	}
}

/* ---- the line ---- */

enum { VALUE_MAX = 512 }; /* bytes of one value in the line, escapes included */

static bool
needs_quotes(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (value[i] == ' ' || value[i] == '"' || value[i] == '\\')
			return true;
	return length == 1 && value[0] == '-'; /* a lone '-' is how "empty" is written */
}

static size_t
escaped_length(unsigned char c)
{
	if (c < 0x20 || c >= 0x7f)
		return 4; /* \x00 */
	return c == '"' || c == '\\' ? 2 : 1;
}

/* How many bytes of the value fit? Twenty values, however hostile, do not crowd each other out. */
static size_t
fitting_length(const char *value)
{
	size_t length = 0, room = VALUE_MAX;

	while (value[length] != '\0' && escaped_length((unsigned char)value[length]) <= room)
		room -= escaped_length((unsigned char)value[length++]);
	return length;
}

/* Piece by piece: a line has thirty, and formats would cost more than all that they write. */
static void
put_key(struct text *out, const char *key)
{
	if (out->length > 0)
		text_char(out, ' ');
	text_put(out, key);
	text_char(out, '=');
}

static void
put(struct text *out, const char *key, const char *value)
{
	size_t length = fitting_length(value);
	bool cut = value[length] != '\0', quoted = cut || needs_quotes(value, length);

	put_key(out, key);
	if (length == 0)
		text_char(out, '-');
	if (quoted)
		text_char(out, '"');
	text_escaped(out, value, length);
	text_put(out, cut ? "...\"" : quoted ? "\"" : "");
}

/* A word of ours, or an address. */
static void
put_word(struct text *out, const char *key, const char *word)
{
	put_key(out, key);
	text_put(out, word);
}

static void
put_number(struct text *out, const char *key, int64_t value)
{
	text_format(out, " %s=%lld", key, (long long)value);
}

/* Of the greylist: "-" where it was not asked. */
static void
put_asked(struct text *out, const char *key, bool asked, int64_t value)
{
	if (asked)
		put_number(out, key, value);
	else
		put_word(out, key, "-");
}

static void
put_list(struct text *out, const char *key, void (*write)(const struct facts *, struct text *), const struct facts *facts)
{
	struct text value;

	text_open(&value, 4 * VALUE_MAX);
	write(facts, &value);
	put(out, key, value.bytes);
	text_inherit(out, &value);
	text_close(&value);
}

static void
put_rcpts(struct text *out, const struct verdict_record *record)
{
	struct text value;

	text_open(&value, 4 * VALUE_MAX);
	for (size_t i = 0; i < record->rcpt_count; i++) {
		if (i > 0)
			text_char(&value, ',');
		text_put(&value, record->rcpts[i]);
	}
	put(out, "rcpts", value.bytes);
	text_inherit(out, &value);
	text_close(&value);
}

void
verdict_record_write_line(const struct verdict_record *record, struct text *out)
{
	const struct facts *facts = shown_facts(record);
	const struct verdict *verdict = record->verdict;
	char client[ADDRESS_TEXT], delegation[DELEGATION_TEXT], shadow[SHADOW_TEXT];

	put(out, "id", record->id);
	put(out, "qid", record->qid);
	put_word(out, "outcome", outcome_word(verdict->outcome));
	put_word(out, "action", action_word(record->action));
	if (record->would != record->action)
		put_word(out, "would", action_word(record->would));
	put(out, "vendor", verdict_vendor(verdict));
	put(out, "reason", reason_slug(verdict->reason));
	put_word(out, "stage", stage_word(record->stage));
	put_word(out, "mode", mode_word(record));
	put_word(out, "client", address_write(&facts->client, client));
	put_number(out, "port", facts->port);
	put(out, "listed", listed_text(record));
	put(out, "via", facts->via);
	put(out, "helo", facts->helo);
	put(out, "mail_from", sender_text(facts));
	put_list(out, "from", write_authors, facts);
	put_rcpts(out, record);
	put_word(out, "spf", auth_word(facts->spf.result));
	put_list(out, "dkim", write_signatures, facts);
	put_word(out, "dmarc", dmarc_text(record));
	put_word(out, "greylist", greylist_state_word(record->greylist));
	put(out, "msgid", facts->message_id);
	put_number(out, "ms", record->ms);
	put_asked(out, "tries", record->tries.count > 0, record->tries.count);
	put_asked(out, "waited", record->tries.count > 0, record->tries.waited);
	if (delegation_text(record, delegation, sizeof delegation)[0] != '\0')
		put(out, "delegation", delegation);
	if (facts->from_state == FROM_UNREADABLE)
		put_number(out, "from_stopped", (int64_t)facts->from_stopped);
	if (record->shadow != NULL)
		put(out, "shadow", shadow_text(record->shadow, shadow));
	if (record->passed_by != PASSED_BY_NOTHING)
		put_word(out, "passed_by", passed_by_word(record->passed_by));
	if (is_hidden(record))
		put_word(out, "hidden", record->hidden_by);
}

/* ---- the JSON ---- */

/* As in the line, an empty value is "-". */
static void
json_word(struct text *out, const char *key, const char *value)
{
	json_write_string(out, key, value[0] == '\0' ? "-" : value);
}

/* Not asked is null: a number is never another type. */
static void
json_tries(struct text *out, struct greylist_tries tries)
{
	if (tries.count > 0) {
		json_write_number(out, "tries", tries.count);
		json_write_number(out, "waited", tries.waited);
		return;
	}
	json_write_key(out, "tries");
	text_put(out, "null");
	json_write_key(out, "waited");
	text_put(out, "null");
}

static void
json_dkim(struct text *out, const struct facts *facts)
{
	json_write_list(out, "dkim");
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i];

		json_write_begin(out);
		json_write_string(out, "d", fact->d);
		json_write_string(out, "s", fact->s);
		json_write_string(out, "a", fact->a);
		json_write_string(out, "result", auth_word(fact->result));
		json_write_bool(out, "counts", fact->counts);
		if (!fact->counts)
			json_write_string(out, "why", fact->why);
		json_write_bool(out, "weak", fact->weak);
		json_write_bool(out, "secure", fact->secure);
		json_write_bool(out, "passes", fact->passes);
		json_write_bool(out, "reply_open", fact->reply_open);
		if (fact->signed_at != 0)
			json_write_number(out, "signed_at", fact->signed_at);
		text_char(out, '}');
	}
	json_write_list_end(out);
}

/* Which name did not answer; nothing where all did. */
static void
json_silence(struct text *out, struct silence silence)
{
	if (silence.name == NULL)
		return;
	json_write_string(out, "silent", silence.name);
	json_write_bool(out, "lured", silence.lured);
}

/* How the record was found, one object a name asked. */
static void
json_walk(struct text *out, const struct dmarc_fact *dmarc)
{
	json_write_list(out, "walk");
	for (size_t i = 0; i < dmarc->step_count; i++) {
		const char psd[] = { dmarc->steps[i].psd, '\0' };

		json_write_begin(out);
		json_write_string(out, "domain", dmarc->steps[i].domain);
		json_write_string(out, "found", dmarc_found_word(dmarc->steps[i].found));
		if (dmarc->steps[i].found == DMARC_FOUND_RECORD)
			json_write_string(out, "psd", psd);
		text_char(out, '}');
	}
	json_write_list_end(out);
}

static void
json_dmarc(struct text *out, const struct dmarc_fact *dmarc)
{
	json_write_string(out, "dmarc", auth_word(dmarc->result));
	json_write_string(out, "policy", dmarc_policy_word(dmarc->policy));
	json_write_bool(out, "testing", dmarc->testing);
	json_write_string(out, "record", dmarc->domain);
	if (dmarc->tag != NULL)
		json_write_string(out, "tag", dmarc->tag);
	if (dmarc->organisation != NULL)
		json_write_string(out, "organisation", dmarc->organisation);
	json_walk(out, dmarc);
	json_write_bool(out, "spf_aligned", dmarc->spf_aligned);
	json_write_bool(out, "dkim_aligned", dmarc->dkim_aligned);
	json_write_string(out, "by", dmarc_by_word(dmarc->by));
	json_write_string(out, "signed_by", dmarc_by_word(dmarc->signed_by));
	json_write_string(out, "said", auth_word(dmarc->said));
	if (dmarc->silent != NULL) {
		json_write_string(out, "dmarc_silent", dmarc->silent);
		json_write_string(out, "dmarc_silent_of", dmarc->silent_of);
	}
	if (dmarc->spf_open)
		json_write_bool(out, "spf_open", true);
}

static void
json_authors(struct text *out, const struct facts *facts)
{
	json_write_list(out, "authors");
	for (size_t i = 0; i < facts->author_count; i++) {
		const struct author *author = &facts->authors[i];

		json_write_begin(out);
		json_write_string(out, "local", author->mailbox.local);
		json_write_string(out, "domain", author->mailbox.domain);
		json_write_string(out, "spf_from", auth_word(author->spf_from));
		json_dmarc(out, &author->dmarc);
		if (author == facts->from_last)
			json_write_bool(out, "last", true);
		json_silence(out, author->spf_from_silence);
		text_char(out, '}');
	}
	json_write_list_end(out);
}

static void
json_evidence(struct text *out, const char *key, const struct facts *facts, unsigned parts, enum tri found)
{
	json_write_string(out, key, tri_word(facts_known(facts, parts, found)));
}

static void
json_replies(struct text *out, const struct facts *facts)
{
	json_write_list(out, "replies");
	for (size_t i = 0; i < facts->reply_count; i++) {
		json_write_begin(out);
		json_write_string(out, "local", facts->replies[i].mailbox.local);
		json_write_string(out, "domain", facts->replies[i].mailbox.domain);
		json_write_bool(out, "near_author", facts->replies[i].near_author);
		text_char(out, '}');
	}
	json_write_list_end(out);
	json_write_bool(out, "replies_unclear", facts->replies_unclear);
}

static void
json_vendors(struct text *out, const struct facts *facts, const struct verdict *verdict)
{
	json_write_key(out, "vendors");
	text_char(out, '{');
	for (size_t i = 0; i < verdict->claim_count; i++) {
		const struct claim *claim = &verdict->claims[i];

		json_write_key(out, claim->vendor->name);
		text_char(out, '{');
		json_write_string(out, "listed", tri_word(claim->listed));
		json_evidence(out, "spf", facts, facts_sender_part(facts), claim->spf);
		json_evidence(out, "dkim", facts, GIVEN_MESSAGE, claim->dkim);
		json_evidence(out, "spf_from", facts, GIVEN_FROM, claim->spf_from);
		json_evidence(out, "dmarc", facts, GIVEN_FROM | GIVEN_MESSAGE | facts_sender_part(facts), claim->dmarc);
		if (claim->weak != NULL)
			json_write_string(out, "weak", claim->weak);
		json_write_string(out, "source", claim->source == NULL ? "" : claim->source->text);
		json_write_bool(out, "exclusive", claim->exclusive);
		json_write_bool(out, "by_author", claim->by_author);
		json_write_bool(out, "by_envelope", claim->by_envelope);
		json_write_bool(out, "dropped", claim->dropped);
		if (claim->given_up)
			json_write_bool(out, "given_up", true);
		json_write_string(out, "outcome", outcome_word(claim->outcome));
		json_write_string(out, "reason", reason_slug(claim->reason));
		if (claim->delegation != NULL)
			json_write_string(out, "delegation", claim->delegation->vendor_name);
		if (claim->sender != NULL)
			json_write_string(out, "sender", claim->sender->name);
		text_char(out, '}');
	}
	text_char(out, '}');
}

static void
json_asked(struct text *out, const struct verdict_record *record)
{
	const struct facts *facts = shown_facts(record);

	json_write_list(out, "live");
	for (size_t i = 0; i < facts->asked_count; i++) {
		const struct source *source = &record->judge->policy->sources[facts->asked[i].source];

		json_write_begin(out);
		json_write_string(out, "vendor", source->vendor->name);
		json_write_string(out, "source", source->text);
		json_write_string(out, "answer", tri_word(facts->asked[i].passes));
		json_silence(out, facts->asked[i].silence);
		text_char(out, '}');
	}
	json_write_list_end(out);
}

/* Left out where there is nothing to say: most mail does not depend on it. */
static void
json_iprev(struct text *out, const struct iprev_fact *fact)
{
	if (fact->by_mta == NULL && fact->result == AUTH_NOT_ASKED)
		return;
	json_write_key(out, "iprev");
	text_char(out, '{');
	if (fact->by_mta != NULL)
		json_write_string(out, "by_mta", fact->by_mta);
	json_write_string(out, "result", auth_word(fact->result));
	json_write_list(out, "names");
	for (size_t i = 0; i < fact->count; i++) {
		json_write_comma(out);
		json_write_bytes(out, fact->names[i], strlen(fact->names[i]));
	}
	json_write_list_end(out);
	json_silence(out, fact->silence);
	text_char(out, '}');
}

/* Which names in the policy were asked because those of the message had not answered. */
static void
json_names(struct text *out, const struct facts *facts)
{
	json_write_list(out, "names");
	for (size_t i = 0; i < facts->name_count; i++) {
		json_write_begin(out);
		json_write_string(out, "name", facts->names[i].name);
		json_write_bool(out, "answered", facts->names[i].answered);
		text_char(out, '}');
	}
	json_write_list_end(out);
	json_write_number(out, "answered_since", facts->answered_since);
}

static void
json_facts(struct text *out, const struct verdict_record *record)
{
	const struct facts *facts = shown_facts(record);
	char peer[ADDRESS_TEXT];

	json_write_key(out, "facts");
	text_char(out, '{');
	json_write_number(out, "now", facts->now);
	json_write_string(out, "stage", stage_word(facts->stage));
	json_write_string(out, "client_name", facts->client_name);
	json_iprev(out, &facts->iprev);
	json_write_string(out, "peer", address_write(&facts->peer, peer));
	json_write_bool(out, "client_hidden", facts->client_hidden);
	json_write_bool(out, "perhaps_relayed", facts->perhaps_relayed);
	json_write_string(out, "auth", facts->auth);
	json_write_string(out, "daemon_name", facts->daemon_name);
	json_write_bool(out, "null_sender", facts->null_sender);
	json_write_string(out, "sender_local", facts->sender.local);
	json_write_string(out, "sender_domain", facts->sender.domain);
	json_write_bool(out, "spf_by_helo", facts->spf.by_helo);
	json_write_string(out, "spf_domain", facts->spf.domain);
	if (facts->spf_why != NULL)
		json_write_string(out, "spf_why", facts->spf_why);
	if (facts->spf.result == AUTH_PASS && facts->spf_narrow != UNKNOWN)
		json_write_bool(out, "spf_narrow", facts->spf_narrow == YES);
	if (facts->dnswl_zone != NULL) {
		json_write_string(out, "dnswl_zone", facts->dnswl_zone);
		json_write_bool(out, "dnswl", facts->dnswl);
	}
	json_silence(out, facts->spf_silence);
	json_write_string(out, "from_state", from_state_word(facts->from_state));
	json_write_key(out, "from_raw");
	json_write_bytes(out, facts->from_raw, facts->from_raw_length);
	json_write_bool(out, "from_too_long", facts->from_too_long);
	json_write_number(out, "from_fields", (int64_t)facts->from_fields);
	json_write_number(out, "from_stopped", (int64_t)facts->from_stopped);
	json_authors(out, facts);
	json_replies(out, facts);
	json_write_bool(out, "dkim_done", facts->dkim_done);
	json_asked(out, record);
	record_sources_write(out, record->judge, facts);
	json_vendors(out, facts, record->verdict);
	if (facts->tuple_asked)
		json_write_string(out, "tuple_known", tri_word(tri_not(facts->tuple_new)));
	json_write_number(out, "unsure_since", facts->unsure_since);
	json_names(out, facts);
	json_write_bool(out, "failed", facts->failed);
	text_char(out, '}');
}

static void
json_envelope(struct text *out, const struct verdict_record *record)
{
	const struct facts *facts = shown_facts(record);
	struct text from;

	json_word(out, "helo", facts->helo);
	json_word(out, "mail_from", sender_text(facts));
	text_open(&from, VERDICT_JSON_MAX / 4);
	write_authors(facts, &from);
	json_word(out, "from", from.bytes);
	text_inherit(out, &from);
	text_close(&from);
	json_write_list(out, "rcpts");
	for (size_t i = 0; i < record->rcpt_count; i++) {
		json_write_comma(out);
		json_write_bytes(out, record->rcpts[i], strlen(record->rcpts[i]));
	}
	json_write_list_end(out);
}

/* Only explain is given a message in part: which parts it lacks, by the record's keys. */
static void
json_not_given(struct text *out, const struct facts *facts)
{
	json_write_list(out, "not_given");
	for (unsigned given = GIVEN_HELO; given <= GIVEN_RCPT; given <<= 1)
		if (facts->not_given & given) {
			json_write_comma(out);
			json_write_bytes(out, given_word(given), strlen(given_word(given)));
		}
	json_write_list_end(out);
}

/* "-" where it is not known. */
static void
json_fingerprint(struct text *out, const char *key, uint64_t fingerprint)
{
	char hex[FINGERPRINT_TEXT] = "";

	if (fingerprint != 0)
		snprintf(hex, sizeof hex, "%016" PRIx64, fingerprint);
	json_word(out, key, hex);
}

/* The same as in replay's `to`, with the rule. */
static void
json_shadow(struct text *out, const struct shadow_verdict *shadow)
{
	json_write_key(out, "shadow");
	json_write_begin(out);
	json_write_string(out, "outcome", outcome_word(shadow->outcome));
	json_write_string(out, "reason", shadow->reason);
	json_write_string(out, "would", action_word(shadow->would));
	json_write_string(out, "vendor", shadow->vendor);
	json_write_string(out, "rule", shadow->rule);
	json_write_end(out);
}

void
verdict_record_write_json(const struct verdict_record *record, struct text *out)
{
	const struct facts *facts = shown_facts(record);
	const struct verdict *verdict = record->verdict;
	char client[ADDRESS_TEXT], delegation[DELEGATION_TEXT], when[DATE_TEXT];

	text_char(out, '{');
	json_write_number(out, "v", VERDICT_RECORD_VERSION);
	json_write_string(out, "time", date_write_ms(record->when, when));
	json_fingerprint(out, "policy", record->judge->policy->fingerprint);
	json_fingerprint(out, "sources", record->judge->ranges->fingerprint);
	json_word(out, "id", record->id);
	json_word(out, "qid", record->qid);
	json_word(out, "outcome", outcome_word(verdict->outcome));
	json_word(out, "action", action_word(record->action));
	if (record->would != record->action)
		json_word(out, "would", action_word(record->would));
	json_word(out, "vendor", verdict_vendor(verdict));
	json_word(out, "reason", reason_slug(verdict->reason));
	json_word(out, "stage", stage_word(record->stage));
	json_word(out, "mode", mode_word(record));
	json_word(out, "client", address_write(&facts->client, client));
	json_write_number(out, "port", facts->port);
	json_word(out, "listed", listed_text(record));
	json_word(out, "via", facts->via);
	json_envelope(out, record);
	json_word(out, "spf", facts->not_given & facts_sender_part(facts) ? "-" : auth_word(facts->spf.result));
	json_dkim(out, facts);
	json_word(out, "dmarc", dmarc_text(record));
	json_word(out, "greylist", greylist_state_word(record->greylist));
	json_word(out, "msgid", facts->message_id);
	json_write_number(out, "ms", record->ms);
	json_tries(out, record->tries);
	if (delegation_text(record, delegation, sizeof delegation)[0] != '\0')
		json_write_string(out, "delegation", delegation);
	if (record->shadow != NULL)
		json_shadow(out, record->shadow);
	if (record->passed_by != PASSED_BY_NOTHING)
		json_word(out, "passed_by", passed_by_word(record->passed_by));
	if (is_hidden(record))
		json_word(out, "hidden", record->hidden_by);
	json_facts(out, record);
	if (facts->not_given != 0)
		json_not_given(out, facts);
	if (record->explanation != NULL)
		json_write_string(out, "explanation", record->explanation);
	text_char(out, '}');
}
