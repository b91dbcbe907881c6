#include <string.h>

#include "policy/review/report_parts.h"
#include "policy/util/hash.h"

static bool
is_it(const struct report_pair *pair, uint32_t vendor, const struct prefix *network)
{
	return pair->vendor == vendor && pair->network.bits == network->bits &&
	    address_equal(&pair->network.base, &network->base);
}

/* What a pair is worth keeping for: what is proven shows what is forged in another light. */
static uint64_t
worth(const struct report_pair *pair)
{
	return ((uint64_t)pair->proven + pair->signed_by + pair->listed > 0 ? UINT64_C(1) << 40 : 0) + pair->proven +
	    pair->refused;
}

struct report_pair *
report_pair(struct report *report, uint32_t vendor, const struct prefix *network)
{
	uint64_t hash = hash_bytes(hash_bytes(HASH_START, &vendor, sizeof vendor), network->base.bytes, 16);
	struct report_pair *group = &report->pairs[hash_fold(hash) % (REPORT_PAIRS / REPORT_WAYS) * REPORT_WAYS],
			   *least = group;

	for (size_t i = 0; i < REPORT_WAYS; i++) {
		if (is_it(&group[i], vendor, network))
			return &group[i];
		if (group[i].vendor == 0) {
			least = &group[i];
			break;
		}
		if (worth(&group[i]) < worth(least))
			least = &group[i];
	}
	report->pairs_lost += least->vendor != 0;
	*least = (struct report_pair){ .vendor = vendor, .network = *network };
	return least;
}
