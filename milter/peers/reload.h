/*
 * reload.h - puts the configuration on disk in force, and remembers what came of it.
 *
 * For SIGHUP and `greenlane reload`. After an error the old policy stays in force. A warning is logged once until it
 * changes, not at every reload.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include "milter/peers/listeners.h"
#include "milter/state/refresh.h"
#include "milter/store/store.h"
#include "milter/system/commands.h"
#include "milter/system/journal.h"
#include "policy/review/status.h"

struct reload;

/* All kept. */
struct reload_parts {
	const char *config; /* path of greenlane.conf */
	struct journal *journal;
	struct refresh *refresh;
	struct snapshots *snapshots;
	struct listeners *listeners;
	struct store *store; /* the greylist's; NULL: there is none */
	const struct commands *commands;
};

/* Remembers what the daemon was started with: a change of that needs a restart. faults are those of the first load,
 * copied. Given. */
struct reload *reload_open(const struct reload_parts *, const struct policy *started, const struct faults *,
    struct fault *why) MUST_USE;
void reload_close(struct reload *); /* NULL is fine */

/* Allows as many files as this many sessions need, and each listener as many connections. */
void reload_allow_sessions(struct reload *, unsigned most);

/* Reads and puts in force, or not. Waits for another thread's, and for DNS at most ten seconds. */
void reload_now(struct reload *);

/* The same, unless another thread is at it: false. */
bool reload_try(struct reload *) MUST_USE;

/* Tells the service manager that the daemon is ready, and what is in force. At the start, by the thread that opened it;
 * a reload does it by itself. */
void reload_tell_manager(struct reload *);

/* Fills in `reload`, `config` and `policy`, in the arena. Any thread. False without memory. */
bool reload_tell(struct reload *, struct status *, struct arena *) MUST_USE;

/* Fills in `config_newer`: reads all files of the configuration in force. Any thread. */
void reload_compare(struct reload *, const struct policy *, struct status *);

#endif
