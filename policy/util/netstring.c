#include "policy/util/netstring.h"

enum { DIGITS_MAX = 4 /* of NETSTRING_MAX */ };

static enum framing
broken(struct fault *why)
{
	fault_set(why, "it is not a netstring");
	return FRAME_BROKEN;
}

enum framing
netstring_cut(struct span *bytes, struct span *out, struct fault *why)
{
	size_t digits = 0, length = 0;

	while (digits < bytes->length && bytes->at[digits] >= '0' && bytes->at[digits] <= '9') {
		length = length * 10 + (size_t)(bytes->at[digits] - '0');
		if (++digits > DIGITS_MAX || length > NETSTRING_MAX)
			return broken(why);
	}
	if (digits == bytes->length)
		return FRAME_PARTIAL;
	if (digits == 0 || bytes->at[digits] != ':')
		return broken(why);
	if (bytes->length < digits + 1 + length + 1)
		return FRAME_PARTIAL;
	if (bytes->at[digits + 1 + length] != ',')
		return broken(why);
	*out = (struct span){ bytes->at + digits + 1, length };
	bytes->at += digits + length + 2;
	bytes->length -= digits + length + 2;
	return FRAME_WHOLE;
}

void
netstring_put(struct text *text, struct span span)
{
	text_format(text, "%zu:", span.length);
	text_span(text, span);
	text_char(text, ',');
}
