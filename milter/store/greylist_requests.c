#include <stdlib.h>
#include <string.h>

#include "milter/store/greylist_requests.h"
#include "milter/system/journal.h"
#include "policy/rules/policy.h"
#include "policy/util/json_write.h"

/* ---- requests ---- */

/* Undoes \xHH. False: it does not fit. */
static bool
value_read(struct span value, char *out, size_t size, size_t *length)
{
	*length = 0;
	for (size_t i = 0; i < value.length; i++) {
		bool escaped = value.length - i >= 4 && value.at[i] == '\\' && value.at[i + 1] == 'x' &&
		    text_hex_digit(value.at[i + 2]) >= 0 && text_hex_digit(value.at[i + 3]) >= 0;

		if (*length == size)
			return false;
		out[(*length)++] = escaped
		    ? (char)(text_hex_digit(value.at[i + 2]) << 4 | text_hex_digit(value.at[i + 3]))
		    : value.at[i];
		i += escaped ? 3 : 0;
	}
	return true;
}

/* For addresses: NUL ends no address of a key. */
static bool
string_read(struct span value, char out[GREYLIST_VALUE_MAX + 1], struct fault *why)
{
	size_t length;

	if (!value_read(value, out, GREYLIST_VALUE_MAX, &length) || memchr(out, '\0', length) != NULL)
		return fault_set(why, "a value is longer than %d bytes, or has a NUL", GREYLIST_VALUE_MAX);
	out[length] = '\0';
	return true;
}

static bool
read_address(struct greylist_request *request, struct span value, void (*ask)(struct greylist_query *, const char *),
    struct fault *why)
{
	char text[GREYLIST_VALUE_MAX + 1];

	if (!string_read(value, text, why))
		return false;
	ask(&request->query, text);
	return true;
}

static bool
read_sender(struct greylist_request *request, struct span value, struct fault *why)
{
	return read_address(request, value, greylist_query_sender, why);
}

static bool
read_rcpt(struct greylist_request *request, struct span value, struct fault *why)
{
	return read_address(request, value, greylist_query_rcpt, why);
}

static bool
read_client(struct greylist_request *request, struct span value, struct fault *why)
{
	char text[GREYLIST_VALUE_MAX + 1];

	return string_read(value, text, why) && greylist_query_client(&request->query, text, why);
}

static bool
read_states(struct greylist_request *request, struct span value, struct fault *why)
{
	memset(request->states, 0, sizeof request->states);
	while (value.length > 0) {
		struct span word = span_cut(&value, ',');
		enum greylist_tuple_state state;

		if (!greylist_tuple_state_read(word, &state))
			return fault_set(why, "'%.*s' is no state", word.length > 40 ? 40 : (int)word.length, word.at);
		request->states[state] = true;
	}
	return true;
}

static bool
read_most(struct greylist_request *request, struct span value, struct fault *why)
{
	request->most = 0;
	if (value.length == 0)
		return fault_set(why, "most is a number");
	for (size_t i = 0; i < value.length; i++) {
		unsigned digit = (unsigned)(value.at[i] - '0');

		if (digit > 9 || (request->most = request->most * 10 + digit) > GREYLIST_PIECE)
			return fault_set(why, "most is at most %d", GREYLIST_PIECE);
	}
	return true;
}

static bool
read_from(struct greylist_request *request, struct span value, struct fault *why)
{
	return value_read(value, request->from, sizeof request->from, &request->from_length) ||
	    fault_set(why, "from is longer than a key");
}

static bool
read_key(struct greylist_request *request, struct span value, struct fault *why)
{
	return (value_read(value, request->key, sizeof request->key, &request->key_length) && request->key_length > 0) ||
	    fault_set(why, "key is no key");
}

static const struct {
	const char *name;
	bool (*read)(struct greylist_request *, struct span value, struct fault *);
} members[] = { { "sender", read_sender }, { "rcpt", read_rcpt }, { "client", read_client }, { "states", read_states },
	{ "most", read_most }, { "from", read_from }, { "key", read_key } };

static bool
member_read(struct greylist_request *request, struct span member, struct fault *why)
{
	bool whole = memchr(member.at, '=', member.length) != NULL;
	struct span name = span_cut(&member, '=');

	if (!whole) /* "sender" would be the null sender */
		return fault_set(why, "'%.*s' has no value", name.length > 40 ? 40 : (int)name.length, name.at);
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		if (span_is(name, members[i].name))
			return members[i].read(request, member, why);
	return fault_set(why, "no request about the greylist has '%.*s'", name.length > 40 ? 40 : (int)name.length,
	    name.at);
}

