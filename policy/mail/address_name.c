#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mail/address_name.h"

static const char decimal[] = "0123456789", hexadecimal[] = "0123456789abcdef";

/* The numbers of a name, one after the other: runs of digits. False: there are no more. */
struct numbers {
	const char *at, *digits;
	int base;
	size_t most; /* digits; a longer run is no such number */
};

static bool
next_number(struct numbers *numbers, long *out)
{
	size_t length;

	numbers->at += strcspn(numbers->at, numbers->digits);
	length = strspn(numbers->at, numbers->digits);
	if (length == 0)
		return false;
	*out = length > numbers->most ? -1 : strtol(numbers->at, NULL, numbers->base);
	numbers->at += length;
	return true;
}

static bool
has_neighbours(struct numbers numbers, long one, long other)
{
	long last = -1, number;

	while (next_number(&numbers, &number)) {
		if ((last == one && number == other) || (last == other && number == one))
			return true;
		last = number;
	}
	return false;
}

static bool
holds_ipv4(const char *name, const uint8_t *b)
{
	char hex[9], padded[13];

	snprintf(hex, sizeof hex, "%02x%02x%02x%02x", b[0], b[1], b[2], b[3]);
	snprintf(padded, sizeof padded, "%03u%03u%03u%03u", b[0], b[1], b[2], b[3]);
	return strstr(name, hex) != NULL || strstr(name, padded) != NULL ||
	    has_neighbours((struct numbers){ name, decimal, 10, 3 }, b[2], b[3]);
}

static bool
holds_ipv6(const char *name, const uint8_t *b)
{
	char half[17];

	for (size_t i = 0; i < 8; i++)
		snprintf(half + 2 * i, 3, "%02x", b[8 + i]);
	return strstr(name, half) != NULL ||
	    has_neighbours((struct numbers){ name, hexadecimal, 16, 4 }, b[12] << 8 | b[13], b[14] << 8 | b[15]);
}

bool
address_name_holds(const char *name, const struct address *address)
{
	switch (address->family) {
	case ADDRESS_V4:
		return holds_ipv4(name, address->bytes);
	case ADDRESS_V6:
		return holds_ipv6(name, address->bytes);
	default:
		return false;
	}
}
