#include <string.h>

#include "policy/mail/mail_text.h"

enum { NAME_MAX_BYTES = 2048 }; /* Postfix's line_length_limit: it looks for the colon no further */

static const char mark[] = "\xEF\xBB\xBF"; /* U+FEFF in UTF-8 */

const char *
mail_flaw_text(enum mail_flaw flaw)
{
	static const char *const texts[] = {
		[MAIL_MARK] = "it begins with a byte order mark, so to an MTA its first line is not a field and all "
			      "of the message is body; if an editor added the mark, save it without one",
		[MAIL_EMPTY] = "it begins with an empty line, so to an MTA all of the message is body; if that line "
			       "is not the sender's, remove it",
		[MAIL_NO_FIELD] = "this line is not a field (name: value), so to an MTA the header ends before it; "
				  "what follows is body",
		[MAIL_NUL] = "a NUL byte; an MTA cuts off the rest of the line",
		[MAIL_BARE_CR] = "a CR that does not end a line; an MTA replaces it with a blank"
	};

	return texts[flaw];
}

/* What people save, attach or dump in place of a message. */
const char *
mail_text_foreign(const char *bytes, size_t length)
{
	static const struct {
		const char *begins;
		size_t length;
		const char *what;
	} rows[] = {
		{ "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8,
		    "it is an Outlook .msg file; save the message as text (.eml), or take it from the mail server" },
		{ "\x78\x9F\x3E\x22", 4, "it is an Outlook winmail.dat; take the message from the mail server" },
		{ "\xFF\xFE", 2, "it is UTF-16 text; save it as plain text or UTF-8" },
		{ "\xFE\xFF", 2, "it is UTF-16 text; save it as plain text or UTF-8" },
		{ "\x1F\x8B", 2, "it is packed with gzip; unpack it first" },
		{ "\x28\xB5\x2F\xFD", 4, "it is packed with zstd; unpack it first" },
		{ "BZh", 3, "it is packed with bzip2; unpack it first" },
		{ "\xFD"
		  "7zXZ",
		    5, "it is packed with xz; unpack it first" },
		{ "PK\x03\x04", 4, "it is a zip archive; unpack it first" },
		{ "%PDF-", 5, "it is a PDF; save the message as text (.eml)" },
		{ "{\"", 2, "it is JSON, as a verdict record is" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (length >= rows[i].length && memcmp(bytes, rows[i].begins, rows[i].length) == 0)
			return rows[i].what;
	return NULL;
}

void
mail_text_open(struct mail_text *text, char *bytes, size_t length)
{
	*text = (struct mail_text){ .at = bytes, .end = bytes + length, .line = 1 };
}

static void
note(struct mail_text *text, enum mail_flaw flaw, size_t line)
{
	if (text->flaws[flaw] == 0)
		text->flaws[flaw] = line;
}

/* The line at `at` without its end, which is LF or any number of CRs and LF; *next is after it. */
static size_t
measure(const struct mail_text *text, char **next)
{
	char *feed = memchr(text->at, '\n', (size_t)(text->end - text->at));
	char *stop = feed == NULL ? text->end : feed;

	*next = feed == NULL ? text->end : feed + 1;
	while (stop > text->at && stop[-1] == '\r')
		stop--;
	return (size_t)(stop - text->at);
}

/* A bare CR is a blank to Postfix, in header and body alike. */
static bool
blank_returns(char *at, size_t length)
{
	bool any = false;

	for (char *cr = at; (cr = memchr(cr, '\r', length - (size_t)(cr - at))) != NULL;) {
		*cr = ' ';
		any = true;
	}
	return any;
}

/* Takes the line as part of the header; returns what is left of it. */
static size_t
take(struct mail_text *text, size_t length, char *next)
{
	size_t whole = strnlen(text->at, length);

	if (whole < length)
		note(text, MAIL_NUL, text->line);
	if (blank_returns(text->at, whole))
		note(text, MAIL_BARE_CR, text->line);
	text->at = next;
	text->line++;
	return whole;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Length of the field's name without trailing blanks; 0 when the line is not a field (RFC 5322, 3.6.8). */
static size_t
name_length(const char *at, size_t length)
{
	size_t name = 0, colon;

	while (name < length && name < NAME_MAX_BYTES && at[name] > ' ' && at[name] != ':' && at[name] != 0x7f)
		name++;
	for (colon = name; colon < length && is_blank(at[colon]); colon++)
		;
	return colon < length && at[colon] == ':' ? name : 0;
}

/* "From " of a mailbox file, before everything else; Postfix makes it a field. */
static bool
is_mailbox_line(const struct mail_text *text, size_t length)
{
	size_t quotes = 0;

	while (quotes < length && text->at[quotes] == '>')
		quotes++;
	return !text->begun && length - quotes >= 5 && memcmp(text->at + quotes, "From ", 5) == 0;
}

/* The lines that continue this field, joined by LF; `write` is the end of what is written already. */
static void
take_folds(struct mail_text *text, char *write)
{
	char *next;
	size_t length;

	while (text->at < text->end && (length = measure(text, &next)) > 0 && is_blank(text->at[0])) {
		char *line = text->at;

		length = take(text, length, next);
		*write++ = '\n';
		memmove(write, line, length);
		write += length;
	}
	*write = '\0';
}

static void
end_header(struct mail_text *text, bool first)
{
	if (first && text->end - text->at >= 3 && memcmp(text->at, mark, 3) == 0)
		note(text, MAIL_MARK, text->line);
	else
		note(text, MAIL_NO_FIELD, text->line);
}

bool
mail_text_field(struct mail_text *text, struct mail_field *out)
{
	bool first = !text->begun;
	char *line = text->at, *next;
	size_t length, name;

	if (line >= text->end)
		return false;
	length = measure(text, &next);
	if (is_mailbox_line(text, length)) {
		length = take(text, length, next);
		line[length] = '\0';
		*out = (struct mail_field){ "X-Mailbox-Line", line };
		return true;
	}
	text->begun = true;
	if (length == 0) {
		if (first)
			note(text, MAIL_EMPTY, text->line);
		text->at = next;
		text->line++;
		return false;
	}
	name = name_length(line, length);
	if (name == 0) {
		end_header(text, first);
		return false;
	}
	length = take(text, length, next);
	out->name = line;
	out->value = strchr(line + name, ':') + 1;
	take_folds(text, line + length);
	line[name] = '\0';
	return true;
}

bool
mail_text_line(struct mail_text *text, char **line, size_t *length)
{
	char *next;

	if (text->at == text->end)
		return false;
	*line = text->at;
	*length = measure(text, &next);
	(void)blank_returns(*line, *length);
	text->at = next;
	text->line++;
	return true;
}
