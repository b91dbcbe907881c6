#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/vendor_tally.h"
#include "policy/util/hash.h"

enum { PLACES = 2 * VENDOR_TALLY_MAX }; /* a power of two */

struct vendor_tally {
	pthread_mutex_t lock;
	size_t count;
	struct place {
		char *name; /* NULL: it is free */
		struct vendor_count count;
	} places[PLACES];
};

struct vendor_tally *
vendor_tally_open(struct fault *why)
{
	struct vendor_tally *tally = calloc(1, sizeof *tally);

	if (tally == NULL)
		fault_set(why, "out of memory");
	else
		pthread_mutex_init(&tally->lock, NULL);
	return tally;
}

void
vendor_tally_close(struct vendor_tally *tally)
{
	if (tally == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		free(tally->places[i].name);
	pthread_mutex_destroy(&tally->lock);
	free(tally);
}

/* Its place, or the free one where it belongs. */
static struct place *
find(struct vendor_tally *tally, const char *name)
{
	size_t at = hash_fold(hash_string(HASH_START, name)) % PLACES;

	while (tally->places[at].name != NULL && strcmp(tally->places[at].name, name) != 0)
		at = (at + 1) % PLACES;
	return &tally->places[at];
}

/* NULL: there is no room. */
static struct place *
find_or_take(struct vendor_tally *tally, const char *name)
{
	struct place *place = find(tally, name);

	if (place->name == NULL && tally->count < VENDOR_TALLY_MAX && (place->name = strdup(name)) != NULL)
		tally->count++;
	return place->name == NULL ? NULL : place;
}

static bool
has_passed(const struct verdict_record *record, const struct claim *claim)
{
	bool open = record->judge->policy->settings.monitor || claim->mode != MODE_ENFORCE;

	return claim->outcome == OUTCOME_FORGED && open && claim->wanted > ACTION_TAG && record->action <= ACTION_TAG;
}

static void
note_claim(struct vendor_tally *tally, const char *name, bool passed, int64_t vouched)
{
	struct place *place;

	pthread_mutex_lock(&tally->lock);
	place = find_or_take(tally, name);
	if (place != NULL) {
		place->count.forged_passed += passed;
		if (vouched > place->count.last)
			place->count.last = vouched;
	}
	pthread_mutex_unlock(&tally->lock);
}

void
vendor_tally_note(struct vendor_tally *tally, const struct verdict_record *record, int64_t now)
{
	const struct verdict *verdict = record->verdict;

	for (size_t i = 0; tally != NULL && i < verdict->claim_count; i++) {
		const struct claim *claim = &verdict->claims[i];
		bool passed = !claim->dropped && has_passed(record, claim);

		if (passed || (!claim->dropped && claim->outcome == OUTCOME_VOUCHED))
			note_claim(tally, claim->vendor->name, passed, claim->outcome == OUTCOME_VOUCHED ? now : 0);
	}
}

struct vendor_count
vendor_tally_of(struct vendor_tally *tally, const char *vendor)
{
	struct vendor_count count;

	pthread_mutex_lock(&tally->lock);
	count = find(tally, vendor)->count;
	pthread_mutex_unlock(&tally->lock);
	return count;
}
