#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/log_line.h"

/* ---- where our line begins ---- */

static const char program[] = "greenlaned";

/* "greenlaned: id=" or "greenlaned[123]: id=": what begins with "id=". Length 0: not there. */
static struct span
behind_program(struct span line)
{
	const char *at = line.at, *end = line.at + line.length;

	while ((at = memmem(at, (size_t)(end - at), program, sizeof program - 1)) != NULL) {
		at += sizeof program - 1;
		if (at < end && *at == '[') {
			const char *close = memchr(at, ']', (size_t)(end - at));

			at = close == NULL ? end : close + 1;
		}
		if (end - at > 5 && memcmp(at, ": id=", 5) == 0)
			return (struct span){ at + 2, (size_t)(end - at) - 2 };
	}
	return (struct span){ line.at, 0 };
}

static bool
begins(struct span line, const char *word)
{
	return line.length >= strlen(word) && memcmp(line.at, word, strlen(word)) == 0;
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
	for (size_t i = 0; bytes != NULL && i < count; i++)
		bytes[i] = (char)json_integer_value(json_array_get(message, i));
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
	return text.at != NULL && begins(text, "id=") ? text : (struct span){ "", 0 };
}

/* ---- key=value ---- */

static int
hex_of(char c)
{
	const char *digits = "0123456789abcdef", *at = c == '\0' ? NULL : strchr(digits, text_lower(c));

	return at == NULL ? -1 : (int)(at - digits);
}

/* One value, with its quotes and escapes; *rest begins with it. False where its end is missing. */
static bool
value_take(struct span *rest, char *out)
{
	bool quoted = begins(*rest, "\"");
	size_t i = quoted, n = 0;

	for (; i < rest->length && (quoted ? rest->at[i] != '"' : rest->at[i] != ' '); i++) {
		if (rest->at[i] != '\\' || i + 1 == rest->length) {
			out[n++] = rest->at[i];
		} else if (rest->at[i + 1] == 'x' && i + 3 < rest->length && hex_of(rest->at[i + 2]) >= 0 &&
		    hex_of(rest->at[i + 3]) >= 0) {
			out[n++] = (char)(hex_of(rest->at[i + 2]) * 16 + hex_of(rest->at[i + 3]));
			i += 3;
		} else {
			out[n++] = rest->at[++i];
		}
	}
	if (quoted && i == rest->length)
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
	while (rest.length > 0 && keys->count < KEYS_MAX) {
		struct span key = span_cut(&rest, '=');
		char *value = arena_take(arena, rest.length + 1);

		if (value == NULL || key.length == 0 || memchr(key.at, ' ', key.length) != NULL ||
		    !value_take(&rest, value))
			return false;
		keys->list[keys->count].key = key;
		keys->list[keys->count++].value = value;
		if (rest.length > 0 && rest.at[0] != ' ')
			return false;
		(void)span_cut(&rest, ' ');
	}
	return true;
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

/* The number of the word in a table of words; -1: it is none. */
static int
word_of(const char *word, const char *(*words)(int), int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words(i), word) == 0)
			return i;
	return -1;
}

static const char *
outcomes(int n)
{
	return outcome_word((enum outcome)n);
}
static const char *
actions(int n)
{
	return action_word((enum action)n);
}
static const char *
modes(int n)
{
	return vendor_mode_word((enum vendor_mode)n);
}
static const char *
greylists(int n)
{
	return greylist_state_word((enum greylist_state)n);
}
static const char *
results(int n)
{
	return auth_word((enum auth_result)n);
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
read_facts(struct arena *arena, const struct keys *keys, struct facts *facts)
{
	int spf = word_of(key_of(keys, "spf"), results, AUTH_PERMERROR + 1);

	*facts = (struct facts){ .client_name = "", .auth = "", .daemon_name = "", .from_raw = "" };
	if (!address_read(key_of(keys, "client"), &facts->client))
		facts->client = (struct address){ .family = ADDRESS_NONE };
	facts->peer = facts->client;
	facts->port = (uint16_t)strtoul(key_of(keys, "port"), NULL, 10);
	facts->helo = key_of(keys, "helo");
	facts->via = key_of(keys, "via");
	facts->message_id = key_of(keys, "msgid");
	read_sender(arena, key_of(keys, "mail_from"), facts);
	read_rcpts(arena, key_of(keys, "rcpts"), facts);
	facts->spf.result = spf < 0 ? AUTH_NOT_ASKED : (enum auth_result)spf;
	facts->spf.by_helo = facts->null_sender;
	facts->spf.domain = facts->null_sender ? facts->helo : facts->sender.domain;
}

/* The verdict's id begins with the second in which the message came: a line of syslog may have no year. */
static int64_t
time_of_id(const char *id)
{
	return (int64_t)strtoull(id, NULL, 16) * 1000;
}

static bool
read_keys(struct arena *arena, const struct keys *keys, struct recorded *out)
{
	int outcome = word_of(key_of(keys, "outcome"), outcomes, OUTCOME_FORGED + 1);
	int action = word_of(key_of(keys, "action"), actions, ACTIONS);
	int would = word_of(key_of(keys, "would"), actions, ACTIONS);
	int mode = word_of(key_of(keys, "mode"), modes, MODE_MONITOR + 1);
	int greylist = word_of(key_of(keys, "greylist"), greylists, GREYLIST_FAILED + 1);

	*out = (struct recorded){ .id = key_of(keys, "id"), .qid = key_of(keys, "qid"), .policy = "", .ranges = "" };
	out->when = time_of_id(out->id);
	out->outcome = (enum outcome)outcome;
	out->action = (enum action)action;
	out->would = would < 0 ? out->action : (enum action)would;
	out->mode = mode < 0 ? MODE_ENFORCE : (enum vendor_mode)mode;
	out->greylist = greylist < 0 ? GREYLIST_OFF : (enum greylist_state)greylist;
	out->vendor = key_of(keys, "vendor");
	out->reason = key_of(keys, "reason")[0] == '\0' ? "-" : key_of(keys, "reason");
	out->listed = key_of(keys, "listed");
	out->from = key_of(keys, "from");
	out->signatures = key_of(keys, "dkim");
	out->dmarc = key_of(keys, "dmarc");
	out->explanation = "";
	out->at_rcpt = strcmp(key_of(keys, "stage"), "rcpt") == 0;
	out->tries = (struct greylist_tries){ (uint32_t)strtoul(key_of(keys, "tries"), NULL, 10),
		strtoll(key_of(keys, "waited"), NULL, 10) };
	out->ms = strtoll(key_of(keys, "ms"), NULL, 10);
	read_facts(arena, keys, &out->facts);
	return outcome >= 0 && action >= 0 && out->id[0] != '\0';
}

static enum log_form
read_line(struct arena *arena, struct span text, struct recorded *out, struct fault *why)
{
	struct keys keys;

	if (keys_read(arena, text, &keys) && read_keys(arena, &keys, out))
		return LOG_FORM_LINE;
	fault_set(why, arena_failed(arena) ? "out of memory" : "a log line of greenlaned that is cut off or damaged");
	return LOG_FORM_BROKEN;
}

enum log_form
log_line_read(struct arena *arena, struct span line, struct recorded *out, struct fault *why)
{
	struct span text = span_trim(line);

	if (begins(text, "{\"v\":"))
		return record_read(arena, text, out, why) ? LOG_FORM_RECORD : LOG_FORM_BROKEN;
	if (begins(text, "{"))
		text = journal_entry(arena, text);
	else if (!begins(text, "id="))
		text = behind_program(text);
	return text.length == 0 ? LOG_FORM_NONE : read_line(arena, text, out, why);
}
