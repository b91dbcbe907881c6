/*
 * bounds_t.c - limits of one message that no other test meets: at the limit it is judged, past it what greenlaned(8),
 * LIMITS, says happens. The table of all limits and of their tests is t/bounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/smtp/message_parts.h"
#include "policy/mail/dkim_text.h"
#include "t/lib/session_fixture.h"
#include "t/lib/tap.h"

static const struct services *services;
static struct smtp_client client = {
	.port = 2525, .name = "mx.attack.example", .helo = "mx.attack.example", .daemon_name = "", .mta_name = "mx.rx.example"
};

/* ---- messages ---- */

static struct message *
begin(void)
{
	struct message *message = message_open(services, &client, "<eve@attack.example>", "");

	if (message == NULL) {
		printf("Bail out! no message\n");
		exit(1);
	}
	return message;
}

/* What became of it: outcome, reason, action. */
static const char *
end(struct message *message)
{
	static char said[200];
	struct ending ending;

	(void)message_headers_end(message);
	message_end(message, &ending);
	snprintf(said, sizeof said, "%s %s %s", outcome_word(message_verdict(message)->outcome),
	    reason_slug(message_verdict(message)->reason), action_word(ending.action));
	return said;
}

/* The piece so many times, each with its number. Given. */
static char *
repeat(const char *piece, size_t count)
{
	struct text text;
	char *bytes;

	text_open(&text, 1 << 20);
	for (size_t i = 0; i < count; i++) {
		text_put(&text, i == 0 ? "" : ",");
		text_format(&text, piece, (unsigned)i);
	}
	bytes = strdup(text.bytes);
	text_close(&text);
	return bytes;
}

static void
test_results(void)
{
	for (unsigned beyond = 0; beyond < 2; beyond++) {
		struct message *message = begin();

		message_header(message, "From", " a@attack.example");
		for (unsigned i = 0; i < MESSAGE_FORGED_MAX + beyond; i++)
			message_header(message, "Authentication-Results", " mx.rx.example; spf=pass");
		is(end(message), beyond ? "unsure own-failure defer" : "stranger no-claim pass", "%s",
		    beyond ? "one results field of ours more than can be removed: it is deferred"
			   : "as many results fields of ours as can be removed");
		message_close(message);
	}
}

static void
test_recipients(void)
{
	struct message *message = begin();
	bool passed = true;
	struct reply reply;
	char path[40];

	for (unsigned i = 0; i < RCPTS_MAX; i++) {
		snprintf(path, sizeof path, "<u%u@rx.example>", i);
		passed = message_rcpt(message, path, &reply) && passed;
	}
	is_number((long long)message_facts(message)->rcpt_count, RCPTS_MAX, "as many recipients as are kept");
	ok(message_rcpt(message, "<last@rx.example>", &reply) && passed, "one recipient more is accepted");
	is_number((long long)message_facts(message)->rcpt_count, RCPTS_MAX, "but not kept");
	message_header(message, "From", " a@attack.example");
	is(end(message), "stranger no-claim greylist", "and the message is judged");
	message_close(message);
}

/* Each of 64 KiB, which a real MTA would not send. */
static void
test_memory(void)
{
	struct message *message = begin();
	struct reply reply = { .code = "" };
	size_t taken = 0, length = (size_t)64 * 1024;
	char *path = malloc(length + 1);

	if (path == NULL)
		return;
	snprintf(path, length + 1, "<u@%0*d.example>", (int)length - 12, 0);
	while (taken <= MESSAGE_ARENA_MAX && message_rcpt(message, path, &reply))
		taken += length;
	note("recipients of %zu bytes", taken);
	ok(taken > MESSAGE_ARENA_MAX / 4 && taken < MESSAGE_ARENA_MAX,
	    "recipients are taken as long as a message has memory");
	is(reply.code, "451", "the next one is deferred");
	message_header(message, "From", " a@attack.example");
	is(end(message), "unsure own-failure defer", "and so is the message");
	message_close(message);
	free(path);
}

