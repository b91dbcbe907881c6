#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/text.h"

static const char nothing[1]; /* what an empty text points to */

struct span
span_of(const char *string)
{
	return (struct span){ string, strlen(string) };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_trim(struct span span)
{
	while (span.length > 0 && is_blank(span.at[0])) {
		span.at++;
		span.length--;
	}
	while (span.length > 0 && is_blank(span.at[span.length - 1]))
		span.length--;
	return span;
}

bool
span_is(struct span span, const char *string)
{
	return strlen(string) == span.length && memcmp(span.at, string, span.length) == 0;
}

const char *
text_s(size_t count)
{
	return count == 1 ? "" : "s";
}

char
text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

int
text_hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c == '\0' ? NULL : strchr(digits, text_lower(c));

	return at == NULL ? -1 : (int)(at - digits);
}

bool
span_is_nocase(struct span span, const char *string)
{
	if (strlen(string) != span.length)
		return false;
	for (size_t i = 0; i < span.length; i++)
		if (text_lower(span.at[i]) != text_lower(string[i]))
			return false;
	return true;
}

bool
span_begins(struct span span, const char *string)
{
	size_t length = strlen(string);

	return span.length >= length && memcmp(span.at, string, length) == 0;
}

int
span_compare(struct span one, struct span other)
{
	int order = memcmp(one.at, other.at, one.length < other.length ? one.length : other.length);

	return order != 0 ? order : (one.length > other.length) - (one.length < other.length);
}

struct span
span_cut(struct span *rest, char mark)
{
	struct span head = *rest;
	const char *found;

	if (rest->length == 0)
		return head; /* no arithmetic: `at` may be NULL */
	found = memchr(rest->at, mark, rest->length);
	if (found == NULL) {
		rest->at += rest->length;
		rest->length = 0;
		return head;
	}
	head.length = (size_t)(found - head.at);
	rest->at = found + 1;
	rest->length -= head.length + 1;
	return head;
}

void
text_open(struct text *text, size_t ceiling)
{
	*text = (struct text){ .bytes = (char *)nothing, .ceiling = ceiling };
}

void
text_close(struct text *text)
{
	if (text->room > 0)
		free(text->bytes);
	text_open(text, text->ceiling);
}

void
text_clear(struct text *text)
{
	text->length = 0;
	text->cut = text->failed = false;
	if (text->room > 0)
		text->bytes[0] = '\0';
}

/* Makes room for more bytes and a terminator; returns how many of them fit. */
static size_t
reserve(struct text *text, size_t more)
{
	size_t need, room;
	char *grown;

	if (more > text->ceiling - text->length) {
		more = text->ceiling - text->length;
		text->cut = true;
	}
	need = text->length + more + 1;
	if (need <= text->room)
		return more;
	room = need < 64 ? 64 : need * 2;
	grown = realloc(text->room > 0 ? text->bytes : NULL, room);
	if (grown == NULL) {
		text->cut = text->failed = true;
		return 0;
	}
	text->bytes = grown;
	text->room = room;
	text->bytes[text->length] = '\0'; /* also where nothing will follow */
	return more;
}

void
text_inherit(struct text *text, const struct text *piece)
{
	text->failed = text->failed || piece->failed;
	text->cut = text->cut || piece->failed;
}

void
text_rewind(struct text *text, size_t length)
{
	if (length >= text->length)
		return;
	text->length = length;
	text->bytes[length] = '\0';
}

void
text_add(struct text *text, const void *bytes, size_t length)
{
	length = reserve(text, length);
	if (length == 0)
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void
text_put(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void
text_span(struct text *text, struct span span)
{
	text_add(text, span.at, span.length);
}

void
text_char(struct text *text, char c)
{
	text_add(text, &c, 1);
}

void
text_escaped(struct text *text, const char *bytes, size_t length)
{
	size_t plain = 0; /* bytes before i that stand for themselves */

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			plain++;
			continue;
		}
		text_add(text, bytes + i - plain, plain);
		plain = 0;
		text_format(text, c == '"' || c == '\\' ? "\\%c" : "\\x%02x", c);
	}
	if (plain > 0)
		text_add(text, bytes + length - plain, plain);
}

void
text_plain(struct text *text, const char *string, size_t most)
{
	for (size_t i = 0; i < most && string[i] != '\0'; i++)
		text_char(text, string[i] >= ' ' && string[i] <= '~' ? string[i] : '?');
}

void
text_format(struct text *text, const char *fmt, ...)
{
	char small[256], *made = small;
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(small, sizeof small, fmt, args);
	va_end(args);
	if (length < 0) {
		text->cut = true;
		return;
	}
	if ((size_t)length >= sizeof small) {
		made = malloc((size_t)length + 1);
		if (made == NULL) {
			text->cut = text->failed = true;
			return;
		}
		va_start(args, fmt);
		vsnprintf(made, (size_t)length + 1, fmt, args);
		va_end(args);
	}
	text_add(text, made, (size_t)length);
	if (made != small)
		/* cppcheck-suppress autovarInvalidDeallocation ; it is not small */
		free(made);
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
text_distance(const char *a, const char *b)
{
	enum { LONGEST = 40 }; /* nobody mistypes a word longer than this */
	unsigned row[3][LONGEST + 1];
	size_t m = strlen(a), n = strlen(b);

	if (m > LONGEST || n > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= n; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		unsigned *now = row[i % 3], *before = row[(i + 2) % 3], *older = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			now[j] = least(before[j] + 1, now[j - 1] + 1);
			now[j] = least(now[j], before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], older[j - 2] + 1);
		}
	}
	return row[m % 3][n];
}
