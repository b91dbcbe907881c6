#include "policy/util/spread.h"

static size_t
bucket_of(int64_t value)
{
	uint64_t left = value < 0 ? 0 : (uint64_t)value;
	size_t octave = 0;

	for (; left >= 32; left >>= 1)
		octave++;
	return octave >= 21 ? SPREAD_BUCKETS - 1 : octave * 16 + (size_t)left;
}

void
spread_add(struct spread *spread, int64_t value)
{
	spread->count++;
	spread->buckets[bucket_of(value)]++;
	if (value > spread->most)
		spread->most = value;
}

int64_t
spread_least(size_t bucket)
{
	if (bucket < 32)
		return (int64_t)bucket;
	return (int64_t)(16 + bucket % 16) << (bucket / 16 - 1);
}

int64_t
spread_share(const struct spread *spread, unsigned percent)
{
	uint64_t wanted = (spread->count * percent + 99) / 100, seen = 0;

	for (size_t i = 0; spread->count > 0 && i < SPREAD_BUCKETS; i++) {
		seen += spread->buckets[i];
		if (spread->buckets[i] > 0 && seen >= wanted)
			return spread_least(i);
	}
	return 0;
}
