#include <arpa/inet.h>
#include <string.h>

#include "policy/dns/spf_text.h"
#include "policy/util/text.h"

/* A record being read. Terms and the strings of its specs live in the arena. */
struct reading {
	struct arena *arena;
	struct spf_record *record;
	struct spf_term *terms;
	bool has_exp;
	struct fault *why;
};

/* ---- characters (RFC 5234, B.1; RFC 7208, 12) ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(char c)
{
	c = text_lower(c);
	return c >= 'a' && c <= 'z';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || is_alpha(c);
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
refuse(struct reading *reading, const char *what, struct span term)
{
	return fault_set(reading->why, "%s: '%.*s'", what, term.length < 80 ? (int)term.length : 80, term.at);
}

static bool
starve(struct reading *reading)
{
	reading->record->starved = true;
	return fault_set(reading->why, "out of memory while reading an SPF record");
}

/* ---- domain-spec (RFC 7208, 7.1) ---- */

static const char letters[] = "slodiphv", letters_of_exp[] = "crt";

/* The length of the macro-expand at the start of text, which is a '%'; 0 when it is not one. */
static size_t
macro_length(struct span text, bool exp_letters)
{
	unsigned number = 0;
	bool numbered = false;
	size_t i = 3;

	if (text.length < 2)
		return 0;
	if (is_one_of(text.at[1], "%_-"))
		return 2;
	if (text.length < 4 || text.at[1] != '{')
		return 0;
	if (!is_one_of(text_lower(text.at[2]), letters) &&
	    !(exp_letters && is_one_of(text_lower(text.at[2]), letters_of_exp)))
		return 0;
	for (; i < text.length && is_digit(text.at[i]); i++) {
		numbered = true;
		number = number * 10 + (unsigned)(text.at[i] - '0');
		number = number > 128 ? 128 : number;
	}
	if (numbered && number == 0) /* RFC 7208, 7.3: must be nonzero */
		return 0;
	if (i < text.length && text_lower(text.at[i]) == 'r')
		i++;
	while (i < text.length && is_one_of(text.at[i], ".-+,/_="))
		i++;
	return i < text.length && text.at[i] == '}' ? i + 1 : 0;
}

/* Is text a macro-string? *tail becomes what follows the last macro-expand. */
static bool
is_macro_string(struct span text, bool exp_letters, struct span *tail)
{
	size_t i = 0;

	*tail = text;
	while (i < text.length) {
		struct span rest = { text.at + i, text.length - i };
		size_t macro = 0;

		if (*rest.at == '%' && (macro = macro_length(rest, exp_letters)) == 0)
			return false;
		i += macro > 0 ? macro : 1;
		if (macro > 0)
			*tail = (struct span){ text.at + i, text.length - i };
	}
	return true;
}

/* toplabel: letters, digits and inner hyphens, but not only digits. */
static bool
is_toplabel(struct span label)
{
	bool digits = true;

	if (label.length == 0 || !is_alnum(label.at[0]) || !is_alnum(label.at[label.length - 1]))
		return false;
	for (size_t i = 0; i < label.length; i++) {
		if (!is_alnum(label.at[i]) && label.at[i] != '-')
			return false;
		digits = digits && is_digit(label.at[i]);
	}
	return !digits;
}

/* domain-end: a macro, or a dot, a toplabel and perhaps a dot. *spec loses that last dot. */
static bool
is_domain_spec(struct span *spec)
{
	struct span tail, label;

	if (spec->length == 0 || !is_macro_string(*spec, false, &tail))
		return false;
	if (tail.length == 0)
		return true;
	if (tail.at[tail.length - 1] == '.') {
		tail.length--;
		spec->length--;
	}
	label = (struct span){ tail.at + tail.length, 0 };
	while (label.length < tail.length && label.at[-1] != '.') {
		label.at--;
		label.length++;
	}
	return label.length < tail.length && is_toplabel(label);
}

