/*
 * report_text.h - the report for a terminal or a mail: tables, bars, and the verdict at its end.
 *
 * What comes from the network is escaped.
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include "policy/review/report_view.h"

void report_text_write(const struct report_view *, bool colour, struct text *out);

#endif
