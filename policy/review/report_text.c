#include <stdio.h>
#include <string.h>

#include "policy/review/report_text.h"
#include "policy/review/report_words.h"

enum { BAR = 20, STRIP = 60, VENDORS_SHOWN = 100, AGAINST_SHOWN = 20, NAME_WIDTH = 24, WHAT_WIDTH = 44 };

struct writer {
	const struct report_view *view;
	struct text *out;
	bool colour;
};

/* ---- pieces ---- */

enum tone { PLAIN, BOLD, GOOD, BAD };

static void
put_tone(const struct writer *writer, enum tone tone)
{
	static const char *const codes[] = { "\033[0m", "\033[1m", "\033[32m", "\033[1;31m" };

	if (writer->colour)
		text_put(writer->out, codes[tone]);
}

static void
put_head(const struct writer *writer, const char *head)
{
	text_char(writer->out, '\n');
	put_tone(writer, BOLD);
	text_put(writer->out, head);
	put_tone(writer, PLAIN);
	text_char(writer->out, '\n');
}

/* Escaped, filled up or cut to the width. */
static void
put_cell(const struct writer *writer, const char *value, size_t width)
{
	struct text cell;

	text_open(&cell, 4096);
	text_escaped(&cell, value, strlen(value));
	if (cell.length > width)
		text_format(writer->out, "%.*s...", (int)width - 3, cell.bytes);
	else
		text_format(writer->out, "%-*s", (int)width, cell.bytes);
	text_inherit(writer->out, &cell);
	text_close(&cell);
}

static void
put_bar(const struct writer *writer, uint64_t count, uint64_t most)
{
	size_t length = most == 0 ? 0 : (size_t)((count * BAR + most - 1) / most);

	text_put(writer->out, "  ");
	for (size_t i = 0; i < length && i < BAR; i++)
		text_char(writer->out, '#');
	text_char(writer->out, '\n');
}

static void
put_more(const struct writer *writer, uint64_t more, const char *what)
{
	if (more > 0)
		text_format(writer->out, "  and %llu more %s\n", (unsigned long long)more, what);
}

/* ---- vendors ---- */

static size_t
name_width(const struct report_view *view)
{
	size_t width = 6;

	for (size_t i = 0; i < view->vendor_count; i++)
		if (strlen(view->vendors[i].name) > width)
			width = strlen(view->vendors[i].name);
	return width > NAME_WIDTH ? NAME_WIDTH : width;
}

static void
write_vendor(const struct writer *writer, const struct report_vendor *vendor, size_t width)
{
	char dkim[REPORT_WORDS], spf[REPORT_WORDS], listed[REPORT_WORDS];

	text_put(writer->out, "  ");
	put_cell(writer, vendor->name, width);
	text_format(writer->out, "  %-7s %8llu %8llu", vendor->mode[0] == '\0' ? "-" : vendor->mode,
	    (unsigned long long)vendor->vouched, (unsigned long long)vendor->unproven);
	put_tone(writer, vendor->forged > 0 ? BAD : PLAIN);
	text_format(writer->out, " %8llu", (unsigned long long)vendor->forged);
	put_tone(writer, PLAIN);
	text_format(writer->out, " %8llu  %5s %5s %6s\n", (unsigned long long)vendor->unsure,
	    report_words_share(vendor->proofs[0], dkim), report_words_share(vendor->proofs[1], spf),
	    report_words_share(vendor->proofs[2], listed));
}

static void
write_vendors(const struct writer *writer)
{
	const struct report_view *view = writer->view;
	size_t width = name_width(view);

	put_head(writer, "Vendors");
	if (view->vendor_count == 0) {
		text_put(writer->out, "  no mail of a vendor\n");
		return;
	}
	text_format(writer->out, "  %-*s  %-7s %8s %8s %8s %8s  %5s %5s %6s\n", (int)width, "vendor", "mode", "vouched",
	    "unproven", "forged", "unsure", "dkim", "spf", "listed");
	for (size_t i = 0; i < view->vendor_count && i < VENDORS_SHOWN; i++)
		write_vendor(writer, &view->vendors[i], width);
	put_more(writer, view->vendor_count > VENDORS_SHOWN ? view->vendor_count - VENDORS_SHOWN : 0, "vendors");
}

