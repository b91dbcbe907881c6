/*
 * clock_step.c - preloaded into a program, sets that program's wall clock as an administrator would.
 *
 * $CLOCK_STEP names a file with the seconds by which the clock differs from the host's; it is read each
 * time, so that a test can step the clock while a thread waits. A wait until a moment of the wall
 * clock ends when this clock shows it, as with the kernel's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_NS = 5000000, WAITS_BY_MONOTONIC = 2 /* glibc's mark of such a condition */ };

static long
shift(void)
{
	const char *path = getenv("CLOCK_STEP");
	char text[32] = "";
	int kept = errno, file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (file >= 0) {
		if (read(file, text, sizeof text - 1) < 0)
			text[0] = '\0';
		close(file);
	}
	errno = kept;
	return atol(text);
}

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	int status = (int)syscall(SYS_clock_gettime, clock, out);

	if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		out->tv_sec += shift();
	return status;
}

time_t
time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *out, void *zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

static int
is_over(const struct timespec *until)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec > until->tv_sec || (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

static struct timespec
slice_end(void)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += SLICE_NS;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	return end;
}

int
pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *until)
{
	int status = ETIMEDOUT;

	if (cond->__data.__wrefs & WAITS_BY_MONOTONIC)
		return pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, until);
	while (status == ETIMEDOUT && !is_over(until)) {
		struct timespec end = slice_end();

		status = pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &end);
	}
	return status;
}
