/*
 * no_timers.c - preloaded into a program, makes its long waits endless: what would end by a time-out alone never does.
 *
 * A poll or a wait at a condition of two seconds or more becomes one without a time-out. So a test sees, however slow
 * the host is, whether a program is woken or looks at its clock. What is shorter stays.
 */
#include <poll.h>
#include <pthread.h>
#include <time.h>

enum { LONG_MS = 2000, WAITS_BY_MONOTONIC = 2 /* glibc's mark of such a condition */ };

int
poll(struct pollfd *list, nfds_t count, int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	return ppoll(list, count, ms < 0 || ms >= LONG_MS ? NULL : &time, NULL);
}

/* as the compiler dresses it where functions are fortified */
int __poll_chk(struct pollfd *list, nfds_t count, int ms, size_t room);

int
__poll_chk(struct pollfd *list, nfds_t count, int ms, size_t room)
{
	(void)room;
	return poll(list, count, ms);
}

int
pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *until)
{
	clockid_t clock = cond->__data.__wrefs & WAITS_BY_MONOTONIC ? CLOCK_MONOTONIC : CLOCK_REALTIME;
	struct timespec now;

	clock_gettime(clock, &now);
	if (until->tv_sec - now.tv_sec >= LONG_MS / 1000)
		return pthread_cond_wait(cond, lock);
	return pthread_cond_clockwait(cond, lock, clock, until);
}
