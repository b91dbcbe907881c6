#include "policy/util/frame.h"

static enum framing
too_long(const struct text *begun, struct fault *why)
{
	if (begun->failed)
		fault_set(why, "out of memory");
	else
		fault_set(why, "a request longer than %zu bytes", begun->ceiling);
	return FRAME_BROKEN;
}

enum framing
frame_feed(struct text *begun, struct span *bytes, frame_cut *cut, struct frame *out, struct fault *why)
{
	size_t before = begun->length, used;
	struct span rest, request;
	enum framing found;

	text_span(begun, *bytes);
	rest = (struct span){ begun->bytes, begun->length };
	found = cut(&rest, &request, why);
	if (found == FRAME_PARTIAL && begun->cut)
		found = too_long(begun, why);
	/* it was not complete before these bytes came, so it ends among them */
	used = found == FRAME_WHOLE ? begun->length - rest.length - before : bytes->length;
	bytes->at += used;
	bytes->length -= used;
	if (found != FRAME_WHOLE)
		return found;
	*out = (struct frame){ begun->bytes + (request.at - begun->bytes), request.length };
	out->bytes[out->length] = '\0';
	return FRAME_WHOLE;
}
