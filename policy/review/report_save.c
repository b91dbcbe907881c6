#include <stdlib.h>
#include <string.h>

#include "policy/review/report_parts.h"
#include "policy/review/report_save.h"

/* ---- words ---- */

static void
put_number(struct text *out, int64_t number)
{
	text_format(out, " %lld", (long long)number);
}

static void
put_string(struct text *out, const char *string)
{
	text_put(out, " \"");
	text_escaped(out, string, strlen(string));
	text_char(out, '"');
}

/* ---- each kind of line ---- */

static void
save_totals(const struct report *report, struct text *out)
{
	text_put(out, "total");
	put_number(out, report->from);
	put_number(out, report->to);
	put_number(out, (int64_t)report->records);
	put_number(out, (int64_t)report->messages);
	put_number(out, (int64_t)report->broken);
	put_number(out, (int64_t)report->strangers_asked);
	put_number(out, (int64_t)(report->vendors_lost + report->pairs_lost + report->hosts_lost + report->tuples_lost));
	put_number(out,
	    (int64_t)(report->cells_lost + top_lost(report->networks) + top_lost(report->names) +
		top_lost(report->strangers)));
	for (size_t i = 0; i <= OUTCOME_FORGED; i++)
		put_number(out, (int64_t)report->outcomes[i]);
	text_char(out, '\n');
}

static void
save_passed(const struct report *report, struct text *out)
{
	for (size_t i = PASSED_BY_NOTHING + 1; i < PASSED_BYS; i++)
		if (report->passed_by[i] > 0)
			text_format(out, "passed %s %llu\n", passed_by_word((enum passed_by)i),
			    (unsigned long long)report->passed_by[i]);
}

static void
save_spread(const char *name, const struct spread *spread, struct text *out)
{
	if (spread->count == 0)
		return;
	text_put(out, "spread");
	put_string(out, name);
	put_number(out, spread->most);
	for (size_t i = 0; i < SPREAD_BUCKETS; i++)
		if (spread->buckets[i] > 0)
			text_format(out, " %zu %lu", i, (unsigned long)spread->buckets[i]);
	text_char(out, '\n');
}

/* Seconds after the hour, and one more: 0 is never. */
static void
put_time(const struct series_cell *cell, uint32_t when, struct text *out)
{
	put_number(out, when == 0 ? 0 : (int64_t)when - (int64_t)cell->hour * 3600 + 1);
}

/* Most hours have little to say: what is not there is not written. */
static void
save_proof(const struct series_cell *cell, const struct proof_hour *proof, struct text *out)
{
	put_number(out, proof->good);
	put_number(out, proof->bad);
	if (proof->good > 0) {
		put_time(cell, proof->good_first, out);
		put_time(cell, proof->good_last, out);
	}
	if (proof->bad > 0) {
		put_time(cell, proof->bad_first, out);
		put_time(cell, proof->bad_last, out);
		put_time(cell, proof->bad_after, out);
		put_number(out, proof->lead);
		put_number(out, proof->run);
		put_number(out, proof->inner.count);
		put_time(cell, proof->inner.since, out);
		put_time(cell, proof->inner.until, out);
	}
}

static void
save_series(const char *name, const struct series *series, struct text *out)
{
	for (size_t i = 0; i < series->count; i++) {
		const struct series_cell *cell = &series->cells[i];

		text_put(out, "cell");
		put_string(out, name);
		put_number(out, cell->hour);
		for (size_t j = 0; j <= OUTCOME_FORGED; j++)
			put_number(out, cell->outcomes[j]);
		for (size_t j = 0; j < REPORT_PROOFS; j++)
			save_proof(cell, &cell->proofs[j], out);
		text_char(out, '\n');
	}
}

static void
save_vendor(const struct report_tally *tally, struct text *out)
{
	text_put(out, "vendor");
	put_string(out, tally->name);
	put_number(out, (int64_t)tally->records);
	put_number(out, (int64_t)tally->asked_again);
	put_number(out, (int64_t)tally->first_contacts);
	put_number(out, (int64_t)tally->forged_passed);
	put_number(out, (int64_t)tally->unlisted);
	for (size_t i = 0; i <= OUTCOME_FORGED; i++)
		put_number(out, (int64_t)tally->outcomes[i]);
	for (size_t i = 0; i < REPORT_PROOFS; i++) {
		put_number(out, (int64_t)tally->good[i]);
		put_number(out, (int64_t)tally->bad[i]);
	}
	text_char(out, '\n');
	save_spread(tally->name, &tally->waited, out);
	save_series(tally->name, &tally->series, out);
}

