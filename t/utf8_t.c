/*
 * utf8_t.c - what is a character, and which of them are controls.
 */
#include <string.h>

#include "policy/util/utf8.h"
#include "t/lib/tap.h"

static const struct {
	const char *name, *bytes;
	size_t length, plain;
	uint32_t point;
} rows[] = {
	{ "a letter", "ab", 1, 1, 'a' },
	{ "the last of one byte is DEL, a control", "\x7f", 1, 0, 0x7f },
	{ "a line break", "\n", 1, 0, '\n' },
	{ "the first control of two bytes", "\xc2\x80", 2, 0, 0x80 },
	{ "the last control", "\xc2\x9f", 2, 0, 0x9f },
	{ "the first after it, a blank", "\xc2\xa0", 2, 2, 0xa0 },
	{ "the last of two bytes", "\xdf\xbf", 2, 2, 0x7ff },
	{ "the first of three", "\xe0\xa0\x80", 3, 3, 0x800 },
	{ "the last before the surrogates", "\xed\x9f\xbf", 3, 3, 0xd7ff },
	{ "the first after them", "\xee\x80\x80", 3, 3, 0xe000 },
	{ "the last of three", "\xef\xbf\xbf", 3, 3, 0xffff },
	{ "the first of four", "\xf0\x90\x80\x80", 4, 4, 0x10000 },
	{ "the last of all", "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff },
	{ "past the last", "\xf4\x90\x80\x80", 0, 0, 0 },
	{ "the first surrogate", "\xed\xa0\x80", 0, 0, 0 },
	{ "the last surrogate", "\xed\xbf\xbf", 0, 0, 0 },
	{ "ASCII in two bytes", "\xc1\xbf", 0, 0, 0 },
	{ "two bytes' worth in three", "\xe0\x9f\xbf", 0, 0, 0 },
	{ "three bytes' worth in four", "\xf0\x8f\xbf\xbf", 0, 0, 0 },
	{ "five bytes", "\xf8\x88\x80\x80\x80", 0, 0, 0 },
	{ "a continuation byte alone", "\x80", 0, 0, 0 },
	{ "a byte that UTF-8 never uses", "\xff", 0, 0, 0 },
	{ "a character that ends too early",
	    "\xc3"
	    "a",
	    0, 0, 0 },
	{ "one that is cut", "\xe2\x82", 0, 0, 0 },
	{ "nothing", "", 0, 0, 0 },
};

int
main(void)
{
	uint32_t point;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t length = strlen(rows[i].bytes), one = utf8_read(rows[i].bytes, length, &point);

		is_number((long long)one, (long long)rows[i].length, "%s", rows[i].name);
		if (one > 0)
			is_number(point, rows[i].point, "its code point");
		is_number((long long)utf8_plain(rows[i].bytes, length), (long long)rows[i].plain,
		    "its length where controls do not count");
	}
	is_number((long long)utf8_read("", 1, &point), 1, "NUL is a character");
	is_number((long long)utf8_plain("", 1), 0, "and a control");
	return done();
}
