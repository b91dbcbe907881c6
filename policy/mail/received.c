#include <string.h>

#include "policy/mail/received.h"
#include "policy/util/text.h"

enum {
	COMMENT_DEPTH = 16, /* nested deeper than any host writes */
	LITERAL_MAX = 64    /* "IPv6:" and the longest address, with room */
};

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_COMMENT, TOKEN_SEMICOLON, TOKEN_BAD };
struct token {
	enum token_kind kind;
	struct span text; /* of a comment without its parentheses */
	bool apart;       /* a blank comes before it, or nothing */
};

/* What is known of a field while it is read. */
struct hop {
	struct span name;      /* the word after "from" */
	struct span helo;      /* what a comment calls the client's own word */
	struct span by;        /* the word after "by" */
	size_t words;          /* of the from clause outside comments: one in every honest field */
	size_t comments;       /* of the from clause */
	size_t bys;            /* words "by" outside comments: one in every honest field */
	struct address client; /* of the comments */
	bool has_from;
	bool exim;       /* the first comment begins as Exim's do, with the address before it */
	bool exim_alone; /* and no comment holds anything else */
	bool doubtful;   /* the client's own words may have made it look so */
};

/* --- bytes --- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Line breaks only as folds (RFC 5322, 2.2.3), no other control byte. */
static bool
is_clean(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];
		bool last = i + 1 == length;

		if (c == '\r' && (last || value[i + 1] != '\n'))
			return false;
		if (c == '\n' && !last && value[i + 1] != ' ' && value[i + 1] != '\t')
			return false;
		if (c == 0x7f || (c < ' ' && c != '\t' && !is_blank((char)c)))
			return false;
	}
	return true;
}

/* --- tokens --- */

