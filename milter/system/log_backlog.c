#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/log_backlog.h"
#include "milter/system/log_socket.h"
#include "milter/system/log_stderr.h"

enum { TO_HOST = 1, TO_STDERR = 2 };      /* bits */
enum { LAST_TRIES = 100, PAUSE_MS = 20 }; /* at the end */
enum { SLOW_TICKS = 1000 * 1000 };        /* a log that takes a line in this time is slow, and not stuck */

struct held {
	int priority;
	unsigned to; /* who has not taken it yet */
	char *text;
};

struct log_backlog {
	struct log_socket host;
	struct log_stderr errors;
	unsigned all;     /* to whom a line goes */
	unsigned waiting; /* who has not taken all */
	bool nobody;      /* no log listens at the socket */
	int64_t stuck_since;
	int64_t moved; /* when one of them was taken, or the first was kept; ticks */
	size_t first, count;
	struct held held[JOURNAL_HELD];
};

struct log_backlog *
log_backlog_open(bool loud)
{
	struct log_backlog *backlog = calloc(1, sizeof *backlog);

	if (backlog == NULL)
		return NULL;
	backlog->all = loud ? TO_HOST | TO_STDERR : TO_HOST;
	log_socket_open(&backlog->host);
	return backlog;
}

/* Where standard error is the log as well, a host without one is none the worse. */
static bool
host_took(struct log_backlog *backlog, int priority, const char *text)
{
	enum log_taken taken = log_socket_send(&backlog->host, priority, text);

	backlog->nobody = taken == LOG_NOBODY;
	return taken == LOG_TAKEN || (backlog->nobody && (backlog->all & TO_STDERR) != 0);
}

/* Those of them who do not take it. */
static unsigned
offer(struct log_backlog *backlog, unsigned to, int priority, const char *text)
{
	unsigned left = 0;

	if ((to & TO_HOST) != 0 && !host_took(backlog, priority, text))
		left |= TO_HOST;
	if ((to & TO_STDERR) != 0 && log_stderr_send(&backlog->errors, text) != LOG_TAKEN)
		left |= TO_STDERR;
	return left;
}

static void
forget_taken(struct log_backlog *backlog)
{
	while (backlog->count > 0 && backlog->held[backlog->first].to == 0) {
		free(backlog->held[backlog->first].text);
		backlog->first = (backlog->first + 1) % JOURNAL_HELD;
		backlog->count--;
	}
}

static void
note_waiting(struct log_backlog *backlog, unsigned waiting, bool moved)
{
	if (waiting == 0) {
		backlog->stuck_since = 0;
	} else if (backlog->waiting == 0 || moved) {
		backlog->stuck_since = clock_now();
		backlog->moved = clock_ticks();
	}
	backlog->waiting = waiting;
}

/* Each takes them in their order: who does not take one is offered none behind it. */
void
log_backlog_try(struct log_backlog *backlog)
{
	unsigned blocked = 0;
	bool moved = false;

	for (size_t i = 0; i < backlog->count && blocked != backlog->all; i++) {
		struct held *held = &backlog->held[(backlog->first + i) % JOURNAL_HELD];
		unsigned left = (held->to & blocked) | offer(backlog, held->to & ~blocked, held->priority, held->text);

		moved = moved || left != held->to;
		held->to = left;
		blocked |= left;
	}
	forget_taken(backlog);
	note_waiting(backlog, blocked, moved);
}

/* What fails has room all the time, or so says poll(2): for that it waits by the clock. */
void
log_backlog_wait(const struct log_backlog *backlog)
{
	bool host = (backlog->waiting & TO_HOST) != 0 && backlog->host.full;
	bool errors = (backlog->waiting & TO_STDERR) != 0 && backlog->errors.error == 0;
	struct pollfd room[] = {
		{ .fd = host ? backlog->host.fd : -1, .events = POLLOUT },
		{ .fd = errors ? STDERR_FILENO : -1, .events = POLLOUT },
	};

	(void)poll(room, 2, PAUSE_MS);
}

/* Behind a slow log lines wait in the queue of the journal, as long as there is room in it. */
static void
make_room(struct log_backlog *backlog)
{
	log_backlog_try(backlog);
	while (backlog->count == JOURNAL_HELD && clock_ticks() - backlog->moved < SLOW_TICKS) {
		log_backlog_wait(backlog);
		log_backlog_try(backlog);
	}
}

bool
log_backlog_put(struct log_backlog *backlog, int priority, char *text)
{
	unsigned left;

	if (backlog->count > 0)
		make_room(backlog);
	left = backlog->waiting | offer(backlog, backlog->all & ~backlog->waiting, priority, text);
	note_waiting(backlog, left, false);
	if (left == 0 || backlog->count == JOURNAL_HELD) {
		free(text);
		return left == 0;
	}
	backlog->held[(backlog->first + backlog->count++) % JOURNAL_HELD] = (struct held){ priority, left, text };
	return true;
}

void
log_backlog_look(const struct log_backlog *backlog, struct log_backlog_state *out)
{
	int error = backlog->errors.error;

	*out = (struct log_backlog_state){ .held = backlog->count, .stuck_since = backlog->stuck_since };
	if (backlog->waiting == 0)
		return;
	if ((backlog->waiting & TO_HOST) != 0)
		snprintf(out->trouble, sizeof out->trouble, "%s",
		    backlog->nobody ? "nobody listens at " LOG_SOCKET : LOG_SOCKET " takes no lines");
	else
		snprintf(out->trouble, sizeof out->trouble, "standard error takes no lines%s%s%s",
		    error == 0 ? "" : " (", error == 0 ? "" : strerror(error), error == 0 ? "" : ")");
}

/* Whoever takes lines is told of those that the other did not take. */
static void
tell_lost(struct log_backlog *backlog, int priority, size_t lost)
{
	struct log_backlog_state state;
	char text[256];

	log_backlog_look(backlog, &state);
	snprintf(text, sizeof text, "%zu log line%s dropped: %s", lost, lost == 1 ? " was" : "s were",
	    state.trouble[0] == '\0' ? "the log is too slow" : state.trouble);
	(void)offer(backlog, backlog->all & ~backlog->waiting, priority, text);
}

void
log_backlog_close(struct log_backlog *backlog, int priority, size_t dropped)
{
	if (backlog == NULL)
		return;
	for (int i = 0; i < LAST_TRIES && backlog->count > 0; i++) {
		log_backlog_try(backlog);
		if (backlog->count > 0)
			(void)poll(NULL, 0,
			    PAUSE_MS); /* not log_backlog_wait, which a sink that is only half ready ends at once */
	}
	if (backlog->count + dropped > 0)
		tell_lost(backlog, priority, backlog->count + dropped);
	for (size_t i = 0; i < backlog->count; i++)
		free(backlog->held[(backlog->first + i) % JOURNAL_HELD].text);
	log_socket_close(&backlog->host);
	free(backlog);
}
