/*
 * vendor_tally.h - counts for each vendor, since the start, what `greenlane status` tells: forged mail that passed because
 * its lock is open, and its last mail.
 *
 * By name, so that a reload loses nothing. Any thread may call. Decides nothing, keeps nothing on disk.
 */
#ifndef VENDOR_TALLY_H
#define VENDOR_TALLY_H

#include <stdint.h>

#include "policy/review/verdict_record.h"
#include "policy/util/fault.h"

enum { VENDOR_TALLY_MAX = 8192 }; /* vendors; a further one is not counted */

struct vendor_tally;
struct vendor_count {
	uint64_t forged_passed; /* a mode softened what the vendor's file says to do */
	int64_t last;           /* the last mail that was proven to be the vendor's, seconds since 1970; 0: none */
};

struct vendor_tally *vendor_tally_open(struct fault *why) MUST_USE; /* given */
void vendor_tally_close(struct vendor_tally *);                     /* NULL is fine */

/* Counts a message at its end. NULL: nothing is counted. */
void vendor_tally_note(struct vendor_tally *, const struct verdict_record *, int64_t now);

struct vendor_count vendor_tally_of(struct vendor_tally *, const char *vendor);

#endif