static bool
key_is_printable(const struct store_entry *entry)
{
	for (size_t i = 0; i < entry->length; i++)
		if (entry->key[i] < 0x20 || entry->key[i] > 0x7e)
			return false;
	return entry->length > 0;
}

/* "record=HEX:KEY" */
static bool
record_read(struct span word, struct store_entry *out, struct fault *why)
{
	uint8_t bytes[GREYLIST_RECORD_BYTES];
	struct span name = span_cut(&word, '='), hex = span_cut(&word, ':');
	bool sound = span_is(name, "record") && hex.length == 2 * sizeof bytes;

	for (size_t i = 0; sound && i < sizeof bytes; i++) {
		int high = text_hex_digit(hex.at[2 * i]), low = text_hex_digit(hex.at[2 * i + 1]);

		sound = high >= 0 && low >= 0;
		bytes[i] = sound ? (uint8_t)(high << 4 | low) : 0;
	}
	return (sound && greylist_record_unpack(bytes, sizeof bytes, &out->record) &&
		   value_read(word, out->key, sizeof out->key, &out->length) && key_is_printable(out)) ||
	    fault_set(why, "take needs record=HEX:KEY for each record");
}

static bool
records_read(struct greylist_request *request, struct span words, struct fault *why)
{
	request->records = words;
	while (words.length > 0) {
		struct span word = span_cut(&words, ' ');
		struct store_entry unused;

		if (word.length > 0 && !record_read(word, &unused, why))
			return false;
	}
	return true;
}

static bool
verb_read(struct span word, enum greylist_verb *out, struct fault *why)
{
	static const char *const
	    verbs[] = { [GREYLIST_LIST] = "list", [GREYLIST_PASS] = "pass", [GREYLIST_FORGET] = "forget", [GREYLIST_TAKE] = "take" };

	for (unsigned i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (!span_is(word, verbs[i]))
			continue;
		*out = (enum greylist_verb)i;
		return true;
	}
	return fault_set(why, "the requests about the greylist are list, pass, forget and take");
}

bool
greylist_request_read(struct span words, struct greylist_request *request, struct fault *why)
{
	memset(request, 0, sizeof *request);
	greylist_query_open(&request->query);
	memset(request->states, 1, sizeof request->states);
	request->most = GREYLIST_PIECE;
	if (!verb_read(span_cut(&words, ' '), &request->verb, why))
		return false;
	if (request->verb == GREYLIST_TAKE)
		return records_read(request, words, why);
	while (words.length > 0) {
		struct span member = span_cut(&words, ' ');

		if (member.length > 0 && !member_read(request, member, why))
			return false;
	}
	return true;
}

static void
add_value(struct text *out, struct span value)
{
	for (size_t i = 0; i < value.length; i++) {
		unsigned char byte = (unsigned char)value.at[i];

		text_format(out, byte > 0x20 && byte < 0x7f && byte != '\\' ? "%c" : "\\x%02x", byte);
	}
}

void
greylist_request_add(struct text *out, const char *name, struct span value)
{
	text_format(out, " %s=", name);
	add_value(out, value);
}

void
greylist_request_add_record(struct text *out, const struct store_entry *entry)
{
	uint8_t bytes[GREYLIST_RECORD_BYTES];

	greylist_record_pack(&entry->record, bytes);
	text_put(out, " record=");
	for (size_t i = 0; i < sizeof bytes; i++)
		text_format(out, "%02x", bytes[i]);
	text_char(out, ':');
	add_value(out, (struct span){ entry->key, entry->length });
}

/* ---- answers ---- */

struct answer {
	const struct greylist_request *request;
	struct store *store;
	const struct greylist_settings *settings;
	int64_t now;
	struct text *out;
	struct greylist_changes *changes;
	size_t looked, given, matched, by_domain, counts[TUPLE_STATES];
	int64_t oldest; /* of those that have not passed; 0: there is none */
	bool ended;     /* no key behind this one can match */
};

static void
write_span(struct text *out, const char *key, struct span value)
{
	json_write_key(out, key);
	json_write_bytes(out, value.at, value.length);
}

