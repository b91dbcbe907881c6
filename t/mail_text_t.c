/*
 * mail_text_t.c - messages as bytes, and the fields and body that Postfix 3.7 made of them (t/mta/explain.sh asks the
 * real one about the same kinds).
 */
#include <stdlib.h>
#include <string.h>

#include "policy/mail/mail_text.h"
#include "policy/util/text.h"
#include "t/lib/tap.h"

static const struct row {
	const char *bytes;
	size_t length;
	const char *wanted; /* name=value each in brackets, then the body's lines each behind "/" */
	enum mail_flaw flaw;
	size_t line; /* of the flaw; 0: none */
	const char *name;
} rows[] = {
#define TEXT(s) s, sizeof s - 1
	{ TEXT("From: a@b\r\nTo: z\r\n\r\nbody\r\n"), "[From= a@b][To= z]/body", 0, 0, "fields, an empty line, a body" },
	{ TEXT("From: a@b\nTo: z\n\nbody\nmore"), "[From= a@b][To= z]/body/more", 0, 0,
	    "lines end in LF as well, the last one in nothing" },
	{ TEXT("From: a@b\r\nTo: z"), "[From= a@b][To= z]", 0, 0, "a message may be all header" },
	{ TEXT(""), "", 0, 0, "or nothing at all" },
	{ TEXT("From:a@b\nTo:  z\nX:\ty\n\n"), "[From=a@b][To=  z][X=\ty]", 0, 0, "blanks behind the colon stay" },
	{ TEXT("From: a\n\tb\n c\nTo: z\n\n"), "[From= a\n\tb\n c][To= z]", 0, 0, "folds stay, their line ends are LF" },
	{ TEXT("From\t: a\nX-Y \t : x\n\n"), "[From= a][X-Y= x]", 0, 0, "blanks in front of the colon go" },
	{ TEXT("From: a\n \nTo: z\n\nbody"), "[From= a\n ][To= z]/body", 0, 0, "a line of blanks continues its field" },
	{ TEXT("From: a\r\r\nTo: z\r\r\n\r\nbody"), "[From= a][To= z]/body", 0, 0, "several CRs end a line as one does" },
	{ TEXT("From: a@b\nthis has no colon\nTo: z\n\nbody"), "[From= a@b]/this has no colon/To: z//body",
	    MAIL_NO_FIELD, 2, "a line without a colon ends the header, and is body" },
	{ TEXT("From: a@b\n: x\nTo: z\n"), "[From= a@b]/: x/To: z", MAIL_NO_FIELD, 2, "so does a field without a name" },
	{ TEXT("From: a@b\nX-\xe9: x\nTo: z\n"), "[From= a@b]/X-\xe9: x/To: z", MAIL_NO_FIELD, 2, "a name in Latin-1" },
	{ TEXT("From: a@b\nX-\x01: x\nTo: z\n"), "[From= a@b]/X-\x01: x/To: z", MAIL_NO_FIELD, 2,
	    "a control character in a name" },
	{ TEXT("From: a@b\nSub ject: x\nTo: z\n"), "[From= a@b]/Sub ject: x/To: z", MAIL_NO_FIELD, 2,
	    "a blank inside a name" },
	{ TEXT("From: a@b\nX\0Y: x\nTo: z\n"), "[From= a@b]/X\\0Y: x/To: z", MAIL_NO_FIELD, 2, "a NUL inside a name" },
	{ TEXT("Subject: y\nFrom a@b Mon\nFrom: a@b\n"), "[Subject= y]/From a@b Mon/From: a@b", MAIL_NO_FIELD, 2,
	    "the line of a mailbox file that is not in front" },
	{ TEXT(" From: z\nFrom: a@b\n\nbody"), "/ From: z/From: a@b//body", MAIL_NO_FIELD, 1,
	    "a fold with nothing to go on with" },
	{ TEXT("\nFrom: a@b\n\nbody"), "/From: a@b//body", MAIL_EMPTY, 1, "an empty line in front leaves no header" },
	{ TEXT("\xef\xbb\xbf"
	       "From: a@b\n\nbody"),
	    "/\xef\xbb\xbf"
	    "From: a@b//body",
	    MAIL_MARK, 1, "so does a byte order mark" },
	{ TEXT("From a@b Mon\nFrom: a@b\n\nbody"), "[X-Mailbox-Line=From a@b Mon][From= a@b]/body", 0, 0,
	    "the first line of a mailbox file is a field of its own" },
	{ TEXT(">From a Mon\n>>From c\nFrom: a@b\n\n"),
	    "[X-Mailbox-Line=>From a Mon][X-Mailbox-Line=>>From c][From= a@b]", 0, 0, "quoted ones too" },
	{ TEXT("From a@b Mon\n\nFrom: a@b\n"), "[X-Mailbox-Line=From a@b Mon]/From: a@b", MAIL_EMPTY, 2,
	    "and an empty line behind it still ends the header" },
	{ TEXT("From : a@b\nTo: z\n\n"), "[X-Mailbox-Line=From : a@b][To= z]", 0, 0,
	    "a first field that looks like one is taken for one" },
	{ TEXT("From: a\rb <a@b>\nTo: z\n\nbo\rdy"), "[From= a b <a@b>][To= z]/bo dy", MAIL_BARE_CR, 1,
	    "a bare CR is a blank, in the body as well" },
	{ TEXT("From: a@b\n\rTo: z\nX: q\n\n"), "[From= a@b\n To: z][X= q]", MAIL_BARE_CR, 2,
	    "so a line that begins with one is a fold" },
	{ TEXT("From: a@b\0 <c@d>\nTo: z\n\nbo\0dy"), "[From= a@b][To= z]/bo\\0dy", MAIL_NUL, 1,
	    "a NUL cuts its line in the header, not in the body" },
	{ TEXT("From: a@b\n x\0y\n z\nTo: z\n\n"), "[From= a@b\n x\n z][To= z]", MAIL_NUL, 2, "a NUL cuts a fold alone" },
	{ TEXT("\0From: a@b\nTo: z\n\n"), "/\\0From: a@b/To: z/", MAIL_NO_FIELD, 1, "a NUL in front of everything" },
};

