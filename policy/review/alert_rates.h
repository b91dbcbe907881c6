/*
 * alert_rates.h - has the mail that claims a vendor changed? Its share of forged or unproven mail, its signatures, mail of its
 * that others delay.
 *
 * Counts in windows of bounded size: the last day by the hour, four weeks by the day. What it finds depends on what was noted
 * and on the time that is given; no clock is read. t/bench/alert_rates says how often it is wrong.
 */
#ifndef ALERT_RATES_H
#define ALERT_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/review/proof_break.h"
#include "policy/rules/policy.h"
#include "policy/verdict/claim.h"

enum {
	RATE_HOURS = 24,      /* the last day */
	RATE_DAYS = 28,       /* what is usual: without today and yesterday */
	RATE_USUAL_LEAST = 30 /* messages by which anything is usual */
};

struct rate_counts {
	uint32_t all, forged, unproven, delayed;
};

/* What is remembered of one vendor; begin with zeros. */
struct alert_rates {
	struct rate_counts hours[RATE_HOURS], days[RATE_DAYS];
	int64_t hour, day;             /* the newest of them, since 1970 */
	struct proof_run signatures;   /* of mail from its own hosts, up to the hour below */
	struct proof_hour signed_hour; /* since 1970 */
	int64_t signed_at;
	bool is_forged, is_unproven; /* found last */
};

/* A message that claims it. */
void alert_rates_note(struct alert_rates *, enum outcome, int64_t now);

/* One that came then, from its own hosts: did a signature of its count? */
void alert_rates_note_signature(struct alert_rates *, bool counts, int64_t when);

/* Another program deferred a recipient of mail that we vouch for. */
void alert_rates_note_delayed(struct alert_rates *, int64_t now);

/* A share that has jumped: so many of so many within a day, and the usual share in percent. since 0: it has not. */
struct rate_jump {
	int64_t since;
	uint32_t count, all;
	unsigned usual;
};

struct rate_findings {
	struct rate_jump forged, unproven;
	int64_t broken_since;  /* the first message of the run; 0: its signatures are not broken */
	uint64_t broken;       /* messages in it */
	unsigned broken_usual; /* percent that were signed before */
	uint32_t delayed;      /* recipients within a day; 0: fewer than the setting says */
};

/* By the settings' alert.*. What was found before ends only when it is well below what it takes to begin. */
void alert_rates_find(struct alert_rates *, const struct settings *, int64_t now, struct rate_findings *out);

#endif
