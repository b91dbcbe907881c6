/*
 * report_view.h - the results of a report: what its text, JSON, page and mail are written from, so that all say the same.
 *
 * Plain data in an arena, sorted. Never counts.
 */
#ifndef REPORT_VIEW_H
#define REPORT_VIEW_H

#include "policy/review/report.h"

enum { REPORT_VIEW_ARENA = 48 * 1024 * 1024, REPORT_VIEW_PROOFS = 3 };
extern const char *const report_view_proofs[REPORT_VIEW_PROOFS]; /* "dkim", "spf", "listed" */

struct report_share {
	uint64_t good, bad;
};

/* One day with mail. */
struct report_day {
	int64_t day; /* since 1970 */
	uint64_t stranger, vouched, unproven, forged, unsure;
	struct report_share proofs[REPORT_VIEW_PROOFS];
};
struct report_days {
	const struct report_day *list; /* by day */
	size_t count;
};

struct report_wait {
	uint64_t count;
	int64_t median, most; /* seconds */
};

struct report_vendor {
	const char *name;
	const char *mode; /* in force now: "enforce", "vouch", "monitor"; "": the configuration does not have it */
	bool open;        /* mode or daemon let pass what enforce would not */
	uint64_t records, vouched, unproven, forged, unsure;
	struct report_wait waited;
	uint64_t asked_again, first_contacts, forged_passed, unlisted;
	int64_t delay_saved; /* seconds, of all first contacts together */
	struct report_share proofs[REPORT_VIEW_PROOFS];
	struct report_days days;
};

struct report_break {
	const char *vendor, *what;
	int64_t since, until; /* milliseconds since 1970; until 0: still */
	uint64_t failed;
};

/* vendor "" where it is nobody's. */
struct report_row {
	const char *vendor, *what;
	uint64_t count;
	int64_t first, last; /* milliseconds since 1970 */
	int64_t mean, most;  /* of strangers: seconds waited */
};
struct report_rows {
	const struct report_row *list;
	size_t count; /* of the list */
	size_t all;   /* with those that are not in it */
};

/* Genuine mail, by all signs, that is refused or would be. */
struct report_against {
	const char *vendor, *network, *why; /* why: "listed", "proven", "signed", "unproven" */
	uint64_t count;
	int64_t first, last; /* seconds since 1970 */
	const char *ids[3];
	size_t id_count;
};

struct report_forwarder {
	const char *client, *helo, *name, *id; /* name: for the line to write */
	uint64_t forged, relayed;
};

struct report_slowest {
	const char *id, *whose;
	int64_t when, ms;
};

struct report_view {
	const char *only; /* --vendor; NULL: all */
	int64_t from, to; /* milliseconds since 1970; 0: there is nothing */
	uint64_t records, messages, broken, strangers, exempt, forged, vouched;
	bool monitor;                        /* the daemon's mode in the configuration */
	const struct report_vendor *vendors; /* by name */
	size_t vendor_count;
	struct report_days days; /* of all mail, strangers' too */
	struct report_wait strangers_waited;
	uint64_t strangers_asked;
	uint64_t passed_by[PASSED_BYS]; /* those that passed at once, by the setting of the greylist */
	bool delay_measured; /* what greylisting would have cost is from strangers_waited; else from greylist.delay */
	int64_t delay_typical;
	const struct report_break *breaks; /* by time */
	size_t break_count;
	struct report_rows networks, names, new_vendors, deferred, drift;
	const struct report_against *against; /* most first */
	size_t against_count;
	uint64_t against_messages;
	const struct report_forwarder *forwarders;
	size_t forwarder_count;
	const struct report_slowest *slowest;
	size_t slowest_count;
	int64_t ms_median, ms_most_of; /* half of all mail; 99 of 100 */
	bool safe;
	const char *unsafe;              /* why not, beside `against`: a sentence, not escaped; "" */
	const char *const *never_proven; /* vendors of which mail came that claims them, and none that was vouched for */
	size_t never_proven_count;
	uint64_t lost; /* counts that found no room */
};

/* only: a vendor's name; NULL: all. Everything is in the arena, or borrowed from the report. NULL without memory. */
const struct report_view *report_view_make(const struct report *, const char *only, struct arena *) MUST_USE;

/* Sums that several writers need. */
uint64_t report_view_waited(const struct report_view *);                   /* vendors' messages that waited */
const struct report_break *report_view_broken(const struct report_view *); /* the first that is still broken; NULL */

#endif
