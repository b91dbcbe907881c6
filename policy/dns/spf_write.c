#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/dns/spf_write.h"

/* What comes after the term that is one too many is never reached. */
enum { LOOKUPS_MAX = SPF_TERMS_LIMIT + 1 };
enum { NAME_MAX_TEXT = 253, LABEL_MAX_TEXT = 63, EXPANDED_MAX = 256 * 1024, PARTS_MAX = 512 };

static const char stand_in[] = ".macro.invalid", nowhere[] = "nowhere.invalid"; /* RFC 2606 */

struct address
spf_alias(struct address address, const struct address *client)
{
	if (address_is_loopback(client) && address.family == client->family)
		address.bytes[0] ^= 0x80;
	return address;
}

/* ---- macros (RFC 7208, 7) ---- */

/* Dotted bytes, or dotted nibbles of IPv6. */
static void
client_write(const struct address *client, struct text *out)
{
	char v4[ADDRESS_TEXT];

	if (client->family == ADDRESS_V4) {
		text_put(out, address_write(client, v4));
		return;
	}
	for (size_t i = 0; i < 16; i++)
		text_format(out, "%x.%x%s", client->bytes[i] >> 4, client->bytes[i] & 15, i < 15 ? "." : "");
}

static void
macro_value(char letter, const struct spf_view *view, struct text *out)
{
	switch (letter) {
	case 's':
		text_format(out, "%s@%s", view->local, view->sender_domain);
		break;
	case 'l':
		text_put(out, view->local);
		break;
	case 'o':
		text_put(out, view->sender_domain);
		break;
	case 'd':
		text_put(out, view->domain);
		break;
	case 'i':
		client_write(&view->client, out);
		break;
	case 'p':
		text_put(out, view->name);
		break;
	case 'v':
		text_put(out, view->client.family == ADDRESS_V4 ? "in-addr" : "ip6");
		break;
	case 'h':
		text_put(out, view->helo);
		break;
	}
}

/* Capital letters ask for URL escapes: all but the unreserved characters of RFC 3986, 2.3. */
static void
part_write(struct span part, bool escape, struct text *out)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (size_t i = 0; i < part.length; i++) {
		if (!escape || strchr(unreserved, part.at[i]) != NULL)
			text_char(out, part.at[i]);
		else
			text_format(out, "%%%02X", (unsigned char)part.at[i]);
	}
}

/* Splits at the delimiters; more than PARTS_MAX parts stay together in the last. */
static size_t
value_split(const char *value, const char *delimiters, struct span parts[PARTS_MAX])
{
	size_t count = 0;

	for (;;) {
		size_t length = count + 1 < PARTS_MAX ? strcspn(value, delimiters) : strlen(value);

		parts[count++] = (struct span){ value, length };
		if (value[length] == '\0')
			return count;
		value += length + 1;
	}
}

/* transformers: what follows the letter, up to and including the '}'. */
static void
value_write(const char *value, const char *transformers, bool escape, struct text *out)
{
	size_t digits = strspn(transformers, "0123456789"), wanted = 0, count, length;
	bool reverse = text_lower(transformers[digits]) == 'r';
	const char *given = transformers + digits + reverse;
	char delimiters[SPF_SPEC_MAX + 1] = ".";
	struct span parts[PARTS_MAX];

	for (size_t i = 0; i < digits; i++)
		wanted = wanted > PARTS_MAX ? wanted : wanted * 10 + (size_t)(transformers[i] - '0');
	length = strcspn(given, "}");
	if (length > 0 && length < sizeof delimiters) {
		memcpy(delimiters, given, length);
		delimiters[length] = '\0';
	}
	count = value_split(value, delimiters, parts);
	wanted = wanted == 0 || wanted > count ? count : wanted;
	for (size_t i = count - wanted; i < count; i++) { /* the rightmost ones, after the reversal */
		part_write(parts[reverse ? count - 1 - i : i], escape, out);
		if (i + 1 < count)
			text_char(out, '.');
	}
}

