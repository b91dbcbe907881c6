/*
 * journal.h - what is written down: verdicts to syslog and the record file, notices to syslog.
 *
 * One thread writes; a caller never waits for a log: a full queue drops lines, counts
 * them and says so. Text from the network is escaped by whoever made the line.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <syslog.h>

#include "policy/review/verdict_record.h"
#include "policy/util/fault.h"

struct journal;

enum { JOURNAL_QUEUE = 8192 }; /* lines that may wait */

/* facility is a name such as "mail" or "local3"; record is a path or "" (no file); loud: to
 * standard error as well. Starts its thread: call after daemonising. Given. */
struct journal *journal_open(const char *facility, const char *record, bool loud, struct fault *why)
    MUST_USE;
void journal_close(struct journal *); /* writes what waits; NULL is fine */

/* Opens the record file again, for logrotate, under what may be a new facility and path; NULL
 * leaves both as they are. Waits for what is queued under the old ones. */
void journal_reopen(struct journal *, const char *facility, const char *record);

/* level is syslog's LOG_*. A NULL journal drops it. */
void journal_say(struct journal *, int level, const char *fmt, ...) PRINTF_LIKE(3, 4);
void journal_fault(struct journal *, int level, const struct fault *);
void journal_verdict(struct journal *, const struct verdict_record *);

bool journal_facility_read(const char *name, int *facility) MUST_USE;

#endif
