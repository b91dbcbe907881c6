#include <string.h>

#include "policy/mail/mailbox.h"
#include "policy/mail/mailbox_parts.h"
#include "policy/mail/undrawn.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"
#include "policy/util/utf8.h"

enum {
	NAME_TEXT = 4 * DOMAIN_TEXT,                       /* U-labels may be longer than the A-labels they stand for */
	WRITTEN_MAX = 4 * LOCAL_PART_MAX + DOMAIN_TEXT + 3 /* quotes, '@', and "\xHH" for each byte */
};

/* What MTAs take for the address: brackets are not part of it, whatever list mark follows them. */
static struct span
without_brackets(struct span path)
{
	struct span inner = span_trim(path);
	const char *end;

	if (inner.length == 0 || inner.at[0] != '<')
		return inner;
	inner = (struct span){ inner.at + 1, inner.length - 1 };
	end = memrchr(inner.at, '>', inner.length);
	if (end != NULL && memchr(end, '@', inner.length - (size_t)(end - inner.at)) == NULL)
		inner.length = (size_t)(end - inner.at);
	return span_trim(inner);
}

/* Where a source route ends, whatever it holds (RFC 5321, appendix C); 0: there is none. */
static size_t
route_length(struct span path)
{
	const char *colon = path.length > 0 && path.at[0] == '@' ? memchr(path.at, ':', path.length) : NULL;

	return colon == NULL ? 0 : (size_t)(colon - path.at) + 1;
}

/* Quotes and comments while they are passed. */
struct passing {
	unsigned depth;
	bool quoted;
};

/* Is the byte at *i outside of both, and none of their marks? Steps over a backslash. */
static bool
is_bare(struct passing *passing, struct span path, size_t *i)
{
	char c = path.at[*i];

	if (c == '\\')
		++*i;
	else if (c == '"' && passing->depth == 0)
		passing->quoted = !passing->quoted;
	else if (!passing->quoted && c == '(')
		passing->depth++;
	else if (!passing->quoted && c == ')' && passing->depth > 0)
		passing->depth--;
	else
		return !passing->quoted && passing->depth == 0;
	return false;
}

/* The last '@' outside quotes and comments that no backslash precedes, as Postfix finds it; NULL: none. */
static const char *
bare_at(struct span path)
{
	struct passing passing = { 0, false };
	const char *found = NULL;

	for (size_t i = route_length(path); i < path.length; i++)
		if (is_bare(&passing, path, &i) && path.at[i] == '@')
			found = path.at + i;
	return found;
}

/* What the bracket holds that was opened last, where all are closed and more than a name stands beside it: so reads Sendmail.
 * Where something stands behind it, Postfix refuses the path. */
static bool
innermost(struct span path, struct span *out, bool *behind)
{
	struct passing passing = { 0, false };
	const char *end = NULL;
	size_t opened = 0, closed = 0;
	bool at = false, at_before = false;

	*behind = false;
	for (size_t i = 0; i < path.length; i++) {
		if (!is_bare(&passing, path, &i))
			continue;
		if (path.at[i] == '<') {
			out->at = path.at + i + 1;
			end = NULL;
			opened++;
			at_before = at;
		} else if (path.at[i] == '>') {
			end = end == NULL ? path.at + i : end;
			closed++;
		} else if (path.at[i] != ' ' && path.at[i] != '\t') {
			*behind = *behind || end != NULL;
			at = at || path.at[i] == '@';
		}
	}
	if (end == NULL || opened != closed)
		return false;
	out->length = (size_t)(end - out->at);
	return *behind || at_before;
}

/* Bytes of a character at `at` that no reader draws; 0: it is drawn, or not a character. */
static size_t
undrawn_length(const char *at, size_t left)
{
	uint32_t point;
	size_t length = utf8_read(at, left, &point);

	return length > 0 && undrawn_kind(point) == DRAWN_NOT ? length : 0;
}

/* What parts two words of a name: nothing is read there, or a dot, as Sendmail writes it (its BlankSub). */
enum parted { PARTED_BAD, PARTED_DOT };

/* The name without comments, without what is not drawn, and without the blanks at its ends and dots; a comment that
 * stays open runs to the end. */
