#include <stdio.h>
#include <string.h>

#include "policy/review/report_chart.h"
#include "policy/review/report_html.h"
#include "policy/review/report_page.h"
#include "policy/review/report_words.h"

enum { VENDORS_FULL = REPORT_PAGE_MAX - 16 * 1024, ROWS_SHOWN = 200, CAPTION = 160 };

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* ---- the first screen ---- */

static const char *const anchors[REPORT_QUESTIONS] = { "waiting", "forged", "breaks", "safe" };

static void
write_card(const struct report_view *view, enum report_question question, bool links, struct text *out)
{
	struct text answer;
	bool good;

	text_open(&answer, 4096);
	report_words_answer(view, question, &answer, &good);
	text_format(out, "<li%s><h2>%s</h2><p><strong>%s</strong> ", good ? "" : " class=\"bad\"",
	    report_words_question(question), good ? "&#10003; Well." : "&#9888; Look here.");
	html_text(out, answer.bytes);
	text_put(out, "</p>");
	if (links)
		text_format(out, "<a href=\"#%s\">more<span aria-hidden=\"true\"> &darr;</span></a>", anchors[question]);
	text_put(out, "</li>\n");
	text_inherit(out, &answer);
	text_close(&answer);
}

static void
write_first_screen(const struct report_view *view, bool links, struct text *out)
{
	char from[REPORT_WORDS], to[REPORT_WORDS];

	text_put(out, "<header><h1>greenlane report");
	if (view->only != NULL) {
		text_put(out, " on ");
		html_text(out, view->only);
	}
	text_format(out, "</h1><p class=\"dim\">%s to %s. %llu records of %llu messages; %llu of strangers, %llu exempt.",
	    report_words_time(view->from, from), report_words_time(view->to, to), (unsigned long long)view->records,
	    (unsigned long long)view->messages, (unsigned long long)view->strangers, (unsigned long long)view->exempt);
	if (view->broken > 0)
		text_format(out, " %llu line%s could not be read.", (unsigned long long)view->broken,
		    text_s((size_t)view->broken));
	text_put(out, "</p></header>\n<main>\n<ul class=\"cards\">\n");
	for (int i = 0; i < REPORT_QUESTIONS; i++)
		write_card(view, (enum report_question)i, links, out);
	text_put(out, "</ul>\n");
}

static void
write_vendor_row(const struct report_vendor *vendor, struct text *out)
{
	char share[REPORT_WORDS];

	html_row_head(out, vendor->name);
	html_cell(out, vendor->mode[0] == '\0' ? "-" : vendor->mode);
	html_number(out, vendor->vouched);
	html_number(out, vendor->unproven);
	html_number(out, vendor->forged);
	html_number(out, vendor->unsure);
	for (size_t i = 0; i < REPORT_VIEW_PROOFS; i++)
		html_cell_number(out, report_words_share(vendor->proofs[i], share));
	html_row_end(out);
}

static void
write_vendors(const struct report_view *view, struct text *out)
{
	static const char *const heads[] = { "Vendor", "Mode", "#Vouched", "#Unproven", "#Forged", "#Unsure", "#DKIM",
		"#SPF", "#Listed" };

	text_put(out, "<h2 id=\"vendors\">Vendors</h2>\n");
	if (view->vendor_count == 0) {
		text_put(out, "<p>No mail of a vendor was seen.</p>\n");
		return;
	}
	html_table_begin(out, "Verdicts of each vendor's mail, and the share of its proofs", heads, COUNT(heads));
	for (size_t i = 0; i < view->vendor_count && i < ROWS_SHOWN; i++)
		write_vendor_row(&view->vendors[i], out);
	html_table_end(out);
	if (view->vendor_count > ROWS_SHOWN)
		text_format(out, "<p>And %zu more.</p>\n", view->vendor_count - ROWS_SHOWN);
}

/* ---- safe ---- */

