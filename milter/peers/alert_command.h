/*
 * alert_command.h - runs alert.command for each change that alert_queue.h has waiting, one at a time.
 *
 * A thread of its own: neither mail nor the next look waits for the command. Decides nothing.
 */
#ifndef ALERT_COMMAND_H
#define ALERT_COMMAND_H

#include "milter/system/commands.h"
#include "milter/system/journal.h"
#include "policy/review/alert_queue.h"
#include "policy/util/arena.h"

struct alert_command;

/* Both are kept. Starts the thread. Given. */
struct alert_command *alert_command_open(struct journal *, struct commands *, struct fault *why) MUST_USE;

/* A run that is under way is killed, and no other begins. NULL is fine for both. */
void alert_command_stop(struct alert_command *);
void alert_command_close(struct alert_command *); /* after alert_command_stop */

/* The command in force ("": none), and the number of its policy: what failed under another one is tried again. One that is
 * new since the start is trouble at once. */
void alert_command_use(struct alert_command *, const char *line, uint64_t policy_number);

void alert_command_put(struct alert_command *, const struct alert_change *);

/* Fills in `alert_command`, in the arena: what the last run complained of. False without memory. */
bool alert_command_tell(struct alert_command *, struct status *, struct arena *) MUST_USE;

#endif
