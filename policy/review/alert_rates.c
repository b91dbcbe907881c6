#include <string.h>

#include "policy/review/alert_rates.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

/* ---- windows ---- */

/* Clears what lies between the newest and now. Returns the place of now; a clock that was set back stays in the newest. */
static size_t
advance(struct rate_counts *ring, size_t size, int64_t *newest, int64_t now)
{
	if (now <= *newest)
		return (size_t)(*newest % (int64_t)size);
	for (int64_t i = *newest + 1; i <= now && i <= *newest + (int64_t)size; i++)
		ring[i % (int64_t)size] = (struct rate_counts){ 0 };
	if (now - *newest >= (int64_t)size)
		memset(ring, 0, size * sizeof *ring);
	*newest = now;
	return (size_t)(now % (int64_t)size);
}

static void
add(struct alert_rates *rates, const struct rate_counts *what, int64_t now)
{
	struct rate_counts *places[] = { &rates->hours[advance(rates->hours, RATE_HOURS, &rates->hour, now / HOUR)],
		&rates->days[advance(rates->days, RATE_DAYS, &rates->day, now / DAY)] };

	for (size_t i = 0; i < 2; i++) {
		places[i]->all += what->all;
		places[i]->forged += what->forged;
		places[i]->unproven += what->unproven;
		places[i]->delayed += what->delayed;
	}
}

/* ---- what comes ---- */

void
alert_rates_note(struct alert_rates *rates, enum outcome outcome, int64_t now)
{
	const struct rate_counts what = { 1, outcome == OUTCOME_FORGED, outcome == OUTCOME_UNPROVEN, 0 };

	add(rates, &what, now);
}

void
alert_rates_note_signature(struct alert_rates *rates, bool counts, int64_t when)
{
	struct proof_run ended[PROOF_ENDED];

	if (when <= 0 || when > UINT32_MAX)
		return;
	if (when / HOUR > rates->signed_at) {
		(void)proof_run_add(&rates->signatures, &rates->signed_hour, ended);
		rates->signed_hour = (struct proof_hour){ .good = 0 };
		rates->signed_at = when / HOUR;
	}
	proof_hour_note(&rates->signed_hour, counts, (uint32_t)when);
}

void
alert_rates_note_delayed(struct alert_rates *rates, int64_t now)
{
	add(rates, &(struct rate_counts){ .delayed = 1 }, now);
}

/* ---- shares ---- */

static uint32_t
of_kind(const struct rate_counts *counts, bool forged)
{
	return forged ? counts->forged : counts->unproven;
}

/* In millionths. */
static int64_t
share(uint64_t count, uint64_t all)
{
	return all == 0 ? 0 : (int64_t)(count * 1000000 / all);
}

/* The usual share; false: nothing is usual yet. */
static bool
find_usual(const struct alert_rates *rates, bool forged, int64_t *usual)
{
	uint64_t count = 0, all = 0;

	for (int64_t day = rates->day - RATE_DAYS + 1; day < rates->day - 1; day++) {
		const struct rate_counts *counts = &rates->days[((day % RATE_DAYS) + RATE_DAYS) % RATE_DAYS];

		count += of_kind(counts, forged);
		all += counts->all;
	}
	*usual = share(count, all);
	return all >= RATE_USUAL_LEAST;
}

/* The begin of the first hour of the last day in which the share was above this; else of the first with any. */
static int64_t
find_begin(const struct alert_rates *rates, bool forged, int64_t above)
{
	int64_t first = 0;

	for (int64_t hour = rates->hour - RATE_HOURS + 1; hour <= rates->hour; hour++) {
		const struct rate_counts *counts = &rates->hours[((hour % RATE_HOURS) + RATE_HOURS) % RATE_HOURS];

		if (of_kind(counts, forged) == 0)
			continue;
		if (share(of_kind(counts, forged), counts->all) > above)
			return hour * HOUR;
		if (first == 0)
			first = hour * HOUR;
	}
	return first;
}

/* Half of what it takes to begin keeps it. */
static bool
find_jump(const struct alert_rates *rates, const struct settings *settings, const struct rate_counts *last, bool forged,
    bool before, struct rate_jump *out)
{
	int64_t jump = (int64_t)settings->alert.jump_percent * 10000 / (before ? 2 : 1);
	int64_t least = settings->alert.jump_least / (before ? 2 : 1);
	int64_t usual, now = share(of_kind(last, forged), last->all);

	if (settings->alert.jump_least == 0 || !find_usual(rates, forged, &usual) || of_kind(last, forged) < least ||
	    now < usual + jump)
		return false;
	*out = (struct rate_jump){ find_begin(rates, forged, usual + jump), of_kind(last, forged), last->all,
		(unsigned)((usual + 5000) / 10000) };
	return true;
}

/* ---- signatures ---- */

static void
find_broken(const struct alert_rates *rates, const struct settings *settings, int64_t now, struct rate_findings *out)
{
	struct proof_run run = rates->signatures, ended[PROOF_ENDED];
	uint32_t least = settings->alert.broken_least;

	(void)proof_run_add(&run, &rates->signed_hour, ended);
	if (least == 0 || !proof_run_is_break(&run, least) || now - run.since < settings->alert.broken_after)
		return;
	out->broken_since = run.since;
	out->broken = run.failed;
	out->broken_usual = (unsigned)(share(run.good, run.good + run.bad) / 10000);
}

/* ---- all of it ---- */

static struct rate_counts
last_day(const struct alert_rates *rates)
{
	struct rate_counts sum = { 0 };

	for (size_t i = 0; i < RATE_HOURS; i++) {
		sum.all += rates->hours[i].all;
		sum.forged += rates->hours[i].forged;
		sum.unproven += rates->hours[i].unproven;
		sum.delayed += rates->hours[i].delayed;
	}
	return sum;
}

void
alert_rates_find(struct alert_rates *rates, const struct settings *settings, int64_t now, struct rate_findings *out)
{
	struct rate_counts last;

	*out = (struct rate_findings){ .delayed = 0 };
	add(rates, &(struct rate_counts){ 0 }, now);
	last = last_day(rates);
	rates->is_forged = find_jump(rates, settings, &last, true, rates->is_forged, &out->forged);
	rates->is_unproven = find_jump(rates, settings, &last, false, rates->is_unproven, &out->unproven);
	find_broken(rates, settings, now, out);
	if (settings->alert.delayed > 0 && last.delayed >= settings->alert.delayed)
		out->delayed = last.delayed;
}