static void
write_against(const struct report_view *view, struct text *out)
{
	static const char *const heads[] = { "Vendor", "Network", "#Messages", "Since", "Why it looks genuine",
		"Example" };
	char since[REPORT_WORDS];

	html_table_begin(out, "Refused messages, now or under enforce, that look genuine", heads, COUNT(heads));
	for (size_t i = 0; i < view->against_count && i < ROWS_SHOWN / 4; i++) {
		const struct report_against *one = &view->against[i];

		html_row_head(out, one->vendor);
		html_cell(out, one->network);
		html_number(out, one->count);
		html_cell(out, report_words_time(one->first * 1000, since));
		html_cell(out, report_words_why(one->why));
		html_cell(out, one->id_count == 0 ? "-" : one->ids[0]);
		html_row_end(out);
	}
	html_table_end(out);
}

static void
write_safe(const struct report_view *view, struct text *out)
{
	text_format(out, "<h2 id=\"safe\">Safe to enforce: %s</h2>\n", view->safe ? "yes" : "no");
	if (view->safe)
		text_put(out, "<p>Nothing that is refused, or would be, looks genuine.</p>\n");
	if (view->against_count > 0)
		write_against(view, out);
	if (view->unsafe[0] != '\0') {
		text_put(out, "<p>No, because ");
		html_text(out, view->unsafe);
		text_put(out, ".</p>\n");
	}
	if (view->monitor)
		text_put(out, "<p>The daemon is in monitor mode: nothing is refused.</p>\n");
	for (size_t i = 0; i < view->vendor_count && i < ROWS_SHOWN; i++) {
		if (!view->vendors[i].open)
			continue;
		text_put(out, "<p>The lock of ");
		html_text(out, view->vendors[i].name);
		text_format(out, " is open: %llu forged message%s passed.</p>\n",
		    (unsigned long long)view->vendors[i].forged_passed, text_s((size_t)view->vendors[i].forged_passed));
	}
}

/* ---- breaks ---- */

static void
write_breaks(const struct report_view *view, struct text *out)
{
	static const char *const heads[] = { "Vendor", "What", "Missing since", "Until", "#Messages" };
	char since[REPORT_WORDS], until[REPORT_WORDS];

	text_put(out, "<h2 id=\"breaks\">Breaks</h2>\n");
	if (view->break_count == 0) {
		text_put(out, "<p>No proof of any vendor stopped working.</p>\n");
		return;
	}
	html_table_begin(out, "Proofs that were there before and then missing", heads, COUNT(heads));
	for (size_t i = 0; i < view->break_count && i < ROWS_SHOWN; i++) {
		const struct report_break *one = &view->breaks[i];

		html_row_head(out, one->vendor);
		html_cell(out, report_words_proof(one->what));
		html_cell(out, report_words_time(one->since, since));
		html_cell(out, one->until == 0 ? "still" : report_words_time(one->until, until));
		html_number(out, one->failed);
		html_row_end(out);
	}
	html_table_end(out);
}

/* ---- all mail over time ---- */

static uint64_t
vouched(const struct report_day *day)
{
	return day->vouched;
}
static uint64_t
unproven(const struct report_day *day)
{
	return day->unproven;
}
static uint64_t
forged(const struct report_day *day)
{
	return day->forged;
}
static uint64_t
unsure(const struct report_day *day)
{
	return day->unsure;
}
static uint64_t
stranger(const struct report_day *day)
{
	return day->stranger;
}

static const struct {
	const char *label;
	uint64_t (*count)(const struct report_day *);
} kinds[] = { { "vouched", vouched }, { "unproven", unproven }, { "forged", forged }, { "unsure", unsure },
	{ "strangers", stranger } };

static void
write_day_table(const struct report_view *view, struct text *out)
{
	static const char *const heads[] = { "From", "#Vouched", "#Unproven", "#Forged", "#Unsure", "#Strangers" };
	const struct report_days *days = &view->days;
	int64_t step = chart_step(view);
	char name[REPORT_WORDS];
	size_t at = 0;

	text_put(out, "<details><summary>The same as a table</summary>\n");
	html_table_begin(out, step == 1 ? "Verdicts by day" : "Verdicts by day, some days together", heads, COUNT(heads));
	for (int64_t day = view->from / 86400000; day <= view->to / 86400000; day += step) {
		uint64_t counts[COUNT(kinds)] = { 0 };

		for (; at < days->count && days->list[at].day < day + step; at++)
			for (size_t i = 0; i < COUNT(kinds); i++)
				counts[i] += kinds[i].count(&days->list[at]);
		html_row_head(out, report_words_day(day, name));
		for (size_t i = 0; i < COUNT(kinds); i++)
			html_number(out, counts[i]);
		html_row_end(out);
	}
	html_table_end(out);
	text_put(out, "</details>\n");
}

