#include "policy/util/utf8.h"

static const struct form {
	unsigned char mask, mark; /* of the first byte */
	uint32_t least;           /* smaller ones have a shorter form */
} forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

size_t
utf8_read(const char *at, size_t left, uint32_t *point)
{
	const unsigned char *byte = (const unsigned char *)at;

	for (size_t length = 1; length <= sizeof forms / sizeof *forms && length <= left; length++) {
		const struct form *form = &forms[length - 1];

		if ((byte[0] & form->mask) != form->mark)
			continue;
		*point = byte[0] & (uint32_t)~form->mask & 0xff;
		for (size_t i = 1; i < length; i++) {
			if ((byte[i] & 0xc0) != 0x80)
				return 0;
			*point = *point << 6 | (byte[i] & 0x3f);
		}
		if (*point < form->least || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
			return 0;
		return length;
	}
	return 0;
}

size_t
utf8_plain(const char *at, size_t left)
{
	uint32_t point;
	size_t length = utf8_read(at, left, &point);

	return length == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0) ? 0 : length;
}
