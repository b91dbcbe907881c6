#include <string.h>

#include "policy/mail/encoded_word.h"
#include "policy/util/text.h"

/* "=?charset?Q?text?=", without the marks. */
struct word {
	bool base64;
	struct span text;
	size_t length; /* all of it */
};

/* The last "?=": a field of beginnings without an end must not cost its square. NULL: there is none. */
static const char *
last_end(const char *field, size_t length)
{
	for (size_t i = length; i >= 2; i--)
		if (field[i - 2] == '?' && field[i - 1] == '=')
			return field + i - 2;
	return NULL;
}

static bool
word_read(struct span rest, const char *last, struct word *out)
{
	const char *charset_end, *end;
	char encoding;
	size_t left;

	if (rest.length < 2 || memcmp(rest.at, "=?", 2) != 0 || rest.at > last)
		return false;
	charset_end = memchr(rest.at + 2, '?', rest.length - 2 < 64 ? rest.length - 2 : 64);
	left = charset_end == NULL ? 0 : rest.length - (size_t)(charset_end - rest.at);
	if (left < 3 || charset_end[2] != '?')
		return false;
	encoding = text_lower(charset_end[1]);
	if (encoding != 'q' && encoding != 'b')
		return false;
	end = memmem(charset_end + 3, left - 3, "?=", 2);
	if (end == NULL)
		return false;
	*out = (struct word){ encoding == 'b', { charset_end + 3, (size_t)(end - charset_end) - 3 },
		(size_t)(end - rest.at) + 2 };
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = text_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *
q_decode(struct span text, char *out)
{
	for (size_t i = 0; i < text.length; i++) {
		int high = i + 2 < text.length && text.at[i] == '=' ? hex_value(text.at[i + 1]) : -1;
		int low = high < 0 ? -1 : hex_value(text.at[i + 2]);

		if (low >= 0) {
			*out++ = (char)(high * 16 + low);
			i += 2;
		} else {
			*out++ = text.at[i] == '_' ? ' ' : text.at[i];
		}
	}
	return out;
}

/* What is not of the alphabet is skipped. */
static char *
b_decode(struct span text, char *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned kept = 0, bits = 0;

	for (size_t i = 0; i < text.length; i++) {
		const char *digit = text.at[i] == '\0' ? NULL : strchr(alphabet, text.at[i]);

		if (digit == NULL)
			continue;
		kept = (kept << 6 | (unsigned)(digit - alphabet)) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*out++ = (char)(kept >> bits & 0xff);
		}
	}
	return out;
}

static size_t
blanks(struct span rest)
{
	size_t length = 0;

	while (length < rest.length && strchr(" \t\r\n", rest.at[length]) != NULL && rest.at[length] != '\0')
		length++;
	return length;
}

/* The result is never longer than the words, so it is written over them. */
bool
encoded_words_decode(char *field, size_t *length)
{
	const char *last = last_end(field, *length);
	struct span rest = { field, *length }, behind;
	struct word word;
	char *out = field;
	bool any = false;

	while (last != NULL && rest.length > 0) {
		size_t taken = 1, between;

		if (word_read(rest, last, &word)) {
			out = word.base64 ? b_decode(word.text, out) : q_decode(word.text, out);
			any = true;
			behind = (struct span){ rest.at + word.length, rest.length - word.length };
			between = blanks(behind);
			behind = (struct span){ behind.at + between, behind.length - between };
			taken = word.length + (word_read(behind, last, &word) ? between : 0);
		} else {
			*out++ = rest.at[0];
		}
		rest = (struct span){ rest.at + taken, rest.length - taken };
	}
	if (any)
		*length = (size_t)(out - field);
	return any;
}
