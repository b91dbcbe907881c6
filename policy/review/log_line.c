#include <jansson.h>
#include <string.h>

#include "policy/review/log_line.h"
#include "policy/review/word_list.h"

/* ---- where our line begins ---- */

static const char program[] = "greenlaned";

/* "[123]", or nothing. */
static size_t
number_length(const char *at, const char *end)
{
	size_t length = 1;

	if (at == end || *at != '[')
		return 0;
	while (at + length < end && at[length] >= '0' && at[length] <= '9')
		length++;
	return at + length < end && at[length] == ']' ? length + 1 : 0;
}

/* Does syslog's own name of the program stand here? What comes behind another one, that program wrote, and whoever it quotes. */
static bool
is_tag(struct span line, const char *at)
{
	size_t before = (size_t)(at - line.at);

	return (before == 0 || at[-1] == ' ' || at[-1] == '>') && memmem(line.at, before, ": ", 2) == NULL &&
	    memmem(line.at, before, "]:", 2) == NULL;
}

/* "greenlaned: id=" or "greenlaned[123]: id=": what begins with "id=". Length 0: not there. */
static struct span
behind_program(struct span line)
{
	const char *at = line.at, *end = line.at + line.length;

	while ((at = memmem(at, (size_t)(end - at), program, sizeof program - 1)) != NULL) {
		bool ours = is_tag(line, at);

		at += sizeof program - 1;
		at += number_length(at, end);
		if (ours && end - at > 5 && memcmp(at, ": id=", 5) == 0)
			return (struct span){ at + 2, (size_t)(end - at) - 2 };
	}
	return (struct span){ line.at, 0 };
}

/* journalctl writes a text that is not UTF-8, or has control characters, as a list of bytes. */
static struct span
journal_message(struct arena *arena, const json_t *message)
{
	size_t count = json_array_size(message);
	char *bytes = arena_take(arena, count + 1);

	if (json_is_string(message))
		return (struct span){ arena_copy(arena, json_string_value(message), json_string_length(message)),
			json_string_length(message) };
	for (size_t i = 0; bytes != NULL && i < count; i++) {
		const json_t *byte = json_array_get(message, i);

		if (!json_is_integer(byte) || json_integer_value(byte) < 0 || json_integer_value(byte) > UINT8_MAX)
			return (struct span){ "", 0 };
		bytes[i] = (char)json_integer_value(byte);
	}
	return (struct span){ bytes, bytes == NULL ? 0 : count };
}

/* The text of an entry of `journalctl -o json`; length 0: it is none of ours. */
static struct span
journal_entry(struct arena *arena, struct span line)
{
	json_t *root = json_loadb(line.at, line.length, JSON_ALLOW_NUL, NULL);
	const char *who = json_string_value(json_object_get(root, "SYSLOG_IDENTIFIER"));
	struct span text = { "", 0 };

	if (who != NULL && strcmp(who, program) == 0)
		text = journal_message(arena, json_object_get(root, "MESSAGE"));
	json_decref(root);
	return text.at != NULL && span_begins(text, "id=") ? text : (struct span){ "", 0 };
}

/* ---- key=value ---- */

/* One value, with its quotes and escapes; *rest begins with it. False where its end is missing, or all of it: an empty one is
 * written "-". */
static bool
value_take(struct span *rest, char *out)
{
	bool quoted = span_begins(*rest, "\"");
	size_t i = quoted, n = 0;

	for (; i < rest->length && (quoted ? rest->at[i] != '"' : rest->at[i] != ' '); i++) {
		if (rest->at[i] != '\\' || i + 1 == rest->length) {
			out[n++] = rest->at[i];
		} else if (rest->at[i + 1] == 'x' && i + 3 < rest->length && text_hex_digit(rest->at[i + 2]) >= 0 &&
		    text_hex_digit(rest->at[i + 3]) >= 0) {
			out[n++] = (char)(text_hex_digit(rest->at[i + 2]) * 16 + text_hex_digit(rest->at[i + 3]));
			i += 3;
		} else {
			out[n++] = rest->at[++i];
		}
	}
	if (i == (quoted ? rest->length : 0))
		return false;
	i += quoted;
	if (!quoted && n == 1 && out[0] == '-')
		n = 0;
	out[n] = '\0';
	rest->at += i;
	rest->length -= i;
	return true;
}

enum { KEYS_MAX = 48 };

struct keys {
	struct {
		struct span key;
		const char *value;
	} list[KEYS_MAX];
	size_t count;
};

