#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/export_file.h"
#include "milter/state/exports.h"
#include "milter/state/source_list.h"
#include "milter/system/clock.h"
#include "milter/system/condition.h"

enum {
	REDO_SECONDS = 60 /* at the latest: a source may grow stale, or pass its review, without any other change */
};

/* What is remembered of an export between two rounds. */
struct export_state {
	char *file;           /* which file this is about: a reload may change it */
	bool owed;            /* the file changed, and its command has not succeeded yet */
	struct fault trouble; /* already logged; text "": none */
};

struct exports {
	struct snapshots *snapshots;
	struct journal *journal;
	struct commands *commands;
	char state_dir[4096];
	pthread_t thread;
	bool runs;
	atomic_bool ends;
	pthread_mutex_t lock; /* for the wait, and what others read; never held while a command runs */
	pthread_cond_t changed;
	/* text "": it did not; others read both */
	struct fault untold[EXPORTS_MAX];    /* why the last run of its command failed */
	struct fault unwritten[EXPORTS_MAX]; /* why the last try to write it failed */
	atomic_bool is_new[EXPORTS_MAX];     /* its command, since the start */
	/* of the last round */
	struct export_state states[EXPORTS_MAX];
	uint64_t policy_number; /* of its policy; 0: there was none */
	int64_t stamp, when;
};

/* ---- one file ---- */

static void
say_trouble(struct exports *exports, struct export_state *state, const struct fault *why)
{
	if (strcmp(state->trouble.text, why->text) == 0)
		return;
	state->trouble = *why;
	journal_fault(exports->journal, LOG_ERR, why);
}

static void
keep_result(struct exports *exports, struct fault *result, const struct fault *why)
{
	pthread_mutex_lock(&exports->lock);
	*result = *why;
	pthread_mutex_unlock(&exports->lock);
}

static struct fault *
untold_of(struct exports *exports, const struct export_state *state)
{
	return &exports->untold[state - exports->states];
}

static struct fault *
unwritten_of(struct exports *exports, const struct export_state *state)
{
	return &exports->unwritten[state - exports->states];
}

static void
run_command(struct exports *exports, struct export_state *state, const struct export_job *job)
{
	struct fault why = { .text = "" }, told;

	state->owed = !commands_run(exports->commands, COMMAND_EXPORT, job->command, NULL, &exports->ends, &why);
	keep_result(exports, untold_of(exports, state), &why);
	if (!state->owed) {
		journal_say(exports->journal, LOG_NOTICE, "export %s: its command exited with status 0", job->file);
		state->trouble.text[0] = '\0';
	} else if (!exports->ends) {
		fault_set(&told, "export %.200s: %.250s", job->file, why.text);
		say_trouble(exports, state, &told);
	}
}

static void
keep_file(struct exports *exports, struct export_state *state, const struct export_job *job, const struct text *text)
{
	struct fault why = { .text = "" };
	bool changed, kept = export_file_keep(job->file, text, &changed, &why);

	keep_result(exports, unwritten_of(exports, state), &why);
	if (!kept) {
		say_trouble(exports, state, &why);
		return;
	}
	if (changed)
		journal_say(exports->journal, LOG_NOTICE, "export %s: written as %s", job->file,
		    export_format_words[job->format]);
	if ((changed || state->owed) && job->command[0] != '\0')
		run_command(exports, state, job);
	else
		state->trouble.text[0] = '\0';
}

/* ---- a round ---- */

static void
keep_all(struct exports *exports, const struct policy *policy)
{
	struct arena *arena = arena_open(SOURCE_LIST_ARENA);
	int64_t now = clock_now();
	struct export_listing *listings = arena == NULL ? NULL : source_list_take(policy, exports->state_dir, now, arena);
	struct fault why;

	if (listings == NULL)
		journal_say(exports->journal, LOG_ERR, "out of memory for the exports");
	for (size_t i = 0; listings != NULL && i < policy->export_count && !exports->ends; i++) {
		const struct export_job *job = &policy->exports[i];
		struct text text;

		text_open(&text, EXPORT_TEXT_MAX);
		if (source_list_write(policy, listings, now, job->format, job->value, &text, &why))
			keep_file(exports, &exports->states[i], job, &text);
		else
			say_trouble(exports, &exports->states[i], &why);
		text_close(&text);
	}
	arena_close(arena);
}

static void
forget(struct export_state *state)
{
	free(state->file);
	*state = (struct export_state){ .file = NULL };
}

