#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config/policy_scan.h"
#include "policy/util/text.h"

enum { STRING_SHOWN = 60 };

/* What came before the current token. */
enum piece { PIECE_START, PIECE_NAME, PIECE_EQUALS, PIECE_VALUE, PIECE_OPEN, PIECE_COMMA, PIECE_END };

struct level {
	char open; /* '{', '[' or '('; the file itself is a '{' */
	unsigned line;
	size_t first_name;
};

struct scanner {
	const char *file, *at, *end;
	unsigned line;
	enum piece before;
	size_t depth;
	struct level levels[SCAN_DEPTH_MAX + 1];
	size_t name_count;
	struct {
		struct span text;
		unsigned line;
	} names[(SCAN_DEPTH_MAX + 1) * SCAN_NAMES_MAX];
	struct tokens *tokens;
	struct fault *why;
	bool starved;
};

static bool PRINTF_LIKE(3, 4) refuse(struct scanner *s, unsigned line, const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return fault_at(s->why, s->file, line, "%s", text);
}

static struct level *
level_of(struct scanner *s)
{
	return &s->levels[s->depth];
}

static char
closer_of(char open)
{
	return open == '{' ? '}' : open == '[' ? ']' : ')';
}

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("_-+*.", c) != NULL);
}

/* How much of the text from here a person would put in quotes; for a hint. */
static int
bare_length(const struct scanner *s, const char *from)
{
	size_t length = 0;

	while (from + length < s->end && length < 60 && from[length] > ' ' && from[length] < 0x7f &&
	    strchr(";,]})=\"", from[length]) == NULL)
		length++;
	return (int)length;
}

static bool
comment_skip(struct scanner *s)
{
	unsigned begun = s->line;

	if (s->at[0] == '#' || s->at[1] == '/') {
		while (s->at < s->end && *s->at != '\n')
			s->at++;
		return true;
	}
	for (s->at += 2; s->at + 1 < s->end; s->at++) {
		s->line += *s->at == '\n';
		if (s->at[0] == '*' && s->at[1] == '/') {
			s->at += 2;
			return true;
		}
	}
	return refuse(s, begun, "the comment that begins here has no end; write '*/' after it");
}

static bool
blanks_skip(struct scanner *s)
{
	for (; s->at < s->end; s->at++) {
		while (s->at < s->end &&
		    (*s->at == '#' || (*s->at == '/' && s->at + 1 < s->end && (s->at[1] == '/' || s->at[1] == '*'))))
			if (!comment_skip(s))
				return false;
		if (s->at == s->end || memchr(" \t\r\n", *s->at, 4) == NULL)
			break;
		s->line += *s->at == '\n';
	}
	return true;
}

static bool
name_unfinished(struct scanner *s)
{
	struct span name = s->names[s->name_count - 1].text;

	return refuse(s, s->names[s->name_count - 1].line, "no '=' after '%.*s'; write '%.*s = value;'",
	    (int)(name.length < 60 ? name.length : 60), name.at, (int)(name.length < 60 ? name.length : 60), name.at);
}

/* May a value begin here? `what` names it in the fault. */
static bool
value_fits(struct scanner *s, const char *what)
{
	if (s->before == PIECE_EQUALS)
		return true;
	if (s->before == PIECE_NAME)
		return name_unfinished(s);
	if (level_of(s)->open == '{')
		return refuse(s, s->line, "%s where a key is expected; write 'key = value;'", what);
	if (s->before == PIECE_VALUE)
		return refuse(s, s->line, "%s follows another element; write ',' between them", what);
	return true;
}

static bool
token_add(struct scanner *s, enum token_kind kind, const char *from, size_t length)
{
	struct tokens *tokens = s->tokens;

	if (tokens->count == tokens->room) {
		size_t room = tokens->room == 0 ? 64 : tokens->room * 2;
		struct token *grown = realloc(tokens->list, room * sizeof *grown);

		if (grown == NULL) {
			s->starved = true;
			return refuse(s, s->line, "out of memory");
		}
		tokens->list = grown;
		tokens->room = room;
	}
	tokens->list[tokens->count++] = (struct token){ { from, length }, s->line, kind };
	s->before = PIECE_VALUE;
	return true;
}

static bool
string_scan(struct scanner *s)
{
	const char *from = ++s->at;

	if (!value_fits(s, "a string"))
		return false;
	for (; s->at < s->end && *s->at != '"' && *s->at != '\n'; s->at++) {
		if (*s->at != '\\' || s->at + 1 == s->end || s->at[1] == '\n')
			continue;
		s->at++;
		if (s->end - s->at > 2 && text_lower(s->at[0]) == 'x' && s->at[1] == '0' && s->at[2] == '0')
			return refuse(s, s->line, "\\x00 would end the string there; leave it out");
	}
	if (s->at == s->end || *s->at == '\n')
		return refuse(s, s->line, "a string has no end on its line; write '\"' after it");
	return token_add(s, TOKEN_STRING, from, (size_t)(s->at++ - from));
}