/* Expands the macro at spec, which the reader accepted; returns its length. */
static size_t
macro_expand(const char *spec, const struct spf_view *view, struct text *value, struct text *out)
{
	switch (spec[1]) {
	case '{':
		text_clear(value);
		macro_value(text_lower(spec[2]), view, value);
		text_inherit(out, value);
		value_write(value->bytes, spec + 3, spec[2] != text_lower(spec[2]), out);
		return strcspn(spec, "}") + 1;
	case '_':
		text_char(out, ' ');
		return 2;
	case '-':
		text_put(out, "%20");
		return 2;
	default:
		text_char(out, '%');
		return 2;
	}
}

/* Drops labels on the left (RFC 7208, 7.3). */
static void
name_shorten(struct text *name)
{
	const char *at = name->bytes, *end = name->bytes + name->length, *dot;

	while (end - at > NAME_MAX_TEXT && (dot = memchr(at, '.', (size_t)(end - at))) != NULL)
		at = dot + 1;
	if (at == name->bytes)
		return;
	name->length = (size_t)(end - at);
	memmove(name->bytes, at, name->length + 1);
}

void
spf_expand(const char *spec, const struct spf_view *view, struct text *out)
{
	struct text value;

	text_open(&value, EXPANDED_MAX);
	while (*spec != '\0') {
		if (*spec == '%')
			spec += macro_expand(spec, view, &value, out);
		else
			text_char(out, *spec++);
	}
	text_close(&value);
	name_shorten(out);
}

/* ---- names ---- */

/* A last label that no reader takes for a number: only letters, or an internationalised one. */
static bool
is_plain_toplabel(const char *label, size_t length)
{
	bool international = length > 4 && strncasecmp(label, "xn--", 4) == 0 && label[length - 1] != '-' &&
	    memchr(label, '_', length) == NULL;

	return international || strcspn(label, "0123456789-_") == length;
}

/* A name that libspf2 reads as we do: letters, digits, hyphens and underscores, sound labels. */
static bool
is_plain(const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *label = name;

	if (strlen(name) > NAME_MAX_TEXT)
		return false;
	for (;;) {
		size_t length = strspn(label, plain);

		if (length == 0 || length > LABEL_MAX_TEXT)
			return false;
		if (label[length] == '\0')
			return label != name && is_plain_toplabel(label, length);
		if (label[length] != '.')
			return false;
		label += length + 1;
	}
}

static bool
names_add(struct spf_names *names, const char *name, bool by_p, bool lured)
{
	size_t room = names->room == 0 ? 8 : names->room * 2;
	struct spf_stood_in *grown;
	char *copy;

	if (names->count == names->room) {
		if ((grown = arena_take(names->arena, room * sizeof *grown)) == NULL)
			return false;
		if (names->count > 0)
			memcpy(grown, names->list, names->count * sizeof *grown);
		names->list = grown;
		names->room = room;
	}
	if ((copy = arena_string(names->arena, name)) == NULL)
		return false;
	names->list[names->count++] = (struct spf_stood_in){ copy, by_p, lured };
	return true;
}

const struct spf_stood_in *
spf_names_find(const struct spf_names *names, const char *domain)
{
	char *end;
	unsigned long number = strtoul(domain, &end, 10);

	if (end == domain || strcmp(end, stand_in) != 0 || number >= names->count)
		return NULL;
	return &names->list[number];
}

bool
spf_names_hold(const struct spf_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcasecmp(names->list[i].name, name) == 0)
			return true;
	return false;
}

bool
spf_names_lured(const struct spf_names *names, const char *domain)
{
	const struct spf_stood_in *found = spf_names_find(names, domain);

	for (size_t i = 0; found == NULL && i < names->count; i++)
		if (names->list[i].lured && strcasecmp(names->list[i].name, domain) == 0)
			found = &names->list[i];
	return found != NULL && found->lured;
}

/* Does it hold a macro that the sender fills as he likes: his local part, his HELO name, his host's name? */
static bool
has_sender_words(const char *spec)
{
	for (; (spec = strchr(spec, '%')) != NULL && spec[1] != '\0'; spec += 2)
		if (spec[1] == '{' && strchr("slhp", text_lower(spec[2])) != NULL)
			return true;
	return false;
}

static bool
has_p(const char *spec)
{
	return strstr(spec, "%{p") != NULL || strstr(spec, "%{P") != NULL;
}

