/* Any bytes as an Authentication-Results field from outside, and inside one that we write. */
#include <string.h>

#include "policy/mail/authres.h"
#include "t/fuzz/fuzz.h"

static const char our_id[] = "mx.example.com";

/* Whoever reads leniently sees our id at the start, whatever comes behind. */
static void
check_behind(const char *start, bool ours, const uint8_t *data, size_t size)
{
	struct text field;

	text_open(&field, 1 << 20);
	text_put(&field, start);
	text_add(&field, data, size);
	if (!field.cut)
		must(authres_bears(field.bytes, field.length, our_id) == ours);
	text_close(&field);
}

/* One field: our id first, line breaks only as folds, no controls. */
static void
check_written(const struct text *field)
{
	must(authres_bears(field->bytes, field->length, our_id) || field->cut);
	for (size_t i = 0; i < field->length; i++) {
		unsigned char c = (unsigned char)field->bytes[i];

		if (c == '\n')
			must(i + 1 < field->length && field->bytes[i + 1] == '\t');
		else
			must((c >= ' ' && c != 0x7f) || c == '\t');
	}
}

/* Everything that the network chooses is the same hostile string. */
static void
check_writing(struct arena *arena, const char *hostile, size_t size)
{
	struct dkim_fact
	    signature = { .d = hostile, .s = hostile, .a = hostile, .b = hostile, .why = hostile, .result = AUTH_FAIL };
	struct author author = { .mailbox = { hostile, hostile, hostile },
		.dmarc = { .result = AUTH_FAIL, .domain = hostile } };
	struct facts *facts = arena_take(arena, sizeof *facts);
	struct text field;

	if (facts == NULL)
		return;
	*facts = (struct facts){ .stage = STAGE_EOM,
		.client_name = hostile,
		.helo = hostile,
		.auth = "",
		.via = "",
		.daemon_name = "",
		.mail_from = hostile,
		.sender = { hostile, hostile, hostile },
		.spf = { .result = AUTH_PASS, .domain = hostile, .by_helo = size % 2 == 0 },
		.from_state = FROM_READ,
		.from_raw = "",
		.authors = &author,
		.author_count = 1,
		.message_id = hostile,
		.dkim_done = true,
		.dkim = &signature,
		.dkim_count = 1 };
	text_open(&field, AUTHRES_MAX);
	authres_write(facts, our_id, &field);
	check_written(&field);
	text_close(&field);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_open(4 << 20);
	char *hostile = arena == NULL ? NULL : arena_copy(arena, data, size);

	(void)authres_bears((const char *)data, size, our_id);
	check_behind("mx.example.com;", true, data, size);
	check_behind(" (a (b) c) \"MX.\\example.com\" 1 ;", true, data, size);
	check_behind("other.example.net;", false, data, size);
	check_behind("mx.example.com.evil.test;", false, data, size);
	if (hostile != NULL)
		check_writing(arena, hostile, size);
	arena_close(arena);
	return 0;
}
