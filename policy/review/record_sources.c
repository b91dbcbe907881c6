#include <stdlib.h>
#include <string.h>

#include "policy/review/record_sources.h"
#include "policy/util/json_write.h"

/* ---- writing ---- */

static struct prefix_hits
hits_of(const struct ranges *ranges, const struct address *address)
{
	if (ranges->table == NULL || address->family == ADDRESS_NONE)
		return (struct prefix_hits){ 0 };
	return prefix_table_find(ranges->table, address);
}

/* Numbers ascend, and so do the sources that are looked at: what is passed is dropped. */
static bool
is_next(struct prefix_hits *hits, uint32_t number)
{
	while (hits->count > 0 && hits->numbers[0] < number) {
		hits->numbers++;
		hits->count--;
	}
	return hits->count > 0 && hits->numbers[0] == number;
}

/* Does it say no more than that it does not list the client? */
static bool
goes_without_saying(const struct recorded_source *seen)
{
	const struct source_state *state = &seen->state;

	return !seen->client && !seen->peer && state->known && !state->asked && !state->wrong && !state->empty;
}

static void
write_if(struct text *out, const char *key, bool holds)
{
	if (holds)
		json_write_bool(out, key, true);
}

static void
write_one(struct text *out, const struct recorded_source *seen)
{
	json_write_begin(out);
	json_write_string(out, "vendor", seen->vendor);
	json_write_string(out, "source", seen->text);
	write_if(out, "client", seen->client);
	write_if(out, "peer", seen->peer);
	if (!seen->state.known)
		json_write_bool(out, "known", false);
	write_if(out, "asked", seen->state.asked);
	write_if(out, "wrong", seen->state.wrong);
	write_if(out, "empty", seen->state.empty);
	json_write_end(out);
}

void
record_sources_write(struct text *out, const struct judge *judge, const struct facts *facts)
{
	const struct policy *policy = judge->policy;
	struct prefix_hits client = hits_of(judge->ranges, &facts->client), peer = { 0 };
	size_t written = 0;

	if (!address_equal(&facts->peer, &facts->client))
		peer = hits_of(judge->ranges, &facts->peer);
	json_write_list(out, "sources");
	for (size_t i = 0; i < policy->source_count; i++) {
		const struct source *source = &policy->sources[i];
		struct recorded_source seen = { .vendor = source->vendor->name,
			.text = source->text,
			.client = is_next(&client, source->number),
			.peer = is_next(&peer, source->number),
			.state = judge->ranges->states[source->number] };

		if (goes_without_saying(&seen))
			continue;
		if (written < RECORD_SOURCES_MAX)
			write_one(out, &seen);
		written++;
	}
	json_write_list_end(out);
	write_if(out, "sources_cut", written > RECORD_SOURCES_MAX);
}

/* ---- taking it from the record again ---- */

static bool
lists(const struct ranges *ranges, uint32_t number, const struct address *address)
{
	struct prefix_hits hits = hits_of(ranges, address);

	return is_next(&hits, number);
}

static const struct recorded_source *
find(const struct recorded_source *list, size_t count, const struct source *source)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].text, source->text) == 0 && strcmp(list[i].vendor, source->vendor->name) == 0)
			return &list[i];
	return NULL;
}

struct recall {
	const struct recorded_source *list;
	size_t count;
	const struct sources_today *today;
	const struct address *client, *peer;
};

/* Networks in the policy itself answer as they are written there now. */
static struct recorded_source
recall_one(const struct recall *recall, const struct source *source)
{
	static const struct recorded_source silent = { .state = { .known = true } };
	const struct recorded_source *seen = find(recall->list, recall->count, source);
	const struct prefixes own = { source->prefixes, source->prefix_count };
	struct recorded_source out = seen != NULL ? *seen : silent;

	if (!source_asks_dns(source) && source_counts(source) && (seen == NULL || source->kind == SOURCE_CIDR)) {
		out.client = prefixes_hold(&own, recall->client);
		out.peer = prefixes_hold(&own, recall->peer);
	} else if (recall->today != NULL && recall->today->is_new[source->number]) {
		out.client = lists(recall->today->ranges, source->number, recall->client);
		out.peer = lists(recall->today->ranges, source->number, recall->peer);
		out.state = recall->today->ranges->states[source->number];
	}
	return out;
}

static void
add(struct prefix_entry *entries, size_t *count, const struct address *address, uint32_t number)
{
	if (address->family != ADDRESS_NONE)
		entries[(*count)++] = (struct prefix_entry){ { *address, (uint8_t)address_width(address) }, number };
}

struct ranges *
record_sources_recall(const struct policy *policy, const struct recorded_source *list, size_t count,
    const struct sources_today *today, const struct address *client, const struct address *peer, struct fault *why)
{
	const struct recall recall = { list, count, today, client, peer };
	struct ranges *ranges = calloc(1, sizeof *ranges + policy->source_count * sizeof *ranges->states);
	struct prefix_entry *entries = calloc(2 * policy->source_count + 1, sizeof *entries);
	size_t held = 0;

	if (ranges != NULL && entries != NULL) {
		ranges->count = policy->source_count;
		for (size_t i = 0; i < policy->source_count; i++) {
			struct recorded_source seen = recall_one(&recall, &policy->sources[i]);

			ranges->states[i] = seen.state;
			if (seen.client)
				add(entries, &held, client, (uint32_t)i);
			if (seen.peer)
				add(entries, &held, peer, (uint32_t)i);
		}
		ranges->table = prefix_table_build(entries, held, why);
	} else {
		fault_set(why, "out of memory");
	}
	free(entries);
	if (ranges != NULL && ranges->table != NULL)
		return ranges;
	ranges_free(ranges);
	return NULL;
}
