/*
 * source_list.h - tells what every source of a policy lists now, from its file or its last good copy.
 *
 * Reads state_dir and never asks DNS, so that the tool lists what the daemon believes, whether
 * it is running or not.
 */
#ifndef SOURCE_LIST_H
#define SOURCE_LIST_H

#include "policy/advise/export.h"
#include "policy/rules/policy.h"
#include "policy/sources/ranges.h"
#include "policy/util/arena.h"

enum { SOURCE_LIST_ARENA = 512 * 1024 * 1024 }; /* of all copies */

/* One listing per source, by number, in the arena. A copy that is missing, damaged or older than max_stale,
 * or a source past its review, lists nothing and says why. NULL without memory. */
struct export_listing *source_list_take(const struct policy *, const char *state_dir, int64_t now,
    struct arena *) MUST_USE;

/* What the stored copies, a draft's included, make of a policy's sources: those that are missing or older than
 * max_stale are not known. copies lend their memory. Given; NULL with why: no memory. */
struct ranges *source_list_ranges(const struct policy *, const char *state_dir, int64_t now, struct arena *copies,
    struct fault *why) MUST_USE;

/* A stamp that differs once a copy in state_dir was written; 0: there is none. */
int64_t source_list_stamp(const char *state_dir);

/* Writes what they list in this format; value "" is the default. */
bool source_list_write(const struct policy *, const struct export_listing *, int64_t now, enum export_format,
    const char *value, struct text *out, struct fault *why) MUST_USE;

#endif
