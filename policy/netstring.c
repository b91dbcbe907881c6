#include "netstring.h"

enum { DIGITS_MAX = 4 /* of NETSTRING_MAX */ };

enum netstring_reading
netstring_cut(struct span *bytes, struct span *out)
{
	size_t digits = 0, length = 0;

	while (digits < bytes->length && bytes->at[digits] >= '0' && bytes->at[digits] <= '9') {
		length = length * 10 + (size_t)(bytes->at[digits] - '0');
		if (++digits > DIGITS_MAX || length > NETSTRING_MAX)
			return NETSTRING_BROKEN;
	}
	if (digits == bytes->length)
		return NETSTRING_MORE;
	if (digits == 0 || bytes->at[digits] != ':')
		return NETSTRING_BROKEN;
	if (bytes->length < digits + 1 + length + 1)
		return NETSTRING_MORE;
	if (bytes->at[digits + 1 + length] != ',')
		return NETSTRING_BROKEN;
	*out = (struct span){ bytes->at + digits + 1, length };
	bytes->at += digits + length + 2;
	bytes->length -= digits + length + 2;
	return NETSTRING_READY;
}

void
netstring_put(struct text *text, struct span span)
{
	text_format(text, "%zu:", span.length);
	text_span(text, span);
	text_char(text, ',');
}
