/* One word of an SPF record: is it a term, and if not, what was probably meant? */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"
#include "policy/util/domain.h"

static const char *const names[] = { "all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists" };
enum { NAMES = sizeof names / sizeof names[0] };
enum { TRIES_MAX = 8 }; /* places where a blank may be missing */

/* A word in pieces: "-", "ip4", ':', "192.0.2.1". */
struct pieces {
	struct dns_audit *audit;
	const char *word;
	char qualifier[2];
	struct span name;
	char mark;            /* ':' or '='; '\0': none */
	const char *argument; /* "" */
};

static bool
reads(struct dns_audit *audit, const char *words, struct spf_record *out, struct fault *why)
{
	const char *text = audit_kept(audit, arena_format(audit->arena, "v=spf1 %s", words));

	if (spf_text_read(audit->arena, text, strlen(text), out, why))
		return true;
	audit->starved = audit->starved || out->starved;
	return false;
}

static struct pieces
word_cut(struct dns_audit *audit, const char *word)
{
	struct pieces pieces = { .audit = audit, .word = word };
	const char *end;

	if (word[0] != '\0' && strchr("+-~?", word[0]) != NULL)
		pieces.qualifier[0] = *word++;
	end = word + strcspn(word, ":=");
	pieces.name = (struct span){ word, (size_t)(end - word) };
	pieces.mark = *end;
	pieces.argument = *end == '\0' ? end : end + 1;
	return pieces;
}

static const char *
term_make(const struct pieces *pieces, const char *mechanism, const char *argument)
{
	return audit_kept(pieces->audit,
	    arena_format(pieces->audit->arena, "%s%s:%s", pieces->qualifier, mechanism, argument));
}

/* "ip4" or "ip6" for an address or a network, or NULL. */
static const char *
address_kind(struct dns_audit *audit, const char *text)
{
	struct spf_record record;

	for (size_t i = 0; i < 2; i++) {
		const char *kind = i == 0 ? "ip4" : "ip6";

		if (reads(audit, audit_kept(audit, arena_format(audit->arena, "%s:%s", kind, text)), &record, NULL) &&
		    record.count == 1)
			return kind;
	}
	return NULL;
}

static bool
is_host(const char *text)
{
	char name[DOMAIN_TEXT];

	return strchr(text, '.') != NULL && domain_read(text, strlen(text), name, NULL);
}

/* ---- what was probably meant: each returns the repair, or NULL ---- */

static const char *
repair_punctuation(const struct pieces *pieces)
{
	size_t length = strlen(pieces->word), kept = length;

	while (kept > 0 && strchr(".,;\"'", pieces->word[kept - 1]) != NULL)
		kept--;
	return kept == length || kept == 0
	    ? NULL
	    : audit_kept(pieces->audit, arena_copy(pieces->audit->arena, pieces->word, kept));
}

static const char *
repair_bare_address(const struct pieces *pieces)
{
	const char *text = pieces->word + strlen(pieces->qualifier);
	const char *kind = address_kind(pieces->audit, text);

	return kind == NULL ? NULL : term_make(pieces, kind, text);
}

static const char *
repair_bare_host(const struct pieces *pieces)
{
	const char *text = pieces->name.at;

	if (pieces->mark != '\0' || !is_host(text))
		return NULL;
	return term_make(pieces, audit_source_spf(pieces->audit, text) != NULL ? "include" : "a", text);
}

/* ip4 with an IPv6 address, a with an address, ip or ipv4 with either. */
static const char *
repair_address(const struct pieces *pieces)
{
	const char *kind = pieces->mark == '\0' ? NULL : address_kind(pieces->audit, pieces->argument);

	return kind == NULL ? NULL : term_make(pieces, kind, pieces->argument);
}

static const char *
repair_host(const struct pieces *pieces)
{
	bool ip = pieces->name.length >= 2 && span_is_nocase((struct span){ pieces->name.at, 2 }, "ip");

	return ip && pieces->mark == ':' && is_host(pieces->argument) ? term_make(pieces, "a", pieces->argument) : NULL;
}

