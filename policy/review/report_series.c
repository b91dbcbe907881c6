#include <stdlib.h>
#include <string.h>

#include "policy/review/report_parts.h"

/* ---- the cells ---- */

static void
join(struct series_cell *into, const struct series_cell *from)
{
	for (size_t i = 0; i <= OUTCOME_FORGED; i++)
		into->outcomes[i] += from->outcomes[i];
	for (size_t i = 0; i < REPORT_PROOFS; i++)
		proof_hour_join(&into->proofs[i], &from->proofs[i]);
}

/* Hours become days. */
static void
coarsen_one(struct report *report, struct series *series)
{
	size_t kept = 0;

	for (size_t i = 0; i < series->count; i++) {
		series->cells[i].hour -= series->cells[i].hour % 24;
		if (kept > 0 && series->cells[kept - 1].hour == series->cells[i].hour)
			join(&series->cells[kept - 1], &series->cells[i]);
		else
			series->cells[kept++] = series->cells[i];
	}
	report->cell_count -= series->count - kept;
	series->count = kept;
}

static bool
has_room(struct report *report)
{
	if (report->cell_count >= REPORT_CELLS && report->cell_hours == 1) {
		report->cell_hours = 24;
		coarsen_one(report, &report->all);
		for (size_t i = 0; i < report->vendor_count; i++)
			coarsen_one(report, &report->vendors[i].series);
	}
	if (report->cell_count < REPORT_CELLS)
		return true;
	report->cells_lost++;
	return false;
}

/* Where this hour is, or belongs. */
static size_t
find(const struct series *series, uint32_t hour)
{
	size_t low = 0, high = series->count;

	if (high > 0 && series->cells[high - 1].hour <= hour)
		return series->cells[high - 1].hour == hour ? high - 1 : high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (series->cells[middle].hour < hour)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
grow(struct report *report, struct series *series)
{
	size_t room = series->room + series->room / 2 + 8;
	void *grown;

	if (series->count < series->room)
		return true;
	grown = reallocarray(series->cells, room, sizeof *series->cells);
	if (grown == NULL) {
		report->failed = true;
		return false;
	}
	series->cells = grown;
	series->room = room;
	return true;
}

struct series_cell *
series_cell(struct report *report, struct series *series, uint32_t hour)
{
	size_t at;

	hour -= hour % report->cell_hours;
	at = find(series, hour);
	if (at < series->count && series->cells[at].hour == hour)
		return &series->cells[at];
	if (!has_room(report) || !grow(report, series))
		return NULL;
	hour -= hour % report->cell_hours; /* these may be days by now */
	at = find(series, hour);
	if (at < series->count && series->cells[at].hour == hour)
		return &series->cells[at];
	memmove(&series->cells[at + 1], &series->cells[at], (series->count - at) * sizeof *series->cells);
	series->cells[at] = (struct series_cell){ .hour = hour };
	series->count++;
	report->cell_count++;
	return &series->cells[at];
}

/* ---- breaks ---- */

void
series_find_breaks(const struct series *series, enum report_proof which, uint32_t least, series_break *found,
    void *context)
{
	struct proof_run run = { .since = 0 }, ended[PROOF_ENDED];

	for (size_t i = 0; i < series->count; i++) {
		unsigned count = proof_run_add(&run, &series->cells[i].proofs[which], ended);

		for (unsigned j = 0; j < count; j++)
			if (proof_run_is_break(&ended[j], least))
				found(context, &ended[j]);
	}
	if (proof_run_is_break(&run, least))
		found(context, &run);
}
