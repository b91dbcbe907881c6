/*
 * refresh.h - keeps the addresses of sources up to date: at start, at a reload, and as TTLs end.
 *
 * One thread asks DNS; sessions never wait for it. A source that cannot be refreshed keeps its last good copy;
 * one that was never known is UNKNOWN, not NO.
 */
#ifndef REFRESH_H
#define REFRESH_H

#include <stdint.h>

#include "milter/checks/resolver.h"
#include "milter/state/snapshot.h"
#include "milter/system/journal.h"

struct refresh;

/* All are kept; journal may be NULL. state_dir, where the last good copies are stored, is copied; "" stores
 * none. Given. */
struct refresh *refresh_open(struct resolver *, struct snapshots *, struct journal *, const char *state_dir,
    struct fault *why) MUST_USE;

/* Nothing is asked any more: what waits for it in refresh_adopt goes on with what is known, once the resolver is stopped
 * too. Does not wait. */
void refresh_stop(struct refresh *);
void refresh_close(struct refresh *); /* stops the thread; NULL is fine */

/* Unfolds the sources of a policy that are not known yet, waiting for DNS at most patience_ms in
 * all, then publishes policy and ranges together. Takes over the policy, also when false. The resolver looks at
 * resolv.conf again first. */
bool refresh_adopt(struct refresh *, struct policy *, int64_t patience_ms, struct fault *why) MUST_USE;

/* Call before the first policy, when state_dir was "": reads another process's copies and writes none. What greenlaned
 * believes, doubts or has long seen to be gone cannot be learnt from DNS alone. */
void refresh_read_copies(struct refresh *, const char *state_dir);

/* Asks the sources that are due now, or all, and puts changes in force. */
void refresh_now(struct refresh *, bool all);

/* Starts the thread that asks again when a source is due. */
bool refresh_start(struct refresh *, struct fault *why) MUST_USE;

#endif
