#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "milter/system/log_stderr.h"

enum { REST_MS = 500 }; /* for what is left of a long line */

/* How much of it was written. A pipe with room for anything has room for PIPE_BUF bytes, which it takes whole. */
static size_t
write_most(struct log_stderr *log, const char *line, size_t length)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };
	size_t at = 0;

	while (at < length && (at == 0 || poll(&room, 1, REST_MS) > 0)) {
		ssize_t wrote = write(STDERR_FILENO, &line[at], length - at < PIPE_BUF ? length - at : PIPE_BUF);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0 && errno != EAGAIN)
			log->error = errno;
		if (wrote <= 0)
			break;
		at += (size_t)wrote;
	}
	return at;
}

enum log_taken
log_stderr_send(struct log_stderr *log, const char *text)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };
	char *line = NULL;
	size_t wrote;
	int length;

	log->error = 0;
	if (poll(&room, 1, 0) == 0 || (length = asprintf(&line, "%sgreenlaned: %s\n", log->torn ? "\n" : "", text)) < 0)
		return LOG_BUSY;
	wrote = write_most(log, line, (size_t)length);
	log->torn = wrote < (size_t)length && (wrote > 0 || log->torn);
	free(line);
	return wrote == (size_t)length ? LOG_TAKEN : LOG_BUSY;
}