/* ---- terms ---- */

/* What a record is written with. */
struct writing {
	const struct spf_view *view;
	struct spf_names *names;
	struct text *out;
	struct text name; /* one domain-spec, expanded */
	unsigned lookups;
	bool failed;
};

/* Expands a spec, or the record's own domain when there is none, into writing->name. */
static void
name_make(struct writing *writing, const char *spec)
{
	text_clear(&writing->name);
	if (*spec == '\0')
		text_put(&writing->name, writing->view->domain);
	else
		spf_expand(spec, writing->view, &writing->name);
	writing->failed = writing->failed || writing->name.cut;
}

/* Writes the name that a spec makes, or its stand-in. */
static void
target_write(struct writing *writing, const char *spec)
{
	bool lured = writing->view->lured || has_sender_words(spec), plain;

	name_make(writing, spec);
	plain = is_plain(writing->name.bytes) && !has_p(spec);
	if (plain)
		text_put(writing->out, writing->name.bytes);
	else
		text_format(writing->out, "%zu%s", writing->names->count, stand_in);
	if ((!plain || lured || strchr(spec, '%') != NULL) &&
	    !names_add(writing->names, writing->name.bytes, has_p(spec), lured))
		writing->failed = true;
}

/* ptr compares names, so a stand-in would not do; a name that is not plain has no host below it. */
static void
ptr_write(struct writing *writing, const char *spec)
{
	name_make(writing, spec);
	text_format(writing->out, "ptr:%s", is_plain(writing->name.bytes) ? writing->name.bytes : nowhere);
}

/* a and mx, with the prefix length of the client's family. libspf2 refuses 0: `exists` asks for the same
 * A record; for mx, and for AAAA, the half of all addresses around the host must do. */
static void
host_write(struct writing *writing, const struct spf_term *term)
{
	bool v4 = writing->view->client.family == ADDRESS_V4;
	unsigned bits = v4 ? term->bits4 : term->bits6, width = v4 ? 32 : 128;
	bool any = term->mechanism == SPF_A_TERM && v4 && bits == 0;

	text_put(writing->out, any ? "exists:" : term->mechanism == SPF_A_TERM ? "a:" : "mx:");
	target_write(writing, term->spec);
	if (!any && bits < width)
		text_format(writing->out, v4 ? "/%u" : "//%u", bits == 0 ? 1 : bits);
}

/* Returns true when nothing after the term can be reached: it matches, or is one look-up too many. Networks
 * are compared here: libspf2 refuses /0, and silently forgets what comes after 64 terms. */
static bool
term_write(struct writing *writing, const struct spf_term *term)
{
	bool network = term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6;

	if (network && !prefix_holds(&term->network, &writing->view->client))
		return false;
	text_char(writing->out, ' ');
	if (term->qualifier != '+')
		text_char(writing->out, term->qualifier);
	switch (term->mechanism) {
	case SPF_ALL:
	case SPF_IP4:
	case SPF_IP6:
		text_put(writing->out, "all");
		return true;
	case SPF_A_TERM:
	case SPF_MX_TERM:
		host_write(writing, term);
		break;
	case SPF_PTR_TERM:
		ptr_write(writing, term->spec);
		break;
	case SPF_INCLUDE:
	case SPF_EXISTS:
		text_put(writing->out, term->mechanism == SPF_INCLUDE ? "include:" : "exists:");
		target_write(writing, term->spec);
		break;
	}
	return ++writing->lookups == LOOKUPS_MAX;
}

bool
spf_write(const struct spf_record *record, const struct spf_view *view, struct spf_names *names, struct text *out)
{
	struct writing writing = { .view = view, .names = names, .out = out };
	bool ended = false;

	text_open(&writing.name, EXPANDED_MAX);
	text_put(out, "v=spf1");
	for (size_t i = 0; i < record->count && !ended; i++)
		ended = term_write(&writing, &record->terms[i]);
	if (!ended && *record->redirect != '\0') {
		text_put(out, " redirect=");
		target_write(&writing, record->redirect);
	}
	text_inherit(out, &writing.name);
	text_close(&writing.name);
	return !writing.failed && !out->cut;
}
