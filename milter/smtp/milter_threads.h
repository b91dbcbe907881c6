/*
 * milter_threads.h - threads for libmilter that are kept for a while instead of ended.
 *
 * libmilter makes a thread for nearly every session and ends it again: its stack, its arena and the page faults cost more
 * than a message. In place of pthread_create, pthread_detach and sigwait in our copy of libmilter; nobody else calls them.
 */
#ifndef MILTER_THREADS_H
#define MILTER_THREADS_H

#include <pthread.h>
#include <signal.h>

/* As pthread_create, but the thread is never joined. A thread that has nothing to do ends after some seconds, or at
 * once if enough of them wait. */
int milter_threads_create(pthread_t *, const pthread_attr_t *, void *(*run)(void *), void *argument);

/* They are detached from their start: 0. */
int milter_threads_detach(pthread_t);

/* In place of sigwait: takes no signal and does not return. All signals are the daemon's; a thread that waited for them
 * would be given those that come while the main thread is stopped or has another one, and libmilter would end below a
 * daemon that stays. */
int milter_threads_sigwait(const sigset_t *, int *number);

/* How many wait for something to do; for tests. */
unsigned milter_threads_idle(void);

#endif
