/*
 * alert_rates - how often alert_rates.h says that something has changed when nothing has, and how soon it says so when it has.
 *
 *	t/bench/alert_rates [SITES [SEED]]
 *
 * Makes sites of 10, 100 and 10,000 messages a day that claim one of ten vendors, for a year each: busy and quiet vendors, days
 * and nights, weekends; each vendor has its own share of unsigned, unproven and forged mail, and what is forged or unproven comes
 * one by one and in runs, as campaigns do. Prints false alarms a year and site by threshold (those in use have a mark), then
 * after how many of its messages, and hours, a vendor whose signatures all fail is named. No clock, no files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/alert_rates.h"

enum { VENDORS = 10, WARM_DAYS = 30, YEAR_DAYS = 365, MINUTE = 60, DAY_MINUTES = 24 * 60, BEGIN = 1767225600 };

static uint64_t seed_state;

static double
chance(void)
{
	seed_state ^= seed_state << 13;
	seed_state ^= seed_state >> 7;
	seed_state ^= seed_state << 17;
	return (double)(seed_state >> 11) / 9007199254740992.0;
}

struct sender {
	double share, unsigned_, unproven, forged, campaign; /* campaigns a day */
	struct alert_rates rates;
};

/* A day's shape: nights and weekends have a tenth. */
static double
busy(int64_t minute)
{
	int64_t hour = minute / 60 % 24, day = minute / DAY_MINUTES % 7;

	return (hour >= 7 && hour < 19 ? 1.8 : 0.2) * (day < 5 ? 1.3 : 0.25);
}

static void
sender_make(struct sender *sender, unsigned rank, double a_day)
{
	memset(sender, 0, sizeof *sender);
	sender->share = 1.0 / (rank + 1) / 2.929; /* the sum of 1/1 ... 1/10 */
	sender->unsigned_ = chance() < 0.2 ? 0.3 * chance() : 0.02 * chance();
	sender->unproven = 0.05 * chance();
	sender->forged = 0.10 * chance();
	sender->campaign = 0.01 + a_day * sender->share * 0.01 * chance();
}

static void
note(struct sender *sender, enum outcome outcome, enum tri dkim, int64_t now)
{
	alert_rates_note(&sender->rates, outcome, now);
	if (dkim != UNKNOWN)
		alert_rates_note_signature(&sender->rates, dkim == YES, now);
}

/* One message of the vendor's, or of who pretends to be it. */
static void
one(struct sender *sender, int64_t now, bool broken)
{
	double kind = chance();

	if (kind < sender->forged)
		note(sender, OUTCOME_FORGED, UNKNOWN, now);
	else if (kind < sender->forged + sender->unproven)
		note(sender, OUTCOME_UNPROVEN, UNKNOWN, now);
	else
		note(sender, OUTCOME_VOUCHED, broken || chance() < sender->unsigned_ ? NO : YES, now);
}

/* A run at once: of a stranger, or of a forwarder. Its length is geometric, four on average. */
static void
campaign(struct sender *sender, int64_t now)
{
	enum outcome outcome = chance() < 0.7 ? OUTCOME_FORGED : OUTCOME_UNPROVEN;

	do
		note(sender, outcome, UNKNOWN, now);
	while (chance() < 0.75);
}

/* Whole messages of a rate, at random. */
static unsigned
draw(double rate)
{
	unsigned whole = (unsigned)rate;

	return whole + (chance() < rate - whole);
}

static void
minute_of(struct sender *sender, double a_day, int64_t minute, bool broken)
{
	double rate = a_day * sender->share / DAY_MINUTES * busy(minute);
	int64_t now = BEGIN + minute * MINUTE;

	for (unsigned n = draw(rate); n > 0; n--)
		one(sender, now, broken);
	if (chance() < sender->campaign / DAY_MINUTES)
		campaign(sender, now);
}

/* ---- false alarms ---- */

enum what { FORGED, UNPROVEN, BROKEN, WHATS };