static void
write_over_time(const struct report_view *view, struct text *out)
{
	struct chart_strip strips[COUNT(kinds)];
	char values[COUNT(kinds)][24];

	if (view->only != NULL || view->records == 0)
		return;
	text_format(out,
	    "<h2 id=\"time\">All mail over time</h2>\n<p class=\"dim\">A bar for each %lld day%s; each row has its own scale.</p>\n",
	    (long long)chart_step(view), text_s((size_t)chart_step(view)));
	for (size_t i = 0; i < COUNT(kinds); i++) {
		uint64_t sum = 0;

		for (size_t j = 0; j < view->days.count; j++)
			sum += kinds[i].count(&view->days.list[j]);
		snprintf(values[i], sizeof values[i], "%llu", (unsigned long long)sum);
		strips[i] = (struct chart_strip){ kinds[i].label, values[i], kinds[i].count, 0 };
	}
	chart_strips(view, &view->days, strips, COUNT(kinds), "Verdicts over time", out);
	write_day_table(view, out);
}

/* ---- waiting ---- */

static void
write_waiting_vendors(const struct report_view *view, struct text *out)
{
	static const char *const heads[] = { "Vendor", "#Waited", "#Half up to", "#Longest", "#First contacts",
		"#Delay that vouching saved" };
	char median[REPORT_WORDS], most[REPORT_WORDS], saved[REPORT_WORDS];

	html_table_begin(out, "Mail of vendors that waited here, and what greylisting would have cost", heads,
	    COUNT(heads));
	for (size_t i = 0; i < view->vendor_count && i < ROWS_SHOWN; i++) {
		const struct report_vendor *vendor = &view->vendors[i];

		html_row_head(out, vendor->name);
		html_number(out, vendor->waited.count);
		html_cell_number(out, report_words_duration(vendor->waited.median, median));
		html_cell_number(out, report_words_duration(vendor->waited.most, most));
		html_number(out, vendor->first_contacts);
		html_cell_number(out, report_words_duration(vendor->delay_saved, saved));
		html_row_end(out);
	}
	html_table_end(out);
}

static void
write_waiting_strangers(const struct report_view *view, struct text *out)
{
	char median[REPORT_WORDS], most[REPORT_WORDS], saved[REPORT_WORDS];
	struct text passed;

	text_format(out, "<p>Strangers: %llu were asked to come again, %llu came in.",
	    (unsigned long long)view->strangers_asked, (unsigned long long)view->strangers_waited.count);
	if (view->strangers_waited.count > 0)
		text_format(out, " Half of them waited up to %s, the longest %s.",
		    report_words_duration(view->strangers_waited.median, median),
		    report_words_duration(view->strangers_waited.most, most));
	text_format(out, " Saved is, for each first contact, %s: %s.", report_words_duration(view->delay_typical, saved),
	    view->delay_measured ? "what half of the strangers took here"
				 : "greylist.delay, for too few strangers waited to tell");
	text_open(&passed, REPORT_PASSED_MAX);
	if (report_words_passed(view, &passed))
		text_format(out, " Passed at once: %s.", passed.bytes);
	text_inherit(out, &passed);
	text_close(&passed);
	text_put(out, "</p>\n");
}

static void
write_waiting(const struct report_view *view, struct text *out)
{
	text_put(out, "<h2 id=\"waiting\">Waiting</h2>\n");
	if (view->vendor_count > 0)
		write_waiting_vendors(view, out);
	write_waiting_strangers(view, out);
}

/* ---- lists ---- */

static void
write_rows(const char *anchor, const char *head, const char *caption, const char *what, const struct report_rows *rows,
    struct text *out)
{
	const char *heads[] = { "Vendor", what, "#Messages", "Share" };