static bool
name_read(struct arena *arena, struct span rest, enum parted parted, char out[DOMAIN_TEXT])
{
	char name[NAME_TEXT];
	size_t length = 0;
	unsigned depth = 0;
	bool apart = false; /* a blank or comment comes before the next byte */

	for (size_t i = 0; i < rest.length; i++) {
		char c = rest.at[i];
		size_t undrawn = undrawn_length(rest.at + i, rest.length - i);

		if (undrawn > 0) {
			i += undrawn - 1;
		} else if (depth > 0 || c == '(') {
			if (c == '\\')
				i++;
			depth += (c == '(') - (c == ')');
			apart = true;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			apart = true;
		} else {
			bool joins = apart && length > 0 && name[length - 1] != '.' && c != '.';

			if ((joins && parted == PARTED_BAD) || length + joins >= sizeof name)
				return false;
			if (joins)
				name[length++] = '.';
			name[length++] = c;
			apart = false;
		}
	}
	while (length > 0 && name[length - 1] == '.')
		length--; /* Sendmail drops any number of them */
	return domain_read_for(arena, name, length, out);
}

static bool
is_plain(const char *local)
{
	size_t left = strlen(local);

	for (size_t one; left > 0; local += one, left -= one)
		if ((one = utf8_plain(local, left)) == 0)
			return false;
	return true;
}

static void
write_quoted(const char *local, struct text *out)
{
	size_t left = strlen(local);

	text_char(out, '"');
	for (size_t one; left > 0; local += one, left -= one) {
		one = utf8_plain(local, left);
		if (one == 0) {
			one = 1;
			text_format(out, "\\x%02x", (unsigned char)*local);
			continue;
		}
		if (*local == '"' || *local == '\\')
			text_char(out, '\\');
		text_add(out, local, one);
	}
	text_char(out, '"');
}

/* As a person would write it: quoted where needed, bytes that are not text escaped. */
static const char *
written(struct arena *arena, const char *local, const char *domain)
{
	struct text text;
	const char *copy;

	text_open(&text, WRITTEN_MAX);
	if (is_plain(local) && mailbox_is_dot_atom(local))
		text_put(&text, local);
	else
		write_quoted(local, &text);
	text_format(&text, "@%s", domain);
	if (text.failed)
		arena_fail(arena);
	copy = text.cut ? NULL : arena_copy(arena, text.bytes, text.length);
	if (text.failed)
		arena_fail(arena);
	text_close(&text);
	return copy;
}

/* ---- what MTAs make of it ---- */

/* A path that Postfix has taken apart: the one address in it, without quotes, backslashes and comments. */
struct plain {
	char *bytes;
	size_t length;
	size_t group; /* bytes of a group's name and its colon in front; 0: there is none */
	bool angle;   /* in brackets, in which nothing but a route is cut off */
	bool ended;
};

static void
plain_add(struct plain *plain, char c)
{
	plain->bytes[plain->length++] = c;
}

/* What came so far is no address: a display name, a route, or nothing. */
static void
plain_drop(struct plain *plain)
{
	plain->length = plain->group = 0;
}

/* Behind an address, or something that is none: Postfix refuses a path of two addresses. */
static void
plain_close(struct plain *plain, char c)
{
	if (c == ';') {
		plain->length -= plain->group;
		memmove(plain->bytes, plain->bytes + plain->group, plain->length);
		plain->group = 0;
	}
	for (size_t i = plain->group; i < plain->length; i++)
		plain->ended = plain->ended || strchr("@!%", plain->bytes[i]) != NULL;
	if (!plain->ended)
		plain_drop(plain);
	plain->angle = plain->angle && plain->ended;
}

/* A character outside quotes; a blank stands for blanks and comments, which part words outside brackets. */
static void
plain_mark(struct plain *plain, char c)
{
	bool route = plain->length > 0 && plain->bytes[0] == '@';

	if (c == '<' || (c == ':' && route)) {
		plain_drop(plain);
		plain->angle = plain->angle || c == '<';
	} else if (c == '>' || (!plain->angle && (c == ';' || (c == ',' && !route)))) {
		plain_close(plain, c);
	} else if (c != ' ' || !(plain->angle || plain->length == plain->group)) {
		plain_add(plain, c);
		if (c == ':' && !plain->angle)
			plain->group = plain->length;
	}
}

/* Of several closing brackets the last one closes. */
static bool
is_closed_later(struct span rest)
{
	for (size_t i = 0; i < rest.length; i++)
		if (rest.at[i] == '<' || rest.at[i] == '>')
			return rest.at[i] == '>';
	return false;
}

