#include <stdlib.h>
#include <string.h>

#include "policy/util/aggregate.h"

/* By family and address; of two that begin at the same address the wider comes first. */
static int
order(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;
	int bytes;

	if (a->base.family != b->base.family)
		return a->base.family < b->base.family ? -1 : 1;
	bytes = memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes);
	return bytes != 0 ? bytes : a->bits - b->bits;
}

/* Are they the two halves of one network, the lower one first? */
static bool
are_halves(const struct prefix *low, const struct prefix *high)
{
	struct address joined;

	if (low->bits != high->bits || low->bits == 0 || low->base.family != high->base.family)
		return false;
	joined = address_mask(high->base, high->bits - 1u);
	return address_equal(&joined, &low->base) && !address_equal(&high->base, &low->base);
}

size_t
aggregate_networks(struct prefix *list, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(list, count, sizeof *list, order);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && prefix_holds(&list[kept - 1], &list[i].base))
			continue;
		list[kept++] = list[i];
		for (; kept > 1 && are_halves(&list[kept - 2], &list[kept - 1]); kept--)
			list[kept - 2].bits--;
	}
	return kept;
}
