/*
 * daemon_status.h - gathers what the daemon knows of itself, for policy/review/status.h to judge and write, and remembers
 * since when what is ill.
 *
 * Reads from the parts of the daemon, its sockets and its copies in state_dir. Never asks DNS, never changes anything.
 */
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include "milter/peers/alert_command.h"
#include "milter/peers/listeners.h"
#include "milter/peers/reload.h"
#include "milter/smtp/message.h"
#include "milter/state/exports.h"

struct daemon_status;

/* All kept. Call when every listener is open and the first policy is in force: their sockets are remembered. Given. */
struct daemon_status *daemon_status_open(const struct services *, struct exports *, struct reload *,
    struct alert_command *, const struct listeners *, const struct settings *started, struct fault *why) MUST_USE;
void daemon_status_close(struct daemon_status *); /* NULL is fine */

/* The object of `greenlane status --json`, as far as the daemon itself can tell. Any thread. False without memory. */
bool daemon_status_write(struct daemon_status *, struct text *out) MUST_USE;

/* What /metrics tells, from counters and from the last looks: nothing is looked up for it. Any thread. False without memory. */
bool daemon_status_metrics(struct daemon_status *, struct text *out) MUST_USE;

/* One look: calls tell for each state that has become ill or well. For one thread. What costs something (files, copies of
 * sources) is looked at when it may have changed, and for a fiftieth of the time at most. */
void daemon_status_look(struct daemon_status *, void (*tell)(void *, const struct alert_change *), void *context);

#endif
