/*
 * delegate_request_t.c - requests of Postfix's policy delegation: what is read, what is refused, in pieces
 * of every size.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/verdict/delegate_request.h"
#include "t/lib/tap.h"

#define BEGIN "request=smtpd_access_policy\n"

/* As SMTPD_POLICY_README shows it, and what Postfix 3.7 sends beside. */
static const char sample[] = BEGIN
    "protocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=192.0.2.10\nclient_name=mail10.vendor.example\n"
    "client_port=4321\nreverse_client_name=mail10.vendor.example\nserver_address=127.0.0.1\nserver_port=25\n"
    "helo_name=mail10.vendor.example\nsender=bounce=a=b@vendor.example\nrecipient=desk@rx.example\n"
    "recipient_count=0\nqueue_id=4Yq0\ninstance=1f.5e.0\nsize=1234\netrn_domain=\nstress=\nsasl_method=\n"
    "sasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\nencryption_protocol=\n"
    "encryption_cipher=\nencryption_keysize=0\nccert_pubkey_fingerprint=\npolicy_context=\n\n";

static void
test_sample(void)
{
	struct span bytes = span_of(sample);
	struct delegate_request request;
	struct frame lines;
	struct text begun;
	struct fault why;

	text_open(&begun, DELEGATE_REQUEST_MAX);
	is_number(frame_feed(&begun, &bytes, delegate_request_cut, &lines, &why), FRAME_WHOLE,
	    "a request of Postfix's is read");
	is_number((long long)bytes.length, 0, "to its last byte");
	delegate_request_read(&lines, &request);
	is(request.protocol_state, "RCPT", "protocol_state");
	is(request.client_address, "192.0.2.10", "client_address");
	is(request.client_port, "4321", "client_port");
	is(request.client_name, "mail10.vendor.example", "client_name");
	is(request.helo_name, "mail10.vendor.example", "helo_name");
	is(request.sender, "bounce=a=b@vendor.example", "a value may hold '='");
	is(request.recipient, "desk@rx.example", "recipient");
	is(request.sasl_username, "", "an empty value is empty");
	is(request.queue_id, "4Yq0", "queue_id");
	text_close(&begun);
}

/* What a row's bytes give: each request as "[sender state]", then "..." for one that is incomplete, or the fault. */
static const struct {
	const char *name, *bytes, *wanted;
	size_t length; /* 0: of the string */
} rows[] = {
	{ "nothing is no request yet", "", "", 0 },
	{ "a request without a sender", BEGIN "\n", "[ ]", 0 },
	{ "two requests on one connection", BEGIN "sender=a\n\n" BEGIN "sender=b\n\n", "[a ][b ]", 0 },
	{ "what one request said does not stay for the next", BEGIN "sender=a\nprotocol_state=RCPT\n\n" BEGIN "\n",
	    "[a RCPT][ ]", 0 },
	{ "attributes in any order", "sender=a\nprotocol_state=RCPT\n" BEGIN "\n", "[a RCPT]", 0 },
	{ "unknown attributes are skipped", BEGIN "fluff=1\nsender=a\nsenders=b\nsende=c\n\n", "[a ]", 0 },
	{ "of two the first counts", BEGIN "sender=a\nsender=b\n\n", "[a ]", 0 },
	{ "names are told apart by case", BEGIN "Sender=a\n\n", "[ ]", 0 },
	{ "bytes above ASCII are a value", BEGIN "sender=\xc3\xa9\xff\n\n", "[\xc3\xa9\xff ]", 0 },
	{ "a value may hold blanks, a CR among them", BEGIN "sender= a \r\n\n", "[ a \r ]", 0 },
	{ "half a request", BEGIN "sender=a\n", "...", 0 },
	{ "half a line", BEGIN "send", "...", 0 },
	{ "half a request after a whole one", BEGIN "sender=a\n\nreq", "[a ]...", 0 },
	{ "an empty line is no request", "\n", "a request without the attribute 'request'", 0 },
	{ "a request that does not say what it is", "sender=a\n\n", "a request without the attribute 'request'", 0 },
	{ "a request of another kind", "request=junk\nsender=a\n\n",
	    "a request that is not of the kind 'smtpd_access_policy'", 0 },
	{ "a line without '='", BEGIN "sender\n\n", "attribute 2 has no '='", 0 },
	{ "a line with nothing but a CR", BEGIN "\r\n", "attribute 2 has no '='", 0 },
	{ "an attribute without a name", BEGIN "=a\n\n", "attribute 2 has no name", 0 },
	{ "HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "attribute 1 has no '='", 0 },
	{ "a NUL in a value", BEGIN "sender=a\0b\n\n", "a NUL byte in attribute 2", sizeof(BEGIN "sender=a\0b\n\n") - 1 },
	{ "a NUL in a name", BEGIN "sen\0der=a\n\n", "a NUL byte in attribute 2", sizeof(BEGIN "sen\0der=a\n\n") - 1 },
	{ "nothing is read after a fault", "x\n" BEGIN "sender=a\n\n", "attribute 1 has no '='", 0 },
};

/* Feeds it in pieces of `step` bytes, each a copy of its own, so that a sanitizer sees a read too far. */
static void
read_all(const char *bytes, size_t length, size_t step, struct text *out)
{
	enum framing found = FRAME_PARTIAL;
	struct delegate_request request;
	struct frame lines;
	struct text begun;
	struct fault why;

	text_open(&begun, DELEGATE_REQUEST_MAX);
	for (size_t at = 0; at < length && found != FRAME_BROKEN; at += step) {
		size_t piece = length - at < step ? length - at : step;
		char *copy = malloc(piece);
		struct span rest = { copy, piece };

		memcpy(copy, bytes + at, piece);
		while ((found = frame_feed(&begun, &rest, delegate_request_cut, &lines, &why)) == FRAME_WHOLE) {
			delegate_request_read(&lines, &request);
			text_format(out, "[%s %s]", request.sender, request.protocol_state);
			text_clear(&begun);
		}
		free(copy);
	}
	if (found == FRAME_BROKEN)
		text_put(out, why.text);
	else if (begun.length > 0)
		text_put(out, "...");
	text_close(&begun);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t length = rows[i].length > 0 ? rows[i].length : strlen(rows[i].bytes), differ = 0;
		struct text whole, pieces;

		text_open(&whole, 1024);
		text_open(&pieces, 1024);
		read_all(rows[i].bytes, length, length + 1, &whole);
		is(whole.bytes, rows[i].wanted, "%s", rows[i].name);
		for (size_t step = 1; step <= length; step++) {
			text_clear(&pieces);
			read_all(rows[i].bytes, length, step, &pieces);
			differ += strcmp(pieces.bytes, whole.bytes) != 0;
		}
		is_number((long long)differ, 0, "%s: in pieces of every size the same", rows[i].name);
		text_close(&whole);
		text_close(&pieces);
	}
}

