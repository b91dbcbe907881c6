/*
 * lint_own.h - what is allowed of our own names, relays and lists, but will go wrong.
 *
 * Warns where one setting takes the sense out of another, and where trust is wider than it looks.
 */
#ifndef LINT_OWN_H
#define LINT_OWN_H

#include "policy/rules/policy.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"

enum { LINT_REMEDY = 400 };

/* Does this name of the public suffix list need a word? Then what it is, and what to write. */
bool lint_suffix(const struct suffix_list *, const struct name_rule *, char remedy[LINT_REMEDY]);

void lint_own(const struct policy *, const struct suffix_list *, struct faults *);

#endif
