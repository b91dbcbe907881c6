#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/sources/ranges.h"
#include "policy/util/hash.h"

/* What one source lists now. */
struct listing {
	const struct copied_network *copied; /* of DNS; NULL for cidr and file */
	const struct prefix *prefixes;
	size_t count;
};

/* Of one that asks DNS. */
static struct listing
listing_of_copy(const struct source_copy *copy, bool serves, struct source_state *state)
{
	/* what it listed stays in force, but nobody knows what else it may list */
	state->wrong = copy->wrong != 0 && !copy->gone;
	if (!serves)
		return (struct listing){ .count = 0 };
	state->known = !state->wrong;
	state->asked = copy->asked;
	state->empty = state->known && copy->count == 0 && !state->asked;
	return (struct listing){ .copied = copy->networks, .count = copy->count };
}

static struct listing
listing_of(const struct source *source, const struct source_belief *belief, struct source_state *state)
{
	*state = (struct source_state){ .known = !source_asks_dns(source) };
	if (!source_counts(source))
		return (struct listing){ .count = 0 };
	if (!source_asks_dns(source))
		return (struct listing){ .prefixes = source->prefixes, .count = source->prefix_count };
	if (belief == NULL || belief->copy == NULL)
		return (struct listing){ .count = 0 };
	return listing_of_copy(belief->copy, belief->serves, state);
}

static size_t
list_all(const struct source *sources, const struct source_belief *beliefs, struct ranges *ranges,
    struct listing *listings)
{
	size_t total = 0;

	for (size_t i = 0; i < ranges->count; i++) {
		listings[i] = listing_of(&sources[i], beliefs == NULL ? NULL : &beliefs[i], &ranges->states[i]);
		total += listings[i].count;
	}
	return total;
}

static void
collect(const struct listing *listings, size_t count, struct prefix_entry *out)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < listings[i].count; j++)
			*out++ = (struct prefix_entry){ listings[i].copied != NULL ? listings[i].copied[j].prefix
										   : listings[i].prefixes[j],
				(uint32_t)i };
}

static struct prefix_table *
build_table(const struct listing *listings, size_t count, size_t total, struct fault *why)
{
	struct prefix_entry *entries = calloc(total + 1, sizeof *entries);
	struct prefix_table *table;

	if (entries == NULL) {
		fault_set(why, "out of memory for %zu networks", total);
		return NULL;
	}
	collect(listings, count, entries);
	table = prefix_table_build(entries, total, why);
	free(entries);
	return table;
}

/* The sources in DNS, by their text, and their networks: those in files are in the policy's own fingerprint. */
static uint64_t
fingerprint_of(const struct source *sources, const struct listing *listings, size_t count)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < count; i++) {
		if (!source_counts(&sources[i]) || !source_asks_dns(&sources[i]))
			continue;
		hash = hash_bytes(hash, sources[i].text, strlen(sources[i].text) + 1);
		for (size_t j = 0; listings[i].copied != NULL && j < listings[i].count; j++) {
			const struct prefix *prefix = &listings[i].copied[j].prefix;

			hash = hash_bytes(hash, prefix->base.bytes, address_width(&prefix->base) / 8);
			hash = hash_bytes(hash, &prefix->bits, 1);
		}
	}
	return hash;
}

struct ranges *
ranges_build(const struct source *sources, size_t count, const struct source_belief *beliefs, struct fault *why)
{
	struct ranges *ranges = calloc(1, sizeof *ranges + count * sizeof *ranges->states);
	struct listing *listings = calloc(count + 1, sizeof *listings);
	size_t total;

	if (ranges == NULL || listings == NULL) {
		fault_set(why, "out of memory");
	} else {
		ranges->count = count;
		total = list_all(sources, beliefs, ranges, listings);
		ranges->fingerprint = fingerprint_of(sources, listings, count);
		ranges->table = build_table(listings, count, total, why);
	}
	free(listings);
	if (ranges != NULL && ranges->table != NULL)
		return ranges;
	ranges_free(ranges);
	return NULL;
}

void
ranges_free(struct ranges *ranges)
{
	if (ranges == NULL)
		return;
	prefix_table_free(ranges->table);
	free(ranges);
}

bool
ranges_lack_addresses(const struct ranges *ranges, const struct vendor *vendor)
{
	bool any = false;

	for (size_t i = 0; i < vendor->source_count; i++) {
		if (!source_counts(&vendor->sources[i]))
			continue;
		if (!ranges->states[vendor->sources[i].number].empty)
			return false;
		any = true;
	}
	return any;
}
