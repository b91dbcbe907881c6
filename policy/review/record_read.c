#include <jansson.h>
#include <string.h>

#include "policy/review/record_read.h"
#include "policy/util/date.h"
#include "policy/util/json_write.h"
#include "policy/util/utf8.h"
#include "policy/verdict/claims.h"

struct reader {
	struct arena *arena;
	const char *wrong; /* the first key whose value cannot be; NULL: none */
};

/* ---- values ---- */

/* The bytes that a string stands for: json_write.h writes one that is no UTF-8 as a character of its own. */
static size_t
restore(const char *from, size_t length, char *to)
{
	size_t written = 0;

	for (size_t i = 0; i < length;) {
		uint32_t point;
		size_t one = utf8_read(from + i, length - i, &point);

		if (one == 3 && point >= JSON_BYTE + 0x80 && point <= JSON_BYTE + 0xff) {
			to[written++] = (char)(point - JSON_BYTE);
		} else {
			one = one == 0 ? 1 : one;
			memcpy(to + written, from + i, one);
			written += one;
		}
		i += one;
	}
	to[written] = '\0';
	return written;
}

/* In the arena; *length NULL: not asked for. "" where it is no string. */
static const char *
bytes_of(struct reader *reader, const json_t *value, size_t *length)
{
	size_t whole = json_string_length(value);
	char *copy = value == NULL || !json_is_string(value) ? NULL : arena_take(reader->arena, whole + 1);
	size_t kept = copy == NULL ? 0 : restore(json_string_value(value), whole, copy);

	if (length != NULL)
		*length = kept;
	return copy == NULL ? "" : copy;
}

static const char *
text_at(struct reader *reader, const json_t *object, const char *key)
{
	return bytes_of(reader, json_object_get(object, key), NULL);
}

/* The log's "-" for nothing. */
static const char *
word_at(struct reader *reader, const json_t *object, const char *key)
{
	const char *word = text_at(reader, object, key);

	return strcmp(word, "-") == 0 ? "" : word;
}

