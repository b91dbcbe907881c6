#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/report_parts.h"
#include "policy/review/report_save.h"

/* ---- words ---- */

struct words {
	struct span rest;
	bool wrong; /* a word was missing, or of another kind */
};

static bool
more(struct words *words)
{
	return words->rest.length > 0;
}

static int64_t
number(struct words *words)
{
	struct span word = span_cut(&words->rest, ' ');
	bool minus = word.length > 1 && word.at[0] == '-';
	uint64_t value = 0;

	words->wrong = words->wrong || word.length == 0 || word.length > 20;
	for (size_t i = minus; i < word.length; i++) {
		words->wrong = words->wrong || word.at[i] < '0' || word.at[i] > '9';
		value = value * 10 + (uint64_t)(word.at[i] - '0');
	}
	return (int64_t)(minus ? 0 - value : value);
}

/* What adds up: as many lines as a state may have stay far from the end of 64 bits. */
#define COUNT_LAST (INT64_C(1) << 40)
#define TIME_LAST INT64_C(253402300799999) /* the end of the year 9999, in milliseconds */
enum { DAY = 86400, HOUR_LAST = (int)(UINT32_MAX / 3600) - 24 };

static int64_t
up_to(struct words *words, int64_t most)
{
	int64_t value = number(words);

	words->wrong = words->wrong || value < 0 || value > most;
	return words->wrong ? 0 : value;
}

static uint64_t
count(struct words *words)
{
	return (uint64_t)up_to(words, COUNT_LAST);
}

static uint32_t
small(struct words *words)
{
	return (uint32_t)up_to(words, UINT32_MAX);
}

/* Milliseconds since 1970. */
static int64_t
moment(struct words *words)
{
	return up_to(words, TIME_LAST);
}

static int
digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? 0 : (int)(at - digits);
}

/* What text_escaped wrote between quotes. */
static void
string(struct words *words, char *out, size_t size)
{
	const char *at = words->rest.at, *end = at + words->rest.length;
	size_t length = 0;

	words->wrong = words->wrong || at == end || *at++ != '"';
	while (!words->wrong && at < end && *at != '"') {
		char byte = *at++;

		if (byte == '\\' && end - at > 2 && *at == 'x') {
			byte = (char)(digit(at[1]) * 16 + digit(at[2]));
			at += 3;
		} else if (byte == '\\' && at < end) {
			byte = *at++;
		}
		if (length + 1 < size)
			out[length++] = byte;
	}
	out[length] = '\0';
	words->wrong = words->wrong || at == end;
	if (words->wrong)
		return;
	at += at + 1 < end ? 2 : 1;
	words->rest = (struct span){ at, (size_t)(end - at) };
}

/* ---- each kind of line ---- */

static void
add_total(struct report *report, struct words *words)
{
	int64_t from = moment(words), to = moment(words);

	words->wrong = words->wrong || from > to || (from == 0 && to > 0);
	if (words->wrong)
		return;
	if (report->from == 0 || (from != 0 && from < report->from))
		report->from = from;
	if (to > report->to)
		report->to = to;
	report->records += count(words);
	report->messages += count(words);
	report->broken += count(words);
	report->strangers_asked += count(words);
	report->vendors_lost += count(words);
	report->cells_lost += count(words);
	for (size_t i = 0; i <= OUTCOME_FORGED; i++)
		report->outcomes[i] += count(words);
}

static void
add_passed(struct report *report, struct words *words)
{
	struct span word = span_cut(&words->rest, ' ');
	uint64_t passed = count(words);

	for (size_t i = PASSED_BY_NOTHING + 1; i < PASSED_BYS; i++) {
		if (!span_is(word, passed_by_word((enum passed_by)i)))
			continue;
		report->passed_by[i] += passed;
		return;
	}
	words->wrong = true;
}