static void
look(struct sender *sender, const struct settings *settings, int64_t now, bool was[WHATS], unsigned alarms[WHATS])
{
	struct rate_findings found;
	bool is[WHATS];

	alert_rates_find(&sender->rates, settings, now, &found);
	is[FORGED] = found.forged.since != 0;
	is[UNPROVEN] = found.unproven.since != 0;
	is[BROKEN] = found.broken_since != 0;
	for (size_t i = 0; i < WHATS; i++) {
		alarms[i] += is[i] && !was[i];
		was[i] = is[i];
	}
}

static void
year(const struct settings *settings, double a_day, unsigned alarms[WHATS])
{
	for (unsigned rank = 0; rank < VENDORS; rank++) {
		struct sender sender;
		bool was[WHATS] = { false };

		sender_make(&sender, rank, a_day);
		for (int64_t minute = 0; minute < (WARM_DAYS + YEAR_DAYS) * DAY_MINUTES; minute++) {
			minute_of(&sender, a_day, minute, false);
			if (minute % 10 == 0)
				look(&sender, settings, BEGIN + minute * MINUTE, was, alarms);
		}
	}
}

static const struct row {
	unsigned jump_percent, jump_least, broken_least;
	bool used;
} rows[] = { { 10, 5, 3, false }, { 25, 5, 5, false }, { 25, 10, 5, false }, { 25, 20, 5, false },
	{ 25, 40, 10, false }, { 50, 20, 5, false }, { 50, 40, 5, true } };
static const double sizes[] = { 10, 100, 10000 };

static struct settings
settings_of(const struct row *row)
{
	struct settings settings = { .monitor = false };

	settings.alert.jump_percent = row->jump_percent;
	settings.alert.jump_least = row->jump_least;
	settings.alert.broken_least = row->broken_least;
	settings.alert.broken_after = 3600;
	return settings;
}

static void
false_alarms(unsigned sites, uint64_t seed)
{
	printf("false alarms a year and site, of %u sites each\n"
	       "  jump  least  broken   a day      forged  unproven  signatures\n",
	    sites);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++) {
			const struct settings settings = settings_of(&rows[i]);
			unsigned alarms[WHATS] = { 0 };

			seed_state = seed;
			for (unsigned site = 0; site < sites; site++)
				year(&settings, sizes[size], alarms);
			printf("%c %3u%%  %5u  %6u  %6.0f  %10.2f  %8.2f  %10.3f\n", rows[i].used ? '*' : ' ',
			    rows[i].jump_percent, rows[i].jump_least, rows[i].broken_least, sizes[size],
			    (double)alarms[FORGED] / sites, (double)alarms[UNPROVEN] / sites,
			    (double)alarms[BROKEN] / sites);
		}
}

/* ---- how soon ---- */

static void
break_one(const struct settings *settings, double a_day, unsigned rank, double *messages, double *hours)
{
	struct rate_findings found = { .broken_since = 0 };
	struct sender sender;
	int64_t begin = (WARM_DAYS + 30) * DAY_MINUTES + (int64_t)(chance() * 7 * DAY_MINUTES), minute = 0;

	sender_make(&sender, rank, a_day);
	for (; found.broken_since == 0 && minute < begin + 90 * DAY_MINUTES; minute++) {
		minute_of(&sender, a_day, minute, minute >= begin);
		if (minute >= begin)
			alert_rates_find(&sender.rates, settings, BEGIN + minute * MINUTE, &found);
	}
	*messages += found.broken;
	*hours += (double)(minute - begin) / 60;
}

static void
how_soon(uint64_t seed)
{
	enum { TRIES = 50 };
	const struct settings settings = settings_of(&rows[sizeof rows / sizeof rows[0] - 1]);

	printf("a vendor whose signatures all fail is named (means of %d)\n   a day  rank   messages     hours\n", TRIES);
	seed_state = seed;
	for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++)
		for (unsigned rank = 0; rank < VENDORS; rank += 4) {
			double messages = 0, hours = 0;

			for (unsigned i = 0; i < TRIES; i++)
				break_one(&settings, sizes[size], rank, &messages, &hours);
			printf("  %6.0f  %4u  %9.1f  %8.1f\n", sizes[size], rank + 1, messages / TRIES, hours / TRIES);
		}
}

int
main(int argc, char **argv)
{
	unsigned sites = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

	if (sites == 0 || seed == 0)
		return 64;
	false_alarms(sites, seed);
	how_soon(seed);
	return 0;
}
