#include <stdlib.h>
#include <string.h>

#include "policy/review/report_parts.h"

const char *
report_proof_word(enum report_proof proof)
{
	static const char *const words[REPORT_PROOFS] = { "dkim", "spf", "listed" };

	return words[proof];
}

/* ---- one proof in one hour ---- */

void
series_proof_note(struct series_proof *proof, bool good, uint32_t when)
{
	if (good) {
		proof->good++;
		if (proof->good_first == 0 || when < proof->good_first)
			proof->good_first = when;
		if (when < proof->good_last)
			return;
		proof->good_last = when;
		proof->bad_after = proof->run = 0;
		return;
	}
	proof->bad++;
	if (when > proof->bad_last)
		proof->bad_last = when;
	if (when < proof->good_last)
		return;
	proof->run++;
	if (proof->bad_after == 0 || when < proof->bad_after)
		proof->bad_after = when;
}

/* The run after the last good one is what each knows of it. */
void
series_proof_join(struct series_proof *into, const struct series_proof *from)
{
	uint32_t last = into->good_last > from->good_last ? into->good_last : from->good_last;
	uint32_t first = into->good_first;
	bool ours = into->bad_after >= last, theirs = from->bad_after >= last && from->run > 0;
	uint32_t run = (ours ? into->run : 0) + (theirs ? from->run : 0);
	uint32_t after = ours && into->run > 0 ? into->bad_after : 0;

	if (theirs && (after == 0 || from->bad_after < after))
		after = from->bad_after;
	if (first == 0 || (from->good_first != 0 && from->good_first < first))
		first = from->good_first;
	*into = (struct series_proof){ into->good + from->good, into->bad + from->bad, first, last,
		into->bad_last > from->bad_last ? into->bad_last : from->bad_last, after, run };
}

/* ---- the cells ---- */

static void
join(struct series_cell *into, const struct series_cell *from)
{
	for (size_t i = 0; i <= OUTCOME_FORGED; i++)
		into->outcomes[i] += from->outcomes[i];
	for (size_t i = 0; i < REPORT_PROOFS; i++)
		series_proof_join(&into->proofs[i], &from->proofs[i]);
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

/* A run of messages without the proof. */
struct run {
	uint64_t good, bad; /* before it */
	uint64_t failed;    /* in it */
	uint32_t since;     /* 0: none */
};

enum { LEAST_GOOD = 5, LEAST_FAILED = 3, RECENT = 256, AFTER_BREAK = 32 };

/* So many in a row by chance, each as likely as before? Below 1 in 10,000 something broke. */
static bool
is_break(const struct run *run)
{
	double likely = (double)(run->bad + 1) / (double)(run->good + run->bad + 2), chance = 1;

	for (uint64_t i = 0; i < run->failed && chance >= 0.0001; i++)
		chance *= likely;
	return run->good >= LEAST_GOOD && run->failed >= LEAST_FAILED && chance < 0.0001;
}

/* What was before counts for less the longer it is ago. */
static void
forget(struct run *run)
{
	for (; run->good + run->bad > RECENT; run->bad /= 2)
		run->good /= 2;
}

/* A good one ends the run: it was a break, or belongs to what was before. After a break the next one must be plainer, so that
 * a proof that comes and goes is not told again and again. */
static void
end(struct run *run, uint32_t until, series_break *found, void *context)
{
	bool breaks = run->since != 0 && is_break(run);

	if (breaks)
		found(context, run->since, until, run->failed);
	run->bad += breaks && run->failed > AFTER_BREAK ? AFTER_BREAK : run->failed;
	forget(run);
	run->failed = run->since = 0;
}

void
series_find_breaks(const struct series *series, enum report_proof which, series_break *found, void *context)
{
	struct run run = { 0 };

	for (size_t i = 0; i < series->count; i++) {
		const struct series_proof *proof = &series->cells[i].proofs[which];

		if (proof->good > 0) {
			/* bad ones before the last good one of this hour are of what was before */
			end(&run, proof->good_first, found, context);
			run.good += proof->good;
			run.bad += proof->bad - proof->run;
			forget(&run);
		}
		if (proof->run > 0) {
			run.since = run.since == 0 ? proof->bad_after : run.since;
			run.failed += proof->run;
		}
	}
	end(&run, 0, found, context);
}
