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

/* The last '@' outside quotes and comments that no backslash precedes, as Postfix finds it; NULL: none. */
static const char *
bare_at(struct span path)
{
	const char *found = NULL;
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = route_length(path); i < path.length; i++) {
		char c = path.at[i];

		if (c == '\\')
			i++;
		else if (c == '"' && depth == 0)
			quoted = !quoted;
		else if (!quoted && c == '(')
			depth++;
		else if (!quoted && c == ')' && depth > 0)
			depth--;
		else if (!quoted && c == '@' && depth == 0)
			found = path.at + i;
	}
	return found;
}

/* Bytes of a character at `at` that no reader draws; 0: it is drawn, or not a character. */
static size_t
undrawn_length(const char *at, size_t left)
{
	uint32_t point;
	size_t length = utf8_read(at, left, &point);

	return length > 0 && undrawn_kind(point) == DRAWN_NOT ? length : 0;
}

/* The name without comments, without what is not drawn, and without the blanks at its ends and dots; a comment that
 * stays open runs to the end. */
static bool
name_read(struct arena *arena, struct span rest, char out[DOMAIN_TEXT])
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
			if (apart && length > 0 && name[length - 1] != '.' && c != '.')
				return false;
			if (length == sizeof name)
				return false;
			name[length++] = c;
			apart = false;
		}
	}
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

/* Cuts it into local part and domain: at the last '@', without one at the first '!', without that at the last '%', as
 * Postfix does where swap_bangpath and allow_percent_hack are as they come. */
static bool
plain_cut(const struct plain *plain, struct span *local, struct span *domain)
{
	const char *bytes = plain->bytes, *mark = memrchr(bytes, '@', plain->length);
	bool bang = mark == NULL && (mark = memchr(bytes, '!', plain->length)) != NULL;
	struct span before, behind;

	if (mark == NULL && (mark = memrchr(bytes, '%', plain->length)) == NULL)
		return false;
	before = (struct span){ bytes, (size_t)(mark - bytes) };
	behind = (struct span){ mark + 1, plain->length - before.length - 1 };
	*local = span_trim(bang ? behind : before);
	*domain = bang ? before : behind;
	return true;
}

/* ---- all ways to read it ---- */

static bool
odd_make(struct arena *arena, struct span local, struct span domain, struct mailbox *out)
{
	char name[DOMAIN_TEXT];

	if (!name_read(arena, domain, name))
		return false;
	out->local = arena_copy(arena, local.at, local.length < LOCAL_PART_MAX ? local.length : LOCAL_PART_MAX);
	out->domain = arena_string(arena, name);
	if (out->local == NULL || out->domain == NULL)
		return false;
	out->text = written(arena, out->local, out->domain);
	return out->text != NULL;
}

static bool
odd_read_at(struct arena *arena, struct span whole, const char *at, struct mailbox *out)
{
	size_t length = at == NULL ? 0 : (size_t)(at - whole.at);

	return at != NULL &&
	    odd_make(arena, (struct span){ whole.at, length }, (struct span){ at + 1, whole.length - length - 1 }, out);
}

static bool
odd_read_plain(struct arena *arena, struct span whole, struct mailbox *out)
{
	struct plain plain = { .bytes = arena_take(arena, whole.length + 1) };
	struct span local, domain;

	/* a bracket that is only closed was opened by the path itself */
	plain.angle = memchr(whole.at, '>', whole.length) != NULL && memchr(whole.at, '<', whole.length) == NULL;
	return plain.bytes != NULL && plain_read(whole, &plain) && plain_cut(&plain, &local, &domain) &&
	    odd_make(arena, local, domain, out);
}

bool
mailbox_read_odd(struct arena *arena, struct span path, struct mailbox *out)
{
	struct span whole = without_brackets(path);

	return odd_read_at(arena, whole, bare_at(whole), out) || odd_read_plain(arena, whole, out) ||
	    odd_read_at(arena, whole, memrchr(whole.at, '@', whole.length), out);
}
