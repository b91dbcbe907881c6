/*
 * Any bytes as requests over `control`: first one that says who asks, one of the size of pieces, then the stream. Each reply is
 * one line with one JSON object; only root and the owner reload or change a greylist. The bytes are then read as JSON.
 */
#include <string.h>

#include "milter/peers/control.h"
#include "policy/rules/policy.h"
#include "policy/util/json_write.h"
#include "policy/util/json_read.h"
#include "t/fuzz/fuzz.h"

enum { NOW = 1000000, OWNER = 7, REQUESTS_MAX = 200, DEEP = 50 };

static unsigned reloads;
static struct store *store;
static size_t changed;

static bool
tell(void *context, struct text *out)
{
	(void)context;
	json_write_begin(out);
	json_write_number(out, "control", CONTROL_VERSION);
	json_write_end(out);
	return true;
}

static bool
reload(void *context)
{
	(void)context;
	reloads++;
	return true;
}

/* Of a few tuples. */
static const char *
ask_greylist(void *context, const struct greylist_request *request, uid_t who, struct text *out,
    struct greylist_changes *changes, struct fault *why)
{
	static const struct greylist_settings settings = { .on = true,
		.delay = 300,
		.retry_window = 172800,
		.lifetime = 3110400,
		.auto_pass = 5 };

	(void)context, (void)who;
	must(greylist_request_answer(request, store, &settings, NOW, out, changes, why));
	must(request->verb == GREYLIST_TAKE || changes->count <= request->most);
	must(request->verb != GREYLIST_LIST || changes->count == 0);
	must((changes->count == 0) == (changes->first[0] == '\0'));
	changed += changes->count;
	return NULL;
}

static void
store_fill(void)
{
	static const char *const keys[] = { "g <> c@d.example -", "g a@b.example c@d.example 192.0.2.0/24",
		"g a@b.example e@d.example @b.example", "g w\\x20#@b.example c@d.example 2001:db8::/64", "greenlane",
		"g", "g ", "g  ", "u a@b.example c@d.example -" };

	store = store_memory(100, NULL);
	must(store != NULL);
	for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct greylist_record record = { NOW - 100 * (int64_t)i, NOW, i % 7, 1, i % 2 == 1 };

		must(store_put(store, keys[i], strlen(keys[i]), &record, NULL));
	}
}

static void
check_reply(const struct text *out)
{
	struct span json = { out->bytes, out->length - 1 };

	must(out->length > 2 && memchr(out->bytes, '\n', out->length) == out->bytes + out->length - 1);
	must(json.at[0] == '{' && json.at[json.length - 1] == '}');
	must(json_read_integer(json_read_member(json, "control")) == CONTROL_VERSION);
}

static void
check_requests(const uint8_t *data, size_t size, size_t step, const struct connection_peer *peer)
{
	struct control control = { NULL, tell, reload, ask_greylist, OWNER };
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
	struct span rest = json, element, member = json_read_member(json, "a");
	struct text text;

	must(member.length == 0 || (member.at >= json.at && member.at + member.length <= json.at + json.length));
	text_open(&text, json.length + 16);
	json_read_unquote(json, &text);
	must(text.length <= json.length);
	text_close(&text);
	(void)json_read_integer(json);
	while (json_read_next(&rest, &element)) {
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
	changed = 0;
	store_fill();
	check_requests(data + 2, size - 2, data[1] + 1, &peer);
	must((reloads == 0 && changed == 0) || (peer.known && (peer.uid == 0 || peer.uid == OWNER)));
	store_close(store);
	check_value((struct span){ (const char *)data + 2, size - 2 }, 0);
	return 0;
}
