/*
 * lint.h - warns of what a policy allows but will go wrong: trust that is too broad, reviews that are due.
 *
 * A warning says what could happen and what to write instead. The one error is trust in every customer
 * of a shared sender. Never looks at a clock: time is an argument.
 */
#ifndef LINT_H
#define LINT_H

#include <stdint.h>

#include "policy/rules/policy.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"

/* Adds what it finds, errors first. The policy must have its shared senders by now. */
void lint_policy(const struct policy *, const struct suffix_list *, int64_t now, struct faults *);

/* Only the reviews that are due: for the log, once a day. */
void lint_reviews(const struct policy *, int64_t now, struct faults *);

#endif
