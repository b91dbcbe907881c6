/*
 * source_list.h - what every source of a policy lists now: from its file, or its last good copy.
 *
 * Reads state_dir and asks no DNS, so the tool lists what the daemon believes, whether
 * it runs or not.
 */
#ifndef SOURCE_LIST_H
#define SOURCE_LIST_H

#include "policy/advise/export.h"
#include "policy/rules/policy.h"
#include "policy/util/arena.h"

enum { SOURCE_LIST_ARENA = 512 * 1024 * 1024 }; /* of all copies */

/* A listing a source, by number, in the arena. A copy that is absent, damaged or older than max_stale,
 * and a source past its review, list nothing and say why. NULL without memory. */
struct export_listing *source_list_take(const struct policy *, const char *state_dir, int64_t now,
    struct arena *) MUST_USE;

/* Differs whenever a copy in state_dir was written since; 0: there is none. */
int64_t source_list_stamp(const char *state_dir);

/* What they list, in this format; value "" is the default. */
bool source_list_write(const struct policy *, const struct export_listing *, int64_t now, enum export_format,
    const char *value, struct text *out, struct fault *why) MUST_USE;

#endif