/* Said at once: until its file changes nobody would run it. */
static void
look_at_command(struct exports *exports, struct export_state *state, const char *command)
{
	struct fault why = { .text = "" };
	atomic_bool *is_new = &exports->is_new[state - exports->states];
	bool was_new = *is_new;

	*is_new = command[0] != '\0' && !commands_know(exports->commands, COMMAND_EXPORT, command, &why);
	if (*is_new || was_new)
		keep_result(exports, untold_of(exports, state), &why);
}

/* An export at the same place with the same file keeps its pending command across a reload. */
static void
take_policy(struct exports *exports, const struct policy *policy, uint64_t number)
{
	static const struct fault none = { .text = "" };

	for (size_t i = 0; exports->policy_number != number && i < EXPORTS_MAX; i++) {
		struct export_state *state = &exports->states[i];
		const char *file = i < policy->export_count ? policy->exports[i].file : "";

		if (state->file != NULL && strcmp(state->file, file) != 0) {
			forget(state);
			keep_result(exports, untold_of(exports, state), &none);
			keep_result(exports, unwritten_of(exports, state), &none);
		}
		if (state->file == NULL && file[0] != '\0')
			state->file = strdup(file); /* NULL without memory: at worst a pending command is lost */
		state->trouble.text[0] = '\0';
		if (i < policy->export_count)
			look_at_command(exports, state, policy->exports[i].command);
	}
	exports->policy_number = number;
}

static void
look(struct exports *exports)
{
	const struct snapshot *snapshot = snapshot_borrow(exports->snapshots);
	const struct policy *policy = snapshot == NULL ? NULL : snapshot->judge.policy;
	int64_t stamp = source_list_stamp(exports->state_dir);
	bool due = (policy != NULL && snapshot->policy_number != exports->policy_number) || stamp != exports->stamp ||
	    clock_ticks() - exports->when >= REDO_SECONDS * INT64_C(1000000);

	if (policy != NULL && due) {
		take_policy(exports, policy, snapshot->policy_number);
		exports->stamp = stamp;
		exports->when = clock_ticks();
		if (policy->export_count > 0)
			keep_all(exports, policy);
	}
	snapshot_return(exports->snapshots, snapshot);
}

static void *
keep_on(void *argument)
{
	struct exports *exports = argument;
	struct timespec until;

	pthread_mutex_lock(&exports->lock);
	while (!exports->ends) {
		pthread_mutex_unlock(&exports->lock);
		look(exports);
		pthread_mutex_lock(&exports->lock);
		until = condition_in(1000 * EXPORTS_LOOK_SECONDS);
		if (!exports->ends)
			pthread_cond_timedwait(&exports->changed, &exports->lock, &until);
	}
	pthread_mutex_unlock(&exports->lock);
	return NULL;
}

/* ---- the interface ---- */

bool
exports_reader_trouble(struct exports *exports, size_t job, struct fault *why)
{
	pthread_mutex_lock(&exports->lock);
	*why = exports->untold[job];
	pthread_mutex_unlock(&exports->lock);
	return exports->is_new[job];
}

void
exports_writing_trouble(struct exports *exports, size_t job, struct fault *why)
{
	pthread_mutex_lock(&exports->lock);
	*why = exports->unwritten[job];
	pthread_mutex_unlock(&exports->lock);
}

struct exports *
exports_open(struct snapshots *snapshots, struct journal *journal, struct commands *commands, const char *state_dir,
    struct fault *why)
{
	struct exports *exports = calloc(1, sizeof *exports);

	if (exports == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	exports->snapshots = snapshots;
	exports->journal = journal;
	exports->commands = commands;
	snprintf(exports->state_dir, sizeof exports->state_dir, "%s", state_dir);
	pthread_mutex_init(&exports->lock, NULL);
	condition_init(&exports->changed);
	return exports;
}

bool
exports_start(struct exports *exports, struct fault *why)
{
	int error = pthread_create(&exports->thread, NULL, keep_on, exports);

	if (error != 0)
		return fault_set(why, "cannot start the export thread: %s", strerror(error));
	exports->runs = true;
	return true;
}

void
exports_close(struct exports *exports)
{
	if (exports == NULL)
		return;
	pthread_mutex_lock(&exports->lock);
	exports->ends = true;
	pthread_cond_signal(&exports->changed);
	pthread_mutex_unlock(&exports->lock);
	if (exports->runs)
		pthread_join(exports->thread, NULL);
	for (size_t i = 0; i < EXPORTS_MAX; i++)
		forget(&exports->states[i]);
	pthread_cond_destroy(&exports->changed);
	pthread_mutex_destroy(&exports->lock);
	free(exports);
}
