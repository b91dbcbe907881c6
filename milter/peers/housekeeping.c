#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "milter/peers/housekeeping.h"
#include "milter/system/clock.h"
#include "policy/config/lint.h"

enum { SWEEP_SECONDS = 10, REVIEW_SECONDS = 24 * 3600 };

struct housekeeping {
	struct housekeeping_parts parts;
	int wake; /* readable: a reload is wanted, or the end */
	atomic_bool reload, ends;
	bool unlocked;    /* the lock is gone and cannot be made again, which was logged */
	int64_t reviewed; /* ticks when review dates were last checked */
	pthread_t thread;
};

/* ---- the rounds ---- */

static bool
record_is_dead(const void *context, const struct greylist_record *record)
{
	const struct policy *policy = context;

	return greylist_is_dead(&policy->settings.greylist, record, clock_now());
}

static void
sweep(struct housekeeping *keeping)
{
	const struct snapshot *snapshot = snapshot_borrow(keeping->parts.snapshots);
	struct fault why;
	bool done;

	if (keeping->parts.store != NULL &&
	    !store_sweep(keeping->parts.store, record_is_dead, snapshot->judge.policy, &done, &why))
		journal_fault(keeping->parts.journal, LOG_ERR, &why);
	snapshot_return(keeping->parts.snapshots, snapshot);
}

/* Sources past their review date are reported every day. */
static void
say_reviews(struct housekeeping *keeping)
{
	const struct snapshot *snapshot;
	struct faults *faults;

	if (clock_ticks() - keeping->reviewed < REVIEW_SECONDS * INT64_C(1000000) || (faults = faults_open()) == NULL)
		return;
	keeping->reviewed = clock_ticks();
	snapshot = snapshot_borrow(keeping->parts.snapshots);
	lint_reviews(snapshot->judge.policy, clock_now(), faults);
	snapshot_return(keeping->parts.snapshots, snapshot);
	journal_faults(keeping->parts.journal, faults);
	faults_close(faults);
}

static void
save_usage(struct housekeeping *keeping)
{
	struct fault why;

	if (!usage_save(keeping->parts.usage, keeping->parts.state_dir, &why))
		journal_fault(keeping->parts.journal, LOG_ERR, &why);
	if (!vendor_tally_save(keeping->parts.tally, keeping->parts.state_dir, &why))
		journal_fault(keeping->parts.journal, LOG_ERR, &why);
	if (!vendor_rates_save(keeping->parts.rates, keeping->parts.state_dir, &why))
		journal_fault(keeping->parts.journal, LOG_ERR, &why);
}

/* Without it a second greenlaned may start on this state_dir, and the tool takes this one for another program. */
static void
keep_lock(struct housekeeping *keeping)
{
	const struct housekeeping_parts *parts = &keeping->parts;
	struct fault why = { .text = "" };
	char lock[PATH_MAX];

	snprintf(lock, sizeof lock, "%s/lock", parts->state_dir);
	if (parts->config == NULL || lock_look(lock, &why) != LOCK_FREE)
		return;
	if (lock_take(lock, parts->account, &why)) {
		lock_note(lock, parts->config, parts->control);
		journal_say(parts->journal, LOG_WARNING, "%s was removed; it is there again: find out what removes it",
		    lock);
	} else if (!keeping->unlocked) {
		journal_fault(parts->journal, LOG_ERR, &why);
	}
	keeping->unlocked = why.text[0] != '\0';
}

static void *
keep(void *argument)
{
	struct housekeeping *keeping = argument;
	struct pollfd wake = { .fd = keeping->wake, .events = POLLIN };
	eventfd_t wakes;

	while (!keeping->ends) {
		if (poll(&wake, 1, SWEEP_SECONDS * 1000) == 0) {
			kept_sockets_look(keeping->parts.sockets, keeping->parts.journal);
			keep_lock(keeping);
			sweep(keeping);
			save_usage(keeping);
			say_reviews(keeping);
		}
		(void)eventfd_read(keeping->wake, &wakes);
		if (atomic_exchange(&keeping->reload, false) && !keeping->ends)
			reload_now(keeping->parts.reload);
	}
	return NULL;
}

/* ---- the interface ---- */

struct housekeeping *
housekeeping_start(const struct housekeeping_parts *parts, struct fault *why)
{
	struct housekeeping *keeping = calloc(1, sizeof *keeping);
	int error = keeping == NULL ? ENOMEM : 0;

	if (keeping != NULL) {
		keeping->parts = *parts;
		keeping->reviewed = clock_ticks(); /* loading has just reported them */
		keeping->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		error = keeping->wake < 0 ? errno : pthread_create(&keeping->thread, NULL, keep, keeping);
	}
	if (error == 0)
		return keeping;
	fault_set(why, "cannot start the housekeeping thread: %s", strerror(error));
	if (keeping != NULL && keeping->wake >= 0)
		close(keeping->wake);
	free(keeping);
	return NULL;
}

void
housekeeping_reload(struct housekeeping *keeping)
{
	keeping->reload = true;
	(void)eventfd_write(keeping->wake, 1);
}

void
housekeeping_close(struct housekeeping *keeping)
{
	if (keeping == NULL)
		return;
	keeping->ends = true;
	(void)eventfd_write(keeping->wake, 1);
	pthread_join(keeping->thread, NULL);
	save_usage(keeping);
	close(keeping->wake);
	free(keeping);
}
