#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/prefix_table.h"
#include "policy/util/text.h"
#include "t/lib/chance.h"
#include "t/lib/tap.h"

enum { ENTRIES = 8 };

/* "192.0.2.0/24=7 10.0.0.0/8=1": how the tables below are written. */
static size_t
entries_read(const char *words, struct prefix_entry *out)
{
	struct span rest = span_of(words);
	size_t count = 0;

	while (rest.length > 0) {
		struct span word = span_cut(&rest, ' '), name = span_cut(&word, '=');
		char text[PREFIX_TEXT], number[16];
		struct fault why;

		snprintf(text, sizeof text, "%.*s", (int)name.length, name.at);
		snprintf(number, sizeof number, "%.*s", (int)word.length, word.at);
		if (!prefix_read(text, &out[count].prefix, &why))
			ok(false, "%s", why.text);
		out[count++].number = (uint32_t)strtoul(number, NULL, 10);
	}
	return count;
}

static const char *
hits_write(struct prefix_hits hits, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < hits.count && length < size; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%u", i > 0 ? " " : "", hits.numbers[i]);
	return out;
}

static const struct {
	const char *name, *entries, *address, *numbers;
} rows[] = {
	{ "a host inside the network", "192.0.2.0/24=7", "192.0.2.77", "7" },
	{ "the first address of a network", "192.0.2.0/24=7", "192.0.2.0", "7" },
	{ "the last address of a network", "192.0.2.0/24=7", "192.0.2.255", "7" },
	{ "one before the network", "192.0.2.0/24=7", "192.0.1.255", "" },
	{ "one past the end", "192.0.2.0/24=7", "192.0.3.0", "" },
	{ "an IPv4 client that arrives as IPv6", "192.0.2.0/24=7", "::ffff:192.0.2.77", "7" },
	{ "the empty table", "", "192.0.2.77", "" },
	{ "an IPv6 client of a table without IPv6", "192.0.2.0/24=7", "2001:db8::1", "" },
	{ "an IPv4 client of a table without IPv4", "::/0=7", "192.0.2.77", "" },
	{ "a network in a network has both numbers", "10.0.0.0/8=1 10.1.0.0/16=2", "10.1.2.3", "1 2" },
	{ "beside the inner network is only the outer", "10.0.0.0/8=1 10.1.0.0/16=2", "10.2.0.0", "1" },
	{ "inner and outer of one number", "10.0.0.0/8=1 10.1.0.0/16=1", "10.1.2.3", "1" },
	{ "one network of three numbers", "10.0.0.0/8=3 10.0.0.0/8=1 10.0.0.0/8=2", "10.1.1.1", "1 2 3" },
	{ "one network written twice", "10.0.0.0/8=3 10.0.0.0/8=3", "10.1.1.1", "3" },
	{ "an inner network that begins with the outer", "10.0.0.0/8=1 10.0.0.0/16=2", "10.0.0.0", "1 2" },
	{ "after an inner network that begins with the outer", "10.0.0.0/8=1 10.0.0.0/16=2", "10.1.0.0", "1" },
	{ "an inner network that ends with the outer", "10.0.0.0/8=1 10.255.0.0/16=2", "10.255.255.255", "1 2" },
	{ "after both where they end together", "10.0.0.0/8=1 10.255.0.0/16=2", "11.0.0.0", "" },
	{ "five deep", "10.0.0.0/8=5 10.0.0.0/9=4 10.0.0.0/10=3 10.0.0.0/11=2 10.0.0.1=1", "10.0.0.1", "1 2 3 4 5" },
	{ "the whole of IPv4", "0.0.0.0/0=9", "255.255.255.255", "9" },
	{ "the first address of IPv4", "0.0.0.0=9", "0.0.0.0", "9" },
	{ "after the first address of IPv4", "0.0.0.0=9", "0.0.0.1", "" },
	{ "the last address of IPv4", "255.255.255.255=9", "255.255.255.255", "9" },
	{ "before the last address of IPv4", "255.255.255.255=9", "255.255.255.254", "" },
	{ "the whole of IPv6", "::/0=9", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "9" },
	{ "the last address of IPv6", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff=9",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "9" },
	{ "before the last address of IPv6", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff=9",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "" },
	{ "a /64 of IPv6", "2001:db8:0:1::/64=4", "2001:db8:0:1:ffff::1", "4" },
	{ "after a /64 of IPv6", "2001:db8:0:1::/64=4", "2001:db8:0:2::", "" },
	{ "a host in a /64", "2001:db8::/64=4 2001:db8::5=2", "2001:db8::5", "2 4" },
	{ "after a host in a /64", "2001:db8::/64=4 2001:db8::5=2", "2001:db8::6", "4" },
	{ "a /127 that ends its /64", "2001:db8::ffff:ffff:ffff:fffe/127=2", "2001:db8::ffff:ffff:ffff:ffff", "2" },
	{ "after a /127 that ends its /64", "2001:db8::ffff:ffff:ffff:fffe/127=2", "2001:db8:0:1::", "" },
	{ "both families in one table", "192.0.2.0/24=7 2001:db8::/32=8", "2001:db8::1", "8" },
	{ "numbers of 32 bits", "10.0.0.0/8=4294967295 10.0.0.0/8=2147483648", "10.0.0.1", "2147483648 4294967295" },
	{ "one number of 32 bits", "10.0.0.0/8=4294967295", "10.0.0.1", "4294967295" },
	{ "beside a number of 32 bits", "10.0.0.0/8=4294967295", "11.0.0.1", "" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct prefix_entry entries[ENTRIES];
		size_t count = entries_read(rows[i].entries, entries);
		struct prefix_table *table = prefix_table_build(entries, count, NULL);
		struct address address;
		char got[256] = "no table";

		if (table != NULL && address_read(rows[i].address, &address))
			hits_write(prefix_table_find(table, &address), got, sizeof got);
		is(got, rows[i].numbers, "%s", rows[i].name);
		prefix_table_free(table);
	}
}

static const struct {
	const char *name, *entries;
	size_t ranges;
} merged[] = {
	{ "one network in the middle makes three ranges", "10.0.0.0/8=1", 3 },
	{ "neighbours of one number are one range", "10.0.0.0/9=1 10.128.0.0/9=1", 3 },
	{ "neighbours of two numbers are two", "10.0.0.0/9=1 10.128.0.0/9=2", 4 },
	{ "a network of the same number inside another adds nothing", "10.0.0.0/8=1 10.1.0.0/16=1", 3 },
	{ "neighbours with equal sets are one range", "10.0.0.0/8=1 10.0.0.0/9=2 10.128.0.0/9=2", 3 },
	{ "the whole of IPv4 is one range", "0.0.0.0/0=1", 1 },
	{ "two halves of IPv6 are one range", "::/1=1 8000::/1=1", 1 },
	{ "no network, no range", "", 0 },
};

static void
test_merging(void)
{
	for (size_t i = 0; i < sizeof merged / sizeof merged[0]; i++) {
		struct prefix_entry entries[ENTRIES];
		size_t count = entries_read(merged[i].entries, entries);
		struct prefix_table *table = prefix_table_build(entries, count, NULL);

		is_number(table == NULL ? -1 : (long long)prefix_table_ranges(table), (long long)merged[i].ranges, "%s",
		    merged[i].name);
		prefix_table_free(table);
	}
}

/* ---- against a linear scan ---- */

static uint64_t seed;

/* Addresses crowd at few values, so that networks nest, touch and repeat. */
static struct address
random_address(bool v6)
{
	uint8_t bytes[16];

	for (size_t i = 0; i < sizeof bytes; i++) {
		static const uint8_t crowd[] = { 0, 1, 127, 128, 254, 255 };

		bytes[i] = crowd[chance_next(&seed) % sizeof crowd];
	}
	bytes[0] = v6 ? 0x20 : bytes[0];
	return v6 ? address_of_v6(bytes) : address_of_v4(bytes);
}

static void
random_entries(struct prefix_entry *entries, size_t count, unsigned numbers)
{
	for (size_t i = 0; i < count; i++) {
		struct address address = random_address(chance_next(&seed) % 2 == 0);
		unsigned bits = (unsigned)(chance_next(&seed) % (address_width(&address) + 1));

		entries[i].prefix = (struct prefix){ address_mask(address, bits), (uint8_t)bits };
		entries[i].number = (uint32_t)(chance_next(&seed) % numbers);
	}
}

static bool
number_is_hit(struct prefix_hits hits, uint32_t number)
{
	for (size_t i = 0; i < hits.count; i++)
		if (hits.numbers[i] == number)
			return true;
	return false;
}

/* Every number that holds the address is found, and no others; ascending, each once. */
static bool
agrees(const struct prefix_entry *entries, size_t count, const struct address *address, struct prefix_hits hits,
    unsigned numbers)
{
	size_t held = 0;
	bool seen[64] = { false };

	for (size_t i = 0; i < count; i++) {
		if (!prefix_holds(&entries[i].prefix, address))
			continue;
		if (!number_is_hit(hits, entries[i].number))
			return false;
		held += !seen[entries[i].number];
		seen[entries[i].number] = true;
	}
	for (size_t i = 1; i < hits.count; i++)
		if (hits.numbers[i - 1] >= hits.numbers[i])
			return false;
	return held == hits.count && numbers <= 64;
}

static void
test_against_scan(size_t count, unsigned numbers, unsigned tables)
{
	struct prefix_entry *entries = calloc(count, sizeof *entries);
	unsigned wrong = 0, asked = 0, found = 0;

	for (unsigned round = 0; entries != NULL && round < tables; round++) {
		struct prefix_table *table;

		random_entries(entries, count, numbers);
		table = prefix_table_build(entries, count, NULL);
		for (unsigned i = 0; table != NULL && i < 500; i++) {
			struct address address = random_address(i % 2 == 0);
			struct prefix_hits hits = prefix_table_find(table, &address);

			asked++;
			found += hits.count > 0;
			wrong += !agrees(entries, count, &address, hits, numbers);
		}
		prefix_table_free(table);
	}
	ok(asked == tables * 500 && found > 0 && wrong == 0,
	    "%u tables of %zu random networks of %u numbers find what a scan does (%u of %u wrong, %u held)", tables,
	    count, numbers, wrong, asked, found);
	free(entries);
}

/* ---- what must not happen ---- */

static struct prefix_entry *
entries_take(size_t count)
{
	return calloc(count, sizeof(struct prefix_entry));
}

static struct address
v4_of(uint32_t value)
{
	uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };

	return address_of_v4(bytes);
}

static void
test_hostile(void)
{
	enum { MANY = 100000 };
	struct prefix_entry *entries = entries_take(MANY);
	struct prefix_table *table;
	struct address address = v4_of(0x0a000001);
	struct fault why = { .line = 0 };

	if (entries == NULL)
		return;
	for (uint32_t i = 0; i < MANY; i++)
		entries[i] = (struct prefix_entry){ { v4_of(0), 0 }, MANY - i };
	table = prefix_table_build(entries, MANY, &why);
	ok(table != NULL && prefix_table_find(table, &address).count == MANY && prefix_table_ranges(table) == 1,
	    "100000 numbers on one network are one range");
	prefix_table_free(table);

	for (uint32_t i = 0; i < MANY; i++)
		entries[i] = (struct prefix_entry){ { address_mask(address, i % 33), (uint8_t)(i % 33) }, i };
	table = prefix_table_build(entries, MANY, &why);
	ok(table != NULL && prefix_table_find(table, &address).count == MANY,
	    "100000 numbers nested 33 deep are all found");
	prefix_table_free(table);

	for (uint32_t i = 0; i < MANY; i++)
		entries[i] = (struct prefix_entry){ { v4_of(i % 2 == 0 ? 0 : i), i % 2 == 0 ? 0 : 32 }, i };
	table = prefix_table_build(entries, MANY, &why);
	ok(table == NULL && strstr(why.text, "too many networks of different sources") != NULL,
	    "50000 numbers around 50000 others are refused, not squared");
	prefix_table_free(table);

	for (uint32_t i = 0; i < MANY; i++)
		entries[i] = (struct prefix_entry){ { v4_of(i << 8), 24 }, i % 2 };
	entries[0] = (struct prefix_entry){ { v4_of(0), 0 }, 5 };
	table = prefix_table_build(entries, MANY, &why);
	ok(table != NULL && prefix_table_bytes(table) < 2000000, "sets are kept once, however many ranges have them");
	prefix_table_free(table);
	free(entries);
}

static const struct {
	const char *name;
	struct prefix_entry entry;
	const char *fault;
} unsound[] = {
	{ "host bits are refused", { { { ADDRESS_V4, { 10, 0, 0, 1 } }, 8 }, 1 }, "'10.0.0.1/8' has host bits set" },
	{ "a length above 32 is refused", { { { ADDRESS_V4, { 10 } }, 33 }, 1 }, "entry 0 of a table is not a network" },
	{ "no family is refused", { { { ADDRESS_NONE, { 0 } }, 0 }, 1 }, "entry 0 of a table is not a network" },
};

static void
test_unsound(void)
{
	struct address nobody = { .family = ADDRESS_NONE };
	struct prefix_entry all = { { v4_of(0), 0 }, 3 };
	struct prefix_table *table;

	for (size_t i = 0; i < sizeof unsound / sizeof unsound[0]; i++) {
		struct prefix_entry entry = unsound[i].entry;
		struct fault why = { .line = 0 };

		table = prefix_table_build(&entry, 1, &why);
		is(table == NULL ? why.text : "a table", unsound[i].fault, "%s", unsound[i].name);
		prefix_table_free(table);
	}
	table = prefix_table_build(&all, 1, NULL);
	ok(table != NULL && prefix_table_find(table, &nobody).count == 0,
	    "a local submission without address is nobody's");
	prefix_table_free(table);
	prefix_table_free(NULL);
}

int
main(void)
{
	test_rows();
	test_merging();
	seed = 20261121;
	test_against_scan(3, 2, 200);
	test_against_scan(20, 4, 100);
	test_against_scan(300, 60, 20);
	test_hostile();
	test_unsound();
	return done();
}