static bool
keys_read(struct arena *arena, struct span rest, struct keys *keys)
{
	keys->count = 0;
	while (rest.length > 0) {
		bool has_value = memchr(rest.at, '=', rest.length) != NULL;
		struct span key = span_cut(&rest, '=');
		char *value = arena_take(arena, rest.length + 1);

		if (value == NULL || keys->count == KEYS_MAX || !has_value || key.length == 0 ||
		    memchr(key.at, ' ', key.length) != NULL || !value_take(&rest, value))
			return false;
		keys->list[keys->count].key = key;
		keys->list[keys->count++].value = value;
		if (rest.length > 0 && rest.at[0] != ' ')
			return false;
		(void)span_cut(&rest, ' ');
	}
	return true;
}

/* What is always written last. */
static bool
is_whole(const struct keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		if (span_is(keys->list[i].key, "waited"))
			return true;
	return false;
}

/* "" where the line does not have it. */
static const char *
key_of(const struct keys *keys, const char *key)
{
	for (size_t i = 0; i < keys->count; i++)
		if (span_is(keys->list[i].key, key))
			return keys->list[i].value;
	return "";
}

/* ---- values ---- */

/* A line as it is read. What is in no range, or no word of ours, damages it; "" (the log's "-") and no key are 0. */
struct line_reader {
	struct arena *arena;
	struct keys keys;
	bool damaged;
};

#define NUMBER_MAX INT64_C(1000000000000000) /* of what has no bound of its own; in milliseconds 30,000 years */

static const char *
text_at(const struct line_reader *line, const char *key)
{
	return key_of(&line->keys, key);
}

static int64_t
number_at(struct line_reader *line, const char *key, int64_t most)
{
	const char *text = text_at(line, key);
	int64_t number = 0;

	for (; *text >= '0' && *text <= '9' && number <= most; text++)
		number = number * 10 + (*text - '0');
	if (*text == '\0' && number <= most)
		return number;
	line->damaged = true;
	return 0;
}

/* -1: not in the line. */
static int
word_at(struct line_reader *line, const char *key, const struct word_list *words)
{
	const char *word = text_at(line, key);
	int number = word_list_find(words, word);

	line->damaged = line->damaged || (number < 0 && word[0] != '\0');
	return number;
}

/* The verdict's id begins with the second in which the message came: a line of syslog may have no year. */
static int64_t
time_of_id(struct line_reader *line)
{
	int64_t seconds = 0;

	for (const char *id = text_at(line, "id"); text_hex_digit(*id) >= 0 && seconds < NUMBER_MAX / 1000; id++)
		seconds = seconds * 16 + text_hex_digit(*id);
	line->damaged = line->damaged || seconds >= NUMBER_MAX / 1000;
	return line->damaged ? 0 : seconds * 1000;
}

/* ---- the record that a line makes ---- */

static void
read_rcpts(struct arena *arena, const char *text, struct facts *facts)
{
	size_t count = 1;

	for (const char *at = text; *at != '\0'; at++)
		count += *at == ',';
	facts->rcpts = arena_take(arena, count * sizeof *facts->rcpts);
	facts->rcpt_mailboxes = arena_take(arena, count * sizeof *facts->rcpt_mailboxes);
	if (facts->rcpts == NULL || facts->rcpt_mailboxes == NULL || text[0] == '\0')
		return;
	for (struct span rest = span_of(text); facts->rcpt_count < count; facts->rcpt_count++) {
		struct span rcpt = span_cut(&rest, ',');
		const char *copy = arena_copy(arena, rcpt.at, rcpt.length);

		facts->rcpts[facts->rcpt_count] = copy == NULL ? "" : copy;
		if (copy == NULL || !mailbox_read_path(arena, copy, &facts->rcpt_mailboxes[facts->rcpt_count]))
			facts->rcpt_mailboxes[facts->rcpt_count] = (struct mailbox){ "", "", "" };
	}
}

static void
read_sender(struct arena *arena, const char *text, struct facts *facts)
{
	facts->null_sender = strcmp(text, "<>") == 0;
	facts->mail_from = facts->null_sender ? "" : text;
	facts->sender = (struct mailbox){ "", "", facts->mail_from };
	if (facts->mail_from[0] != '\0' && !mailbox_read_path(arena, facts->mail_from, &facts->sender))
		facts->sender = (struct mailbox){ "", "", facts->mail_from };
}