/* ---- waiting ---- */

static void
write_waits_of_vendors(const struct writer *writer)
{
	const struct report_view *view = writer->view;
	size_t width = name_width(view);
	char median[REPORT_WORDS], most[REPORT_WORDS], saved[REPORT_WORDS];

	text_format(writer->out, "  %-*s  %8s %14s %14s %14s  %s\n", (int)width, "vendor", "waited", "half up to",
	    "longest", "first contacts", "delay that vouching saved");
	for (size_t i = 0; i < view->vendor_count && i < VENDORS_SHOWN; i++) {
		const struct report_vendor *vendor = &view->vendors[i];

		text_put(writer->out, "  ");
		put_cell(writer, vendor->name, width);
		text_format(writer->out, "  %8llu %14s %14s %14llu  %s\n", (unsigned long long)vendor->waited.count,
		    report_words_duration(vendor->waited.median, median),
		    report_words_duration(vendor->waited.most, most), (unsigned long long)vendor->first_contacts,
		    report_words_duration(vendor->delay_saved, saved));
	}
}

static void
write_waits_of_strangers(const struct writer *writer)
{
	const struct report_view *view = writer->view;
	char median[REPORT_WORDS], most[REPORT_WORDS];
	struct text passed;

	text_format(writer->out, "  strangers: %llu asked to come again, %llu came in",
	    (unsigned long long)view->strangers_asked, (unsigned long long)view->strangers_waited.count);
	if (view->strangers_waited.count > 0)
		text_format(writer->out, " after half waited up to %s, the longest %s",
		    report_words_duration(view->strangers_waited.median, median),
		    report_words_duration(view->strangers_waited.most, most));
	text_char(writer->out, '\n');
	text_open(&passed, REPORT_PASSED_MAX);
	if (report_words_passed(view, &passed))
		text_format(writer->out, "  strangers that passed at once: %s\n", passed.bytes);
	text_inherit(writer->out, &passed);
	text_close(&passed);
	text_format(writer->out, "  (saved: for each first contact %s, %s)\n",
	    report_words_duration(view->delay_typical, median),
	    view->delay_measured ? "which is what half of the strangers took here"
				 : "greylist.delay, for too few strangers waited to tell");
}

static void
write_waits(const struct writer *writer)
{
	put_head(writer, "Waiting");
	write_waits_of_vendors(writer);
	if (writer->view->only == NULL)
		write_waits_of_strangers(writer);
}

/* ---- proof over time ---- */

/* '#' all have it, '+' most, '-' some, '!' none, '.' no mail that tells. */
static char
mark_of(struct report_share share)
{
	if (share.good + share.bad == 0)
		return '.';
	if (share.bad == 0)
		return '#';
	return share.good == 0 ? '!' : share.good >= share.bad ? '+' : '-';
}

/* So many days for a mark that the strip fits. */
static int64_t
days_for_mark(const struct report_view *view)
{
	int64_t first = view->from / 86400000, last = view->to / 86400000;

	return (last - first) / STRIP + 1;
}

static void
put_mark(const struct writer *writer, char mark)
{
	put_tone(writer, mark == '!' ? BAD : mark == '#' ? GOOD : PLAIN);
	text_char(writer->out, mark);
	put_tone(writer, PLAIN);
}

static void
write_strip(const struct writer *writer, const struct report_days *days, size_t proof)
{
	int64_t step = days_for_mark(writer->view), day = writer->view->from / 86400000;
	size_t at = 0;

	for (; day <= writer->view->to / 86400000; day += step) {
		struct report_share share = { 0, 0 };

		for (; at < days->count && days->list[at].day < day + step; at++) {
			share.good += days->list[at].proofs[proof].good;
			share.bad += days->list[at].proofs[proof].bad;
		}
		put_mark(writer, mark_of(share));
	}
}

