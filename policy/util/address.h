/*
 * address.h - one IP address, one network or a short list of networks: read, write, mask, compare.
 *
 * An IPv4-mapped IPv6 address is folded to IPv4 on the way in, so the same host
 * has one form everywhere (ranges, SPF, greylist keys). Never asks DNS.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/util/fault.h"

enum address_family { ADDRESS_NONE = 0, ADDRESS_V4 = 4, ADDRESS_V6 = 6 };
enum { ADDRESS_TEXT = 46, PREFIX_TEXT = ADDRESS_TEXT + 4 };

struct address {
	enum address_family family;
	uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is zero */
};

struct prefix {
	struct address base;
	uint8_t bits; /* at most 32 or 128 */
};

/* Reads "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1" or Postfix's "IPv6:2001:db8::1". */
bool address_read(const char *text, struct address *out) MUST_USE;

/* From 4 or 16 bytes in network order. */
struct address address_of_v4(const uint8_t bytes[4]);
struct address address_of_v6(const uint8_t bytes[16]);

/* Writes the canonical form (RFC 5952) and returns out; "-" for ADDRESS_NONE. */
const char *address_write(const struct address *, char out[ADDRESS_TEXT]);

unsigned address_width(const struct address *); /* 32 or 128 */
bool address_equal(const struct address *, const struct address *);
bool address_is_loopback(const struct address *);
/* Is it for use within one site or on one link (RFC 1918, 3927, 4193, 4291, 6598)? No mail comes from there over
 * the Internet. */
bool address_is_private(const struct address *);

/* The address with all bits after the first `bits` cleared. */
struct address address_mask(struct address, unsigned bits);

/* Reads "192.0.2.0/24" or a single address. Host bits that are set, a prefix that is too long and bad
 * syntax are faults that say what to write instead. A mapped IPv4 network is folded to IPv4. */
bool prefix_read(const char *text, struct prefix *out, struct fault *why) MUST_USE;

/* Canonical form; a single address is written without its length. */
const char *prefix_write(const struct prefix *, char out[PREFIX_TEXT]);

bool prefix_holds(const struct prefix *, const struct address *);

/* Does the second hold all of the first? */
bool prefix_is_within(const struct prefix *inner, const struct prefix *outer);
/* Is there an address that both hold? */
bool prefix_overlaps(const struct prefix *, const struct prefix *);

/* A list of networks. Borrowed; in any order. */
struct prefixes {
	const struct prefix *list;
	size_t count;
};

/* Does one of them hold the address? Looks at each: for short lists (prefix_table.h is for long ones). */
bool prefixes_hold(const struct prefixes *, const struct address *);

#endif