static void
write_tuple(struct answer *answer, const struct store_entry *entry, const struct greylist_tuple *tuple)
{
	struct text *out = answer->out;

	json_write_begin(out);
	write_span(out, "sender", tuple->sender);
	write_span(out, "rcpt", tuple->rcpt);
	write_span(out, "network", tuple->network);
	json_write_string(out, "state", greylist_tuple_word(tuple->state));
	json_write_number(out, "first", tuple->record.first);
	json_write_number(out, "tries", tuple->record.asked);
	json_write_number(out, "due", tuple->due);
	json_write_number(out, "last", tuple->record.last);
	json_write_number(out, "passed", tuple->record.passed);
	json_write_number(out, "expires", tuple->expires);
	write_span(out, "key", (struct span){ entry->key, entry->length });
	json_write_end(out);
	answer->given++;
}

static void
note_change(struct answer *answer, const struct store_entry *entry)
{
	if (answer->changes->count++ == 0)
		memcpy(answer->changes->first, entry->key, entry->length); /* all zero before */
}

/* Writes what the verb makes of the tuple. */
static bool
change(struct answer *answer, const struct store_entry *entry, struct greylist_tuple *tuple, struct fault *why)
{
	struct greylist_record made = { 0 };

	if (answer->request->verb == GREYLIST_LIST)
		return true;
	if (answer->request->verb == GREYLIST_PASS) {
		if (tuple->state == TUPLE_KNOWN || tuple->state == TUPLE_FREE)
			return true;
		made = greylist_record_let_pass(answer->settings, &entry->record, answer->now);
		if (!greylist_tuple_read(answer->settings, entry->key, entry->length, &made, answer->now, tuple))
			return true;
	}
	if (!store_put(answer->store, entry->key, entry->length, &made, why))
		return false;
	note_change(answer, entry);
	return true;
}

static void
count(struct answer *answer, const struct greylist_tuple *tuple)
{
	int64_t first = tuple->record.first;

	answer->counts[tuple->state]++;
	if (tuple->state == TUPLE_WAITING || tuple->state == TUPLE_DUE || tuple->state == TUPLE_PASS)
		answer->oldest = answer->oldest == 0 || first < answer->oldest ? first : answer->oldest;
}

static bool
take(struct answer *answer, const struct store_entry *entry, struct greylist_tuple *tuple, struct fault *why)
{
	if (!answer->request->states[tuple->state])
		return true;
	answer->matched++;
	if (answer->request->most == 0)
		return true;
	if (!change(answer, entry, tuple, why))
		return false;
	write_tuple(answer, entry, tuple);
	return true;
}

static bool
look_at(struct answer *answer, const struct store_entry *entry, struct fault *why)
{
	struct greylist_tuple tuple;

	answer->looked++;
	if (!greylist_tuple_read(answer->settings, entry->key, entry->length, &entry->record, answer->now, &tuple))
		return true;
	switch (greylist_query_matches(&answer->request->query, &tuple)) {
	case MATCH_YES:
		count(answer, &tuple);
		return take(answer, entry, &tuple, why);
	case MATCH_BUT_CLIENT:
		answer->by_domain += answer->request->states[tuple.state];
		return true;
	default:
		return true;
	}
}

/* Is there enough for one answer? */
static bool
is_full(const struct answer *answer)
{
	return answer->looked >= GREYLIST_LOOKED || (answer->request->most > 0 && answer->given >= answer->request->most);
}

/* Looks at the records of a page; *place becomes where it stopped. */
static bool
look_at_page(struct answer *answer, const struct store_page *page, char place[STORE_KEY_ROOM], size_t *length,
    struct fault *why)
{
	for (size_t i = 0; i < page->count; i++) {
		const struct store_entry *entry = &page->entries[i];

		if (is_full(answer) && !answer->store->unordered) {
			memcpy(place, entry->key, entry->length);
			*length = entry->length;
			return true;
		}
		if (!look_at(answer, entry, why))
			return false;
	}
	answer->ended = page->is_last;
	memcpy(place, page->next, page->next_length);
	*length = page->next_length;
	return true;
}

