/*
 * mail_text.h - the bytes of a whole message, divided into fields and body as Postfix shows them to a milter.
 *
 * The rules were tried on Postfix 3.7 (smtpd, cleanup): t/mta/explain.sh compares them with the real one.
 * Never judges what it reads, and never guesses that a file was meant otherwise: a field after a
 * broken line is body, because that is what the MTA and its filter see.
 */
#ifndef MAIL_TEXT_H
#define MAIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Oddities; each is reported once, where it was seen first. */
enum mail_flaw {
	MAIL_MARK,     /* the text begins with a byte order mark, so its first line is not a field */
	MAIL_EMPTY,    /* it begins with an empty line, so it has no header */
	MAIL_NO_FIELD, /* a line is not a field ("name: value"): the header ends before it */
	MAIL_NUL,      /* a NUL in the header: the rest of its line is cut off */
	MAIL_BARE_CR,  /* a CR in the header that does not end a line: a blank replaces it */
	MAIL_FLAWS
};
const char *mail_flaw_text(enum mail_flaw); /* what it means and what to do, as a clause */

struct mail_text {
	char *at, *end;           /* what is still unread */
	size_t line;              /* number of the line at `at`, from 1 */
	bool begun;               /* a line that is not a mailbox line was read */
	size_t flaws[MAIL_FLAWS]; /* number of the line where it was seen first; 0: nowhere */
};

/* One field. Strings live in the text itself, terminated; folds of the value are LF and what follows it. */
struct mail_field {
	const char *name, *value;
};

/* Begins. The bytes are kept and changed in place, and bytes[length] must be writable. */
void mail_text_open(struct mail_text *, char *bytes, size_t length);

/* The next field; false at the end of the header: the body begins at `at` then. */
bool mail_text_field(struct mail_text *, struct mail_field *out);

/* The next line of the body, without its end; bare CRs are blanks, NULs stay. False when there is none. */
bool mail_text_line(struct mail_text *, char **line, size_t *length);

/* What a file is that is not a message at all ("an Outlook .msg file; save ..."); NULL when it may be one. */
const char *mail_text_foreign(const char *bytes, size_t length);

#endif
