/*
 * lint_overlap.h - two vendors that say the same name or the same network is theirs.
 *
 * Floor 6. By sorting, so that thousands of vendors and a million networks take no longer than
 * reading them did.
 */
#ifndef LINT_OVERLAP_H
#define LINT_OVERLAP_H

#include "policy/util/fault.h"
#include "policy/rules/policy.h"

void lint_overlaps(const struct policy *, struct faults *);

#endif