static void
write_over_time(const struct writer *writer)
{
	const struct report_view *view = writer->view;
	size_t width = name_width(view);
	char day[REPORT_WORDS];
	int64_t step = days_for_mark(view);

	if (view->vendor_count == 0)
		return;
	put_head(writer, "Proof over time");
	text_format(writer->out,
	    "  from %s, a mark for %lld day%s: # all have it, + most, - some, ! none, . nothing to tell by\n",
	    report_words_day(view->from / 86400000, day), (long long)step, text_s((size_t)step));
	for (size_t i = 0; i < view->vendor_count && i < VENDORS_SHOWN; i++)
		for (size_t proof = 0; proof < REPORT_VIEW_PROOFS; proof++) {
			const struct report_share *share = &view->vendors[i].proofs[proof];

			if (share->good + share->bad == 0)
				continue;
			text_put(writer->out, "  ");
			put_cell(writer, view->vendors[i].name, width);
			text_format(writer->out, "  %-6s ", report_view_proofs[proof]);
			write_strip(writer, &view->vendors[i].days, proof);
			text_char(writer->out, '\n');
		}
}

static void
write_breaks(const struct writer *writer)
{
	const struct report_view *view = writer->view;
	char since[REPORT_WORDS], until[REPORT_WORDS];

	put_head(writer, "Breaks");
	if (view->break_count == 0)
		text_put(writer->out, "  no proof of any vendor stopped working\n");
	for (size_t i = 0; i < view->break_count; i++) {
		const struct report_break *one = &view->breaks[i];

		put_tone(writer, one->until == 0 ? BAD : PLAIN);
		text_put(writer->out, "  ");
		text_escaped(writer->out, one->vendor, strlen(one->vendor));
		text_format(writer->out, ": %s is missing since %s", one->what, report_words_time(one->since, since));
		if (one->until == 0)
			text_put(writer->out, ", still");
		else
			text_format(writer->out, " until %s", report_words_time(one->until, until));
		text_format(writer->out, ", on %llu message%s\n", (unsigned long long)one->failed,
		    text_s((size_t)one->failed));
		put_tone(writer, PLAIN);
	}
}

/* ---- lists ---- */

static void
write_rows(const struct writer *writer, const char *head, const struct report_rows *rows)
{
	size_t width = name_width(writer->view);

	if (rows->count == 0)
		return;
	put_head(writer, head);
	for (size_t i = 0; i < rows->count; i++) {
		text_put(writer->out, "  ");
		put_cell(writer, rows->list[i].vendor, width);
		text_put(writer->out, "  ");
		put_cell(writer, rows->list[i].what, WHAT_WIDTH);
		text_format(writer->out, " %8llu", (unsigned long long)rows->list[i].count);
		put_bar(writer, rows->list[i].count, rows->list[0].count);
	}
	put_more(writer, rows->all - rows->count, "");
}

static void
write_drift(const struct writer *writer)
{
	const struct report_view *view = writer->view;
	char when[REPORT_WORDS];
	bool any = view->drift.count > 0;

	for (size_t i = 0; i < view->vendor_count; i++)
		any = any || view->vendors[i].unlisted > 0;
	if (!any)
		return;
	put_head(writer, "Drift");
	for (size_t i = 0; i < view->drift.count; i++) {
		const struct report_row *row = &view->drift.list[i];

		text_format(writer->out, "  %s  ", report_words_time(row->last, when));
		text_escaped(writer->out, row->what, strlen(row->what));
		text_char(writer->out, '\n');
	}
	for (size_t i = 0; i < view->vendor_count; i++)
		if (view->vendors[i].unlisted > 0)
			text_format(writer->out,
			    "  %s: %llu vouched message%s from hosts that no source lists; see greenlane sources\n",
			    view->vendors[i].name, (unsigned long long)view->vendors[i].unlisted,
			    text_s((size_t)view->vendors[i].unlisted));
}