static bool
is_whole_number(struct span word)
{
	size_t i = word.at[0] == '-';

	if (i == word.length)
		return false;
	for (; i < word.length; i++)
		if (word.at[i] < '0' || word.at[i] > '9')
			return false;
	return true;
}

/* A word where a value is expected: true, false, or something without its quotes. */
static bool
bare_value(struct scanner *s, struct span word)
{
	int length = bare_length(s, word.at);

	if (span_is_nocase(word, "true") || span_is_nocase(word, "false"))
		return value_fits(s, "a value") && token_add(s, TOKEN_BOOL, word.at, word.length);
	if (span_is_nocase(word, "yes") || span_is_nocase(word, "on"))
		return refuse(s, s->line, "'%.*s' is not a truth value; write true", length, word.at);
	if (span_is_nocase(word, "no") || span_is_nocase(word, "off"))
		return refuse(s, s->line, "'%.*s' is not a truth value; write false", length, word.at);
	return refuse(s, s->line, "'%.*s' has no quotes; write \"%.*s\"", length, word.at, length, word.at);
}

static bool
name_add(struct scanner *s, struct span word)
{
	struct level *level = level_of(s);

	for (size_t i = level->first_name; i < s->name_count; i++)
		if (s->names[i].text.length == word.length && memcmp(s->names[i].text.at, word.at, word.length) == 0)
			return refuse(s, s->line, "'%.*s' is already in line %u; keep one of them",
			    (int)(word.length < 60 ? word.length : 60), word.at, s->names[i].line);
	if (s->name_count - level->first_name == SCAN_NAMES_MAX)
		return refuse(s, s->line, "more than %d keys in one group; write a list", SCAN_NAMES_MAX);
	s->names[s->name_count].text = word;
	s->names[s->name_count++].line = s->line;
	s->before = PIECE_NAME;
	return true;
}

static bool
word_scan(struct scanner *s)
{
	struct span word = { s->at, 0 };

	while (s->at < s->end && is_word_char(*s->at))
		s->at++;
	word.length = (size_t)(s->at - word.at);
	if (memchr("0123456789+-.", word.at[0], 13) != NULL) {
		if (is_whole_number(word))
			return value_fits(s, "a number") && token_add(s, TOKEN_NUMBER, word.at, word.length);
		return refuse(s, s->line, "'%.*s' is not a whole number; write \"%.*s\", or digits alone",
		    bare_length(s, word.at), word.at, bare_length(s, word.at), word.at);
	}
	if (s->before == PIECE_NAME)
		return name_unfinished(s);
	if (s->before == PIECE_EQUALS || level_of(s)->open != '{')
		return bare_value(s, word);
	if (span_is_nocase(word, "true") || span_is_nocase(word, "false"))
		return value_fits(s, "a truth value");
	if (memchr(word.at, '.', word.length) != NULL || memchr(word.at, '+', word.length) != NULL)
		return refuse(s, s->line, "'%.*s' cannot be a key; write a group, 'a = { b = value; };'",
		    bare_length(s, word.at), word.at);
	return name_add(s, word);
}

static bool
open_scan(struct scanner *s, char open)
{
	const char what[] = { '\'', open, '\'', '\0' };

	if (!value_fits(s, what))
		return false;
	if (level_of(s)->open == '[')
		return refuse(s, s->line, "'%c' inside '['; write '(' and ')' around a list of these", open);
	if (s->depth == SCAN_DEPTH_MAX)
		return refuse(s, s->line, "brackets nest deeper than %d; write a flatter file", SCAN_DEPTH_MAX);
	s->depth++;
	*level_of(s) = (struct level){ open, s->line, s->name_count };
	s->before = PIECE_OPEN;
	return true;
}

static bool
close_scan(struct scanner *s, char close)
{
	struct level *level = level_of(s);

	if (s->depth == 0)
		return refuse(s, s->line, "'%c' closes nothing; drop it", close);
	if (close != closer_of(level->open))
		return refuse(s, s->line, "'%c' cannot close the '%c' of line %u; write '%c'", close, level->open,
		    level->line, closer_of(level->open));
	if (s->before == PIECE_NAME)
		return name_unfinished(s);
	if (s->before == PIECE_EQUALS)
		return refuse(s, s->line, "a value is missing after '='; write 'key = value;'");
	if (s->before == PIECE_COMMA && level->open != '{')
		return refuse(s, s->line, "there is a ',' before '%c'; drop it", close);
	s->name_count = level->first_name;
	s->depth--;
	s->before = PIECE_VALUE;
	return true;
}

