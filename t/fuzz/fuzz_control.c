/*
 * Any bytes as requests over `control`: first one that says who asks, one of the size of pieces, then the stream. Each reply is
 * one line with one JSON object; only root and the owner reload. The bytes are then read as JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "milter/peers/control.h"
#include "policy/util/json.h"
#include "policy/util/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OWNER = 7, REQUESTS_MAX = 200, DEEP = 50 };

static unsigned reloads;

static void
must(bool good)
{
	if (!good)
		abort();
}

static bool
tell(void *context, struct text *out)
{
	(void)context;
	json_begin(out);
	json_number(out, "control", CONTROL_VERSION);
	json_end(out);
	return true;
}

static bool
reload(void *context)
{
	(void)context;
	reloads++;
	return true;
}

static void
check_reply(const struct text *out)
{
	struct span json = { out->bytes, out->length - 1 };

	must(out->length > 2 && memchr(out->bytes, '\n', out->length) == out->bytes + out->length - 1);
	must(json.at[0] == '{' && json.at[json.length - 1] == '}');
	must(json_integer(json_member(json, "control")) == CONTROL_VERSION);
}

static void
check_requests(const uint8_t *data, size_t size, size_t step, const struct connection_peer *peer)
{
	struct control control = { NULL, tell, reload, OWNER };
	enum framing found = FRAME_PARTIAL;
	struct text begun, out;
	struct frame request;
	struct fault why;
	size_t requests = 0;

	text_open(&begun, control_protocol.request_max);
	for (size_t at = 0; at < size && found != FRAME_BROKEN && requests < REQUESTS_MAX; at += step) {
		struct span bytes = { (const char *)data + at, size - at < step ? size - at : step };

		while ((found = frame_feed(&begun, &bytes, control_protocol.cut, &request, &why)) == FRAME_WHOLE) {
			text_open(&out, control_protocol.reply_max);
			must(control_protocol.reply(&control, peer, &request, &out));
			check_reply(&out);
			text_close(&out);
			text_clear(&begun);
			requests++;
		}
	}
	text_close(&begun);
}

/* Whatever it finds lies within what it was given. */
static void
check_value(struct span json, unsigned depth)
{
	struct span rest = json, element, member = json_member(json, "a");
	struct text text;

	must(member.length == 0 || (member.at >= json.at && member.at + member.length <= json.at + json.length));
	text_open(&text, json.length + 16);
	json_unquote(json, &text);
	must(text.length <= json.length);
	text_close(&text);
	(void)json_integer(json);
	while (json_next(&rest, &element)) {
		must(element.length > 0 && element.at >= json.at && element.at + element.length <= json.at + json.length);
		if (depth < DEEP && element.length < json.length)
			check_value(element, depth + 1);
	}
	if (depth < DEEP && member.length > 0)
		check_value(member, depth + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct connection_peer peer = { .known = false };

	if (size < 2)
		return 0;
	peer.known = data[0] % 2 == 1;
	peer.uid = data[0] / 2 % 10;
	reloads = 0;
	check_requests(data + 2, size - 2, data[1] + 1, &peer);
	must(reloads == 0 || (peer.known && (peer.uid == 0 || peer.uid == OWNER)));
	check_value((struct span){ (const char *)data + 2, size - 2 }, 0);
	return 0;
}
