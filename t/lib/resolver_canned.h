/*
 * resolver_canned.h - for tests: a resolver that answers from a canned zone, at once.
 */
#ifndef RESOLVER_CANNED_H
#define RESOLVER_CANNED_H

#include "milter/checks/resolver.h"
#include "t/lib/canned_zone.h"

/* The zone is kept, and may be changed between questions by the one thread that asks. Given; NULL with why. */
struct resolver *resolver_canned(const struct canned_zone *, struct fault *why) MUST_USE;

#endif
