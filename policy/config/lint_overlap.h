/*
 * lint_overlap.h - two vendors that say the same name or the same network is theirs.
 *
 * By sorting, so that thousands of vendors and a million networks take no longer than
 * reading them did.
 */
#ifndef LINT_OVERLAP_H
#define LINT_OVERLAP_H

#include "policy/rules/policy.h"
#include "policy/util/fault.h"

void lint_overlaps(const struct policy *, struct faults *);

#endif
