#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/util/address.h"
#include "policy/util/address_forms.h"

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct address
address_of_v4(const uint8_t bytes[4])
{
	struct address address = { .family = ADDRESS_V4 };

	memcpy(address.bytes, bytes, 4);
	return address;
}

struct address
address_of_v6(const uint8_t bytes[16])
{
	struct address address = { .family = ADDRESS_V6 };

	if (memcmp(bytes, mapped, sizeof mapped) == 0)
		return address_of_v4(bytes + sizeof mapped);
	memcpy(address.bytes, bytes, 16);
	return address;
}

bool
address_read(const char *text, struct address *out)
{
	bool tagged = strncasecmp(text, "IPv6:", 5) == 0;
	uint8_t bytes[16];

	if (tagged)
		text += 5;
	if (!tagged && inet_pton(AF_INET, text, bytes) == 1) {
		*out = address_of_v4(bytes);
		return true;
	}
	if (inet_pton(AF_INET6, text, bytes) == 1) {
		*out = address_of_v6(bytes);
		return true;
	}
	return false;
}

const char *
address_write(const struct address *address, char out[ADDRESS_TEXT])
{
	if (address->family == ADDRESS_NONE)
		return memcpy(out, "-", 2);
	return inet_ntop(address->family == ADDRESS_V4 ? AF_INET : AF_INET6, address->bytes, out, ADDRESS_TEXT);
}

unsigned
address_width(const struct address *address)
{
	return address->family == ADDRESS_V4 ? 32 : 128;
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool
address_is_loopback(const struct address *address)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (address->family == ADDRESS_V4)
		return address->bytes[0] == 127;
	return address->family == ADDRESS_V6 && memcmp(address->bytes, one, sizeof one) == 0;
}

bool
address_is_private(const struct address *address)
{
	static const struct {
		enum address_family family;
		uint8_t bits, bytes[2];
	} rows[] = { { ADDRESS_V4, 8, { 10 } }, { ADDRESS_V4, 12, { 172, 16 } }, { ADDRESS_V4, 16, { 192, 168 } },
		{ ADDRESS_V4, 10, { 100, 64 } }, { ADDRESS_V4, 16, { 169, 254 } }, { ADDRESS_V6, 7, { 0xfc } },
		{ ADDRESS_V6, 10, { 0xfe, 0x80 } } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct address masked = address_mask(*address, rows[i].bits);

		if (address->family == rows[i].family && masked.bytes[0] == rows[i].bytes[0] &&
		    masked.bytes[1] == rows[i].bytes[1])
			return true;
	}
	return false;
}

struct address
address_mask(struct address address, unsigned bits)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = bits > i * 8 ? bits - i * 8 : 0;

		if (kept < 8)
			address.bytes[i] &= (uint8_t)(0xff00u >> kept);
	}
	return address;
}

/* The digits after the slash; false unless they are a number of at most three digits. */
static bool
bits_read(const char *text, unsigned *bits)
{
	size_t length = strspn(text, "0123456789");

	if (length == 0 || length > 3 || text[length] != '\0')
		return false;
	*bits = (unsigned)strtoul(text, NULL, 10);
	return true;
}

/* False, with what to write instead; base is the address before a slash, or NULL. The number with which the rest begins is the
 * length that is meant. */
static bool
no_network(const char *text, const char *base, unsigned width, struct fault *why)
{
	unsigned bits = base == NULL ? 0 : (unsigned)strtoul(text + strlen(base) + 1, NULL, 10);

	if (network_in_other_form(text, why))
		return false;
	if (base != NULL)
		return fault_set(why, "'%.60s' has no prefix length after '/'; write '%s/%u'", text, base,
		    bits > 0 && bits < width ? bits : width);
	return fault_set(why, "'%.60s' is neither an IP address nor a network; write '192.0.2.0/24'", text);
}

bool
prefix_read(const char *text, struct prefix *out, struct fault *why)
{
	const char *slash = strchr(text, '/');
	size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char base[64], written[PREFIX_TEXT];
	struct address address;
	bool folded;
	unsigned bits;

	if (length >= sizeof base)
		return no_network(text, NULL, 0, why);
	memcpy(base, text, length);
	base[length] = '\0';
	if (!address_read(base, &address))
		return no_network(text, NULL, 0, why);
	bits = address_width(&address);
	folded = address.family == ADDRESS_V4 && strchr(base, ':') != NULL;
	if (slash != NULL && !bits_read(slash + 1, &bits))
		return no_network(text, base, address_width(&address), why);
	if (slash != NULL && folded) {
		if (bits < 96)
			return fault_set(why, "'%.60s' is wider than IPv4; write an IPv4 network", text);
		bits -= 96;
	}
	if (bits > address_width(&address))
		return fault_set(why, "prefix length %u of '%.60s' is too long; IPv%d stops at %u", bits, text,
		    (int)address.family, address_width(&address));
	out->base = address_mask(address, bits);
	out->bits = (uint8_t)bits;
	if (!address_equal(&out->base, &address))
		return fault_set(why, "'%.60s' has host bits set; write '%s'", text, prefix_write(out, written));
	return true;
}

const char *
prefix_write(const struct prefix *prefix, char out[PREFIX_TEXT])
{
	size_t length = strlen(address_write(&prefix->base, out));

	if (prefix->bits < address_width(&prefix->base))
		snprintf(out + length, PREFIX_TEXT - length, "/%u", prefix->bits);
	return out;
}

bool
prefix_holds(const struct prefix *prefix, const struct address *address)
{
	struct address masked;

	if (prefix->base.family != address->family)
		return false;
	masked = address_mask(*address, prefix->bits);
	return address_equal(&masked, &prefix->base);
}

bool
prefix_is_within(const struct prefix *inner, const struct prefix *outer)
{
	return inner->bits >= outer->bits && prefix_holds(outer, &inner->base);
}

bool
prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return prefix_is_within(a, b) || prefix_is_within(b, a);
}

bool
prefixes_hold(const struct prefixes *prefixes, const struct address *address)
{
	for (size_t i = 0; i < prefixes->count; i++)
		if (prefix_holds(&prefixes->list[i], address))
			return true;
	return false;
}
