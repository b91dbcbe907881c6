#include <string.h>

#include "policy/mail/iprev.h"
#include "policy/review/record_read.h"
#include "policy/review/record_value.h"
#include "policy/review/verdict_record.h"
#include "policy/review/word_list.h"
#include "policy/util/date.h"
#include "policy/verdict/claims.h"

#define TIME_MAX INT64_C(253402300799) /* the last second of the year 9999, which date.h can write */

/* ---- facts ---- */

static struct silence
silence_at(struct record_reader *reader, const json_t *object)
{
	const char *name = record_text(reader, object, "silent");

	return (struct silence){ name[0] == '\0' ? NULL : name, record_holds(reader, object, "lured") };
}

static struct mailbox
mailbox_at(struct record_reader *reader, const json_t *object)
{
	struct mailbox out = { record_text(reader, object, "local"), record_text(reader, object, "domain"), "" };
	const char *text = arena_format(reader->arena, "%s%s%s", out.local, out.domain[0] == '\0' ? "" : "@", out.domain);

	out.text = text == NULL ? "" : text;
	return out;
}

static void
read_walk(struct record_reader *reader, const json_t *object, struct dmarc_fact *out)
{
	const json_t *array = json_object_get(object, "walk");
	struct dmarc_step *steps = record_list(reader, object, "walk", sizeof *steps, DMARC_STEPS_MAX, &out->step_count);

	for (size_t i = 0; i < out->step_count; i++) {
		const json_t *from = record_entry(reader, array, "walk", i);

		const char *psd = record_text(reader, from, "psd");

		steps[i] = (struct dmarc_step){ record_text(reader, from, "domain"),
			(enum dmarc_found)record_enum(reader, from, "found", &word_list_dmarc_found), psd[0] };
		if (psd[0] != '\0' && (strchr("uyn", psd[0]) == NULL || psd[1] != '\0'))
			record_wrong(reader, "psd");
	}
	out->steps = steps;
}

static void
read_dmarc(struct record_reader *reader, const json_t *object, struct dmarc_fact *out)
{
	*out = (struct dmarc_fact){ .result = (enum auth_result)record_enum(reader, object, "dmarc", &word_list_auth),
		.said = (enum auth_result)record_enum(reader, object, "said", &word_list_auth),
		.by = (enum dmarc_by)record_enum(reader, object, "by", &word_list_dmarc_by),
		.signed_by = (enum dmarc_by)record_enum(reader, object, "signed_by", &word_list_dmarc_by),
		.policy = (enum dmarc_policy)record_enum(reader, object, "policy", &word_list_dmarc_policy),
		.tag = record_text_or_null(reader, object, "tag"),
		.testing = record_holds(reader, object, "testing"),
		.domain = record_text(reader, object, "record"),
		.organisation = record_text_or_null(reader, object, "organisation"),
		.silent = record_text_or_null(reader, object, "dmarc_silent"),
		.silent_of = record_text_or_null(reader, object, "dmarc_silent_of"),
		.spf_open = record_holds(reader, object, "spf_open"),
		.spf_aligned = record_holds(reader, object, "spf_aligned"),
		.dkim_aligned = record_holds(reader, object, "dkim_aligned") };
	read_walk(reader, object, out);
	/* version 1 did not say which tag applied, nor whose walk fell silent */
	if (out->domain[0] != '\0' && out->tag == NULL)
		out->tag = "p";
	if (out->silent != NULL && out->silent_of == NULL)
		out->silent_of = out->silent;
}

static void
read_authors(struct record_reader *reader, const json_t *object, struct facts *facts)
{
	const json_t *array = json_object_get(object, "authors");

	facts->authors = record_list(reader, object, "authors", sizeof *facts->authors, AUTHORS_MAX, &facts->author_count);
	for (size_t i = 0; i < facts->author_count; i++) {
		const json_t *from = record_entry(reader, array, "authors", i);
		struct author *author = &facts->authors[i];

		author->mailbox = mailbox_at(reader, from);
		author->spf_from = (enum auth_result)record_enum(reader, from, "spf_from", &word_list_auth);
		author->spf_from_silence = silence_at(reader, from);
		read_dmarc(reader, from, &author->dmarc);
		if (record_holds(reader, from, "last"))
			facts->from_last = author;
	}
}

