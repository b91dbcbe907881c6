/*
 * lint_own.h - what is allowed of our own names, relays and lists, but will go wrong.
 *
 * Floor 6. Warns where one setting takes the sense out of another, and where trust is wider than it looks.
 */
#ifndef LINT_OWN_H
#define LINT_OWN_H

#include "fault.h"
#include "policy.h"
#include "suffix.h"

void lint_own(const struct policy *, const struct suffix_list *, struct faults *);

#endif