static void
add_spread(struct report *report, struct words *words)
{
	char name[REPORT_NAME];
	struct report_tally *tally = NULL;
	struct spread *into;
	int64_t most;

	string(words, name, sizeof name);
	most = up_to(words, COUNT_LAST);
	if (name[0] != ' ')
		tally = words->wrong ? NULL : report_vendor(report, name);
	into = name[0] != ' ' ? tally == NULL ? NULL : &tally->waited : name[1] == 'm' ? &report->ms : &report->waited;
	while (into != NULL && more(words) && !words->wrong) {
		int64_t bucket = number(words);
		uint32_t times = small(words);

		words->wrong = words->wrong || bucket < 0 || bucket >= SPREAD_BUCKETS;
		if (!words->wrong) {
			into->buckets[bucket] += times;
			into->count += times;
		}
	}
	if (into != NULL && most > into->most)
		into->most = most;
}

static uint32_t
time_after(struct words *words, uint32_t hour)
{
	uint32_t after = (uint32_t)up_to(words, DAY);

	return after == 0 ? 0 : hour * 3600 + after - 1;
}

static void
add_proof(struct words *words, uint32_t hour, struct proof_hour *into)
{
	struct proof_hour proof = { .good = small(words) };

	proof.bad = small(words);
	if (proof.good > 0) {
		proof.good_first = time_after(words, hour);
		proof.good_last = time_after(words, hour);
	}
	if (proof.bad > 0) {
		proof.bad_first = time_after(words, hour);
		proof.bad_last = time_after(words, hour);
		proof.bad_after = time_after(words, hour);
		proof.lead = small(words);
		proof.run = small(words);
		proof.inner.count = small(words);
		proof.inner.since = time_after(words, hour);
		proof.inner.until = time_after(words, hour);
	}
	words->wrong = words->wrong || (uint64_t)proof.lead + proof.run + proof.inner.count > proof.bad;
	if (!words->wrong)
		proof_hour_join(into, &proof);
}

static void
add_cell(struct report *report, struct words *words)
{
	char name[REPORT_NAME];
	struct report_tally *tally;
	struct series_cell *cell;
	uint32_t hour;

	string(words, name, sizeof name);
	hour = (uint32_t)up_to(words, HOUR_LAST);
	tally = name[0] == '\0' || words->wrong ? NULL : report_vendor(report, name);
	cell = name[0] != '\0' && tally == NULL
	    ? NULL
	    : series_cell(report, tally == NULL ? &report->all : &tally->series, hour);
	if (cell == NULL)
		return;
	for (size_t i = 0; i <= OUTCOME_FORGED; i++)
		cell->outcomes[i] += small(words);
	for (size_t i = 0; i < REPORT_PROOFS; i++)
		add_proof(words, hour, &cell->proofs[i]);
}

static void
add_vendor(struct report *report, struct words *words)
{
	char name[REPORT_NAME];
	struct report_tally *tally;

	string(words, name, sizeof name);
	tally = words->wrong ? NULL : report_vendor(report, name);
	if (tally == NULL)
		return;
	tally->records += count(words);
	tally->asked_again += count(words);
	tally->first_contacts += count(words);
	tally->forged_passed += count(words);
	tally->unlisted += count(words);
	for (size_t i = 0; i <= OUTCOME_FORGED; i++)
		tally->outcomes[i] += count(words);
	for (size_t i = 0; i < REPORT_PROOFS; i++) {
		tally->good[i] += count(words);
		tally->bad[i] += count(words);
	}
}

static void
join_refused(struct report_pair *pair, struct words *words)
{
	uint32_t first, last;

	pair->proven += small(words);
	pair->signed_by += small(words);
	pair->refused += small(words);
	pair->listed += small(words);
	pair->supported += small(words);
	first = small(words);
	last = small(words);
	if (pair->first == 0 || (first != 0 && first < pair->first))
		pair->first = first;
	if (last > pair->last)
		pair->last = last;
	while (more(words) && !words->wrong && pair->id_count < REPORT_IDS)
		string(words, pair->ids[pair->id_count++], REPORT_ID);
}

