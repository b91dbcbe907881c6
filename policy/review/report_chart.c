#include "policy/review/report_chart.h"
#include "policy/review/report_html.h"
#include "policy/review/report_words.h"

enum { COLUMNS = 120, HEIGHT = 20, BAR = 3 };

int64_t
chart_step(const struct report_view *view)
{
	return (view->to / 86400000 - view->from / 86400000) / COLUMNS + 1;
}

/* The days of one bar together. */
struct bar {
	uint64_t count;
	struct report_share share;
};

static struct bar
bar_at(const struct report_days *days, size_t *at, int64_t until, const struct chart_strip *strip)
{
	struct bar bar = { 0, { 0, 0 } };

	for (; *at < days->count && days->list[*at].day < until; ++*at) {
		if (strip->count != NULL) {
			bar.count += strip->count(&days->list[*at]);
			continue;
		}
		bar.share.good += days->list[*at].proofs[strip->proof].good;
		bar.share.bad += days->list[*at].proofs[strip->proof].bad;
	}
	return bar;
}

static uint64_t
most_of(const struct report_view *view, const struct report_days *days, const struct chart_strip *strip)
{
	uint64_t most = 1;
	size_t at = 0;

	for (int64_t day = view->from / 86400000; strip->count != NULL && day <= view->to / 86400000;
	     day += chart_step(view)) {
		struct bar bar = bar_at(days, &at, day + chart_step(view), strip);

		most = bar.count > most ? bar.count : most;
	}
	return most;
}

/* 0 to HEIGHT; something is never drawn as nothing, nor less than all as all. */
static unsigned
height_of(uint64_t value, uint64_t most)
{
	unsigned height = (unsigned)(value * HEIGHT / most);

	return height == 0 && value > 0 ? 1 : height;
}

/* The outline of all bars, which begin and end at the ground. */
struct outline {
	struct text *out;
	unsigned height; /* of the last bar */
	int64_t width;   /* of it, not yet drawn */
};

static void
put_bar(struct outline *outline, unsigned height)
{
	if (height != outline->height) {
		if (outline->width > 0)
			text_format(outline->out, "h%lld", (long long)outline->width);
		text_format(outline->out, "v%d", (int)outline->height - (int)height);
		outline->width = 0;
		outline->height = height;
	}
	outline->width += BAR;
}

/* Where all lack the proof, a stroke across the day. */
static void
put_paths(const struct report_view *view, const struct report_days *days, const struct chart_strip *strip,
    struct text *out)
{
	uint64_t most = most_of(view, days, strip);
	int64_t step = chart_step(view), x = 0;
	struct outline outline = { out, 0, 0 };
	struct text missing;
	size_t at = 0;

	text_open(&missing, 64 * 1024);
	text_format(out, "<path d=\"M0 %d", HEIGHT);
	for (int64_t day = view->from / 86400000; day <= view->to / 86400000; day += step, x += BAR) {
		struct bar bar = bar_at(days, &at, day + step, strip);
		uint64_t all = bar.share.good + bar.share.bad;

		put_bar(&outline,
		    height_of(strip->count != NULL ? bar.count : bar.share.good,
			strip->count != NULL ? most
			    : all == 0       ? 1
					     : all));
		if (all > 0 && bar.share.good == 0)
			text_format(&missing, "M%lld %dl%d-%d", (long long)x, HEIGHT, BAR, HEIGHT);
	}
	put_bar(&outline, 0);
	text_put(out, "\"/>");
	if (missing.length > 0)
		text_format(out, "<path class=\"x\" d=\"%s\"/>", missing.bytes);
	text_inherit(out, &missing);
	text_close(&missing);
}

void
chart_strips(const struct report_view *view, const struct report_days *days, const struct chart_strip *strips,
    size_t count, const char *name, struct text *out)
{
	int64_t columns = (view->to / 86400000 - view->from / 86400000) / chart_step(view) + 1;
	char day[REPORT_WORDS];

	text_put(out, "<div class=\"s\">");
	for (size_t i = 0; i < count; i++) {
		text_put(out, "<span>");
		html_text(out, strips[i].label);
		text_format(out,
		    "</span><svg role=\"img\" viewBox=\"0 0 %lld %d\" preserveAspectRatio=\"none\" aria-label=\"",
		    (long long)columns * BAR, HEIGHT);
		html_text(out, name);
		text_put(out, ": ");
		html_text(out, strips[i].label);
		text_put(out, ", ");
		html_text(out, strips[i].value);
		text_put(out, " in all\">");
		put_paths(view, days, &strips[i], out);
		text_put(out, "</svg><span class=\"n\">");
		html_text(out, strips[i].value);
		text_put(out, "</span>\n");
	}
	text_format(out, "<span></span><span class=\"d\"><span>%s</span>", report_words_day(view->from / 86400000, day));
	text_format(out, "<span>%s</span></span></div>\n", report_words_day(view->to / 86400000, day));
}

void
chart_bar(uint64_t value, uint64_t most, struct text *out)
{
	text_format(out,
	    "<td><svg class=\"b\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
	    "<path d=\"M0 0h%lluv8H0\"/></svg></td>",
	    (unsigned long long)(most == 0 ? 0 : (value * 100 + most - 1) / most));
}
