#include <stdint.h>
#include <string.h>

#include "policy/mail/mailbox.h"
#include "policy/mail/mailbox_parts.h"
#include "policy/util/address.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"
#include "policy/util/utf8.h"

enum {
	COMMENT_DEPTH = 64,         /* nested deeper than any person writes */
	LITERAL_MAX = 64,           /* "IPv6:" and the longest address, with room */
	HOST_TEXT = 4 * DOMAIN_TEXT /* U-labels may be longer than the A-labels they stand for */
};

/* The field is checked byte by byte before it is lexed (is_clean), so the lexer may take
 * every CR and LF for part of a fold and every byte above 0x7f for part of a UTF-8 letter. */
struct lexer {
	const char *at, *end;
	bool smtp;             /* RFC 5321: no blanks, comments or obsolete forms */
	struct arena *arena;   /* that of the result; notes when memory runs out */
	unsigned *conversions; /* of U-labels so far; NULL: not counted */
};

/* A run of words and dots: a local part when '@' follows, a display name before '<' or ':'. */
struct run {
	char bytes[LOCAL_PART_MAX + 1];
	size_t length;
	unsigned words;
	bool after_dot; /* the last piece was a dot */
	bool is_local;  /* words and dots alternate */
	bool quoted;    /* one of the words is a quoted string */
	bool cut;       /* too long for a local part; a display name may be */
};

/* What follows the '@'. */
struct host {
	char name[DOMAIN_TEXT];        /* "" for a literal */
	char front[DOMAIN_TEXT];       /* of a name with CFWS inside: what is before it; "" when that is no domain */
	char literal[LITERAL_MAX + 3]; /* "" for a name */
};

/* --- bytes --- */

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* CRLF or LF with a blank after it, or at the end of the field; its length, else 0. */
static size_t
fold_length(const char *at, size_t left)
{
	size_t length = left >= 2 && at[0] == '\r' && at[1] == '\n' ? 2 : at[0] == '\n';

	if (length == left || (length > 0 && (at[length] == ' ' || at[length] == '\t')))
		return length;
	return 0;
}

/* Is it UTF-8 without controls, line breaks only as folds? RFC 5322 4.1 allows controls in obsolete comments and
 * quotes; no honest mail has them, so they are junk here. */
static size_t
clean_length(const char *field, size_t length)
{
	size_t i = 0;

	for (size_t step; i < length; i += step) {
		unsigned char c = (unsigned char)field[i];

		if (c >= 0x80)
			step = utf8_plain(field + i, length - i);
		else if (c == '\r' || c == '\n')
			step = fold_length(field + i, length - i);
		else
			step = c == '\t' || (c >= ' ' && c != 0x7f);
		if (step == 0)
			break;
	}
	return i;
}

static bool
is_clean(const char *field, size_t length)
{
	return clean_length(field, length) == length;
}

