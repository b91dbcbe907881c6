#include <string.h>

#include "policy/sources/source_copy.h"

/* ---- finding ---- */

/* How many networks come before this one or are equal to it. */
static size_t
count_up_to(const struct source_copy *copy, const struct prefix *prefix)
{
	size_t low = 0, high = copy->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (source_copy_order(&copy->networks[middle].prefix, prefix) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
source_copy_has(const struct source_copy *copy, const struct prefix *prefix)
{
	size_t found = count_up_to(copy, prefix);

	return found > 0 && source_copy_order(&copy->networks[found - 1].prefix, prefix) == 0;
}

bool
source_copy_same(const struct source_copy *a, const struct source_copy *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (source_copy_order(&a->networks[i].prefix, &b->networks[i].prefix) != 0)
			return false;
	return true;
}

/* ---- what came and what went ---- */

/* Walks the networks of one copy that are not in another, in order. */
struct lack {
	const struct source_copy *of, *in;
	size_t i, j;
};

static const struct copied_network *
lack_next(struct lack *lack)
{
	while (lack->i < lack->of->count) {
		const struct copied_network *network = &lack->of->networks[lack->i++];
		int order = -1;

		for (; lack->j < lack->in->count && order < 0; lack->j += order < 0)
			order = source_copy_order(&lack->in->networks[lack->j].prefix, &network->prefix);
		if (order != 0)
			return network;
	}
	return NULL;
}

static size_t
lack_count(struct lack lack)
{
	size_t count = 0;

	while (lack_next(&lack) != NULL)
		count++;
	return count;
}

static void
put_prefix(struct text *out, const struct prefix *prefix)
{
	char text[PREFIX_TEXT];

	text_put(out, prefix_write(prefix, text));
}

/* "came 192.0.2.0/24, 192.0.2.7 via a > b, 198.51.100.1 via a and 12 more" */
static void
put_changes(struct text *out, const char *verb, struct lack lack, size_t count, size_t named)
{
	const char *path = NULL;

	text_put(out, verb);
	for (size_t i = 0; i < named; i++) {
		const struct copied_network *network = lack_next(&lack);

		if (path != NULL && strcmp(path, network->path) != 0) {
			text_put(out, " via ");
			source_copy_words(path, out);
		}
		text_put(out, path == NULL ? " " : ", ");
		put_prefix(out, &network->prefix);
		path = network->path;
	}
	if (path != NULL) {
		text_put(out, " via ");
		source_copy_words(path, out);
	}
	if (named < count)
		text_format(out, path == NULL ? " %zu" : " and %zu more", count - named);
}

void
source_copy_diff(const struct source_copy *before, const struct source_copy *after, size_t most, struct text *out)
{
	struct lack came = { after, before, 0, 0 }, went = { before, after, 0, 0 };
	size_t came_count = lack_count(came), went_count = lack_count(went);
	size_t went_named = went_count < most / 2 ? went_count : most / 2; /* neither side crowds out the other */
	size_t came_named = came_count < most - went_named ? came_count : most - went_named;

	went_named = went_count < most - came_named ? went_count : most - came_named;
	if (came_count > 0)
		put_changes(out, "came", came, came_count, came_named);
	if (came_count > 0 && went_count > 0)
		text_put(out, "; ");
	if (went_count > 0)
		put_changes(out, "went", went, went_count, went_named);
}

/* ---- is it all inside? ---- */

/* How many leading bits two addresses of a family share. */
static unsigned
common_bits(const struct address *a, const struct address *b)
{
	unsigned bits = 0;

	while (bits < address_width(a) && ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) & 0x80 >> bits % 8) == 0)
		bits++;
	return bits;
}

/* A network of the copy that contains the address; NULL if there is none. Networks are nested or disjoint, so one
 * that contains it comes before it in the order, and all networks between the two begin with the same bits. */
static const struct prefix *
holder(const struct source_copy *copy, const struct address *address)
{
	struct prefix key = { *address, (uint8_t)address_width(address) };

	for (;;) {
		size_t behind = count_up_to(copy, &key);
		const struct prefix *near = behind == 0 ? NULL : &copy->networks[behind - 1].prefix;
		unsigned common;

		if (near == NULL || near->base.family != address->family)
			return NULL;
		if (prefix_holds(near, address))
			return near;
		common = common_bits(&near->base, address);
		if (common >= key.bits)
			return NULL;
		key = (struct prefix){ address_mask(*address, common), (uint8_t)common };
	}
}

/* The first address after a network; false after the last address there is. */
static bool
step_over(const struct prefix *prefix, struct address *out)
{
	*out = prefix->base;
	if (prefix->bits == 0)
		return false;
	for (unsigned i = (prefix->bits - 1) / 8, add = 0x80u >> (prefix->bits - 1) % 8;; i--, add = 1) {
		add += out->bytes[i];
		out->bytes[i] = (uint8_t)add;
		if (add <= 0xff || i == 0)
			return add <= 0xff;
	}
}

/* By one network, or by several together. */
static bool
is_covered(const struct source_copy *copy, const struct prefix *prefix)
{
	struct address at = prefix->base;

	do {
		const struct prefix *found = holder(copy, &at);

		if (found == NULL)
			return false;
		if (!step_over(found, &at))
			return true;
	} while (prefix_holds(prefix, &at));
	return true;
}

bool
source_copy_covers(const struct source_copy *copy, const struct prefix *list, size_t count, size_t most, struct text *out)
{
	size_t missing = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_covered(copy, &list[i]))
			continue;
		if (missing > 0 && missing < most)
			text_char(out, ' ');
		if (missing++ < most)
			put_prefix(out, &list[i]);
	}
	return missing == 0;
}
