#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/report_parts.h"
#include "policy/review/report_view.h"

const char *const report_view_proofs[REPORT_VIEW_PROOFS] = { "dkim", "spf", "listed" };

enum {
	ROWS = 20,
	AGAINST = 200,
	FORWARDERS = 20,
	BREAKS = 1000,
	MEASURED = 5,
	STRANGER_TIMES = 3,
	FORWARDS_LEAST = 2,
	NAMES_SAID = 5,
	BREAK_LEAST = 5 /* where alert.broken_least is never */
};

struct maker {
	const struct report *report;
	struct arena *arena;
	struct report_view *view;
	bool failed;
};

static void *
take(struct maker *maker, size_t count, size_t size)
{
	void *list = arena_take(maker->arena, (count + 1) * size);

	maker->failed = maker->failed || list == NULL;
	return list;
}

static const char *
keep(struct maker *maker, const char *text, size_t length)
{
	const char *copy = arena_copy(maker->arena, text, length);

	maker->failed = maker->failed || copy == NULL;
	return copy == NULL ? "" : copy;
}

static bool
is_shown(const struct maker *maker, const char *vendor, size_t length)
{
	const char *only = maker->view->only;

	return only == NULL || (strlen(only) == length && memcmp(only, vendor, length) == 0);
}

/* ---- days ---- */

static void
add_cell(struct report_day *day, const struct series_cell *cell)
{
	day->stranger += cell->outcomes[OUTCOME_STRANGER];
	day->vouched += cell->outcomes[OUTCOME_VOUCHED];
	day->unproven += cell->outcomes[OUTCOME_UNPROVEN];
	day->forged += cell->outcomes[OUTCOME_FORGED];
	day->unsure += cell->outcomes[OUTCOME_UNSURE];
	for (size_t i = 0; i < REPORT_PROOFS; i++) {
		day->proofs[i].good += cell->proofs[i].good;
		day->proofs[i].bad += cell->proofs[i].bad;
	}
}

static struct report_days
make_days(struct maker *maker, const struct series *series)
{
	struct report_day *days;
	size_t count = 0;

	for (size_t i = 0; i < series->count; i++)
		count += i == 0 || series->cells[i].hour / 24 != series->cells[i - 1].hour / 24;
	days = take(maker, count, sizeof *days);
	if (days == NULL)
		return (struct report_days){ NULL, 0 };
	count = 0;
	for (size_t i = 0; i < series->count; i++) {
		int64_t day = series->cells[i].hour / 24;

		if (count == 0 || days[count - 1].day != day)
			days[count++] = (struct report_day){ .day = day };
		add_cell(&days[count - 1], &series->cells[i]);
	}
	return (struct report_days){ days, count };
}

/* ---- vendors ---- */

static struct report_wait
make_wait(const struct spread *spread)
{
	return (struct report_wait){ spread->count, spread_share(spread, 50), spread->most };
}

static void
make_vendor(struct maker *maker, const struct report_tally *tally, struct report_vendor *out)
{
	const struct vendor *vendor = tally->vendor;
	bool own = vendor == &maker->report->policy->own;

	*out = (struct report_vendor){ .name = tally->name,
		.mode = vendor == NULL ? "" : vendor_mode_word(vendor->mode),
		.open = vendor != NULL && (maker->view->monitor || (!own && vendor->mode != MODE_ENFORCE)),
		.records = tally->records,
		.vouched = tally->outcomes[OUTCOME_VOUCHED],
		.unproven = tally->outcomes[OUTCOME_UNPROVEN],
		.forged = tally->outcomes[OUTCOME_FORGED],
		.unsure = tally->outcomes[OUTCOME_UNSURE],
		.waited = make_wait(&tally->waited),
		.asked_again = tally->asked_again,
		.first_contacts = tally->first_contacts,
		.forged_passed = tally->forged_passed,
		.unlisted = tally->unlisted,
		.delay_saved = (int64_t)tally->first_contacts * maker->view->delay_typical };
	for (size_t i = 0; i < REPORT_PROOFS; i++)
		out->proofs[i] = (struct report_share){ tally->good[i], tally->bad[i] };
	out->days = make_days(maker, &tally->series);
}

