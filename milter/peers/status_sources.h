/*
 * status_sources.h - the part of the status that follows from the policy: vendors, sources, exports, hidden clients; and
 * what is told of it in lines: delegations, partners, relays, outbound addresses.
 *
 * Reads the daemon's copies in state_dir and the usage of addresses. Never changes anything.
 */
#ifndef STATUS_SOURCES_H
#define STATUS_SOURCES_H

#include "milter/state/exports.h"
#include "milter/state/usage.h"
#include "milter/state/vendor_tally.h"
#include "policy/review/status.h"
#include "policy/rules/policy.h"

/* All fill in the status, in the arena; the policy's strings are borrowed. False without memory. */
bool status_sources(const struct policy *, const char *state_dir, struct exports *, struct vendor_tally *,
    struct status *, struct arena *) MUST_USE;
bool status_lines(const struct policy *, const char *state_dir, struct usage *, struct status *, struct arena *) MUST_USE;
bool status_hidden(struct usage *, struct status *, struct arena *) MUST_USE;

#endif
