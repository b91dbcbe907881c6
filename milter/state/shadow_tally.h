/*
 * shadow_tally.h - counts for `greenlane status` what the draft that `shadow` names would have done otherwise.
 *
 * Since that draft and that configuration came into force; a reload that changes neither loses nothing. Any thread may call.
 * Judges nothing, keeps nothing on disk.
 */
#ifndef SHADOW_TALLY_H
#define SHADOW_TALLY_H

#include <stdint.h>

#include "milter/state/snapshot.h"
#include "policy/review/cannot_counts.h"
#include "policy/review/judge_again.h"

struct shadow_tally;
struct shadow_counts {
	int64_t since;            /* the first of them, seconds since 1970; 0: there is none */
	uint64_t judged, changed; /* changed: the draft would have done something else */
	struct cannot_counts cannot;
};

struct shadow_tally *shadow_tally_open(struct fault *why) MUST_USE; /* given */
void shadow_tally_close(struct shadow_tally *);                     /* NULL is fine */

/* One verdict of a snapshot that has a draft. NULL: nothing is counted. */
void shadow_tally_note(struct shadow_tally *, const struct snapshot *, const struct judged_again *, int64_t now);

void shadow_tally_look(struct shadow_tally *, const struct snapshot *, struct shadow_counts *out);

#endif
