#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/util/address.h"
#include "policy/util/address_forms.h"
#include "policy/util/text.h"

enum {
	FORM_MAX = 120,   /* a range of IPv6 addresses has 79 bytes */
	NETWORKS_MAX = 8, /* that are written out */
	WRITTEN_MAX = 320
};

static bool
address_of_span(struct span part, struct address *out)
{
	char text[ADDRESS_TEXT];

	part = span_trim(part);
	if (part.length == 0 || part.length >= sizeof text)
		return false;
	memcpy(text, part.at, part.length);
	text[part.length] = '\0';
	return address_read(text, out);
}

/* A number from 0 to 255, of at most three digits. */
static bool
octet_read(struct span part, uint8_t *out)
{
	unsigned value = 0;

	for (size_t i = 0; i < part.length; i++) {
		if (part.at[i] < '0' || part.at[i] > '9' || i == 3)
			return false;
		value = value * 10 + (unsigned)(part.at[i] - '0');
	}
	*out = (uint8_t)value;
	return part.length > 0 && value <= UINT8_MAX;
}

static bool
say_write(const char *text, const char *what, struct address base, unsigned bits, struct fault *why)
{
	struct prefix network = { address_mask(base, bits), (uint8_t)bits };
	char written[PREFIX_TEXT];

	fault_set(why, "'%.*s' %s; write '%s'", FORM_MAX, text, what, prefix_write(&network, written));
	return true;
}

/* ---- a netmask ---- */

static uint32_t
number_of(const struct address *v4)
{
	return (uint32_t)v4->bytes[0] << 24 | (uint32_t)v4->bytes[1] << 16 | (uint32_t)v4->bytes[2] << 8 | v4->bytes[3];
}

/* -1: its ones are not together at the left. */
static int
ones_of(uint32_t mask)
{
	for (unsigned bits = 0; bits <= 32; bits++)
		if (mask == (bits == 0 ? 0 : UINT32_MAX << (32 - bits)))
			return (int)bits;
	return -1;
}

/* "192.0.2.0/255.255.255.0", also with a blank, or with the wildcard mask of routers, 0.0.0.255. */
static bool
has_netmask(const char *text, struct fault *why)
{
	size_t length = strcspn(text, "/ ");
	struct address base, mask;
	int bits;

	if (text[length] == '\0' || !address_of_span((struct span){ text, length }, &base) ||
	    !address_of_span(span_of(text + length + 1), &mask) || base.family != ADDRESS_V4 || mask.family != ADDRESS_V4)
		return false;
	bits = ones_of(number_of(&mask));
	if (bits < 0 || (bits == 0 && number_of(&base) != 0))
		bits = ones_of(~number_of(&mask));
	if (bits >= 0)
		return say_write(text, "has a netmask", base, (unsigned)bits, why);
	fault_set(why, "'%.*s' has a netmask with gaps; write each network by itself, '192.0.2.0/24'", FORM_MAX, text);
	return true;
}

/* ---- a range ---- */

static struct address
last_of(struct address base, unsigned bits)
{
	for (unsigned i = 0; i < address_width(&base) / 8; i++) {
		unsigned kept = bits > i * 8 ? bits - i * 8 : 0;

		if (kept < 8)
			base.bytes[i] |= (uint8_t)(0xffu >> kept);
	}
	return base;
}

/* False: there is none after it. */
static bool
next_address(struct address *address)
{
	for (unsigned i = address_width(address) / 8; i-- > 0;)
		if (++address->bytes[i] != 0)
			return true;
	return false;
}

