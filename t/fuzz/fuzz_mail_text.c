/* Any bytes as a whole message in a file: what is read of it, written plainly, is read back the same and without a flaw. */
#include <string.h>

#include "policy/mail/mail_text.h"
#include "policy/util/text.h"
#include "t/fuzz/fuzz.h"

enum { WRITTEN_MAX = 1 << 20 };

static bool
is_within(const struct text *bytes, const char *at, size_t length)
{
	return at >= bytes->bytes && at + length <= bytes->bytes + bytes->length;
}

/* Reads bytes, which are changed, and writes what they say. Returns how many fields there are. */
static size_t
rewrite(struct text *bytes, struct text *out, struct mail_text *mail)
{
	struct mail_field field;
	size_t fields = 0, length;
	char *line;

	mail_text_open(mail, bytes->bytes, bytes->length);
	while (mail_text_field(mail, &field)) {
		must(is_within(bytes, field.name, strlen(field.name)) || strcmp(field.name, "X-Mailbox-Line") == 0);
		must(is_within(bytes, field.value, strlen(field.value)));
		must(field.name[0] != '\0' && strpbrk(field.name, "\r\n:") == NULL && strchr(field.value, '\r') == NULL);
		text_format(out, "%s:%s\n", field.name, field.value);
		fields++;
	}
	text_char(out, '\n');
	while (mail_text_line(mail, &line, &length)) {
		must(is_within(bytes, line, length) && memchr(line, '\n', length) == NULL);
		text_add(out, line, length);
		text_char(out, '\n');
	}
	for (size_t i = 0; i < MAIL_FLAWS; i++)
		must(mail->flaws[i] <= mail->line && mail_flaw_text((enum mail_flaw)i)[0] != '\0');
	return fields;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes, first, second;
	struct mail_text mail, again;
	size_t fields;

	(void)mail_text_foreign((const char *)data, size);
	text_open(&bytes, WRITTEN_MAX);
	text_open(&first, WRITTEN_MAX);
	text_open(&second, WRITTEN_MAX);
	text_add(&bytes, data, size);
	fields = rewrite(&bytes, &first, &mail);
	if (fields > 0 && !first.cut) {
		text_clear(&bytes);
		text_add(&bytes, first.bytes, first.length);
		must(rewrite(&bytes, &second, &again) == fields);
		must(first.length == second.length && memcmp(first.bytes, second.bytes, first.length) == 0);
		for (size_t i = 0; i < MAIL_FLAWS; i++)
			must(again.flaws[i] == 0);
	}
	text_close(&second);
	text_close(&first);
	text_close(&bytes);
	return 0;
}
