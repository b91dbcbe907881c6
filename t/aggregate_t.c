#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/aggregate.h"
#include "policy/util/text.h"
#include "t/lib/chance.h"
#include "t/lib/networks.h"
#include "t/lib/tap.h"

enum { NETWORKS = 64 };

static const char *
networks_write(const struct prefix *list, size_t count, struct text *out)
{
	char written[PREFIX_TEXT];

	text_clear(out);
	for (size_t i = 0; i < count; i++)
		text_format(out, "%s%s", i > 0 ? " " : "", prefix_write(&list[i], written));
	return out->bytes;
}

static const struct {
	const char *name, *given, *wanted;
} rows[] = {
	{ "nothing stays nothing", "", "" },
	{ "one stays as it is", "192.0.2.0/24", "192.0.2.0/24" },
	{ "a duplicate is dropped", "192.0.2.0/24 192.0.2.0/24", "192.0.2.0/24" },
	{ "a network in another is dropped", "192.0.2.128/25 192.0.2.0/24", "192.0.2.0/24" },
	{ "an address in a network is dropped", "192.0.2.0/24 192.0.2.255", "192.0.2.0/24" },
	{ "one that begins with its outer network is dropped", "10.0.0.0/16 10.0.0.0/8", "10.0.0.0/8" },
	{ "two halves are joined", "192.0.2.128/25 192.0.2.0/25", "192.0.2.0/24" },
	{ "neighbours that are not halves of one stay", "192.0.1.0/24 192.0.2.0/24", "192.0.1.0/24 192.0.2.0/24" },
	{ "four quarters are joined", "192.0.2.0/26 192.0.2.64/26 192.0.2.128/26 192.0.2.192/26", "192.0.2.0/24" },
	{ "three quarters make two networks", "192.0.2.0/26 192.0.2.64/26 192.0.2.128/26", "192.0.2.0/25 192.0.2.128/26" },
	{ "a half and its missing pieces", "192.0.2.0/25 192.0.2.128/26 192.0.2.192/27 192.0.2.224/27", "192.0.2.0/24" },
	{ "two addresses", "192.0.2.4 192.0.2.5", "192.0.2.4/31" },
	{ "two addresses that are not a pair", "192.0.2.5 192.0.2.6", "192.0.2.5 192.0.2.6" },
	{ "a join that joins again", "10.0.0.0/9 10.128.0.0/9 11.0.0.0/8", "10.0.0.0/7" },
	{ "IPv6 halves", "2001:db8:8000::/33 2001:db8::/33", "2001:db8::/32" },
	{ "IPv6 addresses", "2001:db8::2 2001:db8::3 2001:db8::1", "2001:db8::1 2001:db8::2/127" },
	{ "families are never joined, and IPv4 comes first", "::/1 0.0.0.0/1 8000::/1", "0.0.0.0/1 ::/0" },
	{ "the whole of IPv4", "128.0.0.0/1 0.0.0.0/1", "0.0.0.0/0" },
	{ "the end of IPv4 and the beginning of IPv6", "255.255.255.255 ::", "255.255.255.255 ::" },
	{ "order does not matter", "192.0.2.7 198.51.100.0/24 192.0.2.6 10.0.0.0/8",
	    "10.0.0.0/8 192.0.2.6/31 198.51.100.0/24" },
};

static void
check_rows(void)
{
	struct prefix list[NETWORKS];
	struct text text;

	text_open(&text, 4096);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t count = aggregate_networks(list, networks_read(rows[i].given, list));

		is(networks_write(list, count, &text), rows[i].wanted, "%s", rows[i].name);
	}
	text_close(&text);
}

/* ---- against a plain map of 256 addresses ---- */

static uint64_t seed;

static struct address
address_at(bool v6, unsigned last)
{
	uint8_t v4[4] = { 192, 0, 2, (uint8_t)last };
	uint8_t bytes[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)last };

	return v6 ? address_of_v6(bytes) : address_of_v4(v4);
}

static size_t
random_networks(struct prefix *list)
{
	size_t count = chance_next(&seed) % NETWORKS;

	for (size_t i = 0; i < count; i++) {
		bool v6 = chance_next(&seed) % 3 == 0;
		unsigned bits = (v6 ? 120u : 24u) + (unsigned)(chance_next(&seed) % 9);

		/* many small ones, so that there is something to join */
		bits = chance_next(&seed) % 4 > 0 && bits < (v6 ? 125u : 29u) ? bits + 4 : bits;
		list[i].base = address_mask(address_at(v6, (unsigned)(chance_next(&seed) % 256)), bits);
		list[i].bits = (uint8_t)bits;
	}
	return count;
}

static void
mark(const struct prefix *list, size_t count, bool map[2][256])
{
	memset(map, 0, 2 * sizeof map[0]);
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned last = 0; last < 256; last++) {
			struct address address = address_at(v6, last);

			for (size_t i = 0; i < count; i++)
				map[v6][last] |= prefix_holds(&list[i], &address);
		}
}

/* The fewest networks of a part of the map: one when it is full, else those of its halves. */
static size_t
fewest(const bool *map, unsigned size)
{
	unsigned full = 0;

	for (unsigned i = 0; i < size; i++)
		full += map[i];
	if (full == 0 || full == size)
		return full > 0;
	return fewest(map, size / 2) + fewest(map + size / 2, size / 2);
}

static void
check_differences(void)
{
	enum { ROUNDS = 4000 };
	struct prefix list[NETWORKS];
	bool before[2][256], after[2][256];
	unsigned other = 0, more = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t count = random_networks(list);

		mark(list, count, before);
		count = aggregate_networks(list, count);
		mark(list, count, after);
		other += memcmp(before, after, sizeof before) != 0;
		more += count != fewest(before[0], 256) + fewest(before[1], 256);
	}
	is_number(other, 0, "%d random lists: exactly the same addresses", ROUNDS);
	is_number(more, 0, "and by the fewest networks that a plain map of addresses allows");
}

int
main(void)
{
	check_rows();
	check_differences();
	return done();
}
