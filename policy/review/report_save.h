/*
 * report_save.h - what a report has counted, as lines of text, to be added to another report later.
 *
 * Reading the lines of several reports into one adds them up, so a day's counts can be kept by themselves. The text is our own
 * and read with the same care as any other: a line that is none is refused. Never opens a file.
 */
#ifndef REPORT_SAVE_H
#define REPORT_SAVE_H

#include "policy/review/report.h"

enum { REPORT_SAVE_MAX = 32 * 1024 * 1024 };

/* From when to when the report has counted, in milliseconds since 1970; both 0: nothing. */
void report_period(const struct report *, int64_t *from, int64_t *to);

/* All but the tries that have not ended, and the senders that are known: those are saved by themselves, for they do not belong
 * to a day. */
void report_save(const struct report *, struct text *out);
void report_save_memory(const struct report *, struct text *out);

/* Adds what one of these lines says. False: it is none. */
bool report_restore(struct report *, struct span line) MUST_USE;

#endif