static void
add_pair(struct report *report, struct words *words)
{
	char name[REPORT_NAME], network[PREFIX_TEXT];
	struct report_tally *tally;
	struct prefix prefix;
	struct fault why;

	string(words, name, sizeof name);
	string(words, network, sizeof network);
	words->wrong = words->wrong || !prefix_read(network, &prefix, &why);
	tally = words->wrong ? NULL : report_vendor(report, name);
	if (tally == NULL)
		return;
	words->wrong = words->wrong || number(words) != prefix.bits;
	if (!words->wrong)
		join_refused(report_pair(report, (uint32_t)(tally - report->vendors) + 1, &prefix), words);
}

static void
add_host(struct report *report, struct words *words)
{
	char text[ADDRESS_TEXT];
	struct address client;
	struct report_host *host;
	uint32_t last;

	string(words, text, sizeof text);
	words->wrong = words->wrong || !address_read(text, &client);
	if (words->wrong)
		return;
	host = report_host(report, &client);
	host->forged += small(words);
	host->relayed += small(words);
	last = small(words);
	host->last = last > host->last ? last : host->last;
	string(words, host->helo, sizeof host->helo);
	string(words, text, 0 + sizeof text);
	if (text[0] != '\0')
		snprintf(host->id, sizeof host->id, "%.*s", REPORT_ID - 1, text);
	while (more(words) && !words->wrong)
		report_host_foreign(host, (uint64_t)number(words));
}

static struct top *
top_of(struct report *report, const char *name)
{
	const struct {
		const char *name;
		struct top *top;
	} tops[] = { { "networks", report->networks }, { "names", report->names }, { "strangers", report->strangers },
		{ "deferred", report->deferred }, { "drift", report->drift } };

	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++)
		if (strcmp(tops[i].name, name) == 0)
			return tops[i].top;
	return NULL;
}

static void
add_top(struct report *report, struct words *words)
{
	char name[REPORT_NAME], key[TOP_KEY];
	struct top *top;
	struct top_entry *entry, saved;

	string(words, name, sizeof name);
	string(words, key, sizeof key);
	top = top_of(report, name);
	saved = (struct top_entry){ .count = count(words) };
	saved.others = count(words);
	saved.sum = count(words);
	saved.first = moment(words);
	saved.last = moment(words);
	saved.most = up_to(words, COUNT_LAST);
	words->wrong = words->wrong || top == NULL || saved.count <= saved.others;
	if (words->wrong)
		return;
	entry = top_add(top, key, saved.count, saved.first);
	entry->others += saved.others;
	entry->sum += saved.sum;
	entry->last = saved.last > entry->last ? saved.last : entry->last;
	entry->most = saved.most > entry->most ? saved.most : entry->most;
}

static void
add_slow(struct report *report, struct words *words)
{
	struct report_slow slow = { .ms = up_to(words, COUNT_LAST) };

	slow.when = moment(words);
	string(words, slow.id, sizeof slow.id);
	string(words, slow.whose, sizeof slow.whose);
	if (!words->wrong)
		report_slow_put(report, &slow);
}

static void
add_tuple(struct report *report, struct words *words)
{
	uint64_t key = (uint64_t)number(words);
	uint32_t last = small(words);

	words->wrong = words->wrong || key == 0;
	if (!words->wrong)
		report_tuple_put(report, key, last);
}

bool
report_restore(struct report *report, struct span line)
{
	static const struct {
		const char *word;
		void (*add)(struct report *, struct words *);
	} kinds[] = { { "total", add_total }, { "passed", add_passed }, { "spread", add_spread },
		{ "vendor", add_vendor }, { "cell", add_cell }, { "pair", add_pair }, { "host", add_host },
		{ "slow", add_slow }, { "top", add_top }, { "tuple", add_tuple } };
	struct words words = { line, false };
	struct span kind = span_cut(&words.rest, ' ');

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (span_is(kind, kinds[i].word)) {
			kinds[i].add(report, &words);
			return !words.wrong && !report->failed;
		}
	return false;
}
