/*
 * proof_break.h - when does a proof that is missing mean that something broke? The one answer of the alert and of the report.
 *
 * Three parts: what a message says of its vendor's signatures, the messages of one hour added up, and the run of hours. A live
 * message, its record and its log line say the same, and an hour may be told in any order. No clock is read.
 */
#ifndef PROOF_BREAK_H
#define PROOF_BREAK_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/mail/facts.h"
#include "policy/rules/policy.h"
#include "policy/util/text.h"

/* ---- what a message says ---- */

/* One signature: does it prove mail of the vendor (NULL: of a vendor that is not in the policy, for which any does)?
 * silent: its key was not found out. */
enum tri proof_signature(const struct policy *, const struct vendor *, struct span d, bool counts, bool silent);
/* All of a message that was seen to its end. */
enum tri proof_dkim(const struct policy *, const struct vendor *, const struct facts *);
/* SPF of the envelope sender; UNKNOWN where it says nothing of the vendor. */
enum tri proof_spf(const struct vendor *, const struct facts *);
/* Is this, as a record names it, a source from which nobody else sends? */
bool proof_is_exclusive(const struct vendor *, const char *listed);

/* When a message came, in seconds since 1970, by the id of its verdict; 0: the id is not ours. */
int64_t proof_time(const char *id);

/* ---- an hour ---- */

/* How often the proof was there and was not, and how the hour began and ended. Times in seconds since 1970; 0: none. */
struct proof_hour {
	uint32_t good, bad;
	uint32_t good_first, good_last, bad_first, bad_last;
	uint32_t lead;           /* bad ones before the first good one */
	uint32_t bad_after, run; /* the first bad one after the last good one, and how many there were */
	struct {
		uint32_t count, since, until;
	} inner; /* the longest run between two good ones */
};
void proof_hour_note(struct proof_hour *, bool good, uint32_t when);
void proof_hour_join(struct proof_hour *, const struct proof_hour *);

/* ---- a run ---- */

/* Messages without the proof, one after another, and what was before; begin with zeros. */
struct proof_run {
	uint64_t good, bad;    /* before it; halved at times */
	uint64_t failed;       /* in it */
	uint32_t since, until; /* its first message, the good one that ended it; 0: none */
};

/* Goes on with the next hour. Returns how many runs ended in it, which are in ended: the one that went on from before, and the
 * longest within the hour. */
enum { PROOF_ENDED = 2 };
unsigned proof_run_add(struct proof_run *, const struct proof_hour *, struct proof_run ended[PROOF_ENDED]);

/* Is it longer than chance makes it once in 1e9 messages, by how often the proof was missing before, and of so many messages
 * at least, after as many good ones? */
bool proof_run_is_break(const struct proof_run *, uint32_t least);

#endif