static void
read_facts(struct line_reader *line, struct facts *facts)
{
	int spf = word_at(line, "spf", &word_list_auth);

	*facts = (struct facts){ .client_name = "", .auth = "", .daemon_name = "", .from_raw = "" };
	if (!address_read(text_at(line, "client"), &facts->client)) {
		line->damaged = line->damaged || text_at(line, "client")[0] != '\0';
		facts->client = (struct address){ .family = ADDRESS_NONE };
	}
	facts->peer = facts->client;
	facts->port = (uint16_t)number_at(line, "port", UINT16_MAX);
	facts->helo = text_at(line, "helo");
	facts->via = text_at(line, "via");
	facts->message_id = text_at(line, "msgid");
	read_sender(line->arena, text_at(line, "mail_from"), facts);
	read_rcpts(line->arena, text_at(line, "rcpts"), facts);
	facts->spf.result = spf < 0 ? AUTH_NOT_ASKED : (enum auth_result)spf;
	facts->spf.by_helo = facts->null_sender;
	facts->spf.domain = facts->null_sender ? facts->helo : facts->sender.domain;
}

static void
read_verdict(struct line_reader *line, struct recorded *out)
{
	int outcome = word_at(line, "outcome", &word_list_outcome), action = word_at(line, "action", &word_list_action);
	int would = word_at(line, "would", &word_list_action), mode = word_at(line, "mode", &word_list_mode);
	int greylist = word_at(line, "greylist", &word_list_greylist);
	int passed_by = word_at(line, "passed_by", &word_list_passed_by);

	line->damaged = line->damaged || outcome < 0 || action < 0;
	out->outcome = (enum outcome)outcome;
	out->action = (enum action)action;
	out->would = would < 0 ? out->action : (enum action)would;
	out->mode = mode < 0 ? MODE_ENFORCE : (enum vendor_mode)mode;
	out->greylist = greylist < 0 ? GREYLIST_OFF : (enum greylist_state)greylist;
	out->passed_by = passed_by < 0 ? PASSED_BY_NOTHING : (enum passed_by)passed_by;
	out->vendor = text_at(line, "vendor");
	out->reason = text_at(line, "reason")[0] == '\0' ? "-" : text_at(line, "reason");
}

static bool
read_keys(struct line_reader *line, struct recorded *out)
{
	*out = (struct recorded){ .id = text_at(line, "id"), .qid = text_at(line, "qid"), .policy = "", .ranges = "" };
	out->when = time_of_id(line);
	read_verdict(line, out);
	out->listed = text_at(line, "listed");
	out->from = text_at(line, "from");
	out->signatures = text_at(line, "dkim");
	out->dmarc = text_at(line, "dmarc");
	out->explanation = "";
	out->hidden_by = text_at(line, "hidden");
	out->at_rcpt = strcmp(text_at(line, "stage"), "rcpt") == 0;
	out->tries = (struct greylist_tries){ (uint32_t)number_at(line, "tries", UINT32_MAX),
		number_at(line, "waited", NUMBER_MAX) };
	out->ms = number_at(line, "ms", NUMBER_MAX);
	read_facts(line, &out->facts);
	return !line->damaged && out->id[0] != '\0';
}

static enum log_form
read_line(struct arena *arena, struct span text, struct recorded *out, struct fault *why)
{
	struct line_reader line = { .arena = arena };

	if (keys_read(arena, text, &line.keys) && is_whole(&line.keys) && read_keys(&line, out))
		return LOG_FORM_LINE;
	fault_set(why, arena_failed(arena) ? "out of memory" : "a log line of greenlaned that is cut off or damaged");
	return LOG_FORM_BROKEN;
}

/* A record whose keys were sorted or moved begins with another one. */
static bool
is_record(struct span text)
{
	json_t *root;
	bool found;

	if (span_begins(text, "{\"v\":"))
		return true;
	if (memmem(text.at, text.length, "\"facts\"", 7) == NULL)
		return false;
	root = json_loadb(text.at, text.length, JSON_ALLOW_NUL, NULL);
	found = json_is_object(json_object_get(root, "facts"));
	json_decref(root);
	return found;
}

enum log_form
log_line_read(struct arena *arena, struct span line, struct recorded *out, struct fault *why)
{
	struct span text = span_trim(line);

	if (span_begins(text, "{")) {
		if (is_record(text))
			return record_read(arena, text, out, why) ? LOG_FORM_RECORD : LOG_FORM_BROKEN;
		text = journal_entry(arena, text);
	} else if (!span_begins(text, "id=")) {
		text = behind_program(text);
	}
	return text.length == 0 ? LOG_FORM_NONE : read_line(arena, text, out, why);
}

bool
log_line_may_be(struct span line)
{
	struct span text = span_trim(line);

	return span_begins(text, "{") || span_begins(text, "id=") ||
	    memmem(text.at, text.length, program, sizeof program - 1) != NULL;
}
