/*
 * alert_rates_save.h - what alert_rates.h remembers of a vendor as a line of text, so that a restart need not learn anew what is
 * usual, and goes on with a run of failures.
 *
 * Our own text, and read with the same care as any other: a line that is none is refused. Never opens a file.
 */
#ifndef ALERT_RATES_SAVE_H
#define ALERT_RATES_SAVE_H

#include "policy/review/alert_rates.h"
#include "policy/util/text.h"

enum { ALERT_RATES_NAME = 256 };

/* A line: the vendor's name and numbers. */
void alert_rates_save(const char *name, const struct alert_rates *, struct text *out);

/* False: it is no such line, or it knows times after now, which would stop its windows until then. */
bool alert_rates_restore(struct span line, int64_t now, char name[ALERT_RATES_NAME], struct alert_rates *out) MUST_USE;

#endif
