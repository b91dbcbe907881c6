/*
 * report_chart.h - charts of a page, as SVG: strips with a bar for each day, a bar in a table's cell.
 *
 * Each strip has its words beside it and a table below; heights tell, not colours alone. Neighbouring days share a bar where
 * there are more than fit.
 */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "policy/review/report_view.h"

/* What a strip shows of a day: a count, or a share. */
struct chart_strip {
	const char *label, *value; /* before and behind it: "dkim", "98 %" */
	uint64_t (*count)(const struct report_day *);
	int proof; /* without count: the share of this proof */
};

/* All strips over the days of the view, in a figure that `name` describes. */
void chart_strips(const struct report_view *, const struct report_days *, const struct chart_strip *, size_t count,
    const char *name, struct text *out);

/* How many days a bar stands for. */
int64_t chart_step(const struct report_view *);

/* A <td> with a bar. */
void chart_bar(uint64_t value, uint64_t most, struct text *out);

#endif