static void
read_replies(struct record_reader *reader, const json_t *object, struct facts *facts)
{
	const json_t *array = json_object_get(object, "replies");

	facts->replies = record_list(reader, object, "replies", sizeof *facts->replies, REPLIES_MAX, &facts->reply_count);
	for (size_t i = 0; i < facts->reply_count; i++) {
		const json_t *from = record_entry(reader, array, "replies", i);

		facts->replies[i] = (struct reply_to){ mailbox_at(reader, from),
			record_holds(reader, from, "near_author") };
	}
	facts->replies_unclear = record_holds(reader, object, "replies_unclear");
}

static void
read_signatures(struct record_reader *reader, const json_t *root, struct facts *facts)
{
	const json_t *array = json_object_get(root, "dkim");

	facts->dkim = record_list(reader, root, "dkim", sizeof *facts->dkim, DKIM_MAX, &facts->dkim_count);
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const json_t *from = record_entry(reader, array, "dkim", i);

		facts->dkim[i] = (struct dkim_fact){ .d = record_text(reader, from, "d"),
			.s = record_text(reader, from, "s"),
			.a = record_text(reader, from, "a"),
			.b = "",
			.result = (enum auth_result)record_enum(reader, from, "result", &word_list_auth),
			.counts = record_holds(reader, from, "counts"),
			.weak = record_holds(reader, from, "weak"),
			.passes = record_holds(reader, from, "passes"),
			.reply_open = record_holds(reader, from, "reply_open"),
			.signed_at = record_number(reader, from, "signed_at", INT64_MIN, INT64_MAX),
			.secure = record_holds(reader, from, "secure"),
			.why = record_text(reader, from, "why") };
	}
}

static void
read_rcpts(struct record_reader *reader, const json_t *root, struct facts *facts)
{
	const json_t *array = json_object_get(root, "rcpts");
	size_t count;

	facts->rcpts = record_list(reader, root, "rcpts", sizeof *facts->rcpts, RCPTS_MAX, &count);
	facts->rcpt_mailboxes = arena_take(reader->arena, (count + 1) * sizeof *facts->rcpt_mailboxes);
	facts->rcpt_count = facts->rcpt_mailboxes == NULL ? 0 : count;
	for (size_t i = 0; i < facts->rcpt_count; i++) {
		facts->rcpts[i] = record_text_at(reader, array, "rcpts", i);
		if (!mailbox_read_path(reader->arena, facts->rcpts[i], &facts->rcpt_mailboxes[i]))
			facts->rcpt_mailboxes[i] = (struct mailbox){ "", "", "" };
	}
}

static void
read_names(struct record_reader *reader, const json_t *object, struct facts *facts)
{
	const json_t *array = json_object_get(object, "names");

	/* for the count */
	(void)record_list(reader, object, "names", sizeof facts->names[0], NAME_FACTS_MAX, &facts->name_count);
	for (size_t i = 0; i < facts->name_count; i++) {
		const json_t *from = record_entry(reader, array, "names", i);

		facts->names[i] = (struct name_fact){ record_text(reader, from, "name"),
			record_holds(reader, from, "answered") };
	}
	facts->answered_since = record_number(reader, object, "answered_since", 0, TIME_MAX);
}

/* The bit of a word; 0: it is none. */
static unsigned
given_of(const char *word)
{
	for (unsigned given = GIVEN_HELO; given <= GIVEN_RCPT; given <<= 1)
		if (strcmp(word, given_word((enum given)given)) == 0)
			return given;
	return 0;
}

/* Only explain judges a message in part, and only it writes this list. */
static unsigned
read_not_given(struct record_reader *reader, const json_t *root)
{
	const json_t *array = json_object_get(root, "not_given");
	unsigned bits = 0, bit;

	if (array != NULL && !json_is_array(array))
		record_wrong(reader, "not_given");
	for (size_t i = 0; i < json_array_size(array); i++, bits |= bit)
		if ((bit = given_of(record_text_at(reader, array, "not_given", i))) == 0)
			record_wrong(reader, "not_given");
	return bits;
}

