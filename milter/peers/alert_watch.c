#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "milter/peers/alert_watch.h"
#include "milter/system/condition.h"
#include "policy/util/date.h"

struct alert_watch {
	struct daemon_status *status;
	struct alert_command *command;
	struct snapshots *snapshots;
	struct journal *journal;
	pthread_t thread;
	pthread_mutex_t lock; /* only for the wait */
	pthread_cond_t changed;
	bool ends;
};

/* What fails is the command itself: it is not asked to tell that. */
static void
tell(void *context, const struct alert_change *change)
{
	struct alert_watch *watch = context;
	char since[DATE_TEXT];

	if (change->ill)
		journal_say(watch->journal, change->notice ? LOG_WARNING : LOG_ERR, "alert: %s: %s: %s; %s",
		    change->notice ? "notice" : "ill", change->slug, change->text, change->remedy);
	else
		journal_say(watch->journal, LOG_NOTICE, "alert: well: %s: no more, since %s it was: %s", change->slug,
		    date_write(change->since, since), change->text);
	if (strcmp(change->slug, "alert-command") != 0)
		alert_command_put(watch->command, change);
}

static void
look(struct alert_watch *watch)
{
	const struct snapshot *snapshot = snapshot_borrow(watch->snapshots);

	alert_command_use(watch->command, snapshot->judge.policy->settings.alert.command, snapshot->policy_number);
	snapshot_return(watch->snapshots, snapshot);
	daemon_status_look(watch->status, tell, watch);
}

static void *
look_on(void *argument)
{
	struct alert_watch *watch = argument;
	struct timespec until;

	pthread_mutex_lock(&watch->lock);
	while (!watch->ends) {
		pthread_mutex_unlock(&watch->lock);
		look(watch);
		pthread_mutex_lock(&watch->lock);
		until = condition_in(1000 * ALERT_LOOK_SECONDS);
		if (!watch->ends)
			pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

static void
free_all(struct alert_watch *watch)
{
	pthread_cond_destroy(&watch->changed);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

struct alert_watch *
alert_watch_open(struct daemon_status *status, struct alert_command *command, struct snapshots *snapshots,
    struct journal *journal, struct fault *why)
{
	struct alert_watch *watch = calloc(1, sizeof *watch);
	int error;

	if (watch == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	*watch = (struct alert_watch){ .status = status, .command = command, .snapshots = snapshots, .journal = journal };
	pthread_mutex_init(&watch->lock, NULL);
	condition_init(&watch->changed);
	error = pthread_create(&watch->thread, NULL, look_on, watch);
	if (error == 0)
		return watch;
	fault_set(why, "cannot start the thread that watches for problems: %s", strerror(error));
	free_all(watch);
	return NULL;
}

void
alert_watch_close(struct alert_watch *watch)
{
	if (watch == NULL)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->ends = true;
	pthread_cond_signal(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	free_all(watch);
}
