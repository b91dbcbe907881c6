/*
 * lint_overlap.h - two vendors that say the same name or the same network is theirs.
 *
 * Floor 6. By sorting, so that thousands of vendors and a million networks take no longer than
 * reading them did.
 */
#ifndef LINT_OVERLAP_H
#define LINT_OVERLAP_H

#include <stdbool.h>

#include "address.h"
#include "fault.h"
#include "policy.h"

/* One holds the other, or both are the same. */
bool prefix_overlaps(const struct prefix *, const struct prefix *);

void lint_overlaps(const struct policy *, struct faults *);

#endif
