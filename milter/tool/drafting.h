/*
 * drafting.h - what commands that draft vendor files share: DNS is asked whatever a draft wants to know.
 */
#ifndef DRAFTING_H
#define DRAFTING_H

#include "milter/checks/resolver.h"
#include "policy/advise/draft.h"
#include "policy/rules/policy.h"

enum { DRAFTING_MS = 30 * 1000 }; /* for all answers of a draft together */

/* How the policy asks DNS. */
struct resolver_settings drafting_settings(const struct policy *);

/* Within the budget. False without memory. */
bool drafting_ask(struct draft *, struct resolver *, struct budget *) MUST_USE;

#endif
