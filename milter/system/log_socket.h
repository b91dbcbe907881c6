/*
 * log_socket.h - hands lines to the host's log at /dev/log, as syslog(3) does.
 *
 * Where the log takes nothing now, it is the caller who keeps the line (log_backlog.h): it waits only where a stream has
 * taken a part of one, for half a second. syslog(3) itself waits for as long as the log does. For one thread.
 */
#ifndef LOG_SOCKET_H
#define LOG_SOCKET_H

#include <stdbool.h>

enum log_taken {
	LOG_TAKEN,
	LOG_BUSY,   /* not now */
	LOG_NOBODY, /* no log listens there */
};

#define LOG_SOCKET "/dev/log"
#define LOG_CUT " [cut]" /* ends a line that is longer than what the socket takes */

/* A connection to the host's log; made when it is needed, and again when the log has been started anew. */
struct log_socket {
	int fd; /* -1: none */
	bool stream, reached;
	bool torn; /* a stream that ends in half a line */
	bool full; /* the last was not taken for want of room, which poll(2) tells */
};
void log_socket_open(struct log_socket *); /* while the privileges are there */
enum log_taken log_socket_send(struct log_socket *, int priority, const char *text); /* facility | level */
void log_socket_close(struct log_socket *);

#endif