static bool
look_through(struct answer *answer, struct store_page *page, char place[STORE_KEY_ROOM], size_t *length, struct fault *why)
{
	const struct greylist_query *query = &answer->request->query;
	bool unordered = answer->store->unordered;
	char start[GREYLIST_KEY_MAX + 1];

	while (!is_full(answer) && !answer->ended) {
		size_t start_length = unordered ? *length : greylist_query_seek(query, place, *length, start);

		if (start_length == 0 && !unordered) {
			answer->ended = true;
			break;
		}
		if (!store_page(answer->store, unordered ? place : start, start_length, page, why) ||
		    !look_at_page(answer, page, place, length, why))
			return false;
	}
	return true;
}

static bool
look_at_key(struct answer *answer, struct fault *why)
{
	struct store_entry entry = { .length = answer->request->key_length };
	bool found;

	memcpy(entry.key, answer->request->key, entry.length);
	answer->ended = true;
	return store_get(answer->store, entry.key, entry.length, &entry.record, &found, why) &&
	    (!found || look_at(answer, &entry, why));
}

/* They were read before, so each is sound. */
static bool
take_records(struct answer *answer, struct fault *why)
{
	struct span words = answer->request->records;

	answer->ended = true;
	while (words.length > 0) {
		struct span word = span_cut(&words, ' ');
		struct store_entry entry;
		size_t taken;

		if (word.length == 0)
			continue;
		if (!record_read(word, &entry, why) ||
		    !store_take(answer->store, answer->settings, &entry, 1, answer->now, &taken, why))
			return false;
		answer->matched++;
		if (taken > 0)
			note_change(answer, &entry);
	}
	return true;
}

static bool
do_request(struct answer *answer, struct store_page *page, char place[STORE_KEY_ROOM], size_t *length, struct fault *why)
{
	if (answer->request->verb == GREYLIST_TAKE)
		return take_records(answer, why);
	return answer->request->key_length > 0 ? look_at_key(answer, why) : look_through(answer, page, place, length, why);
}

/* What the piece amounts to, and where the next one begins. */
static void
write_piece(struct answer *answer, const char *place, size_t length)
{
	struct text *out = answer->out;

	json_write_key(out, "piece");
	json_write_begin(out);
	json_write_number(out, "now", answer->now);
	json_write_number(out, "matched", (int64_t)answer->matched);
	json_write_number(out, "by_domain", (int64_t)answer->by_domain);
	json_write_number(out, "changed", (int64_t)answer->changes->count);
	json_write_key(out, "counts");
	json_write_begin(out);
	for (unsigned i = 0; i < TUPLE_STATES; i++)
		json_write_number(out, greylist_tuple_word((enum greylist_tuple_state)i), (int64_t)answer->counts[i]);
	json_write_end(out);
	json_write_number(out, "oldest", answer->oldest);
	if (!answer->ended)
		write_span(out, "next", (struct span){ place, length });
	json_write_end(out);
}

static bool
find_and_write(struct answer *answer, struct store_page *page, struct fault *why)
{
	const struct greylist_request *request = answer->request;
	size_t length = request->from_length;
	char place[STORE_KEY_ROOM];

	memcpy(place, request->from, length);
	json_write_list(answer->out, "tuples");
	if (!do_request(answer, page, place, &length, why))
		return false;
	json_write_list_end(answer->out);
	write_piece(answer, place, length);
	return answer->changes->count == 0 || store_sync(answer->store, why);
}

bool
greylist_request_answer(const struct greylist_request *request, struct store *store,
    const struct greylist_settings *settings, int64_t now, struct text *out, struct greylist_changes *changes,
    struct fault *why)
{
	struct answer answer = { request, store, settings, now, out, .changes = changes };
	struct store_page *page = malloc(sizeof *page);
	bool done = page != NULL || fault_set(why, "out of memory");

	*changes = (struct greylist_changes){ 0 };
	done = done && find_and_write(&answer, page, why);
	free(page);
	return done;
}

void
greylist_changes_say(const struct greylist_changes *changes, const struct greylist_request *request, uid_t who,
    bool hides, struct journal *journal)
{
	if (changes->count > 0 && request->verb != GREYLIST_TAKE)
		journal_say(journal, LOG_NOTICE, "greylist: uid %lu %s %zu tuple%s, first %s", (unsigned long)who,
		    request->verb == GREYLIST_PASS ? "lets pass" : "forgot", changes->count, text_s(changes->count),
		    hides ? "~" : changes->first);
}
