/*
 * report_page.h - the report as one HTML file: the four answers first, then charts, each with its table.
 *
 * No script, nothing from a network, for phone and desk, in light, dark and print.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "policy/review/report_view.h"

enum { REPORT_PAGE_MAX = 300 * 1024 };

enum report_page { REPORT_PAGE_WHOLE, REPORT_PAGE_FIRST_SCREEN };

/* At most REPORT_PAGE_MAX bytes: vendors whose charts find no room are counted. */
void report_page_write(const struct report_view *, enum report_page, struct text *out);

#endif
