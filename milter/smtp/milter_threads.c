#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "milter/smtp/milter_io.h"
#include "milter/smtp/milter_threads.h"

enum { IDLE_MAX = 64, IDLE_SECONDS = 10 };

/* A thread, and what it runs. Lies on the thread's own stack while it waits in the list. */
struct worker {
	void *(*_Atomic run)(void *); /* set last, read first: the thread sanitizer knows no sem_clockwait */
	void *argument;
	pthread_t self;
	sem_t wake; /* not a condition: whoever wakes of one finds its lock taken, and needs two calls more */
	struct worker *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list */
static struct worker *idle; /* the one that waits shortest is first, so that the others end */
static unsigned idle_count;

static bool
idle_add(struct worker *worker)
{
	bool room;

	pthread_mutex_lock(&lock);
	room = idle_count < IDLE_MAX;
	if (room) {
		worker->next = idle;
		idle = worker;
		idle_count++;
	}
	pthread_mutex_unlock(&lock);
	return room;
}

/* False: it is not there any more, for it was given something to run. */
static bool
idle_remove(struct worker *worker)
{
	struct worker **at = &idle;
	bool there;

	pthread_mutex_lock(&lock);
	while (*at != NULL && *at != worker)
		at = &(*at)->next;
	there = *at != NULL;
	if (there) {
		*at = worker->next;
		idle_count--;
	}
	pthread_mutex_unlock(&lock);
	return there;
}

static struct worker *
idle_take(void)
{
	struct worker *worker;

	pthread_mutex_lock(&lock);
	worker = idle;
	if (worker != NULL) {
		idle = worker->next;
		idle_count--;
	}
	pthread_mutex_unlock(&lock);
	return worker;
}

/* Waits for something to run; false: there was nothing. */
static bool
wait_for_work(struct worker *worker)
{
	struct timespec until;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	if (!idle_add(worker))
		return false;
	while ((status = sem_clockwait(&worker->wake, CLOCK_MONOTONIC, &until)) != 0 && errno == EINTR)
		;
	if (status == 0)
		return true;
	if (idle_remove(worker))
		return false;
	while (sem_wait(&worker->wake) != 0) /* it comes at once */
		;
	return true;
}

static void *
work(void *given)
{
	struct worker *begun = given, worker = { .run = begun->run, .argument = begun->argument, .self = pthread_self() };

	free(begun);
	sem_init(&worker.wake, 0, 0);
	do {
		void *(*run)(void *) = worker.run;

		(void)run(worker.argument);
	} while (wait_for_work(&worker));
	sem_destroy(&worker.wake);
	return NULL;
}

static bool
give_to_idle(pthread_t *thread, void *(*run)(void *), void *argument)
{
	struct worker *worker = idle_take();

	if (worker == NULL)
		return false;
	*thread = worker->self;
	worker->argument = argument;
	worker->run = run;
	sem_post(&worker->wake);
	return true;
}

static int
make_thread(pthread_t *thread, void *(*run)(void *), void *argument)
{
	struct worker *given = malloc(sizeof *given);
	pthread_attr_t detached;
	int status;

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
milter_threads_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
	unsigned tries = 0;
	int status;

	(void)attributes; /* libmilter has none */
	do {
		if (give_to_idle(thread, run, argument))
			return 0;
		status = make_thread(thread, run, argument);
	} while (status != 0 && milter_io_try_again(&tries));
	return status;
}

int
milter_threads_detach(pthread_t thread)
{
	(void)thread;
	return 0;
}

int
milter_threads_sigwait(const sigset_t *set, int *number)
{
	(void)set, (void)number;
	for (;;)
		pause();
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
