/*
 * vendor_tally.h - counts for each vendor what `greenlane status` tells: forged mail that passed because its lock is open, since
 * the start, and its last mail, in all and by each kind of evidence.
 *
 * By name, so that a reload loses nothing; the last mail is also kept in state_dir. Any thread may call. Decides nothing.
 */
#ifndef VENDOR_TALLY_H
#define VENDOR_TALLY_H

#include <stdint.h>

#include "policy/review/verdict_record.h"
#include "policy/util/fault.h"

enum { VENDOR_TALLY_MAX = 8192 }; /* vendors; a further one is not counted */

struct vendor_tally;
struct vendor_count {
	uint64_t forged_passed;  /* a mode softened what the vendor's file says to do */
	int64_t last;            /* the last mail that was proven to be the vendor's, seconds since 1970; 0: none */
	int64_t last_by[PROOFS]; /* the last of those for which this evidence, by the order of enum proof, was YES */
};

struct vendor_tally *vendor_tally_open(struct fault *why) MUST_USE; /* given */
void vendor_tally_close(struct vendor_tally *);                     /* NULL is fine */

/* Counts a message at its end. NULL: nothing is counted. */
void vendor_tally_note(struct vendor_tally *, const struct verdict_record *, int64_t now);

struct vendor_count vendor_tally_of(struct vendor_tally *, const char *vendor);

/* Puts in what is known of a vendor from elsewhere, in place of what was counted. */
void vendor_tally_put(struct vendor_tally *, const char *vendor, const struct vendor_count *);

/* Writes and reads the times in state_dir/vendors. vendor_tally_save does nothing when nothing changed; a failure is reported
 * once, until a save succeeds. A damaged file is a fault, and its sound lines are kept. NULL is fine. */
bool vendor_tally_save(struct vendor_tally *, const char *state_dir, struct fault *why) MUST_USE;
bool vendor_tally_load(struct vendor_tally *, const char *state_dir, struct fault *why) MUST_USE;

#endif
