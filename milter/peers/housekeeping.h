/*
 * housekeeping.h - what the daemon does beside mail, in a thread of its own, so that the main thread always hears
 * signals.
 *
 * Reloads when it is told to. Every ten seconds: puts back sockets and the lock that were removed, sweeps the greylist,
 * saves which addresses and vendors send; every day: reports what is due for review. Never judges mail.
 */
#ifndef HOUSEKEEPING_H
#define HOUSEKEEPING_H

#include "milter/peers/kept_sockets.h"
#include "milter/peers/reload.h"
#include "milter/state/snapshot.h"
#include "milter/state/usage.h"
#include "milter/state/vendor_tally.h"
#include "milter/store/store.h"
#include "milter/system/privileges.h"

/* All are kept, and stay the caller's. */
struct housekeeping_parts {
	struct reload *reload;
	struct kept_sockets *sockets;
	struct snapshots *snapshots;
	struct store *store; /* NULL: there is no greylist */
	struct usage *usage;
	struct vendor_tally *tally; /* NULL: vendors' mail is not counted */
	struct vendor_rates *rates; /* NULL: nor how it changes */
	const char *state_dir;
	struct journal *journal;
	/* for the lock in state_dir, where somebody removes it; config NULL: there is none */
	const struct account *account;
	const char *config, *control;
};

struct housekeeping;

/* Starts the thread: call with signals blocked. NULL with why. Given. */
struct housekeeping *housekeeping_start(const struct housekeeping_parts *, struct fault *why) MUST_USE;

/* The configuration is read again soon. Does not wait; several calls may become one reload. */
void housekeeping_reload(struct housekeeping *);

/* Waits for what is being done, saves usage, tally and rates a last time. NULL is fine. */
void housekeeping_close(struct housekeeping *);

#endif