static bool
is_letter_or_digit(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* atext of RFC 5322 3.2.3 with UTF-8 of RFC 6532 3.2; -1, the end, is not. */
static bool
is_atext(int c)
{
	return is_letter_or_digit(c) || c >= 0x80 || (c > 0 && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* --- lexer --- */

/* The next byte, or -1 at the end. */
static int
peek(const struct lexer *lexer)
{
	return lexer->at < lexer->end ? (unsigned char)*lexer->at : -1;
}

static bool
take(struct lexer *lexer, char c)
{
	if (peek(lexer) != c)
		return false;
	lexer->at++;
	return true;
}

/* The byte after a backslash (RFC 5322 3.2.1), or -1: a line break cannot be quoted. */
static int
take_quoted_pair(struct lexer *lexer)
{
	int c = peek(lexer);

	if (c == '\r' || c == '\n')
		return -1;
	lexer->at += c != -1;
	return c;
}

/* At '(': moves past its ')'. False when it never ends or is nested too deep. */
static bool
skip_comment(struct lexer *lexer)
{
	unsigned depth = 0;

	for (int c; (c = peek(lexer)) != -1;) {
		lexer->at++;
		if (c == '\\' && take_quoted_pair(lexer) == -1)
			return false;
		if (c == '(' && ++depth > COMMENT_DEPTH)
			return false;
		if (c == ')' && --depth == 0)
			return true;
	}
	return false;
}

/* CFWS of RFC 5322 3.2.2; nothing in SMTP. */
static bool
skip(struct lexer *lexer)
{
	while (!lexer->smtp) {
		if (is_blank(peek(lexer)))
			lexer->at++;
		else if (peek(lexer) != '(')
			break;
		else if (!skip_comment(lexer))
			return false;
	}
	return true;
}

/* --- runs of words and dots --- */

static void
run_add(struct run *run, int c)
{
	if (run->length == LOCAL_PART_MAX)
		run->cut = true;
	else
		run->bytes[run->length++] = (char)c;
}

/* At the opening quote. Folds inside are invisible (RFC 5322 3.2.4), their blanks are not. */
static bool
run_quoted(struct run *run, struct lexer *lexer)
{
	run->quoted = true;
	lexer->at++;
	for (int c; (c = peek(lexer)) != -1;) {
		lexer->at++;
		if (c == '"')
			return true;
		if (c == '\\' && (c = take_quoted_pair(lexer)) == -1)
			return false;
		if (c != '\r' && c != '\n')
			run_add(run, c);
	}
	return false;
}

static bool
run_word(struct run *run, struct lexer *lexer)
{
	if (run->words > 0 && !run->after_dot)
		run->is_local = false;
	run->words++;
	run->after_dot = false;
	if (peek(lexer) == '"')
		return run_quoted(run, lexer);
	for (; is_atext(peek(lexer)); lexer->at++)
		run_add(run, peek(lexer));
	return true;
}

/* Neither a local part nor a phrase (RFC 5322 4.1, obs-phrase) begins with a dot. */
static bool
run_dot(struct run *run, struct lexer *lexer)
{
	if (run->words == 0)
		return false;
	if (run->after_dot)
		run->is_local = false;
	run->after_dot = true;
	run_add(run, '.');
	lexer->at++;
	return true;
}

/* Reads words and dots up to anything else. */
static bool
run_read(struct run *run, struct lexer *lexer)
{
	*run = (struct run){ .is_local = true };
	for (;;) {
		if (!skip(lexer))
			return false;
		if (peek(lexer) == '.') {
			if (!run_dot(run, lexer))
				return false;
		} else if (peek(lexer) == '"' || is_atext(peek(lexer))) {
			if (!run_word(run, lexer))
				return false;
		} else {
			return true;
		}
	}
}

/* local-part or obs-local-part (RFC 5322 3.4.1, 4.4); in SMTP quotes stand alone (RFC 5321 4.1.2). */
static bool
run_is_local(const struct run *run, const struct lexer *lexer)
{
	if (run->words == 0 || !run->is_local || run->after_dot || run->cut)
		return false;
	return !lexer->smtp || !run->quoted || run->words == 1;
}

/* --- hosts and routes --- */

/* At '['. Only addresses are literals: "[vendor.example]" is a name in disguise. */
static bool
host_literal(struct lexer *lexer, struct host *host)
{
	char content[LITERAL_MAX + 1];
	size_t length = 0;
	struct address address;

	lexer->at++;
	for (int c; (c = peek(lexer)) != -1 && c != ']'; lexer->at++) {
		if (is_blank(c) && !lexer->smtp)
			continue;
		if (length == LITERAL_MAX)
			return false;
		content[length++] = (char)c;
	}
	content[length] = '\0';
	if (!take(lexer, ']') || !address_read(content, &address))
		return false;
	host->name[0] = host->front[0] = '\0';
	host->literal[0] = '[';
	memcpy(host->literal + 1, content, length);
	memcpy(host->literal + 1 + length, "]", 2);
	return true;
}

/* Conversions cost more than anything else, and a field can hold thousands of names. */
static bool
may_convert(const struct lexer *lexer, const char *name, size_t length)
{
	bool wide = false;

	for (size_t i = 0; i < length && !wide; i++)
		wide = (unsigned char)name[i] >= 0x80;
	return !wide || lexer->conversions == NULL || (*lexer->conversions)++ < MAILBOX_CONVERSIONS;
}

/* Many readers know no CFWS in a domain: to them it ends there. One label is nobody's name. */
static void
host_front(const struct lexer *lexer, const char *name, size_t length, struct host *host)
{
	if (memchr(name, '.', length) == NULL || !may_convert(lexer, name, length) ||
	    !domain_read_for(lexer->arena, name, length, host->front))
		host->front[0] = '\0';
}

/* Atoms joined by dots, with CFWS between (RFC 5322 4.4, obs-domain). */
static bool
host_name(struct lexer *lexer, struct host *host)
{
	char name[HOST_TEXT];
	size_t length = 0, front = 0;

	for (;;) {
		size_t start = length;
		const char *label_end;

		for (; is_atext(peek(lexer)); lexer->at++) {
			if (length == sizeof name - 1)
				return false;
			name[length++] = *lexer->at;
		}
		/* an MTA takes "a@b." for "a@b" */
		if (length == start && !(lexer->smtp && start > 0))
			return false;
		label_end = lexer->at;
		if (!skip(lexer))
			return false;
		if (!take(lexer, '.'))
			break;
		if (length == start || length == sizeof name - 1 || !skip(lexer))
			return false;
		if (front == 0 && lexer->at > label_end + 1)
			front = length;
		name[length++] = '.';
	}
	host->literal[0] = '\0';
	host_front(lexer, name, front, host);
	return may_convert(lexer, name, length) && domain_read_for(lexer->arena, name, length, host->name);
}

static bool
host_read(struct lexer *lexer, struct host *host)
{
	if (!skip(lexer))
		return false;
	return peek(lexer) == '[' ? host_literal(lexer, host) : host_name(lexer, host);
}

/* "@a,@b:" (RFC 5321 4.1.2); in a field empty members too (RFC 5322 4.4, obs-route). Dropped. */
static bool
route_skip(struct lexer *lexer)
{
	struct host host;

	for (bool named = false;;) {
		if (!skip(lexer))
			return false;
		if (take(lexer, '@')) {
			if (!host_read(lexer, &host) || !skip(lexer))
				return false;
			named = true;
			if (take(lexer, ':'))
				return true;
			if (!take(lexer, ','))
				return false;
		} else if (lexer->smtp || !take(lexer, ',')) {
			return !lexer->smtp && named && take(lexer, ':');
		}
	}
}

/* --- mailboxes --- */

bool
mailbox_is_dot_atom(const char *local)
{
	bool after_dot = true;

	for (; *local != '\0'; local++) {
		if (*local == '.' ? after_dot : !is_atext((unsigned char)*local))
			return false;
		after_dot = *local == '.';
	}
	return !after_dot;
}

static void
write_quoted(const char *local, char out[2 * LOCAL_PART_MAX + 3])
{
	*out++ = '"';
	for (; *local != '\0'; local++) {
		if (*local == '"' || *local == '\\')
			*out++ = '\\';
		*out++ = *local;
	}
	*out++ = '"';
	*out = '\0';
}

static bool
mailbox_make(struct arena *arena, const struct run *run, const struct host *host, struct mailbox *out)
{
	char quoted[2 * LOCAL_PART_MAX + 3];

	out->local = arena_copy(arena, run->bytes, run->length);
	out->domain = arena_string(arena, host->name);
	if (out->local == NULL || out->domain == NULL)
		return false;
	if (!mailbox_is_dot_atom(out->local))
		write_quoted(out->local, quoted);
	out->text = arena_format(arena, "%s@%s%s", mailbox_is_dot_atom(out->local) ? out->local : quoted, host->name,
	    host->literal);
	return out->text != NULL;
}

/* The list lives in the arena, where the old one stays: twice the final size at worst. */
static bool
list_add(struct arena *arena, struct mailbox_list *list, const struct mailbox *mailbox)
{
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 4 : list->room * 2;
		struct mailbox *grown = arena_take(arena, room * sizeof *grown);

		if (grown == NULL)
			return false;
		if (list->count > 0)
			memcpy(grown, list->list, list->count * sizeof *grown);
		list->list = grown;
		list->room = room;
	}
	list->list[list->count++] = *mailbox;
	return true;
}

struct reader {
	struct lexer lexer;
	struct arena *arena;
	struct mailbox_list *list;
	size_t before; /* mailboxes of earlier fields */
	bool in_group;
	struct run run;
};

static bool
read_add(struct reader *reader, const struct host *host)
{
	struct mailbox mailbox;

	return reader->list->count - reader->before < MAILBOXES_MAX &&
	    mailbox_make(reader->arena, &reader->run, host, &mailbox) && list_add(reader->arena, reader->list, &mailbox);
}

/* At '@', after a local part. */
static bool
read_behind_local(struct reader *reader)
{
	struct host host, front = { .literal = "" };

	if (!run_is_local(&reader->run, &reader->lexer) || !take(&reader->lexer, '@'))
		return false;
	if (!host_read(&reader->lexer, &host) || !skip(&reader->lexer))
		return false;
	memcpy(front.name, host.front, sizeof front.name);
	return read_add(reader, &host) && (front.name[0] == '\0' || read_add(reader, &front));
}

/* After '<'; the display name has been read. */
static bool
read_angle(struct reader *reader)
{
	struct lexer *lexer = &reader->lexer;

	if (!skip(lexer))
		return false;
	if ((peek(lexer) == '@' || peek(lexer) == ',') && !route_skip(lexer))
		return false;
	return run_read(&reader->run, lexer) && read_behind_local(reader) && take(lexer, '>');
}

/* A mailbox, or the name of a group with its colon (RFC 6854 allows groups in From). */
static bool
read_member(struct reader *reader)
{
	if (!run_read(&reader->run, &reader->lexer))
		return false;
	if (peek(&reader->lexer) == '@')
		return read_behind_local(reader);
	if (take(&reader->lexer, '<'))
		return read_angle(reader);
	if (reader->in_group || reader->run.words == 0 || !take(&reader->lexer, ':'))
		return false;
	reader->in_group = true;
	return true;
}

/* The whole list; empty members are obsolete but legal (RFC 5322 4.4). */
static bool
read_list(struct reader *reader)
{
	bool apart = true; /* at the start, after a comma, or after the colon of a group */

	for (;;) {
		if (!skip(&reader->lexer))
			return false;
		if (peek(&reader->lexer) == -1)
			break;
		if (take(&reader->lexer, ',')) {
			apart = true;
		} else if (reader->in_group && take(&reader->lexer, ';')) {
			reader->in_group = apart = false;
		} else {
			bool was_in_group = reader->in_group;

			if (!apart || !read_member(reader))
				return false;
			apart = reader->in_group != was_in_group;
		}
	}
	return !reader->in_group && reader->list->count > reader->before;
}

bool
mailbox_read_from(struct arena *arena, const char *field, size_t length, struct mailbox_list *list)
{
	struct reader reader = {
		.lexer = { .at = field, .end = field + length, .arena = arena, .conversions = &list->conversions },
		.arena = arena,
		.list = list,
		.before = list->count,
	};

	bool read;

	list->stopped = length <= MAILBOX_FIELD_MAX ? clean_length(field, length) : MAILBOX_FIELD_MAX;
	if (list->stopped < length)
		return false;
	read = read_list(&reader);
	list->stopped = (size_t)(reader.lexer.at - field);
	return read;
}

/* ---- of a field that does not parse ---- */

static struct span
last_angle(const char *field, size_t length)
{
	const char *open = memrchr(field, '<', length), *close;
	size_t left;

	if (open == NULL)
		return (struct span){ NULL, 0 };
	left = length - (size_t)(++open - field);
	close = memchr(open, '>', left);
	return (struct span){ open, close == NULL ? left : (size_t)(close - open) };
}

/* The word that holds the last '@'; what divides a list's members divides words, too. */
static struct span
last_word(const char *field, size_t length)
{
	const char *at = memrchr(field, '@', length), *start = at;

	if (at == NULL)
		return (struct span){ NULL, 0 };
	while (start > field && !is_blank(start[-1]) && strchr(",;:", start[-1]) == NULL)
		start--;
	return (struct span){ start, length - (size_t)(start - field) };
}

bool
mailbox_read_last(struct arena *arena, const char *field, size_t length, struct mailbox_list *list)
{
	struct span span = last_angle(field, length);
	struct mailbox mailbox;
	const struct mailbox *before = list->count > 0 ? &list->list[list->count - 1] : NULL;

	if (span.at == NULL)
		span = last_word(field, length);
	if (span.at == NULL || !mailbox_read_odd(arena, span, &mailbox))
		return false;
	if (before != NULL && strcmp(before->text, mailbox.text) == 0)
		return true;
	return list_add(arena, list, &mailbox);
}

/* --- SMTP paths --- */

/* RFC 5321 4.1.1.3: the only mailbox that needs no domain. */
static bool
is_postmaster(const struct run *run)
{
	return !run->quoted && span_is_nocase((struct span){ run->bytes, run->length }, "postmaster");
}

/* Local part and host between the angle brackets, if any. */
static bool
path_mailbox(struct lexer *lexer, struct run *run, struct host *host)
{
	if (!skip(lexer) || (peek(lexer) == '@' && !route_skip(lexer)))
		return false;
	if (!run_read(run, lexer) || !run_is_local(run, lexer))
		return false;
	if (take(lexer, '@'))
		return host_read(lexer, host);
	return is_postmaster(run);
}

/* Only the mailbox. */
static bool
path_is(struct lexer lexer, struct run *run, struct host *host)
{
	bool angle = take(&lexer, '<');

	if (!path_mailbox(&lexer, run, host) || (angle && !take(&lexer, '>')))
		return false;
	return peek(&lexer) == -1;
}

/* What SMTP calls a path has no blanks outside quotes, no comments and no controls; MTAs take those of RFC 5322, too,
 * and route by what they find. */
static bool
path_read(struct arena *arena, struct span path, struct run *run, struct host *host)
{
	struct lexer lexer = { .at = path.at, .end = path.at + path.length, .smtp = true, .arena = arena };

	if (path.length > MAILBOX_FIELD_MAX || !is_clean(path.at, path.length) || strpbrk(path.at, "\t\r\n") != NULL)
		return false;
	if (path_is(lexer, run, host))
		return true;
	lexer.smtp = false;
	return path_is(lexer, run, host) && (host->name[0] != '\0' || host->literal[0] != '\0');
}

bool
mailbox_read_path(struct arena *arena, const char *path, struct mailbox *out)
{
	struct host host = { .name = "" };
	struct run run;

	if (path[0] == '\0' || strcmp(path, "<>") == 0) {
		*out = (struct mailbox){ "", "", "" };
		return true;
	}
	if (!path_read(arena, span_of(path), &run, &host))
		return mailbox_read_odd(arena, span_of(path), out);
	if (!mailbox_make(arena, &run, &host, out))
		return false;
	if (host.name[0] == '\0' && host.literal[0] == '\0')
		out->text = out->local; /* postmaster, without adding an '@' */
	return true;
}
