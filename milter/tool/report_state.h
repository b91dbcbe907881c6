/*
 * report_state.h - the file in which greenlane report keeps what it has counted, so that the next run reads only what is new.
 *
 * It has the counts of each day by themselves, and how far each file was read. A file is known by its first bytes, so that
 * one that was renamed or compressed since is read on where it ended. Replaced whole; a broken one is said and begun anew.
 */
#ifndef REPORT_STATE_H
#define REPORT_STATE_H

#include "milter/system/lines.h"
#include "policy/review/report.h"

struct report_state;

/* policy and suffixes are borrowed until report_state_close. Given; NULL with why: the file cannot be read, or no memory.
 * *said: why what the file has is not used, its text "": it is, or there is none. */
struct report_state *report_state_open(const char *path, const struct policy *, const struct suffix_list *,
    struct fault *said, struct fault *why) MUST_USE;
void report_state_close(struct report_state *); /* NULL is fine */

/* The report into which a verdict of this time (milliseconds since 1970) counts; 0: of the last one. NULL without memory. */
struct report *report_state_day(struct report_state *, int64_t when);

/* Is the file just as it was when it was read to its end? Then it need not be opened. */
bool report_state_has(struct report_state *, const char *path);
/* Goes on behind what was read of this file, and notes how far it was read. False with why. */
bool report_state_resume(struct report_state *, struct lines *, struct fault *why) MUST_USE;
bool report_state_note(struct report_state *, const char *path, struct lines *, struct fault *why) MUST_USE;

/* Replaces the file. False with why. Counts no more after that. */
bool report_state_save(struct report_state *, struct fault *why) MUST_USE;

/* The days that ended at this time or later, together. Given; NULL without memory. */
struct report *report_state_sum(struct report_state *, int64_t since) MUST_USE;

#endif
