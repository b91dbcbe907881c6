#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "milter/smtp/milter_threads.h"

enum { IDLE_MAX = 64, IDLE_SECONDS = 10 };

/* A thread, and what it runs. Lies on the thread's own stack while it waits in the list. */
struct worker {
	void *(*run)(void *);
	void *argument;
	pthread_t self;
	pthread_cond_t wake;
	struct worker *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct worker *idle; /* the one that waits shortest is first, so that the others end */
static unsigned idle_count;

static void
idle_remove(struct worker *worker)
{
	struct worker **at = &idle;

	while (*at != worker)
		at = &(*at)->next;
	*at = worker->next;
	idle_count--;
}

/* Waits for something to run; false: there was nothing. */
static bool
wait_for_work(struct worker *worker)
{
	struct timespec until;
	int status = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	pthread_mutex_lock(&lock);
	if (idle_count >= IDLE_MAX) {
		pthread_mutex_unlock(&lock);
		return false;
	}
	worker->run = NULL;
	worker->next = idle;
	idle = worker;
	idle_count++;
	while (worker->run == NULL && status == 0)
		status = pthread_cond_clockwait(&worker->wake, &lock, CLOCK_MONOTONIC, &until);
	if (worker->run == NULL)
		idle_remove(worker);
	pthread_mutex_unlock(&lock);
	return worker->run != NULL;
}

static void *
work(void *given)
{
	struct worker worker = *(struct worker *)given;

	free(given);
	worker.self = pthread_self();
	pthread_cond_init(&worker.wake, NULL);
	do {
		(void)worker.run(worker.argument);
	} while (wait_for_work(&worker));
	pthread_cond_destroy(&worker.wake);
	return NULL;
}

static bool
give_to_idle(pthread_t *thread, void *(*run)(void *), void *argument)
{
	struct worker *worker;

	pthread_mutex_lock(&lock);
	worker = idle;
	if (worker != NULL) {
		idle_remove(worker);
		*thread = worker->self;
		worker->argument = argument;
		worker->run = run;
		pthread_cond_signal(&worker->wake);
	}
	pthread_mutex_unlock(&lock);
	return worker != NULL;
}

int
milter_threads_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
	struct worker *given;
	pthread_attr_t detached;
	int status;

	(void)attributes; /* libmilter has none */
	if (give_to_idle(thread, run, argument))
		return 0;
	given = malloc(sizeof *given);
	if (given == NULL || pthread_attr_init(&detached) != 0) {
		free(given);
		return ENOMEM;
	}
	*given = (struct worker){ .run = run, .argument = argument };
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	status = pthread_create(thread, &detached, work, given);
	pthread_attr_destroy(&detached);
	if (status != 0)
		free(given);
	return status;
}

int
milter_threads_detach(pthread_t thread)
{
	(void)thread;
	return 0;
}

unsigned
milter_threads_idle(void)
{
	unsigned count;

	pthread_mutex_lock(&lock);
	count = idle_count;
	pthread_mutex_unlock(&lock);
	return count;
}
