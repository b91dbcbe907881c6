/*
 * report_json.h - the report as one JSON object (greenlane(1)).
 *
 * Other programs rely on its names: more may come, none changes its meaning.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "policy/review/report_view.h"

void report_json_write(const struct report_view *, struct text *out);

#endif
