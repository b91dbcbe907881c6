#include <string.h>

#include "policy/review/record_value.h"
#include "policy/util/json_write.h"
#include "policy/util/utf8.h"

/* ---- what version 1 wrote ---- */

/*
 * Version 1 wrote a byte that is no UTF-8 as half a surrogate pair, which no reader of JSON takes, and a character of
 * U+F780 to U+F7FF as itself. Version 2 writes both by bytes (json_write.h).
 */
enum { HALF = 0xdc00, ESCAPE = 6 }; /* "\u1234" */

static bool
stands_for_byte(uint32_t point)
{
	return point >= JSON_BYTE + 0x80 && point <= JSON_BYTE + 0xff;
}

/* The number of "\u1234" at `at`; false: there is none. */
static bool
escape_read(const char *at, size_t left, uint32_t *point)
{
	if (left < ESCAPE || at[0] != '\\' || at[1] != 'u')
		return false;
	*point = 0;
	for (size_t i = 2; i < ESCAPE; i++) {
		int digit = text_hex_digit(at[i]);

		if (digit < 0)
			return false;
		*point = *point * 16 + (uint32_t)digit;
	}
	return true;
}

static void
put_byte(struct text *out, unsigned char byte)
{
	text_format(out, "\\u%04x", (unsigned)JSON_BYTE + byte);
}

/* The three bytes of a character below U+10000 and above U+07FF. */
static void
put_bytes_of(struct text *out, uint32_t point)
{
	put_byte(out, (unsigned char)(0xe0 | point >> 12));
	put_byte(out, (unsigned char)(0x80 | (point >> 6 & 0x3f)));
	put_byte(out, (unsigned char)(0x80 | (point & 0x3f)));
}

/* Translates what begins at `at`; the length of that. */
static size_t
translate_one(struct text *out, const char *at, size_t left)
{
	uint32_t point, second;
	size_t one = ESCAPE;

	if (!escape_read(at, left, &point)) {
		one = at[0] == '\\' && left > 1 ? 2 : utf8_read(at, left, &point); /* what is escaped begins no escape */
		if (one == 3 && stands_for_byte(point))
			put_bytes_of(out, point);
		else
			text_add(out, at, one = one == 0 ? 1 : one);
	} else if (point >= 0xd800 && point < HALF && escape_read(at + ESCAPE, left - ESCAPE, &second)) {
		text_add(out, at, one = 2 * (size_t)ESCAPE); /* a whole pair */
	} else if (point >= HALF + 0x80 && point <= HALF + 0xff) {
		put_byte(out, (unsigned char)(point - HALF));
	} else if (stands_for_byte(point)) {
		put_bytes_of(out, point);
	} else {
		text_add(out, at, one);
	}
	return one;
}

static json_t *
parse_translated(struct span line, json_error_t *error)
{
	struct text out;
	json_t *root;

	text_open(&out, 8 * line.length + 1); /* three bytes become three escapes */
	for (size_t i = 0; i < line.length;)
		i += translate_one(&out, line.at + i, line.length - i);
	root = json_loadb(out.bytes, out.length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, error);
	text_close(&out);
	return root;
}

static bool
is_version_1(const json_t *root)
{
	return json_integer_value(json_object_get(root, "v")) == 1;
}

json_t *
record_parse(struct span line, struct fault *why)
{
	json_error_t error, ignored;
	json_t *root = json_loadb(line.at, line.length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error), *again;

	if (root != NULL && !is_version_1(root))
		return root;
	if (line.length == 0) { /* what is too long comes here without its bytes */
		fault_set(why, "empty, or longer than any record");
		return NULL;
	}
	again = parse_translated(line, &ignored);
	json_decref(root);
	if (is_version_1(again))
		return again;
	json_decref(again);
	fault_set(why, "no JSON (RFC 8259), at byte %d", error.position);
	return NULL;
}

/* ---- values ---- */

void
record_wrong(struct record_reader *reader, const char *key)
{
	if (reader->wrong == NULL)
		reader->wrong = key;
}