/* Two fields of half as many each: every one can be read. */
static void
test_authors(void)
{
	for (unsigned beyond = 0; beyond < 2; beyond++) {
		struct message *message = begin();
		char *first = repeat("a%u@a.cc", AUTHORS_MAX / 2), *second = repeat("b%u@b.cc", AUTHORS_MAX / 2 + beyond);

		message_header(message, "From", first);
		message_header(message, "From", second);
		(void)end(message);
		is_number((long long)message_facts(message)->author_count, AUTHORS_MAX, "%s",
		    beyond ? "one author more is not kept" : "as many authors as are kept");
		is(from_state_word(message_facts(message)->from_state), beyond ? "unreadable" : "read", "%s",
		    beyond ? "and the From counts as one that cannot be read" : "are read");
		message_close(message);
		free(first);
		free(second);
	}
}

/* Fields of 8 KiB each, until all of them together are too long. */
static void
test_from_bytes(void)
{
	char *field = malloc(MAILBOX_FIELD_MAX + 1);
	size_t fields = FROM_RAW_MAX / MAILBOX_FIELD_MAX; /* a line end between each two makes the last one too much */

	if (field == NULL)
		return;
	snprintf(field, MAILBOX_FIELD_MAX + 1, "a@attack.example%*s", MAILBOX_FIELD_MAX - 16, "");
	for (unsigned beyond = 0; beyond < 2; beyond++) {
		struct message *message = begin();

		for (size_t i = 0; i < fields - 1 + beyond; i++)
			message_header(message, "From", field);
		is(end(message), beyond ? "stranger from-too-long reject" : "stranger no-claim pass", "%s",
		    beyond ? "From fields of more than 64 KiB together are refused" : "From fields below 64 KiB are read");
		message_close(message);
	}
	free(field);
}

/* ---- a signature's field ---- */

static bool
is_sound(struct text *value)
{
	struct arena *arena = arena_open(1 << 20);
	struct dkim_text out;
	bool sound = arena != NULL && dkim_text_read(arena, value->bytes, value->length, &out) && out.sound;

	arena_close(arena);
	text_close(value);
	return sound;
}

#define TAGS "v=1;a=rsa-sha256;d=vendor.example;s=s;bh=x;b=y;h=from"

static struct text
signature(const char *start, const char *piece, size_t pieces)
{
	struct text text;

	text_open(&text, 1 << 20);
	text_put(&text, start);
	for (size_t i = 0; i < pieces; i++)
		text_format(&text, piece, (unsigned)i);
	return text;
}

static void
test_signature(void)
{
	struct text value = signature(TAGS, ":a", DKIM_SIGNED_MAX - 1);

	ok(is_sound(&value), "as many names in h= as are read");
	value = signature(TAGS, ":a", DKIM_SIGNED_MAX);
	ok(!is_sound(&value), "one name more, and the signature is none");
	value = signature(TAGS, ";x%u=1", DKIM_TAGS_MAX - 7);
	ok(is_sound(&value), "as many tags as are read");
	value = signature(TAGS, ";x%u=1", DKIM_TAGS_MAX - 6);
	ok(!is_sound(&value), "one tag more, and the signature is none");
	value = signature(TAGS, " ", DKIM_FIELD_MAX - strlen(TAGS));
	ok(is_sound(&value), "a signature field of 16 KiB is read");
	value = signature(TAGS, " ", DKIM_FIELD_MAX - strlen(TAGS) + 1);
	ok(!is_sound(&value), "one byte more, and the signature is none");
}

int
main(void)
{
	services = session_fixture_open();
	if (!address_read("203.0.113.50", &client.address))
		return 1;
	test_results();
	test_recipients();
	test_memory();
	test_authors();
	test_from_bytes();
	test_signature();
	session_fixture_close();
	return done();
}
