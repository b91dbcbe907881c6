/*
 * Any bytes as what a ruleset of Sendmail asks over its socket map: one of the size of pieces, then the stream. Each reply is one
 * netstring of three, and nothing is white that is not in the vendor's range or ours.
 */
#include <string.h>

#include "milter/peers/socketmap.h"
#include "policy/util/address.h"
#include "policy/util/netstring.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/session_fixture.h"

enum { REQUESTS_MAX = 30 };

static const struct services *
services_once(void)
{
	static const struct services *services;

	if (services == NULL)
		services = session_fixture_open();
	return services;
}

/* The vendor's range, and our own outbound host. */
static bool
may_be_white(struct span key)
{
	static const char *const networks[] = { "192.0.2.0/24", "198.51.100.25", "198.51.100.5" };
	struct address client;
	struct prefix network;
	struct span word;
	char text[64];

	(void)span_cut(&key, ' ');
	word = span_trim(span_cut(&key, ','));
	must(word.length < sizeof text);
	memcpy(text, word.at, word.length);
	text[word.length] = '\0';
	must(address_read(text, &client));
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
		if (prefix_read(networks[i], &network, NULL) && prefix_holds(&network, &client))
			return true;
	return false;
}

static void
check_reply(struct span key, const struct text *out)
{
	struct span bytes = { out->bytes, out->length }, said = { NULL, 0 };
	struct fault why;

	must(!out->cut && netstring_cut(&bytes, &said, &why) == FRAME_WHOLE && bytes.length == 0);
	if (span_is(said, "OK WHITE"))
		must(may_be_white(key));
	else
		must(span_is(said, "NOTFOUND ") || span_is(said, "PERM the key is CLIENT,SENDER"));
}

static void
check_request(struct frame *request)
{
	struct text key, out;
	struct span bytes, said;
	struct fault why;

	must(request->length <= NETSTRING_MAX);
	text_open(&key, NETSTRING_FRAME_MAX);
	text_open(&out, socketmap_protocol.reply_max);
	netstring_put(&key, (struct span){ request->bytes, request->length });
	bytes = (struct span){ key.bytes, key.length };
	must(netstring_cut(&bytes, &said, &why) == FRAME_WHOLE && said.length == request->length && bytes.length == 0);
	text_clear(&key);
	text_add(&key, request->bytes, request->length);
	must(socketmap_protocol.reply((void *)(uintptr_t)services_once(), NULL, request, &out));
	check_reply((struct span){ key.bytes, key.length }, &out);
	text_close(&out);
	text_close(&key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum framing found = FRAME_PARTIAL;
	struct fault why = { .text = "" };
	size_t step, requests = 0;
	struct frame request;
	struct text begun;

	if (size < 1)
		return 0;
	text_open(&begun, socketmap_protocol.request_max);
	step = data[0] + 1;
	for (size_t at = 1; at < size && found != FRAME_BROKEN && requests < REQUESTS_MAX; at += step) {
		struct span bytes = { (const char *)data + at, size - at < step ? size - at : step };

		while ((found = frame_feed(&begun, &bytes, socketmap_protocol.cut, &request, &why)) == FRAME_WHOLE) {
			check_request(&request);
			text_clear(&begun);
			requests++;
		}
		must(bytes.length == 0 && (found != FRAME_BROKEN || why.text[0] != '\0'));
	}
	text_close(&begun);
	return 0;
}
