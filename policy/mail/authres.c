#include <string.h>

#include "policy/mail/authres.h"
#include "policy/mail/undrawn.h"
#include "policy/util/domain.h"
#include "policy/util/utf8.h"

/* ---- reading ---- */

bool
authres_is_field(const char *name)
{
	return span_is_nocase(span_trim(span_of(name)), "Authentication-Results");
}

/* Blanks, folds and stray controls, which lenient readers skip as well. */
static bool
is_space(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* One character, or a byte that is not UTF-8 and that a reader may take for Latin-1. Never inside a character: its
 * later bytes are blanks of Latin-1. */
struct piece {
	size_t length;
	enum drawn drawn;
};

static struct piece
piece_read(struct span rest)
{
	uint32_t point;
	size_t length = utf8_read(rest.at, rest.length, &point);

	if (length == 0)
		return (struct piece){ 1, undrawn_kind((unsigned char)*rest.at) };
	return (struct piece){ length, undrawn_kind(point) };
}

/* Bytes of a token (RFC 2045, 5.1); above ASCII they are allowed by RFC 8601, 5 (EAI). */
static bool
is_token(char c)
{
	return !is_space(c) && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static void
skip(struct span *rest, size_t bytes)
{
	bytes = bytes < rest->length ? bytes : rest->length;
	rest->at += bytes;
	rest->length -= bytes;
}

/* Skips comments (RFC 5322, 3.2.2) and blanks, those of Unicode too, as python3-authres does. Nesting is counted, not
 * followed: no depth hurts. */
static void
skip_cfws(struct span *rest)
{
	size_t depth = 0;

	while (rest->length > 0) {
		struct piece piece = depth == 0 ? piece_read(*rest) : (struct piece){ 1, DRAWN_BLANK };
		char c = rest->at[0];

		if (piece.drawn > DRAWN_BLANK && c != '(')
			return;
		if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		skip(rest, depth > 0 && c == '\\' ? 2 : piece.length);
	}
}

/* The id read so far. Not on the heap: a forged field must be recognised even when memory runs out. */
struct id {
	char bytes[4 * DOMAIN_TEXT]; /* bytes of UTF-8; a longer id is counted and never ours */
	size_t length;
	char last;
};

static void
id_add(struct id *id, char c)
{
	if (id->length < sizeof id->bytes)
		id->bytes[id->length] = c;
	id->length++;
	id->last = c;
}

static void
cut_token(struct span *rest, struct id *id)
{
	while (rest->length > 0 && is_token(rest->at[0])) {
		struct piece piece = piece_read(*rest);

		if (piece.drawn == DRAWN_BLANK)
			return;
		for (size_t i = 0; piece.drawn != DRAWN_NOT && i < piece.length; i++)
			id_add(id, rest->at[i]);
		skip(rest, piece.length);
	}
}

/* The content of a quoted-string (RFC 5322, 3.2.4), folds dropped; false when it never ends. */
static bool
cut_quoted(struct span *rest, struct id *id)
{
	struct span at = *rest;
	struct id before = *id;

	for (skip(&at, 1); at.length > 0; skip(&at, 1)) {
		if (at.at[0] == '"') {
			skip(&at, 1);
			*rest = at;
			return true;
		}
		if (at.at[0] == '\\')
			skip(&at, 1);
		if (at.length > 0 && at.at[0] != '\r' && at.at[0] != '\n')
			id_add(id, at.at[0]);
	}
	*id = before;
	return false;
}

/*
 * Adds the next word of the id. A dot joins the words beside it even across blanks and comments, as
 * it does in an old domain (RFC 5322, 4.4). A quote that never ends is ignored.
 */
static bool
cut_word(struct span *rest, struct id *id)
{
	size_t before = id->length;

	skip_cfws(rest);
	if (rest->length == 0)
		return false;
	if (before > 0 && rest->at[0] != '.' && id->last != '.')
		return false;
	if (rest->at[0] != '"' || !cut_quoted(rest, id)) {
		skip(rest, rest->at[0] == '"');
		cut_token(rest, id);
	}
	return id->length > before;
}

static struct span
without_dot(struct span name)
{
	if (name.length > 0 && name.at[name.length - 1] == '.')
		name.length--;
	return name;
}

/* Equal as domains, U-label or A-label; otherwise byte for byte, case folded. */
static bool
same_id(struct span id, const char *ours)
{
	char one[DOMAIN_TEXT], other[DOMAIN_TEXT];

	if (domain_read(id.at, id.length, one, NULL) && domain_read(ours, strlen(ours), other, NULL))
		return strcmp(one, other) == 0;
	return id.length > 0 && span_is_nocase(without_dot(id), ours);
}

bool
authres_bears(const char *value, size_t length, const char *authserv_id)
{
	struct span rest = { value, length };
	struct id id = { .length = 0 };

	while (cut_word(&rest, &id) && id.length <= sizeof id.bytes)
		if (same_id(span_trim((struct span){ id.bytes, id.length }), authserv_id))
			return true; /* after its first word: "mx.example.com. 1" */
	return false;
}

/* ---- writing ---- */

/* A value longer than this is left out, never cut: its beginning may be somebody else's name. */
enum { VALUE_MAX = 320 }; /* 64 + 1 + 255, RFC 5321, 4.5.3.1 */

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (text_lower(c) >= 'a' && text_lower(c) <= 'z');
}

static bool
is_name_char(char c)
{
	return is_alnum(c) || c == '-' || c == '_';
}

/*
 * Dot-atom or addr-spec (RFC 8601, 2.2) of bytes that no reader, however simple, takes for a
 * mark. Everything else is quoted: "=" would start a result of its own, "'" cuts the field
 * in some readers ("Composition Kills", A4 and A5).
 */
static bool
is_plain(struct span value)
{
	bool in_domain = false;
	char before = '.';

	for (size_t i = 0; i < value.length; i++) {
		char c = value.at[i];

		if (c == '.' || (c == '@' && !in_domain)) {
			if (before == '.' || before == '@')
				return false;
			in_domain = in_domain || c == '@';
		} else if (!is_name_char(c) && (in_domain || strchr("!#$%&*+^{|}~", c) == NULL)) {
			return false;
		}
		before = c;
	}
	return before != '.' && before != '@';
}

/* Bytes that are not printable ASCII become question marks: no fold, no NUL, no half a character. */
static void
put_quoted(struct text *out, struct span value)
{
	text_char(out, '"');
	for (size_t i = 0; i < value.length; i++) {
		char c = value.at[i];

		if (c == '"' || c == '\\')
			text_char(out, '\\');
		text_char(out, c >= ' ' && c <= '~' ? c : '?');
	}
	text_char(out, '"');
}

static void
put_value(struct text *out, struct span value)
{
	if (is_plain(value))
		text_span(out, value);
	else
		put_quoted(out, value);
}

/* " header.d=value"; nothing for a value that is empty or too long. */
static void
put_property(struct text *out, const char *name, const char *value)
{
	size_t length = strnlen(value, VALUE_MAX + 1);

	if (length == 0 || length > VALUE_MAX)
		return;
	text_char(out, ' ');
	text_put(out, name);
	text_char(out, '=');
	put_value(out, (struct span){ value, length });
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* Our id; an IDN is written in A-labels, so that readers without RFC 6532 recognise it. */
static void
put_id(struct text *out, const char *authserv_id)
{
	char name[DOMAIN_TEXT];

	if (!is_ascii(authserv_id) && domain_read(authserv_id, strlen(authserv_id), name, NULL))
		authserv_id = name;
	if (strchr(authserv_id, '@') == NULL)
		put_value(out, span_of(authserv_id));
	else
		put_quoted(out, span_of(authserv_id)); /* not a token (RFC 2045, 5.1), though an addr-spec */
}

/* Results being written: each whole, or not at all. */
struct field {
	struct text *out;
	size_t limit;  /* of out's length */
	size_t before; /* where the result being written starts */
	bool full;
};

static void
result_begin(struct field *field, const char *method, const char *word)
{
	field->before = field->out->length;
	text_put(field->out, ";\n\t");
	text_put(field->out, method);
	text_char(field->out, '=');
	text_put(field->out, word);
}

/* Removes a result that made the field too long; leaves out what would follow it, too. */
static void
result_end(struct field *field)
{
	struct text *out = field->out;

	if (!out->cut && out->length <= field->limit)
		return;
	field->full = true;
	text_rewind(out, field->before);
	out->cut = out->failed; /* a result for which memory ran out is not whole */
}

static void
write_spf(struct field *field, const struct facts *facts)
{
	const char *sender = facts->mail_from;

	if (facts->spf.result == AUTH_NOT_ASKED)
		return;
	/* RFC 8601, 2.7.2 allows the domain alone: it has an ASCII form, and is never too long */
	if (!is_ascii(sender) || strlen(sender) > VALUE_MAX)
		sender = facts->spf.domain;
	result_begin(field, "spf", auth_word(facts->spf.result));
	if (facts->spf.by_helo)
		put_property(field->out, "smtp.helo", facts->spf.domain);
	else
		put_property(field->out, "smtp.mailfrom", sender);
	result_end(field);
}

/* A signature that verifies but may prove nothing is "policy" (RFC 8601, 2.7.1). */
static enum auth_result
dkim_result(const struct dkim_fact *signature)
{
	return signature->result == AUTH_PASS && !signature->counts ? AUTH_POLICY : signature->result;
}

static void
write_dkim(struct field *field, const struct dkim_fact *signature)
{
	enum auth_result result = dkim_result(signature);

	if (result == AUTH_NOT_ASKED)
		return;
	result_begin(field, "dkim", auth_word(result));
	put_property(field->out, "reason", signature->why);
	put_property(field->out, "header.d", signature->d);
	put_property(field->out, "header.s", signature->s);
	put_property(field->out, "header.a", signature->a);
	put_property(field->out, "header.b", signature->b);
	result_end(field);
}

static bool
is_named_before(const struct facts *facts, size_t author)
{
	for (size_t i = 0; i < author; i++)
		if (strcmp(facts->authors[i].mailbox.domain, facts->authors[author].mailbox.domain) == 0)
			return true;
	return false;
}

static void
write_dmarc(struct field *field, const struct author *author)
{
	const struct dmarc_fact *dmarc = &author->dmarc;

	result_begin(field, "dmarc", auth_word(dmarc->said));
	put_property(field->out, "header.from", author->mailbox.domain);
	if (dmarc->domain[0] != '\0')
		put_property(field->out, "policy.dmarc", dmarc_policy_word(dmarc->policy));
	result_end(field);
}

/* The authors' results, kept to half a field: neither signatures nor authors can crowd out the other. */
static void
write_authors(const struct facts *facts, struct text *out)
{
	struct field field = { .out = out, .limit = out->ceiling };

	for (size_t i = 0; i < facts->author_count && !field.full; i++)
		if (facts->authors[i].dmarc.result != AUTH_NOT_ASKED && !is_named_before(facts, i))
			write_dmarc(&field, &facts->authors[i]);
}

void
authres_write(const struct facts *facts, const char *authserv_id, struct text *out)
{
	size_t bare, room = out->ceiling - out->length;
	struct field field = { .out = out };
	struct text authors;

	room = room < AUTHRES_MAX ? room : AUTHRES_MAX;
	text_open(&authors, room / 2);
	write_authors(facts, &authors);
	field.limit = out->length + room - authors.length;
	put_id(out, authserv_id);
	bare = out->length;
	if (out->cut)
		goto out; /* without an id it is not a field */
	write_spf(&field, facts);
	for (size_t i = 0; i < facts->dkim_count && !field.full; i++)
		write_dkim(&field, &facts->dkim[i]);
	text_add(out, authors.bytes, authors.length);
	if (out->length == bare)
		text_put(out, "; none"); /* RFC 8601, 2.2 */
out:
	text_inherit(out, &authors);
	text_close(&authors);
}

void
authres_write_outcome(const char *outcome, const char *vendor, int64_t waited, bool tagged, const char *authserv_id,
    struct text *out)
{
	put_id(out, authserv_id);
	text_format(out, ";\n\tx-greenlane=%s", outcome);
	put_property(out, "policy.vendor", vendor);
	if (waited >= 0)
		text_format(out, " policy.waited=%lld", (long long)waited);
	if (tagged)
		text_put(out, " policy.action=tag");
}
