/*
 * alert_watch.h - judges the daemon's own status every two seconds, and says what has become ill or well: in the log, and
 * to alert.command.
 *
 * One thread; mail never waits for it. Stops before the daemon closes anything, so that a stop is no alert.
 */
#ifndef ALERT_WATCH_H
#define ALERT_WATCH_H

#include "milter/peers/alert_command.h"
#include "milter/peers/daemon_status.h"

struct alert_watch;

enum { ALERT_LOOK_SECONDS = 2 }; /* between two looks; t/alert_times_t.c adds up how long a problem is not told */

/* All kept. Call when everything serves. Starts the thread. Given. */
struct alert_watch *alert_watch_open(struct daemon_status *, struct alert_command *, struct snapshots *,
    struct journal *, struct fault *why) MUST_USE;
void alert_watch_close(struct alert_watch *); /* NULL is fine */

#endif
