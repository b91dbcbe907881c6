/*
 * Any bytes as what Postfix asks its policy server: first one of settings, one of SPF's result, one of the size
 * of pieces, then the stream. Whatever it says, nothing is permitted.
 */
#include <string.h>

#include "policy/config/policy_value.h"
#include "policy/verdict/delegate_request.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/delegate_fixture.h"

enum { REQUESTS_MAX = 50 };

static const struct fixture *
fixture_of(uint8_t byte)
{
	static struct fixture fixtures[4];
	static const char *const settings[] = { "", "delegate = { undecided = \"vouch\"; };",
		"delegate = { undecided = \"greylist\"; greylist_class = \"Later-1\"; };", "mode = \"monitor\";" };
	struct fixture *fixture = &fixtures[byte % 4];

	if (fixture->policy == NULL)
		must(fixture_open(fixture, settings[byte % 4], byte % 2 == 0 ? "gate rival" : ""));
	return fixture;
}

/* DUNNO, the class that is set, or a refusal; on one line, in printable bytes. */
static void
check_wire(const struct fixture *fixture, const struct delegate_reply *reply, const struct text *wire)
{
	const char *word = wire->bytes + strlen("action=");
	const char *class = fixture->policy->settings.delegate.greylist_class;
	size_t length = wire->length - strlen("action=") - 2;

	must(wire->length < DELEGATE_REPLY_MAX && strlen(wire->bytes) == wire->length);
	must(strncmp(wire->bytes, "action=", 7) == 0 && strcmp(wire->bytes + wire->length - 2, "\n\n") == 0);
	for (size_t i = 0; i < length; i++)
		must((unsigned char)word[i] >= 0x20 && (unsigned char)word[i] < 0x7f);
	switch (reply->word) {
	case DELEGATE_DUNNO:
		must(length == 5 && memcmp(word, "DUNNO", 5) == 0);
		break;
	case DELEGATE_CLASS:
		must(length == strlen(class) && memcmp(word, class, length) == 0 && value_class(class, NULL));
		break;
	case DELEGATE_REFUSE:
		must(length >= 11 && memcmp(word, "550 5.7.26 ", 11) == 0);
		must(!fixture->policy->settings.monitor && reply->claim.vendor->mode == MODE_ENFORCE);
		break;
	default:
		must(false);
	}
}

static void
check_request(const struct fixture *fixture, enum auth_result spf, const struct delegate_request *request)
{
	struct arena *arena = arena_open(1 << 20);
	struct delegate_reply reply;
	struct facts facts;
	struct text wire;

	must(arena != NULL);
	text_open(&wire, DELEGATE_REPLY_MAX);
	fixture_session(arena, request->client_address, request->sender[0] == '\0' ? NULL : request->sender, spf, &facts);
	facts.helo = request->helo_name;
	facts.auth = request->sasl_username;
	delegate_decide(&fixture->judge, &facts, strcmp(request->protocol_state, "RCPT") == 0, &reply);
	/* a sender in the refusal would be worse than what is really said there */
	delegate_reply_write(reply.word, fixture->policy->settings.delegate.greylist_class, request->sender, &wire);
	check_wire(fixture, &reply, &wire);
	text_close(&wire);
	arena_close(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct delegate_request request;
	enum framing found = FRAME_PARTIAL;
	struct fault why = { .text = "" };
	size_t step, requests = 0;
	struct frame lines;
	struct text begun;

	if (size < 3)
		return 0;
	text_open(&begun, DELEGATE_REQUEST_MAX);
	step = data[2] + 1;
	for (size_t at = 3; at < size && found != FRAME_BROKEN && requests < REQUESTS_MAX; at += step) {
		struct span bytes = { (const char *)data + at, size - at < step ? size - at : step };

		while ((found = frame_feed(&begun, &bytes, delegate_request_cut, &lines, &why)) == FRAME_WHOLE) {
			delegate_request_read(&lines, &request);
			check_request(fixture_of(data[0]), (enum auth_result)(data[1] % (AUTH_PERMERROR + 1)), &request);
			text_clear(&begun);
			requests++;
		}
		must(bytes.length == 0 && (found != FRAME_BROKEN || why.text[0] != '\0'));
	}
	text_close(&begun);
	return 0;
}