	if (rows->count == 0)
		return;
	text_format(out, "<h2 id=\"%s\">%s</h2>\n", anchor, head);
	html_table_begin(out, caption, heads, COUNT(heads));
	for (size_t i = 0; i < rows->count; i++) {
		html_row_head(out, rows->list[i].vendor);
		html_cell(out, rows->list[i].what);
		html_number(out, rows->list[i].count);
		chart_bar(rows->list[i].count, rows->list[0].count, out);
		html_row_end(out);
	}
	html_table_end(out);
	if (rows->all > rows->count)
		text_format(out, "<p>And %zu more.</p>\n", rows->all - rows->count);
}

static void
write_forged(const struct report_view *view, struct text *out)
{
	if (view->networks.count == 0)
		text_put(out, "<h2 id=\"forged\">Forged</h2>\n<p>No message was found to be forged.</p>\n");
	write_rows("forged", "Forged, by network", "Networks from which vendors were forged", "Network",
	    &view->networks, out);
	write_rows("names", "Forged, by name used", "Authors that forgers wrote", "Name", &view->names, out);
	write_rows("deferred", "Vouched for, and deferred by others", "Who deferred what greenlane vouches for",
	    "By whom", &view->deferred, out);
	write_rows("drift", "Drift", "Sources whose networks changed", "Change", &view->drift, out);
}

static void
write_new_vendors(const struct report_view *view, struct text *out)
{
	static const char *const heads[] = { "Domain", "#Times", "#On average", "#At most" };
	char mean[REPORT_WORDS], most[REPORT_WORDS];

	if (view->only != NULL || view->new_vendors.count == 0)
		return;
	text_put(out, "<h2 id=\"new\">Strangers that should be vendors</h2>\n");
	html_table_begin(out, "They wait, and DMARC proves them: greenlane vendor new drafts a file", heads, COUNT(heads));
	for (size_t i = 0; i < view->new_vendors.count; i++) {
		const struct report_row *row = &view->new_vendors.list[i];

		html_row_head(out, row->what);
		html_number(out, row->count);
		html_cell_number(out, report_words_duration(row->mean, mean));
		html_cell_number(out, report_words_duration(row->most, most));
		html_row_end(out);
	}
	html_table_end(out);
}

static void
write_forwarders(const struct report_view *view, struct text *out)
{
	static const char *const heads[] = { "Client", "HELO name", "#Forged", "#Signed by others", "Line for relays" };

	if (view->only != NULL || view->forwarder_count == 0)
		return;
	text_put(out, "<h2 id=\"forwarders\">Forwarders, perhaps</h2>\n");
	html_table_begin(out, "Hosts of refused mail that also hand over what others signed", heads, COUNT(heads));
	for (size_t i = 0; i < view->forwarder_count; i++) {
		const struct report_forwarder *one = &view->forwarders[i];

		html_row_head(out, one->client);
		html_cell(out, one->helo);
		html_number(out, one->forged);
		html_number(out, one->relayed);
		text_put(out, "<td class=\"w\"><code>{ name = &quot;");
		html_text(out, one->name);
		text_put(out, "&quot;; kind = &quot;forwarder&quot;; networks = [ &quot;");
		html_text(out, one->client);
		text_put(out, "&quot; ]; }</code></td>");
		html_row_end(out);
	}
	html_table_end(out);
}

static void
write_slowest(const struct report_view *view, struct text *out)
{
	static const char *const heads[] = { "Message", "From", "When", "#ms" };
	char when[REPORT_WORDS];

	if (view->only != NULL || view->slowest_count == 0)
		return;
	text_format(out,
	    "<h2 id=\"slow\">Slowest</h2>\n<p>Waiting for DNS, mostly. Half of all mail took up to %lld ms, 99 of 100 up to %lld ms.</p>\n",
	    (long long)view->ms_median, (long long)view->ms_most_of);
	html_table_begin(out, "The slowest messages", heads, COUNT(heads));
	for (size_t i = 0; i < view->slowest_count; i++) {
		html_row_head(out, view->slowest[i].id);
		html_cell(out, view->slowest[i].whose);
		html_cell(out, report_words_time(view->slowest[i].when, when));
		html_number(out, (unsigned long long)view->slowest[i].ms);
		html_row_end(out);
	}
	html_table_end(out);
}