static const char *
repair_name(const struct pieces *pieces)
{
	char name[16];

	if (pieces->mark == '\0' || pieces->name.length >= sizeof name)
		return NULL;
	for (size_t i = 0; i < pieces->name.length; i++)
		name[i] = text_lower(pieces->name.at[i]);
	name[pieces->name.length] = '\0';
	for (size_t i = 0; i < NAMES; i++)
		if (strlen(names[i]) > 2 && text_distance(name, names[i]) <= (strlen(names[i]) > 3 ? 2 : 1))
			return term_make(pieces, names[i], pieces->argument);
	return NULL;
}

/* "ip4:192.0.2.1include:example.net": two strings of a TXT record are joined without a blank. */
static const char *
repair_blank(const struct pieces *pieces)
{
	const char *word = pieces->word;
	struct dns_audit *audit = pieces->audit;
	struct spf_record record;
	unsigned tries = 0;

	for (size_t i = 1; word[i] != '\0' && tries < TRIES_MAX; i++) {
		struct pieces rest = word_cut(audit, word + i);
		bool begins = rest.qualifier[0] != '\0' && span_is_nocase(rest.name, "all");

		for (size_t j = 0; j < NAMES && rest.mark == ':' && !begins; j++)
			begins = span_is_nocase(rest.name, names[j]) && strlen(names[j]) > 1;
		tries += begins;
		if (begins && reads(audit, audit_kept(audit, arena_copy(audit->arena, word, i)), &record, NULL) &&
		    reads(audit, word + i, &record, NULL))
			return audit_kept(audit, arena_format(audit->arena, "%.*s %s", (int)i, word, word + i));
	}
	return NULL;
}

static const struct {
	const char *(*repair)(const struct pieces *);
	const char *wrong;
} repairs[] = {
	{ repair_bare_address, "is an address without a mechanism before it" },
	{ repair_bare_host, "is a host name, not a term" },
	{ repair_punctuation, "ends in punctuation" },
	{ repair_blank, "is two terms without a blank between them" },
	{ repair_host, "holds a host name where an address belongs" },
	{ repair_address, "holds an address that its mechanism does not take" },
	{ repair_name, "is not a mechanism that receivers know" },
};

/* Modifiers may have any name, so "include=example.net" is not an error: it does nothing (RFC 7208, 6). */
static bool
is_misused(const struct pieces *pieces, const char **repair)
{
	struct spf_record record;

	for (size_t i = 0; i < NAMES && pieces->mark == '='; i++)
		if (span_is_nocase(pieces->name, names[i])) {
			*repair = term_make(pieces, names[i], pieces->argument);
			if (!reads(pieces->audit, *repair, &record, NULL))
				*repair = "";
			return true;
		}
	*repair = "";
	return pieces->mark == '=' && span_is_nocase(pieces->name, "v");
}

bool
audit_word_read(struct dns_audit *audit, const char *word, struct spf_record *out, const char **wrong, const char **repair)
{
	struct pieces pieces = word_cut(audit, word);
	struct fault why = { .text = "" };
	struct spf_record record;

	if (is_misused(&pieces, repair)) {
		*wrong = span_is_nocase(pieces.name, "v")
		    ? "is in the record twice"
		    : "is a modifier that receivers ignore";
		return false;
	}
	*wrong = *repair = "";
	if (reads(audit, word, out, &why))
		return true;
	for (size_t i = 0; i < sizeof repairs / sizeof repairs[0]; i++) {
		const char *made = repairs[i].repair(&pieces);

		if (made == NULL || !reads(audit, made, &record, NULL))
			continue;
		*wrong = repairs[i].wrong;
		*repair = made;
		return false;
	}
	*wrong = audit_kept(audit,
	    arena_format(audit->arena, "is not a term (%.*s)", (int)strcspn(why.text, ":"), why.text));
	return false;
}