static void
write_new_vendors(const struct writer *writer)
{
	const struct report_rows *rows = &writer->view->new_vendors;
	char mean[REPORT_WORDS], most[REPORT_WORDS];

	if (writer->view->only != NULL || rows->count == 0)
		return;
	put_head(writer, "Strangers that should be vendors: they waited, and DMARC proves them");
	for (size_t i = 0; i < rows->count; i++) {
		const struct report_row *row = &rows->list[i];

		text_put(writer->out, "  ");
		put_cell(writer, row->what, WHAT_WIDTH);
		text_format(writer->out, " %6llu times, %s on average, %s at most\n", (unsigned long long)row->count,
		    report_words_duration(row->mean, mean), report_words_duration(row->most, most));
	}
	put_more(writer, rows->all - rows->count, "domains");
	text_put(writer->out, "  greenlane vendor new DOMAIN drafts a file for one of them\n");
}

static void
write_forwarders(const struct writer *writer)
{
	const struct report_view *view = writer->view;

	if (view->only != NULL || view->forwarder_count == 0)
		return;
	put_head(writer, "Forwarders, perhaps: hosts of refused mail that also hand over what others signed");
	for (size_t i = 0; i < view->forwarder_count; i++) {
		const struct report_forwarder *one = &view->forwarders[i];

		text_format(writer->out, "  %s (", one->client);
		text_escaped(writer->out, one->helo, strlen(one->helo));
		text_format(writer->out, "): %llu forged, as id %s; %llu signed by others\n",
		    (unsigned long long)one->forged, one->id, (unsigned long long)one->relayed);
		text_format(writer->out,
		    "    if it forwards for your users: { name = \"%s\"; kind = \"forwarder\"; networks = [ \"%s\" ]; } in relays\n",
		    one->name, one->client);
	}
}

static void
write_locks(const struct writer *writer)
{
	const struct report_view *view = writer->view;
	size_t open = 0;

	put_head(writer, "Locks");
	if (view->monitor)
		text_put(writer->out, "  the daemon is in monitor mode: nothing is refused\n");
	for (size_t i = 0; i < view->vendor_count; i++) {
		if (!view->vendors[i].open)
			continue;
		open++;
		text_put(writer->out, "  ");
		put_cell(writer, view->vendors[i].name, name_width(view));
		text_format(writer->out, "  open (%s): %llu forged message%s passed\n",
		    view->monitor ? "monitor" : view->vendors[i].mode,
		    (unsigned long long)view->vendors[i].forged_passed, text_s((size_t)view->vendors[i].forged_passed));
	}
	if (open == 0)
		text_put(writer->out, "  those of all vendors that sent mail are closed\n");
}

static void
write_slowest(const struct writer *writer)
{
	const struct report_view *view = writer->view;
	char when[REPORT_WORDS];

	if (view->slowest_count == 0 || view->only != NULL)
		return;
	put_head(writer, "Slowest, which is to say waiting for DNS");
	text_format(writer->out, "  half of all mail took up to %lld ms, 99 of 100 up to %lld ms\n",
	    (long long)view->ms_median, (long long)view->ms_most_of);
	for (size_t i = 0; i < view->slowest_count; i++) {
		const struct report_slowest *slow = &view->slowest[i];

		text_format(writer->out, "  %8lld ms  %s  id %-24s ", (long long)slow->ms,
		    report_words_time(slow->when, when), slow->id);
		text_escaped(writer->out, slow->whose, strlen(slow->whose));
		text_char(writer->out, '\n');
	}
}

/* ---- the end ---- */