static bool
holds(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static int64_t
number_at(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void
address_at(struct reader *reader, const json_t *object, const char *key, struct address *out)
{
	const char *text = word_at(reader, object, key);

	*out = (struct address){ .family = ADDRESS_NONE };
	if (text[0] != '\0' && !address_read(text, out) && reader->wrong == NULL)
		reader->wrong = key;
}

/* Zeroed; *count is 0 without memory. */
static void *
list_at(struct reader *reader, const json_t *object, const char *key, size_t size, size_t most, size_t *count)
{
	const json_t *array = json_object_get(object, key);
	size_t length = json_array_size(array);
	void *list = arena_take(reader->arena, (length + 1) * size);

	if (length > most && reader->wrong == NULL)
		reader->wrong = key;
	*count = list == NULL || length > most ? 0 : length;
	return list;
}

/* ---- words of enums ---- */

/* Each enum's words, by number. */
static const char *
word_tri(int n)
{
	return tri_word((enum tri)n);
}
static const char *
word_stage(int n)
{
	return stage_word((enum stage)n);
}
static const char *
word_auth(int n)
{
	return auth_word((enum auth_result)n);
}
static const char *
word_asks(int n)
{
	return dmarc_policy_word((enum dmarc_policy)n);
}
static const char *
word_by(int n)
{
	return dmarc_by_word((enum dmarc_by)n);
}
static const char *
word_found(int n)
{
	return dmarc_found_word((enum dmarc_found)n);
}

static const char *
word_from(int n)
{
	return from_state_word((enum from_state)n);
}
static const char *
word_outcome(int n)
{
	return outcome_word((enum outcome)n);
}
static const char *
word_action(int n)
{
	return action_word((enum action)n);
}
static const char *
word_mode(int n)
{
	return vendor_mode_word((enum vendor_mode)n);
}
static const char *
word_greylist(int n)
{
	return greylist_state_word((enum greylist_state)n);
}

static const struct words {
	const char *(*word)(int);
	int count;
} tris = { word_tri, UNKNOWN + 1 }, stages = { word_stage, STAGE_EOM + 1 }, auths = { word_auth, AUTH_PERMERROR + 1 },
  asks = { word_asks, DMARC_REJECT + 1 }, bys = { word_by, DMARC_BY_PROOF + 1 },
  founds = { word_found, DMARC_FOUND_SILENCE + 1 }, from_states = { word_from, FROM_UNREADABLE + 1 },
  outcomes = { word_outcome, OUTCOME_FORGED + 1 }, actions = { word_action, ACTIONS },
  modes = { word_mode, MODE_MONITOR + 1 }, greylists = { word_greylist, GREYLIST_FAILED + 1 };

/* 0 where the record does not have it. */
static int
enum_at(struct reader *reader, const json_t *object, const char *key, const struct words *words)
{
	const char *word = json_string_value(json_object_get(object, key));

	for (int i = 0; word != NULL && i < words->count; i++)
		if (strcmp(word, words->word(i)) == 0)
			return i;
	if (word != NULL && reader->wrong == NULL)
		reader->wrong = key;
	return 0;
}

/* ---- facts ---- */

static struct silence
silence_at(struct reader *reader, const json_t *object)
{
	const char *name = text_at(reader, object, "silent");

	return (struct silence){ name[0] == '\0' ? NULL : name, holds(object, "lured") };
}

static struct mailbox
mailbox_at(struct reader *reader, const json_t *object)
{
	struct mailbox out = { text_at(reader, object, "local"), text_at(reader, object, "domain"), "" };
	const char *text = arena_format(reader->arena, "%s%s%s", out.local, out.domain[0] == '\0' ? "" : "@", out.domain);

	out.text = text == NULL ? "" : text;
	return out;
}

/* NULL where the record does not have it. */
static const char *
text_or_null(struct reader *reader, const json_t *object, const char *key)
{
	return json_object_get(object, key) == NULL ? NULL : text_at(reader, object, key);
}

static void
read_walk(struct reader *reader, const json_t *object, struct dmarc_fact *out)
{
	const json_t *array = json_object_get(object, "walk");
	struct dmarc_step *steps = list_at(reader, object, "walk", sizeof *steps, DMARC_STEPS_MAX, &out->step_count);

	for (size_t i = 0; i < out->step_count; i++) {
		const json_t *from = json_array_get(array, i);

		steps[i] = (struct dmarc_step){ text_at(reader, from, "domain"),
			(enum dmarc_found)enum_at(reader, from, "found", &founds), text_at(reader, from, "psd")[0] };
	}
	out->steps = steps;
}

static void
read_dmarc(struct reader *reader, const json_t *object, struct dmarc_fact *out)
{
	*out = (struct dmarc_fact){ .result = (enum auth_result)enum_at(reader, object, "dmarc", &auths),
		.said = (enum auth_result)enum_at(reader, object, "said", &auths),
		.by = (enum dmarc_by)enum_at(reader, object, "by", &bys),
		.signed_by = (enum dmarc_by)enum_at(reader, object, "signed_by", &bys),
		.policy = (enum dmarc_policy)enum_at(reader, object, "policy", &asks),
		.tag = text_or_null(reader, object, "tag"),
		.testing = holds(object, "testing"),
		.domain = text_at(reader, object, "record"),
		.organisation = text_or_null(reader, object, "organisation"),
		.silent = text_or_null(reader, object, "dmarc_silent"),
		.silent_of = text_or_null(reader, object, "dmarc_silent_of"),
		.spf_open = holds(object, "spf_open"),
		.spf_aligned = holds(object, "spf_aligned"),
		.dkim_aligned = holds(object, "dkim_aligned") };
	read_walk(reader, object, out);
	/* version 1 did not say which tag applied, nor whose walk fell silent */
	if (out->domain[0] != '\0' && out->tag == NULL)
		out->tag = "p";
	if (out->silent != NULL && out->silent_of == NULL)
		out->silent_of = out->silent;
}

static void
read_authors(struct reader *reader, const json_t *object, struct facts *facts)
{
	const json_t *array = json_object_get(object, "authors");

	facts->authors = list_at(reader, object, "authors", sizeof *facts->authors, AUTHORS_MAX, &facts->author_count);
	for (size_t i = 0; i < facts->author_count; i++) {
		const json_t *from = json_array_get(array, i);
		struct author *author = &facts->authors[i];

		author->mailbox = mailbox_at(reader, from);
		author->spf_from = (enum auth_result)enum_at(reader, from, "spf_from", &auths);
		author->spf_from_silence = silence_at(reader, from);
		read_dmarc(reader, from, &author->dmarc);
		if (holds(from, "last"))
			facts->from_last = author;
	}
}

static void
read_replies(struct reader *reader, const json_t *object, struct facts *facts)
{
	const json_t *array = json_object_get(object, "replies");

	facts->replies = list_at(reader, object, "replies", sizeof *facts->replies, REPLIES_MAX, &facts->reply_count);
	for (size_t i = 0; i < facts->reply_count; i++)
		facts->replies[i] = (struct reply_to){ mailbox_at(reader, json_array_get(array, i)),
			holds(json_array_get(array, i), "near_author") };
	facts->replies_unclear = holds(object, "replies_unclear");
}

static void
read_signatures(struct reader *reader, const json_t *root, struct facts *facts)
{
	const json_t *array = json_object_get(root, "dkim");

	facts->dkim = list_at(reader, root, "dkim", sizeof *facts->dkim, DKIM_MAX, &facts->dkim_count);
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const json_t *from = json_array_get(array, i);

		facts->dkim[i] = (struct dkim_fact){ .d = text_at(reader, from, "d"),
			.s = text_at(reader, from, "s"),
			.a = text_at(reader, from, "a"),
			.b = "",
			.result = (enum auth_result)enum_at(reader, from, "result", &auths),
			.counts = holds(from, "counts"),
			.weak = holds(from, "weak"),
			.passes = holds(from, "passes"),
			.reply_open = holds(from, "reply_open"),
			.signed_at = number_at(from, "signed_at"),
			.secure = holds(from, "secure"),
			.why = text_at(reader, from, "why") };
	}
}

static void
read_rcpts(struct reader *reader, const json_t *root, struct facts *facts)
{
	const json_t *array = json_object_get(root, "rcpts");
	size_t count;

	facts->rcpts = list_at(reader, root, "rcpts", sizeof *facts->rcpts, RCPTS_MAX, &count);
	facts->rcpt_mailboxes = arena_take(reader->arena, (count + 1) * sizeof *facts->rcpt_mailboxes);
	facts->rcpt_count = facts->rcpt_mailboxes == NULL ? 0 : count;
	for (size_t i = 0; i < facts->rcpt_count; i++) {
		facts->rcpts[i] = bytes_of(reader, json_array_get(array, i), NULL);
		if (!mailbox_read_path(reader->arena, facts->rcpts[i], &facts->rcpt_mailboxes[i]))
			facts->rcpt_mailboxes[i] = (struct mailbox){ "", "", "" };
	}
}

static void
read_names(struct reader *reader, const json_t *object, struct facts *facts)
{
	const json_t *array = json_object_get(object, "names");

	facts->name_count = json_array_size(array);
	if (facts->name_count > NAME_FACTS_MAX)
		facts->name_count = 0;
	for (size_t i = 0; i < facts->name_count; i++)
		facts->names[i] = (struct name_fact){ text_at(reader, json_array_get(array, i), "name"),
			holds(json_array_get(array, i), "answered") };
	facts->answered_since = number_at(object, "answered_since");
}

/* Only explain judges a message in part. */
static unsigned
read_not_given(const json_t *root)
{
	const json_t *array = json_object_get(root, "not_given");
	unsigned bits = 0;

	for (size_t i = 0; i < json_array_size(array); i++)
		for (unsigned given = GIVEN_HELO; given <= GIVEN_RCPT; given <<= 1)
			if (json_is_string(json_array_get(array, i)) &&
			    strcmp(json_string_value(json_array_get(array, i)), given_word((enum given)given)) == 0)
				bits |= given;
	return bits;
}

/* What the log line shows as well. */
static void
read_shown(struct reader *reader, const json_t *root, struct facts *facts)
{
	const char *sender = text_at(reader, root, "mail_from");

	address_at(reader, root, "client", &facts->client);
	facts->port = (uint16_t)number_at(root, "port");
	facts->via = word_at(reader, root, "via");
	facts->helo = word_at(reader, root, "helo");
	facts->mail_from = strcmp(sender, "<>") == 0 || strcmp(sender, "-") == 0 ? "" : sender;
	facts->spf.result = (enum auth_result)enum_at(reader, root, "spf", &auths);
	facts->message_id = word_at(reader, root, "msgid");
	facts->not_given = read_not_given(root);
	read_rcpts(reader, root, facts);
	read_signatures(reader, root, facts);
}

static void
read_connection(struct reader *reader, const json_t *object, struct facts *facts)
{
	facts->now = number_at(object, "now");
	facts->stage = (enum stage)enum_at(reader, object, "stage", &stages);
	facts->client_name = text_at(reader, object, "client_name");
	address_at(reader, object, "peer", &facts->peer);
	facts->client_hidden = holds(object, "client_hidden");
	facts->perhaps_relayed = holds(object, "perhaps_relayed");
	facts->auth = text_at(reader, object, "auth");
	facts->daemon_name = text_at(reader, object, "daemon_name");
	facts->null_sender = holds(object, "null_sender");
	facts->sender = (struct mailbox){ text_at(reader, object, "sender_local"),
		text_at(reader, object, "sender_domain"), facts->mail_from };
	facts->spf.by_helo = holds(object, "spf_by_helo");
	facts->spf.domain = text_at(reader, object, "spf_domain");
	facts->spf_why = json_object_get(object, "spf_why") == NULL ? NULL : text_at(reader, object, "spf_why");
	facts->spf_silence = silence_at(reader, object);
}

static void
read_message(struct reader *reader, const json_t *object, struct facts *facts)
{
	facts->from_state = (enum from_state)enum_at(reader, object, "from_state", &from_states);
	facts->from_raw = bytes_of(reader, json_object_get(object, "from_raw"), &facts->from_raw_length);
	facts->from_too_long = holds(object, "from_too_long");
	facts->from_fields = (size_t)number_at(object, "from_fields");
	facts->from_stopped = (size_t)number_at(object, "from_stopped");
	read_authors(reader, object, facts);
	read_replies(reader, object, facts);
	facts->dkim_done = holds(object, "dkim_done");
	facts->tuple_asked = json_object_get(object, "tuple_known") != NULL;
	facts->tuple_new = tri_not((enum tri)enum_at(reader, object, "tuple_known", &tris));
	facts->unsure_since = number_at(object, "unsure_since");
	read_names(reader, object, facts);
	facts->failed = holds(object, "failed");
}

static void
read_answers(struct reader *reader, const json_t *object, struct recorded *out)
{
	const json_t *array = json_object_get(object, "live");

	out->answers = list_at(reader, object, "live", sizeof *out->answers, ASKED_MAX, &out->answer_count);
	for (size_t i = 0; i < out->answer_count; i++) {
		const json_t *from = json_array_get(array, i);

		out->answers[i] = (struct recorded_answer){ text_at(reader, from, "vendor"),
			text_at(reader, from, "source"), (enum tri)enum_at(reader, from, "answer", &tris),
			silence_at(reader, from) };
	}
}

static void
read_sources(struct reader *reader, const json_t *object, struct recorded *out)
{
	const json_t *array = json_object_get(object, "sources");

	out->sources = list_at(reader, object, "sources", sizeof *out->sources, RECORD_SOURCES_MAX, &out->source_count);
	out->sources_told = array != NULL;
	out->sources_cut = holds(object, "sources_cut");
	for (size_t i = 0; i < out->source_count; i++) {
		const json_t *from = json_array_get(array, i);

		out->sources[i] = (struct recorded_source){ .vendor = text_at(reader, from, "vendor"),
			.text = text_at(reader, from, "source"),
			.client = holds(from, "client"),
			.peer = holds(from, "peer"),
			.state = { .known = !json_is_false(json_object_get(from, "known")),
			    .asked = holds(from, "asked"),
			    .wrong = holds(from, "wrong"),
			    .empty = holds(from, "empty") } };
	}
}

/* ---- a record ---- */

static void
read_time(struct reader *reader, const json_t *root, struct recorded *out)
{
	const char *time = text_at(reader, root, "time");

	out->when = out->facts.now * 1000;
	if (time[0] != '\0' && !date_read_rfc3339(span_of(time), &out->when) && reader->wrong == NULL)
		reader->wrong = "time";
}

static void
read_verdict(struct reader *reader, const json_t *root, struct recorded *out)
{
	out->id = word_at(reader, root, "id");
	out->qid = word_at(reader, root, "qid");
	out->policy = word_at(reader, root, "policy");
	out->ranges = word_at(reader, root, "sources");
	out->outcome = (enum outcome)enum_at(reader, root, "outcome", &outcomes);
	out->action = (enum action)enum_at(reader, root, "action", &actions);
	out->would = json_object_get(root, "would") == NULL
	    ? out->action
	    : (enum action)enum_at(reader, root, "would", &actions);
	out->vendor = word_at(reader, root, "vendor");
	out->reason = text_at(reader, root, "reason");
	out->mode = (enum vendor_mode)enum_at(reader, root, "mode", &modes);
	out->listed = word_at(reader, root, "listed");
	out->from = word_at(reader, root, "from");
	out->signatures = "";
	out->dmarc = word_at(reader, root, "dmarc");
	out->at_rcpt = strcmp(text_at(reader, root, "stage"), "rcpt") == 0;
	out->greylist = (enum greylist_state)enum_at(reader, root, "greylist", &greylists);
	out->tries = (struct greylist_tries){ (uint32_t)number_at(root, "tries"), number_at(root, "waited") };
	out->ms = number_at(root, "ms");
	out->explanation = text_at(reader, root, "explanation");
}

static bool
read_all(struct reader *reader, const json_t *root, struct recorded *out, struct fault *why)
{
	const json_t *facts = json_object_get(root, "facts");

	out->version = (int)number_at(root, "v");
	if (out->version < 1 || out->version > 2 || !json_is_object(facts))
		return fault_set(why, "no record of greenlane (\"v\" is not 1 or 2, or \"facts\" is missing)");
	read_shown(reader, root, &out->facts);
	read_connection(reader, facts, &out->facts);
	read_message(reader, facts, &out->facts);
	read_answers(reader, facts, out);
	read_sources(reader, facts, out);
	read_verdict(reader, root, out);
	read_time(reader, root, out);
	if (reader->wrong != NULL)
		return fault_set(why, "the value of \"%s\" is none that greenlane writes", reader->wrong);
	return !arena_failed(reader->arena) || fault_set(why, "out of memory");
}

/* Version 1 wrote a byte that is no UTF-8 as half a surrogate pair, which no reader of JSON takes. */
static char *
translate(struct arena *arena, struct span line)
{
	char *copy = arena_copy(arena, line.at, line.length);

	for (size_t i = 0; copy != NULL && i + 4 < line.length; i++) {
		if (copy[i] != '\\')
			continue;
		if (copy[i + 1] == 'u' && (copy[i + 2] | 0x20) == 'd' && (copy[i + 3] | 0x20) == 'c') {
			copy[i + 2] = 'f';
			copy[i + 3] = '7';
		}
		i++; /* what is escaped begins no escape */
	}
	return copy;
}

static json_t *
parse(struct arena *arena, struct span line, struct fault *why)
{
	const char *bytes = memmem(line.at, line.length, "\"v\":1,", 6) != NULL ? translate(arena, line) : line.at;
	json_error_t error;
	json_t *root;

	if (bytes == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	root = json_loadb(bytes, line.length, JSON_ALLOW_NUL, &error);
	if (root == NULL)
		fault_set(why, "no JSON (RFC 8259), at byte %d", error.position);
	return root;
}

bool
record_read(struct arena *arena, struct span line, struct recorded *out, struct fault *why)
{
	struct reader reader = { .arena = arena };
	json_t *root = parse(arena, line, why);
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