/* What the log line shows as well. */
static void
read_shown(struct record_reader *reader, const json_t *root, struct facts *facts)
{
	const char *sender = record_text(reader, root, "mail_from");

	record_address(reader, root, "client", &facts->client);
	facts->port = (uint16_t)record_number(reader, root, "port", 0, UINT16_MAX);
	facts->via = record_word(reader, root, "via");
	facts->helo = record_word(reader, root, "helo");
	facts->mail_from = strcmp(sender, "<>") == 0 || strcmp(sender, "-") == 0 ? "" : sender;
	facts->spf.result = (enum auth_result)record_enum(reader, root, "spf", &word_list_auth);
	facts->message_id = record_word(reader, root, "msgid");
	facts->not_given = read_not_given(reader, root);
	read_rcpts(reader, root, facts);
	read_signatures(reader, root, facts);
}

/* Names beyond what a look-up keeps were written by somebody else. */
static void
read_iprev(struct record_reader *reader, const json_t *object, struct iprev_fact *fact)
{
	const json_t *iprev = json_object_get(object, "iprev"), *names = json_object_get(iprev, "names");

	if (iprev == NULL)
		return;
	if (!json_is_object(iprev) || !json_is_array(names) || json_array_size(names) > IPREV_NAMES_MAX) {
		record_wrong(reader, "iprev");
		return;
	}
	fact->by_mta = record_text_or_null(reader, iprev, "by_mta");
	fact->result = (enum auth_result)record_enum(reader, iprev, "result", &word_list_auth);
	fact->silence = silence_at(reader, iprev);
	for (size_t i = 0; i < json_array_size(names); i++)
		fact->names[fact->count++] = record_text_at(reader, names, "names", i);
	if (!iprev_is_result(fact->result) || (fact->result == AUTH_PASS) != (fact->count > 0))
		record_wrong(reader, "iprev");
}

static void
read_connection(struct record_reader *reader, const json_t *object, struct facts *facts)
{
	facts->now = record_number(reader, object, "now", 0, TIME_MAX);
	facts->stage = (enum stage)record_enum(reader, object, "stage", &word_list_stage);
	facts->client_name = record_text(reader, object, "client_name");
	read_iprev(reader, object, &facts->iprev);
	record_address(reader, object, "peer", &facts->peer);
	facts->client_hidden = record_holds(reader, object, "client_hidden");
	facts->perhaps_relayed = record_holds(reader, object, "perhaps_relayed");
	facts->auth = record_text(reader, object, "auth");
	facts->daemon_name = record_text(reader, object, "daemon_name");
	facts->null_sender = record_holds(reader, object, "null_sender");
	facts->sender = (struct mailbox){ record_text(reader, object, "sender_local"),
		record_text(reader, object, "sender_domain"), facts->mail_from };
	facts->spf.by_helo = record_holds(reader, object, "spf_by_helo");
	facts->spf.domain = record_text(reader, object, "spf_domain");
	facts->spf_why = record_text_or_null(reader, object, "spf_why");
	facts->spf_narrow = json_object_get(object, "spf_narrow") == NULL ? UNKNOWN
	    : record_holds(reader, object, "spf_narrow")
	    ? YES
	    : NO;
	facts->dnswl_zone = record_text_or_null(reader, object, "dnswl_zone");
	facts->dnswl = record_holds(reader, object, "dnswl");
	facts->spf_silence = silence_at(reader, object);
}

static void
read_message(struct record_reader *reader, const json_t *object, struct facts *facts)
{
	facts->from_state = (enum from_state)record_enum(reader, object, "from_state", &word_list_from_state);
	facts->from_raw = record_bytes(reader, json_object_get(object, "from_raw"), "from_raw", &facts->from_raw_length);
	facts->from_too_long = record_holds(reader, object, "from_too_long");
	facts->from_fields = (size_t)record_number(reader, object, "from_fields", 0, INT32_MAX);
	facts->from_stopped = (size_t)record_number(reader, object, "from_stopped", 0, INT32_MAX);
	read_authors(reader, object, facts);
	read_replies(reader, object, facts);
	facts->dkim_done = record_holds(reader, object, "dkim_done");
	facts->tuple_asked = json_object_get(object, "tuple_known") != NULL;
	facts->tuple_new = tri_not((enum tri)record_enum(reader, object, "tuple_known", &word_list_tri));
	facts->unsure_since = record_number(reader, object, "unsure_since", 0, TIME_MAX);
	read_names(reader, object, facts);
	facts->failed = record_holds(reader, object, "failed");
}

