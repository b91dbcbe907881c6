/*
 * frame.h - cuts requests out of a stream of bytes that arrives in pieces of any size.
 *
 * Knows no protocol: a protocol's own function says where a request ends. A request has a ceiling, so
 * that nobody can send one that never ends.
 */
#ifndef FRAME_H
#define FRAME_H

#include "policy/util/fault.h"
#include "policy/util/text.h"

enum framing {
	FRAME_PARTIAL, /* all bytes are used up and the request is not complete */
	FRAME_WHOLE,   /* a request was cut out; the bytes after it are left */
	FRAME_BROKEN   /* *why says how; the stream is of no use any more */
};

/* How a protocol cuts the request at the front of bytes. FRAME_WHOLE: *out is what the request says, without
 * its end mark, and *bytes begins after it. Otherwise *bytes is unchanged. */
typedef enum framing frame_cut(struct span *bytes, struct span *out, struct fault *why);

/* What a request says; terminated. Whoever answers it may write to it: nobody reads it again. */
struct frame {
	char *bytes;
	size_t length;
};

/* Moves bytes into begun up to the end of the first request. begun is the connection's own text: its ceiling is
 * that of one request, and it holds only what has arrived of an incomplete request. *out lies in it: clear it
 * (text_clear) when the request is answered, before feeding more. */
enum framing frame_feed(struct text *begun, struct span *bytes, frame_cut *cut, struct frame *out,
    struct fault *why) MUST_USE;

#endif
