/*
 * journal.h - writes verdicts to syslog and the record file, and notices to syslog.
 *
 * One thread writes, and waits for no log that takes nothing: its lines are kept (log_backlog.h), records are written
 * all the same. A caller never waits at all: when the queue is full, lines are dropped, counted and reported. Whoever makes a
 * line has escaped the text from the network in it, and shows addresses as journal_address says; verdicts are hidden here
 * (log.privacy).
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <syslog.h>

#include "policy/review/verdict_record.h"
#include "policy/util/fault.h"

struct journal;

enum { JOURNAL_QUEUE = 8192 }; /* lines that may wait */
enum { JOURNAL_LOOKS = 2 };    /* until a record file that is gone is noted */

/* facility is a name such as "mail" or "local3"; record is a path or "" (no file); loud: also write to
 * standard error. Starts its thread: call after daemonising. Given. */
struct journal *journal_open(const char *facility, const char *record, bool loud, struct fault *why) MUST_USE;
void journal_close(struct journal *); /* writes what is queued; NULL is fine */

/* Reopens the record file, for logrotate, and changes facility and path; NULL leaves either as it is. Waits until
 * what is queued has been written under the old ones. */
void journal_reopen(struct journal *, const char *facility, const char *record);

/* Has the thread look whether records can still be written, without writing one: a file that was removed or replaced is
 * opened anew, at the second look, for logrotate may be at it; a full or read-only disk is noted. Does not wait for that:
 * the next journal_look may tell. */
void journal_check(struct journal *);

/* Whether local parts are hidden from now on, by the key in state_dir, which is made where there is none. If it cannot
 * be had, that is said, and the key before serves, or one that is kept nowhere: nothing is shown because of that. */
void journal_set_privacy(struct journal *, bool hides, const char *state_dir);
/* The address as a line may show it; borrowed, or from the arena. "~" without memory. */
const char *journal_address(struct journal *, struct arena *, const char *address);
bool journal_hides(struct journal *); /* a NULL journal does not */

/* level is syslog's LOG_*. A NULL journal drops the line. */
void journal_say(struct journal *, int level, const char *fmt, ...) PRINTF_LIKE(3, 4);
void journal_fault(struct journal *, int level, const struct fault *);
void journal_faults(struct journal *, const struct faults *); /* warnings as such, the others as errors */
void journal_verdict(struct journal *, const struct verdict_record *);

/* What it has done since it was opened; times are seconds since 1970, 0: never. */
struct journal_state {
	uint64_t verdicts[ACTIONS];
	uint64_t passed_by[PASSED_BYS]; /* the same by the setting of the greylist that let them pass */
	uint64_t dropped;               /* lines */
	int64_t dropped_at;             /* the last */
	size_t log_held;                /* lines that the log does not take yet */
	int64_t log_stuck_since;        /* it has taken none since; 0: it takes them */
	char log_trouble[128];          /* what does not */
	char record[4096];              /* "": there is no record file */
	int64_t record_failed_since;    /* 0: records can be written, as far as is known */
	char record_trouble[256];
	int64_t privacy_failed_since; /* 0: local parts are shown, or hidden by the host's key */
	char privacy_trouble[512];
};
void journal_look(struct journal *, struct journal_state *out);

bool journal_facility_read(const char *name, int *facility) MUST_USE;

#endif