/* A request of `attributes` more, each with a value of `length` bytes. */
static void
make_long(struct text *out, unsigned attributes, size_t length)
{
	text_put(out, BEGIN);
	for (unsigned i = 0; i < attributes; i++) {
		text_format(out, "x%03u=", i);
		for (size_t j = 0; j < length; j++)
			text_char(out, 'v');
		text_char(out, '\n');
	}
	text_put(out, "sender=a\n\n");
}

static void
test_ceilings(void)
{
	static const struct {
		unsigned attributes;
		size_t length;
		const char *wanted;
	} ceilings[] = {
		{ DELEGATE_ATTRIBUTES_MAX - 2, 10, "[a ]" },
		{ DELEGATE_ATTRIBUTES_MAX - 1, 10, "more than 128 attributes" },
		{ 1, DELEGATE_LINE_MAX - 5, "[a ]" },
		{ 1, DELEGATE_LINE_MAX - 4, "an attribute longer than 8192 bytes" },
		{ 3, DELEGATE_LINE_MAX - 5, "[a ]" },
		{ 4, DELEGATE_LINE_MAX - 5, "a request longer than 32768 bytes" },
		{ 100, 400, "a request longer than 32768 bytes" },
	};

	for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++) {
		static const size_t steps[] = { 1, 7, 4096, 1 << 20 };
		struct text bytes, got;

		text_open(&bytes, 1 << 20);
		text_open(&got, 1024);
		make_long(&bytes, ceilings[i].attributes, ceilings[i].length);
		for (size_t j = 0; j < sizeof steps / sizeof steps[0]; j++) {
			text_clear(&got);
			read_all(bytes.bytes, bytes.length, steps[j], &got);
			is(got.bytes, ceilings[i].wanted, "%u attributes of %zu bytes, in pieces of %zu",
			    ceilings[i].attributes, ceilings[i].length, steps[j]);
		}
		text_close(&got);
		text_close(&bytes);
	}
}

static void
test_endless_line(void)
{
	struct frame lines;
	struct text begun;
	size_t fed = 0;
	char piece[1000];
	struct fault why;

	memset(piece, 'x', sizeof piece);
	text_open(&begun, DELEGATE_REQUEST_MAX);
	for (; fed < 100; fed++) {
		struct span bytes = { piece, sizeof piece };

		if (frame_feed(&begun, &bytes, delegate_request_cut, &lines, &why) == FRAME_BROKEN)
			break;
	}
	is_number((long long)fed, DELEGATE_LINE_MAX / 1000, "a line without end is refused while it comes");
	text_close(&begun);
}

int
main(void)
{
	test_sample();
	test_rows();
	test_ceilings();
	test_endless_line();
	return done();
}
