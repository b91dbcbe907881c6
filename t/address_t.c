/*
 * address_t.c - addresses and networks: read, written, masked, compared.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "policy/util/address.h"
#include "t/lib/tap.h"

#define COUNT(rows) (sizeof rows / sizeof *rows)

static const struct {
	const char *what, *text, *written; /* NULL: no address */
} addresses[] = {
	{ "an IPv4 address", "192.0.2.1", "192.0.2.1" },
	{ "all zeros", "0.0.0.0", "0.0.0.0" },
	{ "all ones", "255.255.255.255", "255.255.255.255" },
	{ "an IPv6 address", "2001:db8::1", "2001:db8::1" },
	{ "capitals are folded", "2001:DB8::ABCD", "2001:db8::abcd" },
	{ "leading zeros go", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
	{ "the longest run of zeros is shortened", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
	{ "the first of two equal runs is shortened", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ "one zero field is not shortened", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	{ "the loopback", "::1", "::1" },
	{ "no address is an address too", "::", "::" },
	{ "mapped IPv4 is IPv4", "::ffff:192.0.2.1", "192.0.2.1" },
	{ "mapped IPv4 in hexadecimal is IPv4", "::ffff:c000:201", "192.0.2.1" },
	{ "mapped IPv4 in full is IPv4", "0:0:0:0:0:FFFF:c000:0201", "192.0.2.1" },
	{ "a neighbour of the mapped block stays IPv6", "::fffe:c000:201", "::fffe:c000:201" },
	{ "a translated address stays IPv6", "64:ff9b::192.0.2.1", "64:ff9b::c000:201" },
	{ "Postfix's form", "IPv6:2001:db8::1", "2001:db8::1" },
	{ "Postfix's form in small letters", "ipv6:2001:db8::1", "2001:db8::1" },
	{ "Postfix's form of mapped IPv4", "IPv6:::ffff:192.0.2.1", "192.0.2.1" },
	{ "the tag before IPv4", "IPv6:192.0.2.1", NULL },
	{ "the tag alone", "IPv6:", NULL },
	{ "the tag twice", "IPv6:IPv6:::1", NULL },
	{ "nothing", "", NULL },
	{ "a name", "localhost", NULL },
	{ "three numbers", "192.0.2", NULL },
	{ "five numbers", "192.0.2.1.1", NULL },
	{ "a number over 255", "192.0.2.256", NULL },
	{ "a leading zero, octal to some", "192.0.2.010", NULL },
	{ "hexadecimal", "0xc0.0.2.1", NULL },
	{ "a blank in front", " 192.0.2.1", NULL },
	{ "a blank at the end", "192.0.2.1 ", NULL },
	{ "a length at the end", "192.0.2.1/32", NULL },
	{ "brackets", "[192.0.2.1]", NULL },
	{ "a zone", "fe80::1%eth0", NULL },
	{ "two double colons", "2001::db8::1", NULL },
	{ "nine fields", "1:2:3:4:5:6:7:8:9", NULL },
	{ "a field of five digits", "2001:db8::12345", NULL },
};

static void
test_addresses(void)
{
	char written[ADDRESS_TEXT];

	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct address address, again;
		bool read = address_read(addresses[i].text, &address);

		is(read ? address_write(&address, written) : NULL, addresses[i].written, "address: %s", addresses[i].what);
		if (read)
			ok(address_read(written, &again) && address_equal(&address, &again), "address: %s: reads back",
			    addresses[i].what);
	}
	is(address_write(&(struct address){ .family = ADDRESS_NONE }, written), "-", "no address is written as a dash");
}

static const struct {
	const char *what, *text, *written, *fault; /* written NULL: the fault holds these words */
} prefixes[] = {
	{ "a network", "192.0.2.0/24", "192.0.2.0/24", NULL },
	{ "one address", "192.0.2.1", "192.0.2.1", NULL },
	{ "one address with its length", "192.0.2.1/32", "192.0.2.1", NULL },
	{ "everything", "0.0.0.0/0", "0.0.0.0/0", NULL },
	{ "an IPv6 network", "2001:DB8::/32", "2001:db8::/32", NULL },
	{ "one IPv6 address", "2001:db8::1/128", "2001:db8::1", NULL },
	{ "all of IPv6", "::/0", "::/0", NULL },
	{ "a mapped network", "::ffff:192.0.2.0/120", "192.0.2.0/24", NULL },
	{ "one mapped address", "::ffff:192.0.2.1/128", "192.0.2.1", NULL },
	{ "one mapped address without a length", "::ffff:192.0.2.1", "192.0.2.1", NULL },
	{ "all mapped addresses", "::ffff:0:0/96", "0.0.0.0/0", NULL },
	{ "a length that is not whole bytes", "192.0.2.128/25", "192.0.2.128/25", NULL },
	{ "host bits", "192.0.2.1/24", NULL, "host bits set; write '192.0.2.0/24'" },
	{ "one host bit", "192.0.2.129/25", NULL, "write '192.0.2.128/25'" },
	{ "host bits in IPv6", "2001:db8::1/64", NULL, "write '2001:db8::/64'" },
	{ "host bits in a mapped network", "::ffff:192.0.2.1/120", NULL, "write '192.0.2.0/24'" },
	{ "a length over 32", "192.0.2.0/33", NULL, "IPv4 stops at 32" },
	{ "a length over 128", "2001:db8::/129", NULL, "IPv6 stops at 128" },
	{ "a mapped network with a length over 128", "::ffff:192.0.2.0/129", NULL, "too long" },
	{ "a mapped network wider than IPv4", "::ffff:0:0/95", NULL, "wider than IPv4" },
	{ "no length after the slash", "192.0.2.0/", NULL, "write '192.0.2.0/32'" },
	{ "no number after the slash", "192.0.2.0/x", NULL, "no prefix length" },
	{ "a netmask", "192.0.2.0/255.255.255.0", NULL, "has a netmask; write '192.0.2.0/24'" },
	{ "a netmask behind a blank", "198.51.100.0 255.255.252.0", NULL, "has a netmask; write '198.51.100.0/22'" },
	{ "a netmask and host bits", "192.0.2.77/255.255.255.192", NULL, "has a netmask; write '192.0.2.64/26'" },
	{ "the netmask of one host", "192.0.2.7/255.255.255.255", NULL, "has a netmask; write '192.0.2.7'" },
	{ "a wildcard mask", "192.0.2.0 0.0.0.255", NULL, "has a netmask; write '192.0.2.0/24'" },
	{ "the wildcard mask of one host", "192.0.2.7 0.0.0.0", NULL, "has a netmask; write '192.0.2.7'" },
	{ "a netmask of everything", "0.0.0.0/0.0.0.0", NULL, "has a netmask; write '0.0.0.0/0'" },
	{ "a netmask with gaps", "192.0.2.0/255.0.255.0", NULL, "has a netmask with gaps; write each network by itself" },
	{ "a range that is a network", "192.0.2.0-192.0.2.255", NULL, "is a range; write '192.0.2.0/24'" },
	{ "a range with blanks", "192.0.2.0 - 192.0.3.255", NULL, "is a range; write '192.0.2.0/23'" },
	{ "a range of last numbers", "192.0.2.8-15", NULL, "is a range; write '192.0.2.8/29'" },
	{ "a range of one", "192.0.2.8-8", NULL, "is a range; write '192.0.2.8'" },
	{ "a range that is three networks", "192.0.2.1-4", NULL,
	    "is a range; write '192.0.2.1', '192.0.2.2/31', '192.0.2.4'" },
	{ "a range that is many networks", "192.0.2.1-192.0.2.254", NULL, "'192.0.2.128/26' and 6 more" },
	{ "a range up to the last address", "255.255.255.254-255.255.255.255", NULL, "write '255.255.255.254/31'" },
	{ "a range of everything", "0.0.0.0-255.255.255.255", NULL, "write '0.0.0.0/0'" },
	{ "a range in IPv6", "2001:db8::-2001:db8::ffff:ffff:ffff:ffff", NULL, "is a range; write '2001:db8::/64'" },
	{ "a range in IPv6 written in full",
	    "2001:0db8:0000:0000:0000:0000:0000:0000-2001:0db8:0000:0000:0000:0000:0000:0001", NULL,
	    "write '2001:db8::/127'" },
	{ "a range backwards", "192.0.2.9-192.0.2.1", NULL, "ends before it begins; write the lower address first" },
	{ "a range across families", "192.0.2.9-2001:db8::1", NULL, "neither an IP address nor a network" },
	{ "a range to a number over 255", "192.0.2.9-256", NULL, "neither an IP address nor a network" },
	{ "a star", "192.0.2.*", NULL, "is not a whole address; write '192.0.2.0/24'" },
	{ "two stars", "172.16.*.*", NULL, "is not a whole address; write '172.16.0.0/16'" },
	{ "a star in the middle", "192.*.2.1", NULL, "neither an IP address nor a network" },
	{ "a dot at the end", "192.0.2.", NULL, "is not a whole address; write '192.0.2.0/24'" },
	{ "three numbers", "192.0.2", NULL, "is not a whole address; write '192.0.2.0/24'" },
	{ "a negative length", "192.0.2.0/-1", NULL, "no prefix length" },
	{ "a blank before the length", "192.0.2.0/ 24", NULL, "no prefix length" },
	{ "a length of four digits", "192.0.2.0/0024", NULL, "no prefix length" },
	{ "two lengths", "192.0.2.0/24/24", NULL, "no prefix length after '/'; write '192.0.2.0/24'" },
	{ "a length and more", "192.0.2.0/24 ; ours", NULL, "no prefix length after '/'; write '192.0.2.0/24'" },
	{ "a term of SPF", "ip4:192.0.2.0/24", NULL, "is a term of an SPF record; write '192.0.2.0/24'" },
	{ "one of IPv6", "IP6:2001:db8::1", NULL, "is a term of an SPF record; write '2001:db8::1'" },
	{ "a term with host bits", "ip4:192.0.2.1/24", NULL, "neither an IP address nor a network" },
	{ "two in one", "192.0.2.0/24, 2001:db8::/32", NULL,
	    "is more than one network; write each by itself, '192.0.2.0/24', '2001:db8::/32'" },
	{ "two, and host bits in one", "192.0.2.0/24 192.0.2.1/24", NULL, "no prefix length" },
	{ "a blank behind it", "192.0.2.0/24 ", NULL, "is a network and something beside it; write '192.0.2.0/24'" },
	{ "a comma before it", ",192.0.2.1", NULL, "is a network and something beside it; write '192.0.2.1'" },
	{ "blanks alone", " , ", NULL, "neither an IP address nor a network" },
	{ "no network", "vendor.example", NULL, "neither an IP address nor a network" },
	{ "nothing", "", NULL, "neither an IP address nor a network" },
	{ "a length alone", "/24", NULL, "neither an IP address nor a network" },
	{ "a line of text", "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8", NULL,
	    "is more than one network; write each by itself, '192.0.2.1', '192.0.2.2'" },
};

static void
test_prefixes(void)
{
	char written[PREFIX_TEXT];

	for (size_t i = 0; i < COUNT(prefixes); i++) {
		struct fault why = { .text = "" };
		struct prefix prefix;
		bool read = prefix_read(prefixes[i].text, &prefix, &why);

		is(read ? prefix_write(&prefix, written) : NULL, prefixes[i].written, "network: %s", prefixes[i].what);
		if (!read && prefixes[i].fault != NULL &&
		    !ok(strstr(why.text, prefixes[i].fault) != NULL, "network: %s: the fault says what to do",
			prefixes[i].what))
			note("it says: %s", why.text);
	}
	ok(!prefix_read("nonsense", &(struct prefix){ .bits = 0 }, NULL), "why may be NULL");
}

static const struct {
	const char *what, *network, *address;
	bool held;
} held[] = {
	{ "a host inside", "192.0.2.0/24", "192.0.2.77", true },
	{ "the first address", "192.0.2.0/24", "192.0.2.0", true },
	{ "the last address", "192.0.2.0/24", "192.0.2.255", true },
	{ "one past the end", "192.0.2.0/24", "192.0.3.0", false },
	{ "one before the start", "192.0.2.0/24", "192.0.1.255", false },
	{ "a v4 client that arrives as v6", "192.0.2.0/24", "::ffff:192.0.2.77", true },
	{ "the last of half a byte", "192.0.2.0/25", "192.0.2.127", true },
	{ "one past half a byte", "192.0.2.0/25", "192.0.2.128", false },
	{ "itself alone", "192.0.2.1", "192.0.2.1", true },
	{ "its neighbour", "192.0.2.1", "192.0.2.0", false },
	{ "anything", "0.0.0.0/0", "203.0.113.1", true },
	{ "all of IPv4 holds no IPv6", "0.0.0.0/0", "2001:db8::1", false },
	{ "all of IPv6 holds no IPv4", "::/0", "192.0.2.1", false },
	{ "a v6 host inside", "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "a v6 host outside", "2001:db8::/32", "2001:db9::1", false },
	{ "v6 bytes that look like v4", "c000:201::/32", "192.0.2.1", false },
};

static void
test_holds(void)
{
	for (size_t i = 0; i < COUNT(held); i++) {
		struct prefix prefix;
		struct address address;

		ok(prefix_read(held[i].network, &prefix, NULL) && address_read(held[i].address, &address) &&
			prefix_holds(&prefix, &address) == held[i].held,
		    "%s: %s", held[i].held ? "held" : "not held", held[i].what);
	}
}

static const struct {
	const char *what, *a, *b;
	bool within, around, overlap; /* a within b; b within a; both hold an address */
} pairs[] = {
	{ "a network and itself", "192.0.2.0/24", "192.0.2.0/24", true, true, true },
	{ "a part of the other", "192.0.2.128/25", "192.0.2.0/24", true, false, true },
	{ "the whole of the other", "192.0.2.0/24", "192.0.2.77", false, true, true },
	{ "two halves of one", "192.0.2.0/25", "192.0.2.128/25", false, false, false },
	{ "everything and one address", "0.0.0.0/0", "203.0.113.1", false, true, true },
	{ "a part of the other in IPv6", "2001:db8:1::/48", "2001:db8::/32", true, false, true },
	{ "neighbours in IPv6", "2001:db8::/32", "2001:db9::/32", false, false, false },
	{ "all of IPv4 and all of IPv6", "0.0.0.0/0", "::/0", false, false, false },
};

static void
test_pairs(void)
{
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct prefix a, b;

		if (!ok(prefix_read(pairs[i].a, &a, NULL) && prefix_read(pairs[i].b, &b, NULL), "two networks: %s",
			pairs[i].what))
			continue;
		is_number(prefix_is_within(&a, &b), pairs[i].within, "%s: the first within the second", pairs[i].what);
		is_number(prefix_is_within(&b, &a), pairs[i].around, "%s: the second within the first", pairs[i].what);
		is_number(prefix_overlaps(&a, &b), pairs[i].overlap, "%s: they overlap", pairs[i].what);
		is_number(prefix_overlaps(&b, &a), pairs[i].overlap, "%s: and the other way round", pairs[i].what);
	}
}

/* A list of the first `count` of three. */
static const struct {
	const char *what, *address;
	size_t count;
	bool held;
} lists[] = {
	{ "no network holds nothing", "192.0.2.1", 0, false },
	{ "the only one holds it", "192.0.2.1", 1, true },
	{ "the only one does not", "198.51.100.7", 1, false },
	{ "the second holds it", "198.51.100.7", 2, true },
	{ "the last holds it, and is of another family", "2001:db8::1", 3, true },
	{ "none of three holds it", "203.0.113.1", 3, false },
	{ "no address is in no network", "", 3, false },
};

static void
test_lists(void)
{
	struct prefix networks[3];

	if (!ok(prefix_read("192.0.2.0/24", &networks[0], NULL) && prefix_read("198.51.100.7", &networks[1], NULL) &&
		    prefix_read("2001:db8::/32", &networks[2], NULL),
		"list: three networks"))
		return;
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct prefixes list = { networks, lists[i].count };
		struct address address = { .family = ADDRESS_NONE };

		bool read = address_read(lists[i].address, &address);

		ok(read == (lists[i].address[0] != '\0') && prefixes_hold(&list, &address) == lists[i].held, "list: %s",
		    lists[i].what);
	}
}

static void
test_private(void)
{
	static const struct {
		const char *text;
		bool private;
	} rows[] = { { "10.0.0.1", true }, { "10.255.255.255", true }, { "11.0.0.1", false }, { "172.16.0.1", true },
		{ "172.31.255.255", true }, { "172.32.0.1", false }, { "172.15.255.255", false },
		{ "192.168.4.1", true }, { "192.169.0.1", false }, { "100.64.0.1", true }, { "100.127.9.9", true },
		{ "100.128.0.1", false }, { "169.254.1.1", true }, { "127.0.0.1", false }, { "192.0.2.1", false },
		{ "fd00::1", true }, { "fc00::1", true }, { "fe80::1", true }, { "febf::1", true },
		{ "fec0::1", false }, { "2001:db8::1", false }, { "::ffff:10.0.0.1", true }, { "a00::1", false } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address address;

		ok(address_read(rows[i].text, &address) && address_is_private(&address) == rows[i].private,
		    "%s is %s private", rows[i].text, rows[i].private ? "" : "not");
	}
	ok(!address_is_private(&(struct address){ .family = ADDRESS_NONE }), "no address is not private");
}

static void
test_loopback(void)
{
	static const struct {
		const char *text;
		bool loopback;
	} rows[] = { { "127.0.0.1", true }, { "127.255.255.255", true }, { "126.255.255.255", false },
		{ "128.0.0.0", false }, { "::1", true }, { "::2", false }, { "::", false },
		{ "::ffff:127.0.0.1", true }, { "7f00::1", false }, { "0.0.0.0", false } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address address;

		ok(address_read(rows[i].text, &address) && address_is_loopback(&address) == rows[i].loopback,
		    "%s is %sloopback", rows[i].text, rows[i].loopback ? "" : "not ");
	}
	ok(!address_is_loopback(&(struct address){ .family = ADDRESS_NONE }), "no address is not loopback");
}

/* Every length against a mask made bit by bit. */
static void
test_mask(void)
{
	const uint8_t ones[16] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	unsigned good = 0;

	for (unsigned bits = 0; bits <= 128; bits++) {
		struct address masked = address_mask(address_of_v6(ones), bits);
		bool same = true;

		for (unsigned bit = 0; bit < 128; bit++)
			same = same && ((masked.bytes[bit / 8] >> (7 - bit % 8)) & 1) == (bit < bits);
		good += same;
	}
	is_number(good, 129, "every mask of IPv6 keeps exactly its bits");
	is_number(address_width(&(struct address){ .family = ADDRESS_V4 }), 32, "IPv4 is 32 bits wide");
	is_number(address_width(&(struct address){ .family = ADDRESS_V6 }), 128, "IPv6 is 128 bits wide");
}

int
main(void)
{
	test_addresses();
	test_prefixes();
	test_holds();
	test_pairs();
	test_lists();
	test_loopback();
	test_private();
	test_mask();
	return done();
}
