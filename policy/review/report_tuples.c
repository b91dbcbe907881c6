#include "policy/review/report_parts.h"
#include "policy/util/hash.h"

/* Its place, or where it may be put: a free one, else the one that is longest ago. */
static struct report_tuple *
place_of(struct report *report, uint64_t key)
{
	struct report_tuple *group = &report->tuples[hash_fold(key) % (REPORT_TUPLES / REPORT_WAYS) * REPORT_WAYS],
			    *oldest = group;

	for (size_t i = 0; i < REPORT_WAYS; i++) {
		if (group[i].key == key)
			return &group[i];
		if (group[i].last < oldest->last)
			oldest = &group[i];
	}
	return oldest;
}

void
report_tuple_put(struct report *report, uint64_t key, uint32_t last)
{
	struct report_tuple *place = place_of(report, key);

	report->tuples_lost += place->key != 0 && place->key != key;
	if (place->key != key || place->last < last)
		*place = (struct report_tuple){ key, last };
}

static void
drop(struct report *report, uint64_t key)
{
	struct report_tuple *place = place_of(report, key);

	if (place->key == key)
		*place = (struct report_tuple){ 0, 0 };
}

static bool
holds(struct report *report, uint64_t key, int64_t when, int64_t within)
{
	const struct report_tuple *place = place_of(report, key);

	return place->key == key && when - (int64_t)place->last <= within;
}

/* Several uses of one table: what each remembers is told apart by `use`. Never 0. */
static uint64_t
key_of(const struct report *report, const struct recorded *recorded, size_t rcpt, char use)
{
	char key[GREYLIST_KEY_MAX + 1];
	const struct facts *facts = &recorded->facts;
	size_t length = rcpt >= facts->rcpt_count
	    ? 0
	    : greylist_key(&report->policy->settings.greylist, report->suffixes, facts, facts->rcpts[rcpt], 'g', key);
	uint64_t hash = hash_bytes(HASH_START, &use, 1);

	hash = length == 0 ? hash_string(hash, recorded->id) : hash_bytes(hash, key, length);
	return hash == 0 ? 1 : hash;
}

/* A message without a recipient is still one: its id is its key. */
static size_t
key_count(const struct recorded *recorded)
{
	return recorded->facts.rcpt_count == 0 ? 1 : recorded->facts.rcpt_count;
}

bool
report_is_first_try(struct report *report, const struct recorded *recorded)
{
	bool final = recorded->action != ACTION_GREYLIST && recorded->action != ACTION_DEFER, first = true;
	int64_t when = recorded->when / 1000;

	for (size_t i = 0; i < key_count(recorded); i++) {
		uint64_t key = key_of(report, recorded, i, 't');

		if (holds(report, key, when, report->policy->settings.greylist.retry_window))
			first = false;
		if (final)
			drop(report, key);
		else
			report_tuple_put(report, key, (uint32_t)when);
	}
	return first;
}

bool
report_is_first_contact(struct report *report, const struct recorded *recorded)
{
	int64_t when = recorded->when / 1000;
	bool first = true;

	for (size_t i = 0; i < key_count(recorded); i++) {
		uint64_t key = key_of(report, recorded, i, 'v');

		if (holds(report, key, when, report->policy->settings.greylist.lifetime))
			first = false;
		report_tuple_put(report, key, (uint32_t)when);
	}
	return first;
}

bool
report_knows_network(struct report *report, const char *vendor, const struct prefix *network, int64_t when, bool proven)
{
	uint64_t key = hash_bytes(hash_string(hash_bytes(HASH_START, "k", 1), vendor), network->base.bytes, 16);
	bool known;

	key = key == 0 ? 1 : key;
	known = holds(report, key, when, report->policy->settings.greylist.lifetime);
	if (proven)
		report_tuple_put(report, key, (uint32_t)when);
	return known || proven;
}

bool
report_knows_hosts(struct report *report, const char *vendor, int64_t when, bool its_own)
{
	uint64_t key = hash_string(hash_bytes(HASH_START, "o", 1), vendor);

	key = key == 0 ? 1 : key;
	if (its_own)
		report_tuple_put(report, key, (uint32_t)when);
	return its_own || holds(report, key, when, report->policy->settings.greylist.lifetime);
}