static int
by_name(const void *a, const void *b)
{
	const struct report_vendor *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
make_vendors(struct maker *maker)
{
	const struct report *report = maker->report;
	struct report_vendor *list = take(maker, report->vendor_count, sizeof *list);
	struct report_view *view = maker->view;

	view->vendors = list;
	for (size_t i = 0; list != NULL && i < report->vendor_count; i++) {
		const struct report_tally *tally = &report->vendors[i];

		if (tally->records == 0 || !is_shown(maker, tally->name, strlen(tally->name)))
			continue;
		make_vendor(maker, tally, &list[view->vendor_count++]);
		view->vouched += tally->outcomes[OUTCOME_VOUCHED];
		view->forged += tally->outcomes[OUTCOME_FORGED];
	}
	if (view->vendor_count > 0)
		qsort(list, view->vendor_count, sizeof *list, by_name);
}

/* ---- breaks ---- */

struct breaks {
	struct maker *maker;
	struct report_break *list;
	const char *vendor, *what;
};

static void
add_break(void *context, const struct proof_run *run)
{
	struct breaks *breaks = context;
	struct report_view *view = breaks->maker->view;

	if (view->break_count < BREAKS)
		breaks->list[view->break_count++] = (struct report_break){ breaks->vendor, breaks->what,
			(int64_t)run->since * 1000, (int64_t)run->until * 1000, run->failed };
}

static int
by_since(const void *a, const void *b)
{
	const struct report_break *x = a, *y = b;

	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return strcmp(x->vendor, y->vendor) != 0 ? strcmp(x->vendor, y->vendor) : strcmp(x->what, y->what);
}

static void
make_breaks(struct maker *maker)
{
	const struct report *report = maker->report;
	uint32_t least = report->policy->settings.alert.broken_least;
	struct breaks breaks = { maker, take(maker, BREAKS, sizeof *breaks.list), NULL, NULL };

	maker->view->breaks = breaks.list;
	for (size_t i = 0; breaks.list != NULL && i < report->vendor_count; i++) {
		if (!is_shown(maker, report->vendors[i].name, strlen(report->vendors[i].name)))
			continue;
		breaks.vendor = report->vendors[i].name;
		for (int proof = 0; proof < REPORT_PROOFS; proof++) {
			breaks.what = report_view_proofs[proof];
			series_find_breaks(&report->vendors[i].series, (enum report_proof)proof,
			    least == 0 ? BREAK_LEAST : least, add_break, &breaks);
		}
	}
	if (maker->view->break_count > 0)
		qsort(breaks.list, maker->view->break_count, sizeof *breaks.list, by_since);
}

/* ---- tops ---- */

/* Keys are "vendor what", or without a vendor. least: entries with fewer are left out. */
static struct report_rows
make_rows(struct maker *maker, const struct top *top, bool has_vendor, uint64_t least)
{
	struct report_row *rows = take(maker, ROWS, sizeof *rows);
	struct report_rows out = { rows, 0, 0 };
	size_t count;
	const struct top_entry **sorted = top_sort(top, &count);

	maker->failed = maker->failed || sorted == NULL;
	for (size_t i = 0; sorted != NULL && rows != NULL && i < count; i++) {
		struct span what = span_of(sorted[i]->key), vendor = has_vendor ? span_cut(&what, ' ') : span_of("");

		if (sorted[i]->count < least || !is_shown(maker, vendor.at, vendor.length) || out.all++ >= ROWS)
			continue;
		rows[out.count++] = (struct report_row){ .vendor = keep(maker, vendor.at, vendor.length),
			.what = keep(maker, what.at, what.length),
			.count = sorted[i]->count,
			.first = sorted[i]->first,
			.last = sorted[i]->last,
			.mean = (int64_t)(sorted[i]->sum / (sorted[i]->count - sorted[i]->others)),
			.most = sorted[i]->most };
	}
	free(sorted);
	return out;
}

/* ---- what speaks against ---- */

static const char *
why_against(const struct report_pair *pair)
{
	if (pair->refused == 0)
		return NULL;
	if (pair->listed > 0)
		return "listed";
	if (pair->proven > 0)
		return "proven";
	if (pair->signed_by > 0)
		return "signed";
	return pair->supported > 0 ? "unproven" : NULL;
}

static int
by_refused(const void *a, const void *b)
{
	const struct report_pair *x = *(const struct report_pair *const *)a, *y = *(const struct report_pair *const *)b;

	if (x->refused != y->refused)
		return x->refused > y->refused ? -1 : 1;
	return strcmp(x->ids[0], y->ids[0]);
}

static void
make_one_against(struct maker *maker, const struct report_pair *pair, struct report_against *out)
{
	char network[PREFIX_TEXT];

	prefix_write(&pair->network, network);
	*out = (struct report_against){ .vendor = maker->report->vendors[pair->vendor - 1].name,
		.network = keep(maker, network, strlen(network)),
		.why = why_against(pair),
		.count = pair->refused,
		.first = pair->first,
		.last = pair->last,
		.id_count = pair->id_count };
	for (size_t i = 0; i < pair->id_count; i++)
		out->ids[i] = pair->ids[i];
}

static void
make_against(struct maker *maker)
{
	const struct report *report = maker->report;
	const struct report_pair **pairs = take(maker, REPORT_PAIRS, sizeof *pairs);
	struct report_against *list = take(maker, AGAINST, sizeof *list);
	struct report_view *view = maker->view;
	size_t count = 0;

	for (size_t i = 0; pairs != NULL && i < REPORT_PAIRS; i++) {
		const struct report_pair *pair = &report->pairs[i];

		if (pair->vendor == 0 || why_against(pair) == NULL ||
		    !is_shown(maker, report->vendors[pair->vendor - 1].name,
			strlen(report->vendors[pair->vendor - 1].name)))
			continue;
		pairs[count++] = pair;
		view->against_messages += pair->refused;
	}
	if (count > 0)
		qsort(pairs, count, sizeof *pairs, by_refused);
	for (size_t i = 0; list != NULL && i < count && i < AGAINST; i++)
		make_one_against(maker, pairs[i], &list[view->against_count++]);
	view->against = list;
}

/* ---- forwarders ---- */

static int
by_forged(const void *a, const void *b)
{
	const struct report_host *x = *(const struct report_host *const *)a, *y = *(const struct report_host *const *)b;

	if (x->forged != y->forged)
		return x->forged > y->forged ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* A name for the line: the first label of the HELO name, letters, digits and hyphens. */
static const char *
relay_name(struct maker *maker, const struct report_host *host)
{
	size_t length = 0;

	while (length < 32 &&
	    (strchr("-0123456789", text_lower(host->helo[length])) != NULL ||
		(text_lower(host->helo[length]) >= 'a' && text_lower(host->helo[length]) <= 'z')) &&
	    host->helo[length] != '\0')
		length++;
	return length == 0 ? "forwarder" : keep(maker, host->helo, length);
}

static void
make_forwarders(struct maker *maker)
{
	const struct report *report = maker->report;
	const struct report_host **hosts = take(maker, REPORT_HOSTS, sizeof *hosts);
	struct report_forwarder *list = take(maker, FORWARDERS, sizeof *list);
	char client[ADDRESS_TEXT];
	size_t count = 0;

	for (size_t i = 0; hosts != NULL && i < REPORT_HOSTS; i++)
		if (report->hosts[i].forged > 0 && report->hosts[i].foreign_count >= FORWARDS_LEAST)
			hosts[count++] = &report->hosts[i];
	if (count > 0)
		qsort(hosts, count, sizeof *hosts, by_forged);
	for (size_t i = 0; list != NULL && i < count && i < FORWARDERS; i++) {
		address_write(&hosts[i]->client, client);
		list[maker->view->forwarder_count++] = (struct report_forwarder){ keep(maker, client, strlen(client)),
			hosts[i]->helo, relay_name(maker, hosts[i]), hosts[i]->id, hosts[i]->forged, hosts[i]->relayed };
	}
	maker->view->forwarders = list;
}

/* ---- all ---- */

static void
make_slowest(struct maker *maker)
{
	const struct report *report = maker->report;
	struct report_slowest *list = take(maker, REPORT_SLOW, sizeof *list);

	for (size_t i = 0; list != NULL && i < report->slow_count; i++)
		list[maker->view->slowest_count++] = (struct report_slowest){ report->slow[i].id, report->slow[i].whose,
			report->slow[i].when, report->slow[i].ms };
	maker->view->slowest = list;
	maker->view->ms_median = spread_share(&report->ms, 50);
	maker->view->ms_most_of = spread_share(&report->ms, 99);
}

static void
make_totals(struct maker *maker)
{
	const struct report *report = maker->report;
	const struct settings *settings = &report->policy->settings;
	struct report_view *view = maker->view;

	view->from = report->from;
	view->to = report->to;
	view->records = report->records;
	view->messages = report->messages;
	view->broken = report->broken;
	view->strangers = report->outcomes[OUTCOME_STRANGER];
	view->exempt = report->outcomes[OUTCOME_EXEMPT];
	view->monitor = settings->monitor;
	view->strangers_waited = make_wait(&report->waited);
	view->strangers_asked = report->strangers_asked;
	memcpy(view->passed_by, report->passed_by, sizeof view->passed_by);
	view->delay_measured = report->waited.count >= MEASURED;
	view->delay_typical = view->delay_measured ? view->strangers_waited.median : settings->greylist.delay;
	view->lost = report->vendors_lost + report->pairs_lost + report->hosts_lost + report->tuples_lost +
	    report->cells_lost + top_lost(report->networks) + top_lost(report->names) + top_lost(report->strangers);
}

/* Our own genuine mail is exempt, so that it is not counted as ours. */
static void
find_never_proven(struct maker *maker)
{
	struct report_view *view = maker->view;
	const char **names = take(maker, view->vendor_count, sizeof *names);

	view->never_proven = names;
	for (size_t i = 0; names != NULL && i < view->vendor_count; i++)
		if (view->vendors[i].vouched == 0 && strcmp(view->vendors[i].name, maker->report->policy->own.name) != 0)
			names[view->never_proven_count++] = view->vendors[i].name;
}

static const char *
say_never_proven(struct maker *maker)
{
	const struct report_view *view = maker->view;
	char text[NAMES_SAID * (REPORT_NAME + 2) + 200];
	size_t length = (size_t)snprintf(text, sizeof text, "no mail of ");

	for (size_t i = 0; i < view->never_proven_count && i < NAMES_SAID; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", i == 0 ? "" : ", ",
		    view->never_proven[i]);
	if (view->never_proven_count > NAMES_SAID)
		length += (size_t)snprintf(text + length, sizeof text - length, " and %zu more",
		    view->never_proven_count - NAMES_SAID);
	length += (size_t)snprintf(text + length, sizeof text - length,
	    " was ever proven, so that nothing shows what enforce would do to what is genuine");
	return keep(maker, text, length);
}

static void
decide(struct maker *maker)
{
	struct report_view *view = maker->view;
	uint64_t records = 0;

	for (size_t i = 0; i < view->vendor_count; i++)
		records += view->vendors[i].records;
	find_never_proven(maker);
	view->unsafe = "";
	if (records == 0)
		view->unsafe = "nothing that was read is mail of a vendor, so that nothing shows what enforce would do";
	else if (view->never_proven_count > 0)
		view->unsafe = say_never_proven(maker);
	view->safe = view->against_count == 0 && view->unsafe[0] == '\0';
}

const struct report_view *
report_view_make(const struct report *report, const char *only, struct arena *arena)
{
	struct report_view *view = arena_take(arena, sizeof *view);
	struct maker maker = { report, arena, view, false };

	if (view == NULL)
		return NULL;
	view->only = only;
	make_totals(&maker);
	make_vendors(&maker);
	view->days = make_days(&maker, &report->all);
	make_breaks(&maker);
	view->networks = make_rows(&maker, report->networks, true, 1);
	view->names = make_rows(&maker, report->names, true, 1);
	view->deferred = make_rows(&maker, report->deferred, true, 1);
	view->drift = make_rows(&maker, report->drift, true, 1);
	view->new_vendors = make_rows(&maker, report->strangers, false, STRANGER_TIMES);
	make_against(&maker);
	make_forwarders(&maker);
	make_slowest(&maker);
	decide(&maker);
	return maker.failed ? NULL : view;
}

uint64_t
report_view_waited(const struct report_view *view)
{
	uint64_t count = 0;

	for (size_t i = 0; i < view->vendor_count; i++)
		count += view->vendors[i].waited.count;
	return count;
}

const struct report_break *
report_view_broken(const struct report_view *view)
{
	for (size_t i = 0; i < view->break_count; i++)
		if (view->breaks[i].until == 0)
			return &view->breaks[i];
	return NULL;
}
