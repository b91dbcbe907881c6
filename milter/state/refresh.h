/*
 * refresh.h - keeps what the sources unfold to: at start, at a reload, and at each answer's TTL.
 *
 * One thread asks; sessions never wait for it. What cannot be refreshed keeps serving;
 * what was never known is UNKNOWN, not NO.
 */
#ifndef REFRESH_H
#define REFRESH_H

#include <stdint.h>

#include "milter/checks/resolver.h"
#include "milter/state/snapshot.h"
#include "milter/system/journal.h"

struct refresh;

/* All kept; journal may be NULL. state_dir is copied: where the last good copies stand; "" keeps
 * none. Given. */
struct refresh *refresh_open(struct resolver *, struct snapshots *, struct journal *, const char *state_dir,
    struct fault *why) MUST_USE;
void refresh_close(struct refresh *); /* stops the thread; NULL is fine */

/* Unfolds the sources of a policy that are not known yet, waiting for DNS at most patience_ms in
 * all, then publishes policy and ranges together. The policy is given, also when false. */
bool refresh_adopt(struct refresh *, struct policy *, int64_t patience_ms, struct fault *why) MUST_USE;

/* Before the first policy, where state_dir is "": reads the copies of another one's, and writes none. What greenlaned
 * believes, doubts or has seen to be gone since long cannot be told from DNS alone. */
void refresh_read_copies(struct refresh *, const char *state_dir);

/* Asks what is due now, or all, and puts in force what changed. */
void refresh_now(struct refresh *, bool all);

/* Starts the thread that asks again when a source is due. */
bool refresh_start(struct refresh *, struct fault *why) MUST_USE;

#endif
