/*
 * mailbox.h - the mailboxes of an RFC 5322 From field, and one SMTP path (RFC 5321).
 *
 * A real lexer: quoted strings, quoted pairs, nested comments, groups, source routes,
 * folding, obsolete forms (RFC 5322, 4.4), UTF-8 (RFC 6532). Encoded words are never decoded
 * into addresses. Never guesses: what does not parse as a whole is reported as such.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum {
	MAILBOX_FIELD_MAX = 8 * 1024, /* of one From field; longer ones are refused */
	MAILBOXES_MAX = 1000,         /* of one field */
	MAILBOX_CONVERSIONS = 256,    /* of U-labels, in the fields of one list, and in one search */
	LOCAL_PART_MAX = 1024         /* bytes; RFC 5321 4.5.3.1.1 says 64, real mail exceeds it */
};

/* One mailbox. Strings live in the arena given to the reader. */
struct mailbox {
	const char *local;  /* without quotes and escapes; never NULL; "" possible for <""@x> */
	const char *domain; /* normal form of domain.h; "" for a domain literal or none */
	const char *text;   /* local@domain as a person would write it, quoted where needed */
};

/*
 * Reads the body of one From field (bytes after the colon; CRLF or LF folds allowed) and
 * appends its mailboxes to the list. False when the field as a whole does not parse, holds no
 * mailbox, or one whose domain is neither a valid name nor a literal; the list may then hold
 * those read so far, and its `stopped` says where reading ended. False also when out of memory.
 * A domain with CFWS inside ("a@b.example (x).c.example") makes two mailboxes: the grammar's, and that of readers to
 * whom a domain ends at a blank, where that has two labels.
 */
struct mailbox_list {
	struct mailbox *list;
	size_t count, room;
	size_t stopped;       /* bytes of the last field that were read */
	unsigned conversions; /* of U-labels in all its fields; more than MAILBOX_CONVERSIONS do not parse */
};
bool mailbox_read_from(struct arena *, const char *field, size_t length, struct mailbox_list *) MUST_USE;

/*
 * For a field that does not parse: the address that most readers show, in the last angle brackets (closed or not) or,
 * without any, the field's last word, read as mailbox_read_path reads odd ones. Appends it, unless it was the last one
 * read already. False when there is none whose domain can be read, or when out of memory.
 */
bool mailbox_read_last(struct arena *, const char *field, size_t length, struct mailbox_list *) MUST_USE;

/*
 * Reads one SMTP path as libmilter gives it: "<a@b>", "a@b", "<>", with or without a source
 * route (dropped, RFC 5321 4.1.2 and appendix C). "<>" and "" give local "" and domain "".
 * "postmaster" alone gives domain "". What RFC 5321 forbids and MTAs pass on ("b..s@b.example", "b(ss@b.example") is
 * read by the domain after its last '@', by which it is routed, or as Sendmail does where Postfix refuses it: its local part is as received, at most LOCAL_PART_MAX
 * bytes of it, and escaped in text. False when no domain can be read there.
 */
bool mailbox_read_path(struct arena *, const char *path, struct mailbox *out) MUST_USE;

/*
 * For fields that do not parse (doc/DESIGN.md, Names in From and the envelope): every name that readers may see in the
 * raw field, in normal form, with all its labels: the bytes before and after it are not name characters. Folds case,
 * converts U-labels as long as *conversions lasts (one per label), and leaves out what readers do not draw (undrawn.h);
 * then, in further passes, blanks, folds and comments inside labels, too; what comes before them; behind an at or percent
 * sign, dots for them; what controls or angle brackets divide; and then the names inside comments, which may be inside
 * another name. Found returns true when it has seen enough. False when out of memory; a conversion that runs out of memory
 * is noted in the arena (arena_fail; NULL: nowhere).
 */
typedef bool mailbox_found(void *context, const char *name);
bool mailbox_field_search(struct arena *, const char *field, size_t length, unsigned *conversions, mailbox_found *found,
    void *context) MUST_USE;

/*
 * For local parts: all that is drawn in a field, folded to lower case, without blanks, dots, quotes and backslashes, and the
 * same of the field with its encoded words decoded. To be freed; NULL when out of memory. Written once for a field:
 * it can hold thousands of names. They hold a word where an address goes on behind it, or an exclamation mark is before it.
 */
char *mailbox_letters(const char *field, size_t length, size_t *out) MUST_USE;
bool mailbox_letters_hold(const char *letters, size_t length, const char *word);

#endif