/* Reads a domain-spec into the arena. */
static bool
spec_read(struct reading *reading, struct span spec, const char **out, bool *has_macro)
{
	struct span whole = spec;

	if (!is_domain_spec(&spec))
		return refuse(reading, "not a domain-spec", whole);
	if (spec.length > SPF_SPEC_MAX) /* our own ceiling; libspf2 crashes at 4000 bytes, CVE-2023-42118 */
		return refuse(reading, "a domain-spec over 400 bytes", whole);
	*has_macro = memchr(spec.at, '%', spec.length) != NULL;
	*out = arena_copy(reading->arena, spec.at, spec.length);
	return *out != NULL || starve(reading);
}

/* ---- cidr-length (RFC 7208, 12) ---- */

/* Cuts digits and the `slashes` slashes before them off the end of *text. False: they are there, but wrong. */
static bool
bits_cut(struct span *text, size_t slashes, unsigned most, unsigned *bits)
{
	size_t at = text->length;
	unsigned value = 0;

	while (at > 0 && is_digit(text->at[at - 1]))
		at--;
	if (at == text->length || at < slashes || memcmp(text->at + at - slashes, "//", slashes) != 0)
		return true;
	if (text->length - at > 3 || (text->at[at] == '0' && text->length - at > 1))
		return false;
	for (size_t i = at; i < text->length; i++)
		value = value * 10 + (unsigned)(text->at[i] - '0');
	text->length = at - slashes;
	*bits = value;
	return value <= most;
}

/* dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ] */
static bool
dual_bits_cut(struct span *text, unsigned *bits4, unsigned *bits6)
{
	return bits_cut(text, 2, 128, bits6) && bits_cut(text, 1, 32, bits4);
}

/* ---- mechanisms ---- */

enum argument { NOTHING, SPEC, SPEC_MAYBE, SPEC_MAYBE_BITS, NETWORK4, NETWORK6 };

static const struct {
	const char *name;
	enum argument argument;
} mechanisms[] = {
	[SPF_ALL] = { "all", NOTHING },
	[SPF_INCLUDE] = { "include", SPEC },
	[SPF_A_TERM] = { "a", SPEC_MAYBE_BITS },
	[SPF_MX_TERM] = { "mx", SPEC_MAYBE_BITS },
	[SPF_PTR_TERM] = { "ptr", SPEC_MAYBE },
	[SPF_IP4] = { "ip4", NETWORK4 },
	[SPF_IP6] = { "ip6", NETWORK6 },
	[SPF_EXISTS] = { "exists", SPEC },
};
enum { MECHANISMS = sizeof mechanisms / sizeof mechanisms[0] };

/* Not by address_read, which folds mapped addresses: an ip6 term is never about IPv4 clients. */
static bool
network_read(struct span text, enum address_family family, struct prefix *out)
{
	unsigned width = family == ADDRESS_V4 ? 32 : 128, bits = width;
	struct address address = { .family = family };
	char copy[ADDRESS_TEXT];

	if (!bits_cut(&text, 1, width, &bits) || text.length >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	if (inet_pton(family == ADDRESS_V4 ? AF_INET : AF_INET6, copy, address.bytes) != 1)
		return false;
	out->base = address_mask(address, bits);
	out->bits = (uint8_t)bits;
	return true;
}

/* What follows a mechanism's name: "", ":..." or "/...". */
static bool
argument_read(struct reading *reading, enum argument argument, struct span rest, struct spf_term *out)
{
	struct span whole = rest;

	if (argument == SPEC_MAYBE_BITS && !dual_bits_cut(&rest, &out->bits4, &out->bits6))
		return refuse(reading, "not a prefix length", whole);
	if (rest.length == 0 && (argument == NOTHING || argument == SPEC_MAYBE || argument == SPEC_MAYBE_BITS))
		return true;
	if (rest.length == 0 || *rest.at != ':' || argument == NOTHING)
		return refuse(reading, "wrong argument for a mechanism", whole);
	rest = (struct span){ rest.at + 1, rest.length - 1 };
	if (argument != NETWORK4 && argument != NETWORK6)
		return spec_read(reading, rest, &out->spec, &out->has_macro);
	return network_read(rest, argument == NETWORK4 ? ADDRESS_V4 : ADDRESS_V6, &out->network) ||
	    refuse(reading, "not a network", whole);
}

static bool
directive_read(struct reading *reading, struct span term)
{
	struct spf_term made = { .qualifier = '+', .spec = "", .bits4 = 32, .bits6 = 128 };
	struct span name = term;
	size_t row;

	if (is_one_of(*name.at, "+-?~")) {
		made.qualifier = *name.at;
		name = (struct span){ name.at + 1, name.length - 1 };
	}
	term = name;
	for (name.length = 0; name.length < term.length && is_alnum(name.at[name.length]); name.length++)
		;
	for (row = 0; row < MECHANISMS && !span_is_nocase(name, mechanisms[row].name); row++)
		;
	if (row == MECHANISMS)
		return refuse(reading, "unknown mechanism", term);
	made.mechanism = (enum spf_mechanism)row;
	if (!argument_read(reading, mechanisms[row].argument,
		(struct span){ term.at + name.length, term.length - name.length }, &made))
		return false;
	if (reading->record->count == SPF_TERMS_MAX)
		return fault_set(reading->why, "more than %d mechanisms", SPF_TERMS_MAX);
	reading->terms[reading->record->count++] = made;
	return true;
}

/* ---- modifiers (RFC 7208, 6) ---- */

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ); the length of one that '=' follows, else 0. */
static size_t
modifier_name(struct span term)
{
	size_t i = 0;

	if (!is_alpha(*term.at))
		return 0;
	while (i < term.length && (is_alnum(term.at[i]) || is_one_of(term.at[i], "-_.")))
		i++;
	return i < term.length && term.at[i] == '=' ? i : 0;
}

