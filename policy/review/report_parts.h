/*
 * report_parts.h - what the files of the report share: its tables.
 *
 * Only report*.c include it.
 */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include "policy/review/proof_break.h"
#include "policy/review/report.h"
#include "policy/util/spread.h"
#include "policy/util/top.h"

enum {
	REPORT_VENDORS = 4096,
	REPORT_NAME = VENDOR_NAME_TEXT, /* and HELO names, cut */
	REPORT_ID = 40,
	REPORT_WAYS = 8,            /* places of a group in the tables below: the least wanted loses its own */
	REPORT_PAIRS = 32 * 1024,   /* vendor and network */
	REPORT_HOSTS = 8 * 1024,    /* clients that forge, or hand over what others signed */
	REPORT_TUPLES = 256 * 1024, /* tries that have not ended, and vouched senders that were seen */
	REPORT_CELLS = 112 * 1024,  /* of all series together: 50 vendors for 90 days by the hour */
	REPORT_SLOW = 10,
	REPORT_IDS = 3,
	REPORT_FOREIGN = 4
};

/* ---- proof over time (report_series.c) ---- */

enum report_proof { REPORT_DKIM, REPORT_SPF, REPORT_LISTED, REPORT_PROOFS };

struct series_cell {
	uint32_t hour; /* since 1970 */
	uint32_t outcomes[OUTCOME_FORGED + 1];
	struct proof_hour proofs[REPORT_PROOFS]; /* of mail that something else speaks for */
};
struct series {
	struct series_cell *cells; /* by hour */
	size_t count, room;
};

/* The cell of this hour, in whose place one of another hour may stand if there is no room for more: then NULL. */
struct series_cell *series_cell(struct report *, struct series *, uint32_t hour);

/* Calls found for each run of `least` messages or more in which this proof broke; one that lasts has no until. */
typedef void series_break(void *context, const struct proof_run *);
void series_find_breaks(const struct series *, enum report_proof, uint32_t least, series_break *found, void *context);

/* ---- vendors ---- */

struct report_tally {
	char name[REPORT_NAME];
	const struct vendor *vendor; /* of the policy; NULL: it is not there */
	uint64_t records, outcomes[OUTCOME_FORGED + 1];
	struct spread waited;    /* seconds, of those that passed after waiting */
	uint64_t asked_again;    /* records: told to come again by greylisting */
	uint64_t first_contacts; /* vouched, and a greylist would not have known them */
	uint64_t forged_passed, unlisted;
	uint64_t good[REPORT_PROOFS], bad[REPORT_PROOFS];
	struct series series;
};

/* ---- vendor and network: what of it is forged, what proven (report_pairs.c) ---- */

struct report_pair {
	uint32_t vendor; /* index + 1; 0: free */
	struct prefix network;
	uint32_t proven, signed_by, refused, listed, supported; /* refused: now or under enforce; supported: of those */
	uint32_t first, last;                                   /* of what is refused */
	uint32_t id_count;
	char ids[REPORT_IDS][REPORT_ID];
};

/* NULL: it has no place. */
struct report_pair *report_pair(struct report *, uint32_t vendor, const struct prefix *network);

/* ---- hosts that may be forwarders (report_hosts.c) ---- */

struct report_host {
	struct address client; /* family NONE: free */
	uint32_t forged, relayed;
	uint32_t foreign_count;
	uint64_t foreign[REPORT_FOREIGN]; /* domains whose signed mail it handed over, without their SPF */
	uint32_t last;
	char helo[REPORT_NAME], id[REPORT_ID];
};
void report_host_note(struct report *, const struct recorded *);
/* A domain whose signed mail the host handed over, as a hash. */
void report_host_foreign(struct report_host *, uint64_t domain);
struct report_host *report_host(struct report *, const struct address *);

/* ---- tuples (report_tuples.c) ---- */

struct report_tuple {
	uint64_t key; /* 0: free */
	uint32_t last;
};

/* Is this the first try of a message? Remembers it while it has not ended. */
bool report_is_first_try(struct report *, const struct recorded *);
/* Would a greylist that knew nothing before have met this sender for the first time? */
bool report_is_first_contact(struct report *, const struct recorded *);
/* Has this network sent proven mail of the vendor? Remembers it, if it has now. */
bool report_knows_network(struct report *, const char *vendor, const struct prefix *, int64_t when, bool proven);
/* Has mail of the vendor been seen that its hosts prove, without a signature? Remembers it, if it is now. */
bool report_knows_hosts(struct report *, const char *vendor, int64_t when, bool its_own);
void report_tuple_put(struct report *, uint64_t key, uint32_t last);

/* ---- all ---- */

struct report_slow {
	int64_t ms, when;
	char id[REPORT_ID], whose[REPORT_NAME * 2];
};

struct report {
	const struct policy *policy;
	const struct suffix_list *suffixes;
	int64_t from, to; /* milliseconds since 1970; 0: nothing yet */
	int64_t last;     /* of the last verdict that was read */
	uint64_t records, messages, broken, outcomes[OUTCOME_FORGED + 1];
	struct spread waited, ms;       /* strangers' waits in seconds; of every message that was judged */
	uint64_t passed_by[PASSED_BYS]; /* messages by the setting of the greylist that let them pass */
	uint64_t strangers_asked;       /* strangers that greylisting told to come again, by first tries */
	struct report_tally *vendors;
	size_t vendor_count;
	uint32_t *vendor_index; /* 2 * REPORT_VENDORS places: number + 1 */
	uint64_t vendors_lost, pairs_lost, hosts_lost, tuples_lost, cells_lost;
	size_t cell_count;
	uint32_t cell_hours; /* of one cell: 1, and 24 when there are many */
	struct series all;   /* everybody's outcomes; strangers included */
	struct report_pair *pairs;
	struct report_host *hosts;
	struct report_tuple *tuples;
	struct top *networks, *names, *strangers, *deferred, *drift;
	struct report_slow slow[REPORT_SLOW]; /* slowest first */
	size_t slow_count;
	bool failed; /* memory ran out */
};

/* The tally of this name, made when it is new. NULL: there are too many. */
struct report_tally *report_vendor(struct report *, const char *name);
void report_slow_put(struct report *, const struct report_slow *);

#endif
