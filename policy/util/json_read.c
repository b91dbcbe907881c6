#include <string.h>

#include "policy/util/json_read.h"
#include "policy/util/json_write.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span
from(struct span text, size_t at)
{
	return (struct span){ text.at + at, text.length - at };
}

static size_t
blanks(struct span text)
{
	size_t at = 0;

	while (at < text.length && is_blank(text.at[at]))
		at++;
	return at;
}

/* The length of the string at the front, with both quotes. */
static size_t
string_length(struct span text)
{
	size_t at = 1;

	while (at < text.length && text.at[at] != '"')
		at += text.at[at] == '\\' ? 2 : 1;
	return at < text.length ? at + 1 : text.length;
}

static size_t
nested_length(struct span text)
{
	size_t at = 0, depth = 0;

	while (at < text.length) {
		char c = text.at[at];

		if (c == '"') {
			at += string_length(from(text, at));
			continue;
		}
		at++;
		depth += c == '{' || c == '[';
		if ((c == '}' || c == ']') && --depth == 0)
			break;
	}
	return at;
}

/* The length of the value at the front; 0: there is none. */
static size_t
value_length(struct span text)
{
	size_t at = 0;

	if (text.length == 0)
		return 0;
	if (text.at[0] == '"')
		return string_length(text);
	if (text.at[0] == '{' || text.at[0] == '[')
		return nested_length(text);
	while (at < text.length && !is_blank(text.at[at]) && strchr(",:]}", text.at[at]) == NULL)
		at++;
	return at;
}

/* Cuts the value at the front off, with the blanks around it. False: there is none. */
static bool
cut_value(struct span *rest, struct span *value)
{
	*rest = from(*rest, blanks(*rest));
	*value = (struct span){ rest->at, value_length(*rest) };
	*rest = from(*rest, value->length);
	*rest = from(*rest, blanks(*rest));
	return value->length > 0;
}

static bool
cut_mark(struct span *rest, char mark)
{
	if (rest->length == 0 || rest->at[0] != mark)
		return false;
	*rest = from(*rest, 1);
	return true;
}

/* A key of ours needs no escapes. */
static bool
is_key(struct span value, const char *key)
{
	return value.length >= 2 && value.at[0] == '"' && span_is((struct span){ value.at + 1, value.length - 2 }, key);
}

struct span
json_read_member(struct span object, const char *key)
{
	struct span rest = from(object, blanks(object)), name, value, found = { object.at, 0 };

	if (!cut_mark(&rest, '{'))
		return found;
	while (cut_value(&rest, &name) && cut_mark(&rest, ':') && cut_value(&rest, &value)) {
		if (is_key(name, key))
			found = value;
		if (!cut_mark(&rest, ','))
			break;
	}
	return found;
}

bool
json_read_next(struct span *rest, struct span *element)
{
	*rest = from(*rest, blanks(*rest));
	if (!cut_mark(rest, '[') && !cut_mark(rest, ','))
		return false;
	return cut_value(rest, element);
}

bool
json_read_next_member(struct span *rest, struct span *key, struct span *value)
{
	*rest = from(*rest, blanks(*rest));
	if ((!cut_mark(rest, '{') && !cut_mark(rest, ',')) || !cut_value(rest, key) || key->length < 2 ||
	    key->at[0] != '"' || !cut_mark(rest, ':'))
		return false;
	*key = (struct span){ key->at + 1, key->length - 2 };
	return cut_value(rest, value);
}

/* ---- strings ---- */

static bool
read_hex(struct span text, uint32_t *out)
{
	*out = 0;
	if (text.length < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		char c = text_lower(text.at[i]);

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
		*out = *out << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return true;
}

/* json_write.h writes a byte that is no UTF-8 as U+F700 + byte, and control characters; it writes nothing else so. */
static void
put_point(struct text *out, uint32_t point)
{
	if (point < 0x80)
		text_char(out, (char)point);
	else if (point >= JSON_BYTE + 0x80 && point <= JSON_BYTE + 0xff)
		text_char(out, (char)(point & 0xff));
	else
		text_char(out, '?');
}

/* What comes behind a backslash; returns its length. */
static size_t
put_escape(struct text *out, struct span text)
{
	static const char letters[] = "nrtbf", meanings[] = "\n\r\t\b\f";
	const char *letter;
	uint32_t point;

	if (text.length == 0)
		return 0;
	if (text.at[0] == 'u' && read_hex(from(text, 1), &point)) {
		put_point(out, point);
		return 5;
	}
	letter = memchr(letters, text.at[0], sizeof letters - 1);
	text_char(out, letter == NULL ? text.at[0] : meanings[letter - letters]);
	return 1;
}

void
json_read_unquote(struct span value, struct text *out)
{
	size_t end = value.length;

	if (value.length < 2 || value.at[0] != '"') {
		text_span(out, value);
		return;
	}
	end -= value.at[end - 1] == '"';
	for (size_t i = 1; i < end;) {
		if (value.at[i] != '\\') {
			text_char(out, value.at[i++]);
			continue;
		}
		i++;
		i += put_escape(out, (struct span){ value.at + i, end - i });
	}
}

bool
json_read_is_true(struct span value)
{
	return span_is(value, "true");
}

int64_t
json_read_integer(struct span value)
{
	bool minus = value.length > 0 && value.at[0] == '-';
	int64_t number = 0;

	for (size_t i = minus; i < value.length; i++) {
		if (value.at[i] < '0' || value.at[i] > '9' || number > (INT64_MAX - 9) / 10)
			return 0;
		number = number * 10 + (value.at[i] - '0');
	}
	return minus ? -number : number;
}
