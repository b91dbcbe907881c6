/*
 * report.h - counts what happened, from verdicts in records and log lines: who was vouched for, who waited, who forged whom,
 * whose proof broke, what speaks against enforcing.
 *
 * Pure counting in bounded memory: tables have an end, and what was left out is counted. report_view.h makes results of
 * it, report_save.h writes it to be read again. Never opens a file, never reads a clock.
 */
#ifndef REPORT_H
#define REPORT_H

#include "policy/review/log_line.h"
#include "policy/rules/policy.h"
#include "policy/util/suffix.h"

struct report;

/* policy (which names, signatures and sources are a vendor's) and suffixes are borrowed until report_close. Given; NULL
 * without memory. */
struct report *report_open(const struct policy *, const struct suffix_list *) MUST_USE;
void report_close(struct report *); /* NULL is fine */

/* When a verdict counts, in milliseconds since 1970: when its message came, which its record and its log line have alike. */
int64_t report_time(const struct recorded *);

/* Counts one verdict, whose `when` is report_time. False without memory. */
bool report_take(struct report *, const struct recorded *) MUST_USE;

/* Counts another line of greenlaned in a mail log: drift, mail that others deferred. It is of the time of the last verdict. */
void report_note(struct report *, struct span line);

/* Counts a line that is no whole verdict. */
void report_broken(struct report *);

#endif