static void
write_one_against(const struct writer *writer, const struct report_against *one)
{
	char since[REPORT_WORDS];

	text_put(writer->out, "  ");
	text_escaped(writer->out, one->vendor, strlen(one->vendor));
	text_format(writer->out, " from %s, %llu message%s since %s: %s\n   ", one->network,
	    (unsigned long long)one->count, text_s((size_t)one->count), report_words_time(one->first * 1000, since),
	    report_words_why(one->why));
	for (size_t i = 0; i < one->id_count; i++) {
		text_format(writer->out, "%s ", i == 0 ? " id" : ",");
		text_escaped(writer->out, one->ids[i], strlen(one->ids[i]));
	}
	text_format(writer->out, "\n    %s\n", report_words_remedy(one->why));
}

static void
write_unsafe(const struct writer *writer, const char *before)
{
	text_put(writer->out, before);
	text_escaped(writer->out, writer->view->unsafe, strlen(writer->view->unsafe));
	text_char(writer->out, '\n');
}

static void
write_safe(const struct writer *writer)
{
	const struct report_view *view = writer->view;

	text_char(writer->out, '\n');
	if (view->lost > 0)
		text_format(writer->out, "%llu counts of rare senders found no room, and are not in these lists\n",
		    (unsigned long long)view->lost);
	put_tone(writer, view->safe ? GOOD : BAD);
	if (view->safe)
		text_put(writer->out, "safe to enforce: yes\n");
	else if (view->against_count == 0)
		write_unsafe(writer, "safe to enforce: no, because ");
	else
		text_format(writer->out,
		    "safe to enforce: no, because %llu message%s that enforce refuses look%s genuine:\n",
		    (unsigned long long)view->against_messages, text_s((size_t)view->against_messages),
		    view->against_messages == 1 ? "s" : "");
	put_tone(writer, PLAIN);
	for (size_t i = 0; i < view->against_count && i < AGAINST_SHOWN; i++)
		write_one_against(writer, &view->against[i]);
	put_more(writer, view->against_count > AGAINST_SHOWN ? view->against_count - AGAINST_SHOWN : 0, "networks");
	if (view->against_count > 0 && view->unsafe[0] != '\0')
		write_unsafe(writer, "  and because ");
}

static void
write_head(const struct writer *writer)
{
	const struct report_view *view = writer->view;
	char from[REPORT_WORDS], to[REPORT_WORDS];
	bool good;

	put_tone(writer, BOLD);
	text_put(writer->out, "greenlane report");
	if (view->only != NULL) {
		text_put(writer->out, " on ");
		text_escaped(writer->out, view->only, strlen(view->only));
	}
	put_tone(writer, PLAIN);
	text_format(writer->out, ", %s to %s\n%llu records of %llu messages", report_words_time(view->from, from),
	    report_words_time(view->to, to), (unsigned long long)view->records, (unsigned long long)view->messages);
	text_format(writer->out, "; %llu of strangers, %llu exempt", (unsigned long long)view->strangers,
	    (unsigned long long)view->exempt);
	if (view->broken > 0)
		text_format(writer->out, "; %llu line%s could not be read", (unsigned long long)view->broken,
		    text_s((size_t)view->broken));
	text_put(writer->out, "\n\n");
	for (int i = 0; i < REPORT_QUESTIONS; i++) {
		text_format(writer->out, "%-31s ", report_words_question((enum report_question)i));
		report_words_answer(view, (enum report_question)i, writer->out, &good);
		text_char(writer->out, '\n');
	}
}

void
report_text_write(const struct report_view *view, bool colour, struct text *out)
{
	const struct writer writer = { view, out, colour };

	write_head(&writer);
	write_vendors(&writer);
	write_waits(&writer);
	write_over_time(&writer);
	write_breaks(&writer);
	write_rows(&writer, "Forged, by network", &view->networks);
	write_rows(&writer, "Forged, by name used", &view->names);
	write_rows(&writer, "Vouched for, and deferred by others", &view->deferred);
	write_drift(&writer);
	write_new_vendors(&writer);
	write_forwarders(&writer);
	write_slowest(&writer);
	write_locks(&writer);
	write_safe(&writer);
}