static bool
mark_scan(struct scanner *s, char mark)
{
	bool group = level_of(s)->open == '{';

	if (s->before == PIECE_NAME && mark != '=')
		return name_unfinished(s);
	if (s->before == PIECE_EQUALS)
		return refuse(s, s->line, "a value is missing after '='; write 'key = value;'");
	if (mark == '=' && s->before != PIECE_NAME)
		return refuse(s, s->line, "'=' has no key before it; write 'key = value;'");
	if (mark == ';' && !group)
		return refuse(s, s->line, "';' inside the '%c' of line %u; write ',' instead, or '%c' before it",
		    level_of(s)->open, level_of(s)->line, closer_of(level_of(s)->open));
	if (mark != '=' && s->before != PIECE_VALUE)
		return refuse(s, s->line, "one '%c' too many; drop it", mark);
	s->before = mark == '=' ? PIECE_EQUALS : mark == ',' ? PIECE_COMMA : PIECE_END;
	return true;
}

/* One token, blanks before it skipped. */
static bool
token_scan(struct scanner *s)
{
	char c = *s->at;

	if (c == '"')
		return string_scan(s);
	if (is_word_char(c) && c != '_')
		return word_scan(s);
	if (c == '@')
		return refuse(s, s->line,
		    "'%.*s' is not allowed; write everything into one file, "
		    "vendors into files of their own on vendor_path",
		    bare_length(s, s->at), s->at);
	s->at++;
	switch (c) {
	case '{':
	case '[':
	case '(':
		return open_scan(s, c);
	case '}':
	case ']':
	case ')':
		return close_scan(s, c);
	case ':':
		c = '='; /* libconfig takes both */
			 /* fallthrough */
	case '=':
	case ',':
	case ';':
		return mark_scan(s, c);
	default:
		if (s->end - s->at > 1 && memcmp(s->at - 1, "\xe2\x80", 2) == 0)
			return refuse(s, s->line, "a typographic quotation mark; write '\"'");
		if (c == '\'')
			return refuse(s, s->line, "a single quotation mark; write '\"'");
		if ((unsigned char)c > ' ' && (unsigned char)c < 0x7f)
			return refuse(s, s->line, "'%c' means nothing here; write text between quotes", c);
		return refuse(s, s->line, "byte 0x%02x means nothing here; write text between quotes", (unsigned char)c);
	}
}

static bool
end_fits(struct scanner *s)
{
	if (s->before == PIECE_NAME)
		return name_unfinished(s);
	if (s->before == PIECE_EQUALS)
		return refuse(s, s->line, "a value is missing after '='; write 'key = value;'");
	if (s->depth > 0)
		return refuse(s, level_of(s)->line, "this '%c' is never closed; write '%c'", level_of(s)->open,
		    closer_of(level_of(s)->open));
	return true;
}

/* What is wrong stands behind a string, and something touches its end: it took the '"' with which another string begins for its
 * own. Says so instead. */
static void
say_unended(struct scanner *s)
{
	const struct token *last = s->tokens->count == 0 ? NULL : &s->tokens->list[s->tokens->count - 1];
	const char *behind;
	struct text shown;

	if (s->starved || last == NULL || last->kind != TOKEN_STRING)
		return;
	behind = last->text.at + last->text.length + 1;
	if (bare_length(s, behind) == 0 || *behind == '#' ||
	    (bare_length(s, behind) > 1 && *behind == '/' && (behind[1] == '/' || behind[1] == '*')))
		return;
	text_open(&shown, 4 * STRING_SHOWN);
	/* it may hold tabs */
	text_escaped(&shown, last->text.at, last->text.length < STRING_SHOWN ? last->text.length : STRING_SHOWN);
	(void)refuse(s, last->line, "the string \"%s\" ends right before '%.*s'; write '\"' where it should end",
	    shown.bytes, bare_length(s, behind), behind);
	text_close(&shown);
}

static unsigned
line_at(const char *text, const char *at)
{
	unsigned line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

static bool
bytes_fit(struct scanner *s, const char *text, size_t length)
{
	const char *nul = memchr(text, '\0', length);

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return refuse(s, 1, "the file begins with a byte order mark; save it as UTF-8 without BOM");
	if (length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		return refuse(s, 1,
		    "the file is UTF-16 (it begins with a byte order mark); "
		    "save it as UTF-8 without BOM");
	if (nul != NULL)
		return refuse(s, line_at(text, nul), "a NUL byte; save the file as plain text");
	return true;
}

bool
policy_scan(const char *file, const char *text, size_t length, struct tokens *out, struct fault *why)
{
	struct scanner *s = calloc(1, sizeof *s);
	bool good;

	if (s == NULL)
		return fault_at(why, file, 0, "out of memory");
	s->file = file;
	s->at = text;
	s->end = text + length;
	s->line = 1;
	s->levels[0] = (struct level){ '{', 1, 0 };
	s->tokens = out;
	s->why = why;
	good = bytes_fit(s, text, length) && blanks_skip(s);
	while (good && s->at < s->end)
		good = token_scan(s) && blanks_skip(s);
	good = good && end_fits(s);
	if (!good)
		say_unended(s);
	free(s);
	return good;
}

void
tokens_close(struct tokens *tokens)
{
	free(tokens->list);
	*tokens = (struct tokens){ 0 };
}
