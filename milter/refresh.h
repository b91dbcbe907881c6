/*
 * refresh.h - keeps what the sources unfold to: at start, at a reload, and at each answer's TTL.
 *
 * Floor 10. One thread asks; sessions never wait for it. What cannot be refreshed keeps serving;
 * what was never known is UNKNOWN, not NO.
 */
#ifndef REFRESH_H
#define REFRESH_H

#include <stdint.h>

#include "journal.h"
#include "live.h"
#include "resolver.h"

struct refresh;

/* All kept; journal may be NULL. state_dir is copied: where the last good copies stand; "" keeps
 * none. Given. */
struct refresh *refresh_open(struct resolver *, struct live *, struct journal *, const char *state_dir,
    struct fault *why) MUST_USE;
void refresh_close(struct refresh *); /* stops the thread; NULL is fine */

/* Unfolds the sources of a policy that are not known yet, waiting for DNS at most patience_ms in
 * all, then publishes policy and ranges together. The policy is given, also when false. */
bool refresh_adopt(struct refresh *, struct policy *, int64_t patience_ms, struct fault *why) MUST_USE;

/* Asks every source now, due or not, and puts in force what changed. */
void refresh_now(struct refresh *);

/* Starts the thread that asks again when a source is due. */
bool refresh_start(struct refresh *, struct fault *why) MUST_USE;

#endif
