/*
 * frame.h - cuts requests out of a stream of bytes that comes in pieces of any size.
 *
 * Knows no protocol: a protocol's own function says where a request ends. A request has a ceiling, so
 * that nobody makes us wait for one without end.
 */
#ifndef FRAME_H
#define FRAME_H

#include "policy/util/fault.h"
#include "policy/util/text.h"

enum framing {
	FRAME_PARTIAL, /* all bytes are used up and the request is not whole */
	FRAME_WHOLE,   /* a request was cut out; bytes behind it are left */
	FRAME_BROKEN   /* *why says how; the stream is of no use any more */
};

/* How a protocol cuts: from the front of bytes, which begin with a request. Whole: *out is what the request says,
 * without what marks its end, and *bytes begins behind it. Else nothing is used up. */
typedef enum framing frame_cut(struct span *bytes, struct span *out, struct fault *why);

/* What a request says; terminated. Whoever answers it may write to it, it is not read again. */
struct frame {
	char *bytes;
	size_t length;
};

/* Moves bytes into begun up to the end of the first request. begun is the connection's own text: its ceiling is
 * that of one request, and it is empty but for what has come of a request that is not whole. *out lies in it:
 * clear it (text_clear) when the request is answered, before more is fed. */
enum framing frame_feed(struct text *begun, struct span *bytes, frame_cut *, struct frame *out,
    struct fault *why) MUST_USE;

#endif
