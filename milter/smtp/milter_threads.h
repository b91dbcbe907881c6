/*
 * milter_threads.h - threads for libmilter that are kept for a while instead of ended.
 *
 * libmilter makes a thread for nearly every session and ends it again: its stack, its arena and the page faults cost more
 * than a message. In place of pthread_create and pthread_detach in our copy of libmilter; nobody else calls them.
 */
#ifndef MILTER_THREADS_H
#define MILTER_THREADS_H

#include <pthread.h>

/* As pthread_create, but the thread is never joined. A thread that has nothing to do ends after some seconds, or at
 * once if enough of them wait. */
int milter_threads_create(pthread_t *, const pthread_attr_t *, void *(*run)(void *), void *argument);

/* They are detached from their start: 0. */
int milter_threads_detach(pthread_t);

/* How many wait for something to do; for tests. */
unsigned milter_threads_idle(void);

#endif