/* False when a quote stays open; a comment may. */
static bool
plain_read(struct span path, struct plain *plain)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = route_length(path); i < path.length && !plain->ended; i++) {
		struct span rest = { path.at + i + 1, path.length - i - 1 };
		char c = path.at[i];

		if (c == '\\') {
			if (++i < path.length && depth == 0)
				plain_add(plain, path.at[i]);
		} else if (c == '"' && depth == 0) {
			quoted = !quoted;
		} else if (quoted || (depth == 0 && c == '>' && is_closed_later(rest))) {
			plain_add(plain, c);
		} else if (depth > 0) {
			depth += (c == '(') - (c == ')');
		} else {
			depth += c == '(';
			plain_mark(plain, strchr("( \t\r\n", c) != NULL ? ' ' : c);
		}
	}
	return !quoted;
}

/* At the last '@', without one at the first '!', without that at the last '%', as Postfix does where swap_bangpath and
 * allow_percent_hack are as they come. An '@' or '!' with nothing before it is the last choice, as it is Sendmail's. */
static const char *
plain_mark_find(const struct plain *plain, size_t head)
{
	const char *bytes = plain->bytes, *at = memrchr(bytes, '@', plain->length);
	const char *bang = memchr(bytes + head, '!', plain->length - head), *percent = memrchr(bytes, '%', plain->length);

	if (at != NULL && at > bytes)
		return at;
	if (bang != NULL && bang > bytes + head)
		return bang;
	return percent != NULL ? percent : at != NULL ? at : bang;
}

/* Cuts it into local part and domain. */
static bool
plain_cut(const struct plain *plain, struct span *local, struct span *domain)
{
	size_t head = plain->length > 0 && plain->bytes[0] == '@';
	const char *mark = plain_mark_find(plain, head);
	struct span before, behind;

	if (mark == NULL)
		return false;
	before = (struct span){ plain->bytes, (size_t)(mark - plain->bytes) };
	behind = (struct span){ mark + 1, plain->length - before.length - 1 };
	if (*mark == '!')
		before = (struct span){ before.at + head, before.length - head };
	*local = span_trim(*mark == '!' ? behind : before);
	*domain = *mark == '!' ? before : behind;
	return true;
}

/* ---- all ways to read it ---- */

static bool
odd_make(struct arena *arena, struct span local, struct span domain, enum parted parted, struct mailbox *out)
{
	char name[DOMAIN_TEXT];

	if (!name_read(arena, domain, parted, name))
		return false;
	out->local = arena_copy(arena, local.at, local.length < LOCAL_PART_MAX ? local.length : LOCAL_PART_MAX);
	out->domain = arena_string(arena, name);
	if (out->local == NULL || out->domain == NULL)
		return false;
	out->text = written(arena, out->local, out->domain);
	return out->text != NULL;
}

static bool
odd_read_at(struct arena *arena, struct span whole, const char *at, enum parted parted, struct mailbox *out)
{
	size_t length = at == NULL ? 0 : (size_t)(at - whole.at);
	struct span domain = { at == NULL ? NULL : at + 1, at == NULL ? 0 : whole.length - length - 1 };

	return at != NULL && odd_make(arena, (struct span){ whole.at, length }, domain, parted, out);
}

static bool
odd_read_plain(struct arena *arena, struct span whole, bool angle, enum parted parted, struct mailbox *out)
{
	struct plain plain = { .bytes = arena_take(arena, whole.length + 1), .angle = angle };
	struct span local, domain;

	return plain.bytes != NULL && plain_read(whole, &plain) && plain_cut(&plain, &local, &domain) &&
	    odd_make(arena, local, domain, parted, out);
}

/* As Postfix reads it, then as Sendmail does where Postfix refuses it. */
static bool
odd_read(struct arena *arena, struct span whole, bool angle, struct mailbox *out)
{
	return odd_read_at(arena, whole, bare_at(whole), PARTED_BAD, out) ||
	    odd_read_plain(arena, whole, angle, PARTED_BAD, out) ||
	    odd_read_at(arena, whole, memrchr(whole.at, '@', whole.length), PARTED_BAD, out) ||
	    odd_read_at(arena, whole, bare_at(whole), PARTED_DOT, out) ||
	    odd_read_plain(arena, whole, angle, PARTED_DOT, out);
}

bool
mailbox_read_odd(struct arena *arena, struct span path, struct mailbox *out)
{
	struct span whole = without_brackets(path), inner;
	/* a bracket that is only closed was opened by the path itself */
	bool angle = memchr(whole.at, '>', whole.length) != NULL && memchr(whole.at, '<', whole.length) == NULL, behind;

	return (innermost(path, &inner, &behind) && odd_read(arena, span_trim(inner), !behind, out)) ||
	    odd_read(arena, whole, angle, out);
}