/* The bytes that a string stands for: json_write.h writes one that is no UTF-8 as a character of its own. */
static size_t
restore(const char *from, size_t length, char *to)
{
	size_t written = 0;

	for (size_t i = 0; i < length;) {
		uint32_t point;
		size_t one = utf8_read(from + i, length - i, &point);

		if (one == 3 && stands_for_byte(point)) {
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

const char *
record_bytes(struct record_reader *reader, const json_t *value, const char *key, size_t *length)
{
	size_t whole = json_string_length(value);
	char *copy;

	*length = 0;
	if (value == NULL)
		return "";
	if (!json_is_string(value)) {
		record_wrong(reader, key);
		return "";
	}
	copy = arena_take(reader->arena, whole + 1);
	*length = copy == NULL ? 0 : restore(json_string_value(value), whole, copy);
	return copy == NULL ? "" : copy;
}

/* What is a string to us ends at a NUL, so none is ever written with one. */
static const char *
text_of(struct record_reader *reader, const json_t *value, const char *key)
{
	size_t length;
	const char *text = record_bytes(reader, value, key, &length);

	if (strlen(text) != length)
		record_wrong(reader, key);
	return text;
}

const char *
record_text(struct record_reader *reader, const json_t *object, const char *key)
{
	return text_of(reader, json_object_get(object, key), key);
}

const char *
record_word(struct record_reader *reader, const json_t *object, const char *key)
{
	const char *word = record_text(reader, object, key);

	return strcmp(word, "-") == 0 ? "" : word;
}

const char *
record_text_or_null(struct record_reader *reader, const json_t *object, const char *key)
{
	return json_object_get(object, key) == NULL ? NULL : record_text(reader, object, key);
}

const char *
record_text_at(struct record_reader *reader, const json_t *array, const char *key, size_t i)
{
	const json_t *value = json_array_get(array, i);

	if (value == NULL)
		record_wrong(reader, key);
	return text_of(reader, value, key);
}

bool
record_holds(struct record_reader *reader, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (value != NULL && !json_is_boolean(value))
		record_wrong(reader, key);
	return json_is_true(value);
}

int64_t
record_number(struct record_reader *reader, const json_t *object, const char *key, int64_t least, int64_t most)
{
	const json_t *value = json_object_get(object, key);
	int64_t number = json_integer_value(value);

	if (value == NULL || json_is_null(value))
		return 0;
	if (json_is_integer(value) && number >= least && number <= most)
		return number;
	record_wrong(reader, key);
	return 0;
}

int
record_enum(struct record_reader *reader, const json_t *object, const char *key, const struct word_list *words)
{
	const json_t *value = json_object_get(object, key);
	int number = json_is_string(value) ? word_list_find(words, json_string_value(value)) : -1;

	if (value != NULL && number < 0)
		record_wrong(reader, key);
	return number < 0 ? 0 : number;
}

void
record_address(struct record_reader *reader, const json_t *object, const char *key, struct address *out)
{
	const char *text = record_word(reader, object, key);

	*out = (struct address){ .family = ADDRESS_NONE };
	if (text[0] != '\0' && !address_read(text, out))
		record_wrong(reader, key);
}

void *
record_list(struct record_reader *reader, const json_t *object, const char *key, size_t size, size_t most, size_t *count)
{
	const json_t *array = json_object_get(object, key);
	void *list;

	*count = json_array_size(array);
	if (array == NULL && reader->version > 1 && reader->missing == NULL)
		reader->missing = key;
	if ((array != NULL && !json_is_array(array)) || *count > most) {
		record_wrong(reader, key);
		*count = 0;
	}
	list = arena_take(reader->arena, (*count + 1) * size);
	*count = list == NULL ? 0 : *count;
	return list;
}

const json_t *
record_entry(struct record_reader *reader, const json_t *array, const char *key, size_t i)
{
	const json_t *entry = json_array_get(array, i);

	if (!json_is_object(entry))
		record_wrong(reader, key);
	return entry;
}
