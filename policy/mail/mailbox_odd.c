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

/* The last '@' outside quotes and comments that no backslash precedes, as Postfix finds it; NULL: none. */
static const char *
bare_at(struct span path)
{
	const char *found = NULL;
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < path.length; i++) {
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

bool
mailbox_read_odd(struct arena *arena, struct span path, struct mailbox *out)
{
	struct span whole = without_brackets(path);
	const char *marks[] = { bare_at(whole), memrchr(whole.at, '@', whole.length) };
	char domain[DOMAIN_TEXT];

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		const char *at = marks[i];
		size_t length = at == NULL ? 0 : (size_t)(at - whole.at);

		if (at == NULL || !name_read(arena, (struct span){ at + 1, whole.length - length - 1 }, domain))
			continue;
		out->local = arena_copy(arena, whole.at, length < LOCAL_PART_MAX ? length : LOCAL_PART_MAX);
		out->domain = arena_string(arena, domain);
		if (out->local == NULL || out->domain == NULL)
			return false;
		out->text = written(arena, out->local, out->domain);
		return out->text != NULL;
	}
	return false;
}
