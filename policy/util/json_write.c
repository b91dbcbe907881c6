#include <string.h>

#include "policy/util/json_write.h"
#include "policy/util/utf8.h"

/* Stands for a byte in what we write: then its own three bytes must not be taken for it. */
static bool
stands_for_byte(uint32_t point)
{
	return point >= JSON_BYTE + 0x80 && point <= JSON_BYTE + 0xff;
}

void
json_write_bytes(struct text *out, const char *value, size_t length)
{
	const unsigned char *at = (const unsigned char *)value;

	text_char(out, '"');
	for (size_t i = 0; i < length;) {
		uint32_t point;
		size_t one = utf8_read(value + i, length - i, &point);

		if (one != 0 && stands_for_byte(point))
			one = 0;
		if (one == 0)
			text_format(out, "\\u%04x", (unsigned)JSON_BYTE + at[i]);
		else if (at[i] == '"' || at[i] == '\\')
			text_format(out, "\\%c", at[i]);
		else if (at[i] < 0x20 || at[i] == 0x7f)
			text_format(out, "\\u%04x", at[i]);
		else
			text_add(out, at + i, one);
		i += one == 0 ? 1 : one;
	}
	text_char(out, '"');
}

/* Between two members or elements, but not before the first. */
void
json_write_comma(struct text *out)
{
	char last = out->length > 0 ? out->bytes[out->length - 1] : '[';

	if (last != '[' && last != '{' && last != ':')
		text_char(out, ',');
}

void
json_write_begin(struct text *out)
{
	json_write_comma(out);
	text_char(out, '{');
}

void
json_write_end(struct text *out)
{
	text_char(out, '}');
}

void
json_write_key(struct text *out, const char *key)
{
	json_write_comma(out);
	text_format(out, "\"%s\":", key);
}

void
json_write_list(struct text *out, const char *key)
{
	json_write_key(out, key);
	text_char(out, '[');
}

void
json_write_list_end(struct text *out)
{
	text_char(out, ']');
}

void
json_write_string(struct text *out, const char *key, const char *value)
{
	json_write_key(out, key);
	json_write_bytes(out, value, strlen(value));
}

void
json_write_number(struct text *out, const char *key, int64_t value)
{
	json_write_key(out, key);
	text_format(out, "%lld", (long long)value);
}

void
json_write_bool(struct text *out, const char *key, bool value)
{
	json_write_key(out, key);
	text_put(out, value ? "true" : "false");
}