/* Bytes of a comment with its parentheses; 0 when it never ends. */
static size_t
comment_length(struct span rest)
{
	unsigned depth = 0;

	for (size_t i = 0; i < rest.length; i++) {
		if (rest.at[i] == '\\')
			i++;
		else if (rest.at[i] == '(' && ++depth > COMMENT_DEPTH)
			return 0;
		else if (rest.at[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* Bytes of a quoted string with its quotes; 0 when it never ends, or could hide a comment: the client's name
 * may open it and a recipient close it. */
static size_t
quoted_length(struct span rest)
{
	for (size_t i = 1; i < rest.length; i++) {
		if (rest.at[i] == '(' || rest.at[i] == ')')
			return 0;
		if (rest.at[i] == '"')
			return i + 1;
		if (rest.at[i] == '\\')
			i++;
	}
	return 0;
}

/* Bytes of a word; 0 when it is not one. */
static size_t
word_length(struct span rest)
{
	size_t length = 0, quoted;

	while (length < rest.length && !is_blank(rest.at[length]) && strchr("();\\", rest.at[length]) == NULL) {
		quoted = 1;
		if (rest.at[length] == '"')
			quoted = quoted_length((struct span){ rest.at + length, rest.length - length });
		if (quoted == 0)
			return 0;
		length += quoted;
	}
	return length;
}

/* Takes one token from the front of rest. */
static struct token
token_take(struct span *rest, bool first)
{
	struct token token = { TOKEN_END, { rest->at, 0 }, first };
	size_t length = 0;

	for (; rest->length > 0 && is_blank(*rest->at); rest->at++, rest->length--)
		token.apart = true;
	if (rest->length == 0)
		return token;
	if (*rest->at == '(') {
		token.kind = TOKEN_COMMENT;
		length = comment_length(*rest);
		token.text = (struct span){ rest->at + 1, length > 2 ? length - 2 : 0 };
	} else if (*rest->at == ';') {
		token.kind = TOKEN_SEMICOLON;
		length = 1;
	} else {
		token.kind = TOKEN_WORD;
		length = word_length(*rest);
		token.text = (struct span){ rest->at, length };
	}
	if (length == 0)
		token.kind = TOKEN_BAD;
	rest->at += length;
	rest->length -= length;
	return token;
}

/* --- addresses and names --- */

static bool
bare_read(struct span word, struct address *out)
{
	char text[LITERAL_MAX];

	if (word.length >= sizeof text)
		return false;
	memcpy(text, word.at, word.length);
	text[word.length] = '\0';
	return address_read(text, out);
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321, 4.1.3), and with Exim's ":port" after it. */
static bool
literal_read(struct span word, struct address *out)
{
	const char *end = word.length == 0 ? NULL : memchr(word.at, ']', word.length);
	size_t digits;

	if (end == NULL || word.at[0] != '[')
		return false;
	digits = word.length - (size_t)(end + 1 - word.at);
	if (digits == 1 || digits > 6 || (digits > 0 && end[1] != ':'))
		return false;
	for (size_t i = 2; i <= digits; i++)
		if (end[i] < '0' || end[i] > '9')
			return false;
	return bare_read((struct span){ word.at + 1, (size_t)(end - word.at) - 1 }, out);
}

/* Digits and dots would be a name, too; "192.0.2.1." shows that only in normal form. */
static void
name_read(struct span word, char out[DOMAIN_TEXT])
{
	struct address address;

	if (!domain_read(word.at, word.length, out, NULL) || address_read(out, &address))
		out[0] = '\0';
}

/* --- the comments of the from clause --- */

static bool
begins_nocase(struct span word, const char *key)
{
	size_t length = strlen(key);

	return word.length >= length && span_is_nocase((struct span){ word.at, length }, key);
}

/* Reads one comment word by word. */
struct comment {
	struct hop *hop;
	bool in_from; /* otherwise only what is nested matters */
	bool first;   /* comment of the clause */
	unsigned depth;
	size_t words;     /* of the comment itself */
	bool helo_next;   /* qmail's form: the next word is the client's own */
	bool behind_helo; /* what the client calls itself has begun; where it ends, only the client knows */
	struct span last;
};

static void
client_found(struct comment *comment, const struct address *address)
{
	struct hop *hop = comment->hop;

	if (comment->behind_helo || (hop->client.family != ADDRESS_NONE && !address_equal(&hop->client, address)))
		hop->doubtful = true;
	hop->client = *address;
}

/* A word "key=value" of Exim's comment. */
static bool
is_exim_word(struct span word)
{
	return begins_nocase(word, "helo=") || begins_nocase(word, "ident=") || begins_nocase(word, "port=");
}

static void
exim_word(struct comment *comment, struct span word)
{
	bool exim = is_exim_word(word);
	struct hop *hop = comment->hop;

	if (comment->first && comment->words == 1)
		hop->exim = hop->exim_alone = exim;
	hop->exim_alone = hop->exim_alone && exim;
	if (begins_nocase(word, "helo=") && hop->helo.length == 0)
		hop->helo = (struct span){ word.at + 5, word.length - 5 };
	comment->behind_helo = comment->behind_helo || (exim && !begins_nocase(word, "port="));
}

/* True when the word is part of qmail's "HELO name", which must be the first comment. */
static bool
qmail_word(struct comment *comment, struct span word)
{
	if (comment->helo_next) {
		comment->helo_next = false;
		comment->hop->helo = word;
		return true;
	}
	if (!comment->first || comment->words != 1 || !(span_is_nocase(word, "HELO") || span_is_nocase(word, "EHLO")))
		return false;
	comment->helo_next = comment->behind_helo = true;
	return true;
}

static void
comment_word(struct comment *comment, struct span word)
{
	struct address address;

	/* no host nests an address: the client has opened a comment around what the host wrote about it */
	if (comment->depth > 0) {
		if (literal_read(word, &address) || bare_read(word, &address))
			comment->hop->doubtful = true;
		return;
	}
	if (!comment->in_from)
		return;
	comment->words++;
	comment->last = (struct span){ NULL, 0 };
	if (qmail_word(comment, word))
		return;
	exim_word(comment, word);
	if (literal_read(word, &address))
		client_found(comment, &address);
	else
		comment->last = word;
}

/* A quoted blank ends a word too: the client may have written the backslash. */
static size_t
comment_word_length(struct span rest)
{
	size_t length = 0;

	while (length < rest.length && !is_blank(rest.at[length]) && rest.at[length] != '(' && rest.at[length] != ')')
		length += rest.at[length] == '\\' && length + 1 < rest.length && !is_blank(rest.at[length + 1]) ? 2 : 1;
	return length;
}

static void
comment_read(struct hop *hop, struct span rest, bool in_from)
{
	struct comment comment = { .hop = hop, .in_from = in_from, .first = in_from && hop->comments == 0 };
	struct address address;
	size_t length;

	for (; rest.length > 0; rest.at += length, rest.length -= length) {
		length = comment_word_length(rest);
		if (length > 0) {
			comment_word(&comment, (struct span){ rest.at, length });
			continue;
		}
		if (*rest.at == '(')
			comment.depth++;
		else if (*rest.at == ')')
			comment.depth--;
		length = 1;
	}
	if (comment.last.length > 0 && bare_read(comment.last, &address))
		client_found(&comment, &address);
	hop->comments += in_from;
}

/* --- the field --- */

/* A word or comment between "from" and "by". No host writes one at the end of another. */
static void
from_token(struct hop *hop, const struct token *token)
{
	if (!token->apart || (token->kind == TOKEN_COMMENT && hop->words == 0))
		hop->doubtful = true;
	if (token->kind == TOKEN_COMMENT)
		comment_read(hop, token->text, true);
	else if (hop->words++ == 0)
		hop->name = token->text;
}

static bool
token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && token->apart && span_is_nocase(token->text, word);
}

/* False when the field is not sound. */
static bool
hop_read(struct hop *hop, struct span rest)
{
	struct token token = token_take(&rest, true);
	bool in_from = token_is(&token, "from"), by, behind_by = false;

	hop->has_from = in_from;
	if (in_from)
		token = token_take(&rest, false);
	for (; token.kind != TOKEN_END; token = token_take(&rest, false), behind_by = by) {
		if (token.kind == TOKEN_BAD)
			return false;
		if (behind_by && token.kind == TOKEN_WORD)
			hop->by = token.text;
		by = token_is(&token, "by");
		hop->bys += by;
		/* an end before "by": somebody wrote a whole field into a name */
		hop->doubtful = hop->doubtful || (token.kind == TOKEN_SEMICOLON && hop->bys == 0);
		in_from = in_from && !by && token.kind != TOKEN_SEMICOLON;
		if (in_from)
			from_token(hop, &token);
		else if (token.kind == TOKEN_COMMENT)
			comment_read(hop, token.text, false);
	}
	return true;
}

/* Only Exim writes the address after "from" when it knows no name; elsewhere that is what the client said at HELO. */
static bool
hop_client(const struct hop *hop, struct address *out)
{
	struct address literal;

	if (hop->doubtful || hop->bys != 1 || hop->words != 1)
		return false;
	*out = hop->client;
	if (hop->exim && literal_read(hop->name, &literal)) {
		*out = literal;
		return hop->exim_alone;
	}
	return out->family != ADDRESS_NONE;
}

void
received_read(const char *value, size_t length, struct received *out)
{
	struct hop hop = { .bys = 0 };
	struct address client;

	memset(out, 0, sizeof *out);
	if (length > RECEIVED_MAX || !is_clean(value, length) || !hop_read(&hop, (struct span){ value, length }))
		return;
	if (hop.has_from)
		name_read(hop.helo.length > 0 ? hop.helo : hop.name, out->helo);
	/* of two the client may have written the first */
	if (hop.bys == 1)
		name_read(hop.by, out->by);
	out->told = hop_client(&hop, &client);
	if (out->told)
		out->client = client;
}
