/*
 * lint_own.h - warns of what is allowed for our own names, relays and lists but will go wrong.
 *
 * That is a setting that makes another useless, and trust that is broader than it looks.
 */
#ifndef LINT_OWN_H
#define LINT_OWN_H

#include "policy/rules/policy.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"

enum { LINT_REMEDY = 400 };

/* Does this name need a warning because it is on the public suffix list? Then remedy says what it is and what to
 * write instead. */
bool lint_suffix(const struct suffix_list *, const struct name_rule *, char remedy[LINT_REMEDY]);

void lint_own(const struct policy *, const struct suffix_list *, struct faults *);

#endif
