/*
 * log_stderr.h - standard error as a log, which may be a pipe, a terminal or a file.
 *
 * Waits for half a second where it has taken a part of a line, and never otherwise. For one thread.
 */
#ifndef LOG_STDERR_H
#define LOG_STDERR_H

#include "milter/system/log_socket.h"

struct log_stderr {
	bool torn; /* it ends in half a line */
	int error; /* why it took none the last time; 0: it took it, or had no room */
};

/* LOG_BUSY: the whole line is to be sent again, even if a part of it was written. */
enum log_taken log_stderr_send(struct log_stderr *, const char *text);

#endif
