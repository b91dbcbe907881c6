#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "milter/system/wakes.h"

static int wakes[2]; /* a pipe: handlers, and the milter's thread, write a byte for the main loop */

static void
mask_signals(int how, int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(how, &set, NULL);
}

/* The first TERM or INT is an invitation, the second ends the process. */
static void
on_signal(int number)
{
	int kept = errno;
	char byte = number == SIGHUP ? 'h' : 't';

	if (number != SIGHUP) {
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
	}
	/* if the pipe is full, the loop will wake anyway */
	if (write(wakes[1], &byte, 1) < 0)
		errno = kept;
	errno = kept;
}

/* All other threads keep them blocked: they wake the main thread alone. */
void
wakes_block(void)
{
	mask_signals(SIG_BLOCK, SIGHUP);
	mask_signals(SIG_BLOCK, SIGTERM);
	mask_signals(SIG_BLOCK, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* if our parent ignored it, we would not learn how a command ended */
	signal(SIGXFSZ, SIG_IGN); /* a store at its file size limit is a fault, not the end of the daemon */
}

bool
wakes_open(struct fault *why)
{
	if (pipe2(wakes, O_CLOEXEC) != 0 || fcntl(wakes[1], F_SETFL, O_NONBLOCK) != 0)
		return fault_set(why, "cannot create a pipe: %s", strerror(errno));
	return true;
}

void
wakes_take(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	mask_signals(SIG_UNBLOCK, SIGHUP);
	mask_signals(SIG_UNBLOCK, SIGTERM);
	mask_signals(SIG_UNBLOCK, SIGINT);
}

void
wakes_may_end(bool may)
{
	mask_signals(may ? SIG_UNBLOCK : SIG_BLOCK, SIGTERM);
	mask_signals(may ? SIG_UNBLOCK : SIG_BLOCK, SIGINT);
}

void
wakes_milter_ended(void)
{
	char byte = 'm';

	(void)!write(wakes[1], &byte, 1);
}

/* In poll(2), which every signal interrupts: the thread sanitizer runs a handler when the call that it came in is over, and a
 * read(2) would be begun again. */
enum wake
wakes_await(void)
{
	struct pollfd wake = { .fd = wakes[0], .events = POLLIN };
	char bytes[64];
	ssize_t got = poll(&wake, 1, -1) == 1 ? read(wakes[0], bytes, sizeof bytes) : 0;

	if (got <= 0)
		return WAKE_NOTHING;
	if (memchr(bytes, 't', (size_t)got) != NULL)
		return WAKE_END;
	return memchr(bytes, 'm', (size_t)got) != NULL ? WAKE_MILTER_ENDED : WAKE_RELOAD;
}