static void
read_answers(struct record_reader *reader, const json_t *object, struct recorded *out)
{
	const json_t *array = json_object_get(object, "live");

	out->answers = record_list(reader, object, "live", sizeof *out->answers, ASKED_MAX, &out->answer_count);
	for (size_t i = 0; i < out->answer_count; i++) {
		const json_t *from = record_entry(reader, array, "live", i);

		out->answers[i] = (struct recorded_answer){ record_text(reader, from, "vendor"),
			record_text(reader, from, "source"),
			(enum tri)record_enum(reader, from, "answer", &word_list_tri), silence_at(reader, from) };
	}
}

static void
read_sources(struct record_reader *reader, const json_t *object, struct recorded *out)
{
	const json_t *array = json_object_get(object, "sources");

	out->sources = record_list(reader, object, "sources", sizeof *out->sources, RECORD_SOURCES_MAX,
	    &out->source_count);
	out->sources_told = array != NULL;
	out->sources_cut = record_holds(reader, object, "sources_cut");
	for (size_t i = 0; i < out->source_count; i++) {
		const json_t *from = record_entry(reader, array, "sources", i);

		bool told = json_object_get(from, "known") != NULL;

		out->sources[i] = (struct recorded_source){ .vendor = record_text(reader, from, "vendor"),
			.text = record_text(reader, from, "source"),
			.client = record_holds(reader, from, "client"),
			.peer = record_holds(reader, from, "peer"),
			.state = { .known = !told || record_holds(reader, from, "known"),
			    .asked = record_holds(reader, from, "asked"),
			    .wrong = record_holds(reader, from, "wrong"),
			    .empty = record_holds(reader, from, "empty") } };
	}
}

/* ---- a record ---- */

static void
read_time(struct record_reader *reader, const json_t *root, struct recorded *out)
{
	const char *time = record_text(reader, root, "time");

	out->when = out->facts.now * 1000;
	if (time[0] != '\0' && !date_read_rfc3339(span_of(time), &out->when))
		record_wrong(reader, "time");
}

static void
read_verdict(struct record_reader *reader, const json_t *root, struct recorded *out)
{
	out->id = record_word(reader, root, "id");
	out->qid = record_word(reader, root, "qid");
	out->policy = record_word(reader, root, "policy");
	out->ranges = record_word(reader, root, "sources");
	out->outcome = (enum outcome)record_enum(reader, root, "outcome", &word_list_outcome);
	out->action = (enum action)record_enum(reader, root, "action", &word_list_action);
	out->would = json_object_get(root, "would") == NULL
	    ? out->action
	    : (enum action)record_enum(reader, root, "would", &word_list_action);
	out->vendor = record_word(reader, root, "vendor");
	out->reason = record_text(reader, root, "reason");
	out->mode = (enum vendor_mode)record_enum(reader, root, "mode", &word_list_mode);
	out->listed = record_word(reader, root, "listed");
	out->from = record_word(reader, root, "from");
	out->hidden_by = record_text(reader, root, "hidden");
	out->signatures = "";
	out->dmarc = record_word(reader, root, "dmarc");
	out->at_rcpt = strcmp(record_text(reader, root, "stage"), "rcpt") == 0;
	out->greylist = (enum greylist_state)record_enum(reader, root, "greylist", &word_list_greylist);
	out->tries = (struct greylist_tries){ (uint32_t)record_number(reader, root, "tries", 0, UINT32_MAX),
		record_number(reader, root, "waited", INT64_MIN, INT64_MAX) };
	if (json_object_get(root, "passed_by") != NULL)
		out->passed_by = (enum passed_by)record_enum(reader, root, "passed_by", &word_list_passed_by);
	out->ms = record_number(reader, root, "ms", INT64_MIN, INT64_MAX);
	out->explanation = record_text(reader, root, "explanation");
}

