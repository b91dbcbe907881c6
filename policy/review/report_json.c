#include <string.h>

#include "policy/review/report_json.h"
#include "policy/review/report_words.h"
#include "policy/util/date.h"
#include "policy/util/json_write.h"

static void
put_count(struct text *out, const char *key, uint64_t count)
{
	json_write_number(out, key, (int64_t)count);
}

/* null: not known, or still. */
static void
put_time(struct text *out, const char *key, int64_t ms)
{
	char when[DATE_TEXT];

	if (ms != 0) {
		json_write_string(out, key, date_write_ms(ms, when));
		return;
	}
	json_write_key(out, key);
	text_put(out, "null");
}

static void
put_proofs(struct text *out, const struct report_share proofs[REPORT_VIEW_PROOFS])
{
	for (size_t i = 0; i < REPORT_VIEW_PROOFS; i++) {
		json_write_key(out, report_view_proofs[i]);
		text_format(out, "[%llu,%llu]", (unsigned long long)proofs[i].good, (unsigned long long)proofs[i].bad);
	}
}

static void
put_days(struct text *out, const struct report_days *days, bool proofs)
{
	char name[REPORT_WORDS];

	json_write_list(out, "days");
	for (size_t i = 0; i < days->count; i++) {
		const struct report_day *day = &days->list[i];

		json_write_begin(out);
		json_write_string(out, "day", report_words_day(day->day, name));
		if (!proofs)
			put_count(out, "stranger", day->stranger);
		put_count(out, "vouched", day->vouched);
		put_count(out, "unproven", day->unproven);
		put_count(out, "forged", day->forged);
		put_count(out, "unsure", day->unsure);
		if (proofs)
			put_proofs(out, day->proofs);
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
put_wait(struct text *out, const struct report_wait *wait)
{
	put_count(out, "waited", wait->count);
	json_write_number(out, "waited_median", wait->median);
	json_write_number(out, "waited_most", wait->most);
}

static void
put_vendors(struct text *out, const struct report_view *view)
{
	json_write_key(out, "vendors");
	json_write_begin(out);
	for (size_t i = 0; i < view->vendor_count; i++) {
		const struct report_vendor *vendor = &view->vendors[i];

		json_write_comma(out);
		json_write_bytes(out, vendor->name, strlen(vendor->name));
		text_put(out, ":{");
		json_write_string(out, "mode", vendor->mode);
		json_write_bool(out, "lock_open", vendor->open);
		put_count(out, "records", vendor->records);
		put_count(out, "vouched", vendor->vouched);
		put_count(out, "unproven", vendor->unproven);
		put_count(out, "forged", vendor->forged);
		put_count(out, "unsure", vendor->unsure);
		put_wait(out, &vendor->waited);
		put_count(out, "greylisted", vendor->asked_again);
		put_count(out, "first_contacts", vendor->first_contacts);
		json_write_number(out, "delay_saved", vendor->delay_saved);
		put_count(out, "forged_passed", vendor->forged_passed);
		put_count(out, "unlisted", vendor->unlisted);
		put_proofs(out, vendor->proofs);
		put_days(out, &vendor->days, true);
		json_write_end(out);
	}
	json_write_end(out);
}

static void
put_breaks(struct text *out, const struct report_view *view)
{
	json_write_list(out, "breaks");
	for (size_t i = 0; i < view->break_count; i++) {
		json_write_begin(out);
		json_write_string(out, "vendor", view->breaks[i].vendor);
		json_write_string(out, "what", view->breaks[i].what);
		put_time(out, "since", view->breaks[i].since);
		put_time(out, "until", view->breaks[i].until);
		put_count(out, "messages", view->breaks[i].failed);
		json_write_end(out);
	}
	json_write_list_end(out);
}

/* what: the name of the second member. */
static void
put_rows(struct text *out, const char *key, const char *what, const struct report_rows *rows)
{
	json_write_list(out, key);
	for (size_t i = 0; i < rows->count; i++) {
		const struct report_row *row = &rows->list[i];

		json_write_begin(out);
		if (row->vendor[0] != '\0')
			json_write_string(out, "vendor", row->vendor);
		json_write_string(out, what, row->what);
		put_count(out, "records", row->count);
		put_time(out, "first", row->first);
		put_time(out, "last", row->last);
		if (row->most > 0) {
			json_write_number(out, "waited_mean", row->mean);
			json_write_number(out, "waited_most", row->most);
		}
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
put_element(struct text *out, const char *string)
{
	json_write_comma(out);
	json_write_bytes(out, string, strlen(string));
}

static void
put_against(struct text *out, const struct report_view *view)
{
	json_write_list(out, "against");
	for (size_t i = 0; i < view->against_count; i++) {
		const struct report_against *one = &view->against[i];

		json_write_begin(out);
		json_write_string(out, "id", one->id_count == 0 ? "" : one->ids[0]);
		json_write_string(out, "why", one->why);
		json_write_string(out, "vendor", one->vendor);
		json_write_string(out, "network", one->network);
		put_count(out, "records", one->count);
		put_time(out, "first", one->first * 1000);
		put_time(out, "last", one->last * 1000);
		json_write_list(out, "ids");
		for (size_t j = 0; j < one->id_count; j++)
			put_element(out, one->ids[j]);
		json_write_list_end(out);
		json_write_end(out);
	}
	json_write_list_end(out);
	put_count(out, "against_records", view->against_messages);
}

static void
put_forwarders(struct text *out, const struct report_view *view)
{
	json_write_list(out, "forwarders");
	for (size_t i = 0; i < view->forwarder_count; i++) {
		const struct report_forwarder *one = &view->forwarders[i];

		json_write_begin(out);
		json_write_string(out, "client", one->client);
		json_write_string(out, "helo", one->helo);
		put_count(out, "forged", one->forged);
		put_count(out, "relayed", one->relayed);
		json_write_string(out, "id", one->id);
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
put_slowest(struct text *out, const struct report_view *view)
{
	json_write_number(out, "ms_median", view->ms_median);
	json_write_number(out, "ms_99", view->ms_most_of);
	json_write_list(out, "slowest");
	for (size_t i = 0; i < view->slowest_count; i++) {
		json_write_begin(out);
		json_write_string(out, "id", view->slowest[i].id);
		json_write_number(out, "ms", view->slowest[i].ms);
		put_time(out, "time", view->slowest[i].when);
		json_write_string(out, "of", view->slowest[i].whose);
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
put_never_proven(struct text *out, const struct report_view *view)
{
	json_write_list(out, "never_proven");
	for (size_t i = 0; i < view->never_proven_count; i++) {
		json_write_comma(out);
		json_write_bytes(out, view->never_proven[i], strlen(view->never_proven[i]));
	}
	json_write_list_end(out);
}

/* By the words of the settings that let somebody pass. */
static void
put_passed(struct text *out, const struct report_view *view)
{
	json_write_key(out, "passed_by");
	json_write_begin(out);
	for (size_t i = PASSED_BY_NOTHING + 1; i < PASSED_BYS; i++)
		if (view->passed_by[i] > 0)
			put_count(out, passed_by_word((enum passed_by)i), view->passed_by[i]);
	json_write_end(out);
}

void
report_json_write(const struct report_view *view, struct text *out)
{
	json_write_begin(out);
	put_time(out, "from", view->from);
	put_time(out, "to", view->to);
	put_count(out, "records", view->records);
	put_count(out, "messages", view->messages);
	put_count(out, "broken", view->broken);
	put_count(out, "strangers", view->strangers);
	put_count(out, "exempt", view->exempt);
	put_vendors(out, view);
	put_days(out, &view->days, false);
	json_write_key(out, "strangers_waiting");
	json_write_begin(out);
	put_count(out, "greylisted", view->strangers_asked);
	put_wait(out, &view->strangers_waited);
	put_passed(out, view);
	json_write_end(out);
	json_write_number(out, "delay_typical", view->delay_typical);
	json_write_bool(out, "delay_measured", view->delay_measured);
	put_breaks(out, view);
	put_rows(out, "forged_networks", "network", &view->networks);
	put_rows(out, "forged_names", "name", &view->names);
	put_rows(out, "deferred", "by", &view->deferred);
	put_rows(out, "drift", "what", &view->drift);
	put_rows(out, "new_vendors", "domain", &view->new_vendors);
	put_forwarders(out, view);
	put_slowest(out, view);
	json_write_bool(out, "safe", view->safe);
	json_write_string(out, "unsafe", view->unsafe);
	put_never_proven(out, view);
	put_against(out, view);
	put_count(out, "lost", view->lost);
	json_write_end(out);
}