static void
save_pair(const struct report *report, const struct report_pair *pair, struct text *out)
{
	char network[PREFIX_TEXT];

	text_put(out, "pair");
	put_string(out, report->vendors[pair->vendor - 1].name);
	text_format(out, " \"%s\" %u", prefix_write(&pair->network, network), pair->network.bits);
	put_number(out, pair->proven);
	put_number(out, pair->signed_by);
	put_number(out, pair->refused);
	put_number(out, pair->listed);
	put_number(out, pair->supported);
	put_number(out, pair->first);
	put_number(out, pair->last);
	for (size_t i = 0; i < pair->id_count; i++)
		put_string(out, pair->ids[i]);
	text_char(out, '\n');
}

static void
save_host(const struct report_host *host, struct text *out)
{
	char client[ADDRESS_TEXT];

	text_format(out, "host \"%s\"", address_write(&host->client, client));
	put_number(out, host->forged);
	put_number(out, host->relayed);
	put_number(out, host->last);
	put_string(out, host->helo);
	put_string(out, host->id);
	for (size_t i = 0; i < host->foreign_count; i++)
		put_number(out, (int64_t)host->foreign[i]);
	text_char(out, '\n');
}

static void
save_top(const char *name, const struct top *top, struct text *out)
{
	size_t count;
	const struct top_entry **list = top_sort(top, &count);

	if (list == NULL)
		out->cut = out->failed = true;
	for (size_t i = 0; list != NULL && i < count; i++) {
		const struct top_entry *entry = list[i];

		text_format(out, "top \"%s\"", name);
		put_string(out, entry->key);
		put_number(out, (int64_t)entry->count);
		put_number(out, (int64_t)entry->others);
		put_number(out, (int64_t)entry->sum);
		put_number(out, entry->first);
		put_number(out, entry->last);
		put_number(out, entry->most);
		text_char(out, '\n');
	}
	free(list);
}

/* ---- all ---- */

static const char everybody[] = "", strangers[] = " strangers", times[] = " ms"; /* no names of vendors */

static void
save_tables(const struct report *report, struct text *out)
{
	for (size_t i = 0; i < REPORT_PAIRS; i++)
		if (report->pairs[i].vendor != 0)
			save_pair(report, &report->pairs[i], out);
	for (size_t i = 0; i < REPORT_HOSTS; i++)
		if (report->hosts[i].client.family != ADDRESS_NONE)
			save_host(&report->hosts[i], out);
	for (size_t i = 0; i < report->slow_count; i++) {
		text_put(out, "slow");
		put_number(out, report->slow[i].ms);
		put_number(out, report->slow[i].when);
		put_string(out, report->slow[i].id);
		put_string(out, report->slow[i].whose);
		text_char(out, '\n');
	}
}

void
report_save(const struct report *report, struct text *out)
{
	save_totals(report, out);
	save_passed(report, out);
	save_spread(strangers, &report->waited, out);
	save_spread(times, &report->ms, out);
	save_series(everybody, &report->all, out);
	for (size_t i = 0; i < report->vendor_count; i++)
		save_vendor(&report->vendors[i], out);
	save_tables(report, out);
	save_top("networks", report->networks, out);
	save_top("names", report->names, out);
	save_top("strangers", report->strangers, out);
	save_top("deferred", report->deferred, out);
	save_top("drift", report->drift, out);
}

void
report_save_memory(const struct report *report, struct text *out)
{
	for (size_t i = 0; i < REPORT_TUPLES; i++)
		if (report->tuples[i].key != 0)
			text_format(out, "tuple %lld %lu\n", (long long)report->tuples[i].key,
			    (unsigned long)report->tuples[i].last);
}

void
report_period(const struct report *report, int64_t *from, int64_t *to)
{
	*from = report->from;
	*to = report->to;
}