/*
 * What is always written, so that a record without it was cut or edited: of all these words nothing would be an answer. Lists
 * see to themselves (record_list).
 */
static const struct required {
	const char *key;
	int since; /* version */
	bool in_facts;
} required[] = { { "outcome", 1, false }, { "action", 1, false }, { "reason", 1, false }, { "id", 1, false },
	{ "time", 2, false }, { "client", 2, false }, { "vendor", 2, false }, { "stage", 2, false },
	{ "helo", 2, false }, { "mail_from", 2, false }, { "spf", 2, false }, { "greylist", 2, false },
	{ "now", 2, true }, { "stage", 2, true }, { "peer", 2, true }, { "client_hidden", 2, true },
	{ "perhaps_relayed", 2, true }, { "auth", 2, true }, { "daemon_name", 2, true }, { "null_sender", 2, true },
	{ "sender_local", 2, true }, { "sender_domain", 2, true }, { "spf_by_helo", 2, true },
	{ "spf_domain", 2, true }, { "from_state", 2, true }, { "from_raw", 2, true }, { "from_too_long", 2, true },
	{ "from_fields", 2, true }, { "replies_unclear", 2, true }, { "dkim_done", 2, true },
	{ "unsure_since", 2, true }, { "answered_since", 2, true }, { "failed", 2, true } };

static void
look_for_required(struct record_reader *reader, const json_t *root, const json_t *facts)
{
	for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
		if (reader->missing == NULL && required[i].since <= reader->version &&
		    json_object_get(required[i].in_facts ? facts : root, required[i].key) == NULL)
			reader->missing = required[i].key;
}

static bool
read_all(struct record_reader *reader, const json_t *root, struct recorded *out, struct fault *why)
{
	const json_t *facts = json_object_get(root, "facts");

	reader->version = out->version = (int)record_number(reader, root, "v", 1, VERDICT_RECORD_VERSION);
	if (out->version < 1 || !json_is_object(facts))
		return fault_set(why, "no record of greenlane (\"v\" is not 1 or 2, or \"facts\" is missing)");
	look_for_required(reader, root, facts);
	read_shown(reader, root, &out->facts);
	read_connection(reader, facts, &out->facts);
	read_message(reader, facts, &out->facts);
	read_answers(reader, facts, out);
	read_sources(reader, facts, out);
	read_verdict(reader, root, out);
	read_time(reader, root, out);
	if (reader->wrong != NULL)
		return fault_set(why, "the value of \"%s\" is none that greenlane writes", reader->wrong);
	if (reader->missing != NULL)
		return fault_set(why, "\"%s\" is missing, which greenlane always writes", reader->missing);
	return !arena_failed(reader->arena) || fault_set(why, "out of memory");
}

bool
record_read(struct arena *arena, struct span line, struct recorded *out, struct fault *why)
{
	struct record_reader reader = { .arena = arena };
	json_t *root = record_parse(line, why);
	bool done;

	*out = (struct recorded){ .version = 0 };
	done = root != NULL && read_all(&reader, root, out, why);
	json_decref(root);
	return done;
}

/* ---- under a policy ---- */

static const struct source *
find_source(const struct policy *policy, const struct recorded_answer *answer)
{
	for (size_t i = 0; i < policy->source_count; i++)
		if (strcmp(policy->sources[i].text, answer->text) == 0 &&
		    strcmp(policy->sources[i].vendor->name, answer->vendor) == 0)
			return &policy->sources[i];
	return NULL;
}

bool
record_facts_settle(const struct policy *policy, struct arena *arena, struct recorded *recorded)
{
	struct facts *facts = &recorded->facts;

	facts->asked_count = 0;
	for (size_t i = 0; i < recorded->answer_count; i++) {
		const struct recorded_answer *answer = &recorded->answers[i];
		const struct source *source = find_source(policy, answer);

		if (source != NULL)
			facts->asked[facts->asked_count++] = (struct asked_fact){ source->number, answer->passes,
				answer->silence };
	}
	facts->claimed.count = 0;
	facts->own_claimed = false;
	return facts->from_state == FROM_NOT_SEEN || claims_settle(policy, arena, facts);
}
