/*
 * log_backlog.h - the lines that the log does not take yet: kept in order, up to a number, and offered to it again.
 *
 * Waits for a log that is slow, never for one that takes nothing. For the journal's thread alone.
 */
#ifndef LOG_BACKLOG_H
#define LOG_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/util/fault.h"

enum { JOURNAL_HELD = 4096 }; /* lines that it keeps */

struct log_backlog;
struct log_backlog *log_backlog_open(bool loud) MUST_USE; /* loud: to standard error as well. Given; NULL: no memory */
/* Two seconds later at most. What is not taken by then, and what was dropped before, is said by a line of that
 * priority. NULL is fine. */
void log_backlog_close(struct log_backlog *, int priority, size_t dropped);

/* Hands the line to the log, or keeps it, and takes it over; false: there is no room for it, it is dropped.
 * Full, it waits as long as the log takes a line each second. */
bool log_backlog_put(struct log_backlog *, int priority, char *text) MUST_USE;
void log_backlog_try(struct log_backlog *);        /* offers what it keeps once more */
void log_backlog_wait(const struct log_backlog *); /* until that may help, or 20 ms are over */

/* How it is: what takes no lines, and since when; trouble "": all is well. */
struct log_backlog_state {
	size_t held;
	int64_t stuck_since; /* seconds since 1970; 0: it is not */
	char trouble[128];
};
void log_backlog_look(const struct log_backlog *, struct log_backlog_state *out);

#endif