static bool
modifier_read(struct reading *reading, struct span term, size_t length)
{
	struct span name = { term.at, length }, value = { term.at + length + 1, term.length - length - 1 }, tail;

	if (span_is_nocase(name, "redirect")) {
		if (*reading->record->redirect != '\0')
			return refuse(reading, "a second redirect", term);
		return spec_read(reading, value, &reading->record->redirect, &reading->record->redirect_has_macro);
	}
	if (span_is_nocase(name, "exp")) {
		if (reading->has_exp)
			return refuse(reading, "a second exp", term);
		reading->has_exp = true;
		return is_domain_spec(&value) || refuse(reading, "not a domain-spec", term);
	}
	return is_macro_string(value, true, &tail) || refuse(reading, "a '%' without a macro", term);
}

/* ---- the record ---- */

bool
spf_text_is_record(const char *text, size_t length)
{
	return length >= 6 && span_is_nocase((struct span){ text, 6 }, "v=spf1") && (length == 6 || text[6] == ' ');
}

static bool
bytes_are_sound(struct reading *reading, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return fault_set(reading->why, "byte %u at position %zu is not allowed in an SPF record",
			    (unsigned char)text[i], i);
	return true;
}

/* How many words there can be at most, so that all terms are allocated at once. */
static size_t
words_count(const char *text, size_t length)
{
	size_t count = 1;

	for (size_t i = 0; i < length; i++)
		count += text[i] == ' ';
	return count < SPF_TERMS_MAX ? count : SPF_TERMS_MAX;
}

bool
spf_text_read(struct arena *arena, const char *text, size_t length, struct spf_record *out, struct fault *why)
{
	struct reading reading = { .arena = arena, .record = out, .why = why };
	struct span rest = { text, length };

	*out = (struct spf_record){ .redirect = "" };
	if (!spf_text_is_record(text, length))
		return fault_set(why, "it does not begin with 'v=spf1'");
	if (length > SPF_RECORD_MAX)
		return fault_set(why, "an SPF record of %zu bytes is too long; at most %d are read", length,
		    SPF_RECORD_MAX);
	if (!bytes_are_sound(&reading, text, length))
		return false;
	reading.terms = arena_take(arena, words_count(text, length) * sizeof *reading.terms);
	if (reading.terms == NULL)
		return starve(&reading);
	out->terms = reading.terms;
	span_cut(&rest, ' ');
	while (rest.length > 0) {
		struct span term = span_cut(&rest, ' ');
		size_t name = term.length > 0 ? modifier_name(term) : 0;

		if (term.length == 0)
			continue;
		if (!(name > 0 ? modifier_read(&reading, term, name) : directive_read(&reading, term)))
			return false;
	}
	return true;
}
