/*
 * lint_overlap.h - warns of two vendors that claim the same name or the same network.
 *
 * It sorts, so that thousands of vendors and a million networks take no longer to check than to read.
 */
#ifndef LINT_OVERLAP_H
#define LINT_OVERLAP_H

#include "policy/rules/policy.h"
#include "policy/util/fault.h"

void lint_overlaps(const struct policy *, struct faults *);

#endif