static int
compare(const struct address *a, const struct address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* The widest network that begins at first and does not reach beyond last. */
static struct prefix
widest(const struct address *first, const struct address *last)
{
	unsigned bits = address_width(first);

	for (; bits > 0; bits--) {
		struct address base = address_mask(*first, bits - 1), end = last_of(*first, bits - 1);

		if (!address_equal(&base, first) || compare(&end, last) > 0)
			break;
	}
	return (struct prefix){ *first, (uint8_t)bits };
}

static void
write_range(struct address first, const struct address *last, struct text *out)
{
	char written[PREFIX_TEXT];
	size_t count = 0;
	bool more = true;

	for (; more && compare(&first, last) <= 0; count++) {
		struct prefix network = widest(&first, last);

		if (count < NETWORKS_MAX)
			text_format(out, "%s'%s'", count == 0 ? "" : ", ", prefix_write(&network, written));
		first = last_of(first, network.bits);
		more = next_address(&first);
	}
	if (count > NETWORKS_MAX)
		text_format(out, " and %zu more", count - NETWORKS_MAX);
}

/* The end of a range: an address, or the last number of the first one. */
static bool
range_end(struct span part, const struct address *first, struct address *out)
{
	*out = *first;
	return (first->family == ADDRESS_V4 && octet_read(span_trim(part), &out->bytes[3])) ||
	    (address_of_span(part, out) && out->family == first->family);
}

/* "192.0.2.0-192.0.2.255", "192.0.2.0 - 192.0.2.255", "192.0.2.0-255" */
static bool
is_range(const char *text, struct fault *why)
{
	struct span rest = span_of(text), begin = span_cut(&rest, '-');
	struct address first, last;
	struct text written;

	if (rest.length == 0 || !address_of_span(begin, &first) || !range_end(rest, &first, &last))
		return false;
	if (compare(&first, &last) > 0) {
		fault_set(why, "'%.*s' ends before it begins; write the lower address first", FORM_MAX, text);
		return true;
	}
	text_open(&written, WRITTEN_MAX);
	write_range(first, &last, &written);
	fault_set(why, "'%.*s' is a range; write %s", FORM_MAX, text, written.bytes);
	text_close(&written);
	return true;
}

/* ---- an address cut short ---- */

/* "192.0.2.*", "192.0.*.*", "192.0.2.", "192.0.2" */
static bool
is_cut_short(const char *text, struct fault *why)
{
	struct span rest = span_of(text);
	struct address base = { .family = ADDRESS_V4 };
	unsigned known = 0, parts = 0;

	if (strchr(text, '.') == NULL)
		return false;
	for (; rest.length > 0; parts++) {
		struct span part = span_cut(&rest, '.');

		if (parts == known && known < 3 && octet_read(part, &base.bytes[known]))
			known++;
		else if (parts > 3 || !span_is(part, "*"))
			return false;
	}
	return known > 0 && say_write(text, "is not a whole address", base, known * 8, why);
}

/* ---- several in one ---- */

static const char BETWEEN[] = " \t,;";

/* The network that `at` begins with, up to the next of BETWEEN, and where that is; NULL: it is none. */
static const char *
network_at(const char *at, struct prefix *out)
{
	size_t length = strcspn(at, BETWEEN);
	char text[PREFIX_TEXT];

	if (length >= sizeof text)
		return NULL;
	memcpy(text, at, length);
	text[length] = '\0';
	return prefix_read(text, out, NULL) ? at + length : NULL;
}

/* "192.0.2.0/24, 198.51.100.0/24", "192.0.2.0/24 " */
static bool
is_several(const char *text, struct fault *why)
{
	const char *at = text + strspn(text, BETWEEN);
	char one[PREFIX_TEXT];
	struct prefix network;
	struct text written;
	size_t count = 0;

	if (text[strcspn(text, BETWEEN)] == '\0')
		return false;
	text_open(&written, WRITTEN_MAX);
	for (; *at != '\0' && (at = network_at(at, &network)) != NULL; at += strspn(at, BETWEEN), count++)
		text_format(&written, "%s'%s'", count == 0 ? "" : ", ", prefix_write(&network, one));
	if (at != NULL && count > 0)
		fault_set(why, "'%.*s' is %s; write %s%.*s", FORM_MAX, text,
		    count == 1 ? "a network and something beside it" : "more than one network",
		    count == 1 ? "" : "each by itself, ", (int)written.length, written.bytes);
	text_close(&written);
	return at != NULL && count > 0;
}

/* "ip4:192.0.2.0/24" */
static bool
is_spf_term(const char *text, struct fault *why)
{
	struct prefix network;

	if ((strncasecmp(text, "ip4:", 4) != 0 && strncasecmp(text, "ip6:", 4) != 0) ||
	    !prefix_read(text + 4, &network, NULL))
		return false;
	return say_write(text, "is a term of an SPF record", network.base, network.bits, why);
}

bool
network_in_other_form(const char *text, struct fault *why)
{
	return strlen(text) <= FORM_MAX &&
	    (is_range(text, why) || has_netmask(text, why) || is_cut_short(text, why) || is_several(text, why) ||
		is_spf_term(text, why));
}
