/*
 * Any bytes as networks, one a line. What is read is written and read back the same; what is refused is refused with words, and
 * the networks that they propose are read. Aggregated, they hold the same addresses as before.
 */
#include <string.h>

#include "policy/util/address_forms.h"
#include "policy/util/aggregate.h"
#include "policy/util/text.h"
#include "t/fuzz/fuzz.h"

enum { NETWORKS_MAX = 100, LINE_MAX = 200 };

static void
check_network(const struct prefix *network)
{
	char text[PREFIX_TEXT];
	struct prefix again;

	must(network->bits <= address_width(&network->base) && prefix_holds(network, &network->base));
	must(prefix_read(prefix_write(network, text), &again, NULL));
	must(address_equal(&network->base, &again.base) && network->bits == again.bits);
}

/* "...; write '192.0.2.0/24', '192.0.3.0/24'" */
static void
check_proposed(const char *why)
{
	const char *at = strstr(why, "; write '");
	struct prefix network;
	char text[LINE_MAX];

	for (at = at == NULL ? NULL : strchr(at, '\''); at != NULL; at = strchr(at, '\'')) {
		size_t length = strcspn(at + 1, "'");

		must(length < sizeof text && at[1 + length] == '\'');
		memcpy(text, at + 1, length);
		text[length] = '\0';
		must(prefix_read(text, &network, NULL));
		at += length + 2;
	}
}

static bool
read_line(const char *line, struct prefix *out)
{
	struct fault why = { .text = "" };

	if (prefix_read(line, out, &why)) {
		check_network(out);
		return true;
	}
	must(why.text[0] != '\0');
	why.text[0] = '\0';
	if (network_in_other_form(line, &why))
		check_proposed(why.text);
	else
		must(why.text[0] == '\0');
	return false;
}

/* The last address of a network. */
static struct address
end_of(const struct prefix *network)
{
	struct address end = network->base;

	for (unsigned bit = network->bits; bit < address_width(&end); bit++)
		end.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return end;
}

/* The address behind one; false: that was the last. */
static bool
step(struct address *address)
{
	for (unsigned i = address_width(address) / 8; i > 0; i--)
		if (++address->bytes[i - 1] != 0)
			return true;
	return false;
}

/* Where anything begins or ends, and right behind. */
static void
check_ends(const struct prefixes *one, const struct prefixes *other)
{
	for (size_t i = 0; i < one->count; i++) {
		struct address at = one->list[i].base;

		must(prefixes_hold(one, &at) == prefixes_hold(other, &at));
		at = end_of(&one->list[i]);
		must(prefixes_hold(one, &at) == prefixes_hold(other, &at));
		must(!step(&at) || prefixes_hold(one, &at) == prefixes_hold(other, &at));
	}
}

static void
check_aggregated(const struct prefix *list, size_t count)
{
	struct prefix copy[NETWORKS_MAX];
	struct prefixes before = { list, count }, after = { copy, 0 };

	memcpy(copy, list, count * sizeof *copy);
	after.count = aggregate_networks(copy, count);
	must(after.count <= count && (after.count > 0) == (count > 0));
	check_ends(&before, &after);
	check_ends(&after, &before);
	must(aggregate_networks(copy, after.count) == after.count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size };
	struct prefix list[NETWORKS_MAX];
	size_t count = 0;

	while (rest.length > 0 && count < NETWORKS_MAX) {
		struct span line = span_cut(&rest, '\n');
		char text[LINE_MAX];

		if (line.length >= sizeof text || memchr(line.at, '\0', line.length) != NULL)
			continue;
		memcpy(text, line.at, line.length);
		text[line.length] = '\0';
		count += read_line(text, &list[count]);
	}
	check_aggregated(list, count);
	return 0;
}
