/*
 * lint_strangers.h - warns of what is done about strangers' DMARC but will go wrong.
 *
 * Never judges whether the choice is wise: greenlane.conf(5) says what the RFC asks of receivers.
 */
#ifndef LINT_STRANGERS_H
#define LINT_STRANGERS_H

#include "policy/rules/policy.h"
#include "policy/util/fault.h"

/* The warnings are settled by accept in own. */
void lint_strangers(const struct policy *, struct faults *);

#endif
