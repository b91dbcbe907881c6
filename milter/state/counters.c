#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/counters.h"
#include "policy/util/hash.h"

enum { PLACES = 2 * COUNTERS_VENDORS_MAX }; /* a power of two */

/* Once it stands in its place it stays until the end. */
struct row {
	atomic_ullong verdicts[OUTCOMES][ACTIONS];
	char name[];
};

struct counters {
	atomic_ullong reasons[REASONS], greylist[GREYLIST_STATES], passed_by[PASSED_BYS], buckets[METRICS_BUCKETS + 1],
	    microseconds;
	atomic_uint vendors; /* rows in places */
	struct row *nobody;
	_Atomic(struct row *) places[PLACES]; /* by the hash of the name, or behind it; NULL: free */
};

static void
add(atomic_ullong *counter, uint64_t number)
{
	atomic_fetch_add_explicit(counter, number, memory_order_relaxed);
}

static struct row *
row_make(const char *name)
{
	size_t size = strlen(name) + 1;
	struct row *row = calloc(1, sizeof *row + size);

	if (row != NULL)
		memcpy(row->name, name, size);
	return row;
}

struct counters *
counters_open(struct fault *why)
{
	struct counters *counters = calloc(1, sizeof *counters);

	if (counters != NULL && (counters->nobody = row_make("-")) != NULL)
		return counters;
	free(counters);
	fault_set(why, "out of memory");
	return NULL;
}

void
counters_close(struct counters *counters)
{
	if (counters == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		free(counters->places[i]);
	free(counters->nobody);
	free(counters);
}

/* Its row, or the free place where it belongs. */
static struct row *
find(struct counters *counters, const char *name, size_t *at)
{
	struct row *row;

	for (;; *at = (*at + 1) % PLACES) {
		row = atomic_load_explicit(&counters->places[*at], memory_order_acquire);
		if (row == NULL || strcmp(row->name, name) == 0)
			return row;
	}
}

/* Nobody's without room or memory: half of the places are always free. */
static struct row *
find_or_make(struct counters *counters, const char *name)
{
	size_t at = hash_fold(hash_string(HASH_START, name)) % PLACES;
	struct row *row = find(counters, name, &at), *made, *none = NULL;

	if (row != NULL)
		return row;
	if (atomic_fetch_add(&counters->vendors, 1) >= COUNTERS_VENDORS_MAX || (made = row_make(name)) == NULL) {
		atomic_fetch_sub(&counters->vendors, 1);
		return counters->nobody;
	}
	/* another thread may take the place first, even for the same name */
	while (!atomic_compare_exchange_strong(&counters->places[at], &none, made)) {
		none = NULL;
		if ((row = find(counters, name, &at)) != NULL) {
			atomic_fetch_sub(&counters->vendors, 1);
			free(made);
			return row;
		}
	}
	return made;
}

void
counters_know(struct counters *counters, const char *vendor)
{
	(void)find_or_make(counters, vendor);
}

void
counters_note_verdict(struct counters *counters, const struct verdict_record *record)
{
	const struct verdict *verdict;
	struct row *row;

	if (counters == NULL)
		return;
	verdict = record->verdict;
	row = verdict_claim(verdict) == NULL ? counters->nobody : find_or_make(counters, verdict_vendor(verdict));
	add(&row->verdicts[verdict->outcome][record->action], 1);
	add(&counters->reasons[verdict->reason], 1);
	add(&counters->greylist[record->greylist], 1);
	add(&counters->passed_by[record->passed_by], 1);
}

void
counters_note_message(struct counters *counters, int64_t microseconds)
{
	if (counters == NULL)
		return;
	add(&counters->buckets[metrics_bucket(microseconds)], 1);
	add(&counters->microseconds, (uint64_t)microseconds);
}

/* ---- what was counted ---- */

static void
tell(uint64_t *out, atomic_ullong *counts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		out[i] = atomic_load_explicit(&counts[i], memory_order_relaxed);
}

static void
tell_row(struct metrics_vendor *out, struct row *row)
{
	out->name = row->name;
	for (size_t i = 0; i < OUTCOMES; i++)
		tell(out->verdicts[i], row->verdicts[i], ACTIONS);
}

bool
counters_tell(struct counters *counters, struct metrics *out, struct arena *arena)
{
	size_t room = atomic_load(&counters->vendors) + 1, count = 0;
	struct metrics_vendor *list = arena_take(arena, room * sizeof *list);
	struct row *row;

	if (list == NULL)
		return false;
	tell_row(&list[count++], counters->nobody);
	for (size_t i = 0; i < PLACES && count < room; i++)
		if ((row = atomic_load_explicit(&counters->places[i], memory_order_acquire)) != NULL)
			tell_row(&list[count++], row);
	out->vendors = list;
	out->vendor_count = count;
	tell(out->reasons, counters->reasons, REASONS);
	tell(out->greylist, counters->greylist, GREYLIST_STATES);
	tell(out->passed_by, counters->passed_by, PASSED_BYS);
	tell(out->buckets, counters->buckets, METRICS_BUCKETS + 1);
	tell(&out->microseconds, &counters->microseconds, 1);
	return true;
}
