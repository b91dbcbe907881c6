/*
 * commands.h - runs the commands of the configuration in a helper: a process that was forked before the sandbox was entered.
 *
 * The helper knows the commands that were configured at the start. It is sent the number of one, and the values of its
 * variables, never a line or a name; so whoever takes the daemon over can run these commands and no others. It ends with
 * the daemon, and so does what it runs. Any thread may run commands, several at once.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "policy/rules/policy.h"
#include "policy/util/fault.h"

struct commands;

enum command_kind { COMMAND_ALERT, COMMAND_EXPORT };

/* What alert.command is told, as its variables; an export's command is told nothing. */
enum { COMMAND_VALUES = 3, COMMAND_VALUE_MAX = 1024 };
struct command_values {
	const char *alert, *state, *text; /* the longer ones are cut */
};

/* Forks the helper for the commands of this policy; with none there is no process. As the daemon's own user, before any
 * thread, sandbox or secret. Given. */
struct commands *commands_open(const struct policy *, struct fault *why) MUST_USE;
void commands_close(struct commands *); /* NULL is fine: what it would run is new */

/* Was it configured at the start? Another one needs a restart: then why is what to say of it. */
bool commands_know(const struct commands *, enum command_kind, const char *line, struct fault *why) MUST_USE;

/* Adds a warning for each command of a new policy that is not known. */
void commands_warn(const struct commands *, const struct policy *, struct faults *);

/* False with why as subprocess_run, after at most 30 seconds, or if it is not known. values NULL: none. When another
 * thread sets *ends, it is killed. */
bool commands_run(struct commands *, enum command_kind, const char *line, const struct command_values *values,
    const atomic_bool *ends, struct fault *why) MUST_USE;

#endif
