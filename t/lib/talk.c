#include "t/lib/talk.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = text_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Cuts one byte off the front, escaped or not. */
static char
byte_cut(struct span *from)
{
	static const char names[] = "0nrt\\", bytes[] = "\0\n\r\t\\";
	char c = *from->at++;

	from->length--;
	if (c != '\\' || from->length == 0)
		return c;
	for (size_t i = 0; names[i] != '\0'; i++)
		if (from->at[0] == names[i]) {
			from->at++;
			from->length--;
			return bytes[i];
		}
	if (from->length < 3 || from->at[0] != 'x' || hex(from->at[1]) < 0 || hex(from->at[2]) < 0)
		return c;
	c = (char)(hex(from->at[1]) << 4 | hex(from->at[2]));
	from->at += 3;
	from->length -= 3;
	return c;
}

bool
talk_next(struct span *rest, char *command, struct text *data)
{
	while (rest->length > 0) {
		struct span line = span_cut(rest, '\n');

		if (line.length == 0 || line.at[0] == '#')
			continue;
		text_clear(data);
		*command = byte_cut(&line);
		if (line.length > 0 && line.at[0] == ' ')
			(void)byte_cut(&line);
		while (line.length > 0)
			text_char(data, byte_cut(&line));
		return true;
	}
	return false;
}