/* The bytes stand in a heap block of just their size and one more, for the sanitizers to guard. */
static const char *
divided(const char *bytes, size_t length, struct mail_text *text, struct text *out)
{
	char *copy = malloc(length + 1), *line;
	struct mail_field field;

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	text_clear(out);
	mail_text_open(text, copy, length);
	while (mail_text_field(text, &field))
		text_format(out, "[%s=%s]", field.name, field.value);
	while (mail_text_line(text, &line, &length)) {
		text_char(out, '/');
		for (size_t i = 0; i < length; i++)
			line[i] == '\0' ? text_put(out, "\\0") : text_char(out, line[i]);
	}
	free(copy);
	return out->bytes;
}

static size_t
flaws_of(const struct mail_text *text)
{
	size_t count = 0;

	for (size_t i = 0; i < MAIL_FLAWS; i++)
		count += text->flaws[i] > 0;
	return count;
}

static void
messages_are_divided_as_by_postfix(void)
{
	struct mail_text text;
	struct text out;

	text_open(&out, 64 * 1024);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];

		is(divided(row->bytes, row->length, &text, &out), row->wanted, "%s", row->name);
		is_number((long long)flaws_of(&text), row->line > 0, "%s: %s", row->name,
		    row->line > 0 ? "one flaw is reported" : "nothing is odd");
		is_number((long long)text.flaws[row->flaw], (long long)row->line, "%s: its line", row->name);
	}
	text_close(&out);
}

/* Whatever the bytes, reading ends, and nothing outside of them is touched (the sanitizers look). */
static void
any_bytes_can_be_divided(void)
{
	static const char letters[] = "\r\n\n : \t>FromX\0\xe9";
	char bytes[24];
	struct mail_text text;
	struct text out;
	unsigned seed = 1;

	text_open(&out, 64 * 1024);
	for (size_t round = 0; round < 20000; round++) {
		size_t length = round % sizeof bytes;

		for (size_t i = 0; i < length; i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = letters[(seed >> 16) % (sizeof letters - 1)];
		}
		(void)divided(bytes, length, &text, &out);
		if (text.at != text.end)
			break;
	}
	ok(text.at == text.end, "all bytes are read, whatever they are");
	text_close(&out);
}

static void
what_is_no_message_is_named(void)
{
	static const char msg[] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and so on";

	ok(strstr(mail_text_foreign(msg, sizeof msg - 1), "Outlook .msg") != NULL, "an Outlook .msg is known");
	ok(strstr(mail_text_foreign("\xFF\xFE"
				    "F\0",
		      4),
	       "UTF-16") != NULL,
	    "so is UTF-16 text");
	ok(strstr(mail_text_foreign("\x1F\x8B\x08", 3), "gzip") != NULL, "and what is packed");
	ok(mail_text_foreign("From: a@b\n", 10) == NULL, "a message may be one");
	ok(mail_text_foreign("\xD0", 1) == NULL, "a single byte says nothing");
	ok(mail_text_foreign("", 0) == NULL, "and neither is no byte at all");
}

int
main(void)
{
	messages_are_divided_as_by_postfix();
	any_bytes_can_be_divided();
	what_is_no_message_is_named();
	return done();
}
