#include <stdio.h>

#include "policy/config/policy_value.h"
#include "policy/review/alert_rates_save.h"

enum { HOUR = 3600, DAY = 24 * HOUR, AHEAD = HOUR /* a clock may be set back a little */ };

/* ---- writing ---- */

static void
put(struct text *out, uint64_t number)
{
	text_format(out, " %llu", (unsigned long long)number);
}

static void
put_run(struct text *out, const struct proof_run *run)
{
	put(out, run->good);
	put(out, run->bad);
	put(out, run->failed);
	put(out, run->since);
}

static void
put_hour(struct text *out, const struct proof_hour *hour)
{
	const uint32_t all[] = { hour->good, hour->bad, hour->good_first, hour->good_last, hour->bad_first,
		hour->bad_last, hour->lead, hour->bad_after, hour->run, hour->inner.count, hour->inner.since,
		hour->inner.until };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		put(out, all[i]);
}

/* The newest, how many have anything, and each of those by how long ago it is. */
static void
put_window(struct text *out, const struct rate_counts *ring, size_t size, int64_t newest)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += ring[i].all > 0 || ring[i].delayed > 0;
	put(out, (uint64_t)newest);
	put(out, count);
	for (size_t ago = 0; ago < size; ago++) {
		const struct rate_counts *counts =
		    &ring[((newest - (int64_t)ago) % (int64_t)size + (int64_t)size) % (int64_t)size];

		if (counts->all == 0 && counts->delayed == 0)
			continue;
		put(out, ago);
		put(out, counts->all);
		put(out, counts->forged);
		put(out, counts->unproven);
		put(out, counts->delayed);
	}
}

void
alert_rates_save(const char *name, const struct alert_rates *rates, struct text *out)
{
	text_put(out, name);
	put(out, rates->is_forged);
	put(out, rates->is_unproven);
	put_run(out, &rates->signatures);
	put(out, (uint64_t)rates->signed_at);
	put_hour(out, &rates->signed_hour);
	put_window(out, rates->hours, RATE_HOURS, rates->hour);
	put_window(out, rates->days, RATE_DAYS, rates->day);
	text_char(out, '\n');
}

/* ---- reading ---- */

struct reader {
	struct span rest;
	bool wrong;
};

/* Digits alone. */
static uint64_t
get(struct reader *reader, uint64_t most)
{
	struct span word = span_cut(&reader->rest, ' ');
	uint64_t number = 0;

	reader->wrong = reader->wrong || word.length == 0 || word.length > 19;
	for (size_t i = 0; !reader->wrong && i < word.length; i++) {
		reader->wrong = word.at[i] < '0' || word.at[i] > '9';
		number = number * 10 + (uint64_t)(word.at[i] - '0');
	}
	reader->wrong = reader->wrong || number > most;
	return reader->wrong ? 0 : number;
}

static void
get_run(struct reader *reader, int64_t now, struct proof_run *run)
{
	run->good = get(reader, UINT32_MAX);
	run->bad = get(reader, UINT32_MAX);
	run->failed = get(reader, UINT32_MAX);
	run->since = (uint32_t)get(reader, (uint64_t)now);
	reader->wrong = reader->wrong || (run->failed > 0) != (run->since > 0);
}

static void
get_hour(struct reader *reader, int64_t now, struct proof_hour *hour)
{
	struct {
		uint32_t *into;
		bool is_time;
	} all[] = { { &hour->good, false }, { &hour->bad, false }, { &hour->good_first, true },
		{ &hour->good_last, true }, { &hour->bad_first, true }, { &hour->bad_last, true },
		{ &hour->lead, false }, { &hour->bad_after, true }, { &hour->run, false },
		{ &hour->inner.count, false }, { &hour->inner.since, true }, { &hour->inner.until, true } };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		*all[i].into = (uint32_t)get(reader, all[i].is_time ? (uint64_t)now : UINT32_MAX);
	reader->wrong = reader->wrong || (uint64_t)hour->lead + hour->run + hour->inner.count > hour->bad ||
	    (hour->good > 0) != (hour->good_first > 0) || (hour->bad > 0) != (hour->bad_first > 0) ||
	    (hour->run > 0) != (hour->bad_after > 0);
}

static void
get_window(struct reader *reader, struct rate_counts *ring, size_t size, int64_t *newest, int64_t now)
{
	uint64_t count;

	*newest = (int64_t)get(reader, (uint64_t)now);
	count = get(reader, size);
	for (uint64_t i = 0; i < count && !reader->wrong; i++) {
		int64_t ago = (int64_t)get(reader, size - 1);
		struct rate_counts *counts = &ring[((*newest - ago) % (int64_t)size + (int64_t)size) % (int64_t)size];

		counts->all = (uint32_t)get(reader, UINT32_MAX);
		counts->forged = (uint32_t)get(reader, counts->all);
		counts->unproven = (uint32_t)get(reader, counts->all - counts->forged);
		counts->delayed = (uint32_t)get(reader, UINT32_MAX);
	}
}

bool
alert_rates_restore(struct span line, int64_t now, char name[ALERT_RATES_NAME], struct alert_rates *out)
{
	struct reader reader = { line, now < 0 || now > UINT32_MAX - AHEAD };
	struct span word = span_cut(&reader.rest, ' ');

	now += AHEAD;
	*out = (struct alert_rates){ .signed_at = 0 };
	snprintf(name, ALERT_RATES_NAME, "%.*s", word.length < ALERT_RATES_NAME ? (int)word.length : 0, word.at);
	reader.wrong = reader.wrong || name[0] == '\0' || !value_name(name, NULL);
	out->is_forged = get(&reader, 1) != 0;
	out->is_unproven = get(&reader, 1) != 0;
	get_run(&reader, now, &out->signatures);
	out->signed_at = (int64_t)get(&reader, (uint64_t)now / HOUR);
	get_hour(&reader, now, &out->signed_hour);
	get_window(&reader, out->hours, RATE_HOURS, &out->hour, now / HOUR);
	get_window(&reader, out->days, RATE_DAYS, &out->day, now / DAY);
	return !reader.wrong && reader.rest.length == 0;
}