/* ---- each vendor over time ---- */

static void
write_weeks(const struct report_view *view, const struct report_vendor *vendor, struct text *out)
{
	static const char *const heads[] = { "From", "#DKIM", "#SPF", "#Listed" };
	char name[REPORT_WORDS], caption[CAPTION];
	int64_t step = chart_step(view) * 7;
	size_t at = 0;

	snprintf(caption, sizeof caption, "%s, %lld days together", vendor->name, (long long)step);
	text_put(out, "<details><summary>The same as a table</summary>\n");
	html_table_begin(out, caption, heads, COUNT(heads));
	for (int64_t day = view->from / 86400000; day <= view->to / 86400000; day += step) {
		struct report_share shares[REPORT_VIEW_PROOFS] = { { 0, 0 } };

		for (; at < vendor->days.count && vendor->days.list[at].day < day + step; at++)
			for (size_t i = 0; i < REPORT_VIEW_PROOFS; i++) {
				shares[i].good += vendor->days.list[at].proofs[i].good;
				shares[i].bad += vendor->days.list[at].proofs[i].bad;
			}
		html_row_head(out, report_words_day(day, name));
		for (size_t i = 0; i < REPORT_VIEW_PROOFS; i++)
			html_cell_number(out, report_words_share(shares[i], name));
		html_row_end(out);
	}
	html_table_end(out);
	text_put(out, "</details>\n");
}

static void
write_vendor(const struct report_view *view, const struct report_vendor *vendor, struct text *out)
{
	struct chart_strip strips[REPORT_VIEW_PROOFS];
	char values[REPORT_VIEW_PROOFS][REPORT_WORDS];
	size_t count = 0;

	for (int i = 0; i < REPORT_VIEW_PROOFS; i++)
		if (vendor->proofs[i].good + vendor->proofs[i].bad > 0) {
			strips[count] = (struct chart_strip){ report_view_proofs[i],
				report_words_share(vendor->proofs[i], values[count]), NULL, i };
			count++;
		}
	if (count == 0)
		return;
	text_put(out, "<div class=\"v\"><h3>");
	html_text(out, vendor->name);
	text_put(out, "</h3>\n");
	chart_strips(view, &vendor->days, strips, count, vendor->name, out);
	write_weeks(view, vendor, out);
	text_put(out, "</div>\n");
}

static void
write_proofs(const struct report_view *view, struct text *out)
{
	struct text one;
	size_t left = 0;

	if (view->vendor_count == 0)
		return;
	text_put(out,
	    "<h2 id=\"proofs\">Proof over time</h2>\n<p class=\"dim\">The height of a bar is the share of mail that had the proof, "
	    "among mail that something else speaks for; a slanted red stroke is a day on which none had it.</p>\n");
	text_open(&one, REPORT_PAGE_MAX);
	for (size_t i = 0; i < view->vendor_count; i++) {
		text_clear(&one);
		write_vendor(view, &view->vendors[i], &one);
		text_inherit(out, &one);
		if (out->length + one.length < VENDORS_FULL)
			text_add(out, one.bytes, one.length);
		else
			left++;
	}
	text_close(&one);
	if (left > 0)
		text_format(out, "<p>And %zu more vendors; greenlane report --vendor NAME shows one.</p>\n", left);
}

/* ---- the page ---- */

void
report_page_write(const struct report_view *view, enum report_page which, struct text *out)
{
	bool whole = which == REPORT_PAGE_WHOLE;

	html_begin(out, "greenlane report");
	write_first_screen(view, whole, out);
	write_vendors(view, out);
	if (whole) {
		write_safe(view, out);
		write_breaks(view, out);
		write_over_time(view, out);
		write_waiting(view, out);
		write_forged(view, out);
		write_new_vendors(view, out);
		write_forwarders(view, out);
		write_slowest(view, out);
		write_proofs(view, out);
	}
	text_put(out, "</main>\n<footer><p class=\"dim\">Days and times are UTC.");
	if (view->lost > 0)
		text_format(out, " %llu counts of rare senders found no room.", (unsigned long long)view->lost);
	text_put(out, "</p></footer>\n");
	html_end(out);
}
