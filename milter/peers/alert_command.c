#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/peers/alert_command.h"
#include "milter/system/clock.h"
#include "milter/system/commands.h"
#include "milter/system/condition.h"
#include "policy/config/policy_value.h"

enum { LINE_SIZE = VALUE_COMMAND_MAX + 1 };

struct alert_command {
	struct journal *journal;
	struct commands *commands;
	pthread_t thread;
	atomic_bool ends;
	pthread_mutex_t lock; /* guards all below; never held while the command runs */
	pthread_cond_t changed;
	struct alert_queue *queue;
	char line[LINE_SIZE];
	uint64_t policy_number;
	char trouble[sizeof((struct fault *)0)->text]; /* of the last run; "" */
	bool is_new;                                   /* the line, since the start */
	int64_t failing_since;
};

static int64_t
moment_now(void)
{
	return clock_ticks() / 1000000;
}

/* ---- one run ---- */

static const char *
state_of(const struct alert_run *run)
{
	return !run->ill ? "well" : run->notice ? "notice" : "ill";
}

/* Said once until it changes. The lock is held. */
static void
keep_result(struct alert_command *command, const struct alert_run *run, bool succeeded, const struct fault *why)
{
	alert_queue_done(command->queue, run, succeeded, moment_now());
	if (succeeded) {
		command->trouble[0] = '\0';
		command->failing_since = 0;
		return;
	}
	if (strcmp(command->trouble, why->text) != 0)
		journal_say(command->journal, LOG_ERR, "alert.command: %s; it was to tell of %s", why->text, run->slug);
	snprintf(command->trouble, sizeof command->trouble, "%s", why->text);
	if (command->failing_since == 0)
		command->failing_since = clock_now();
}

/* The lock is held, but not meanwhile. */
static void
run_once(struct alert_command *command, const struct alert_run *run)
{
	struct fault why = { .text = "" };
	char line[LINE_SIZE];
	struct command_values values = { run->slug, state_of(run), run->text };
	bool succeeded;

	memcpy(line, command->line, sizeof line);
	pthread_mutex_unlock(&command->lock);
	succeeded = commands_run(command->commands, COMMAND_ALERT, line, &values, &command->ends, &why);
	pthread_mutex_lock(&command->lock);
	if (!command->ends)
		keep_result(command, run, succeeded, &why);
}

static void *
run_on(void *argument)
{
	struct alert_command *command = argument;
	struct alert_run run;
	struct timespec until;

	pthread_mutex_lock(&command->lock);
	while (!command->ends) {
		if (command->line[0] != '\0' && alert_queue_take(command->queue, moment_now(), &run)) {
			run_once(command, &run);
			continue;
		}
		until = condition_in(1000); /* what failed is due later */
		pthread_cond_timedwait(&command->changed, &command->lock, &until);
	}
	pthread_mutex_unlock(&command->lock);
	return NULL;
}

/* ---- the interface ---- */

void
alert_command_use(struct alert_command *command, const char *line, uint64_t policy_number)
{
	struct fault why = { .text = "" };

	pthread_mutex_lock(&command->lock);
	if (command->policy_number != policy_number) {
		command->policy_number = policy_number;
		snprintf(command->line, sizeof command->line, "%s", line);
		alert_queue_retry(command->queue, moment_now());
		command->is_new = line[0] != '\0' && !commands_know(command->commands, COMMAND_ALERT, line, &why);
		snprintf(command->trouble, sizeof command->trouble, "%s", why.text);
		command->failing_since = command->is_new ? clock_now() : 0;
		pthread_cond_signal(&command->changed);
	}
	pthread_mutex_unlock(&command->lock);
}

void
alert_command_put(struct alert_command *command, const struct alert_change *change)
{
	pthread_mutex_lock(&command->lock);
	alert_queue_put(command->queue, change, moment_now());
	pthread_cond_signal(&command->changed);
	pthread_mutex_unlock(&command->lock);
}

bool
alert_command_tell(struct alert_command *command, struct status *status, struct arena *arena)
{
	pthread_mutex_lock(&command->lock);
	status->alert_command.trouble = arena_string(arena, command->trouble);
	status->alert_command.since = command->failing_since;
	status->alert_command.is_new = command->is_new;
	pthread_mutex_unlock(&command->lock);
	return status->alert_command.trouble != NULL;
}

void
alert_command_close(struct alert_command *command)
{
	if (command == NULL)
		return;
	alert_queue_close(command->queue);
	pthread_cond_destroy(&command->changed);
	pthread_mutex_destroy(&command->lock);
	free(command);
}

struct alert_command *
alert_command_open(struct journal *journal, struct commands *commands, struct fault *why)
{
	struct alert_command *command = calloc(1, sizeof *command);
	int error;

	if (command == NULL || (command->queue = alert_queue_open()) == NULL) {
		free(command);
		fault_set(why, "out of memory");
		return NULL;
	}
	command->journal = journal;
	command->commands = commands;
	pthread_mutex_init(&command->lock, NULL);
	condition_init(&command->changed);
	error = pthread_create(&command->thread, NULL, run_on, command);
	if (error == 0)
		return command;
	fault_set(why, "cannot start the thread of alert.command: %s", strerror(error));
	alert_command_close(command);
	return NULL;
}

void
alert_command_stop(struct alert_command *command)
{
	if (command == NULL)
		return;
	pthread_mutex_lock(&command->lock);
	command->ends = true;
	pthread_cond_signal(&command->changed);
	pthread_mutex_unlock(&command->lock);
	pthread_join(command->thread, NULL);
}
