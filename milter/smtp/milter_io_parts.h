/*
 * milter_io_parts.h - the calls that our copy of libmilter makes in place of libc's.
 *
 * Each does what its namesake does, on any descriptor; on connections of MTAs it does so from a buffer. Nobody
 * but libmilter and tests calls them.
 */
#ifndef MILTER_IO_PARTS_H
#define MILTER_IO_PARTS_H

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "policy/util/fault.h"

int milter_io_accept(int fd, struct sockaddr *, socklen_t *);
int milter_io_poll(struct pollfd *, nfds_t count, int timeout_ms);
ssize_t milter_io_read(int fd, void *out, size_t length);
ssize_t milter_io_writev(int fd, const struct iovec *, int count);
int milter_io_fcntl(int fd, int command, ...);
int milter_io_close(int fd);
void *milter_io_malloc(size_t size); /* in both the thread that accepts waits for memory, up to a minute */
void *milter_io_calloc(size_t number, size_t size);

/* To the journal: libc's would wait for a log that blocks, and mail with it. What is less than a warning is not said. */
void milter_io_syslog(int level, const char *fmt, ...) PRINTF_LIKE(2, 3);
void milter_io___syslog_chk(int level, int flag, const char *fmt, ...) PRINTF_LIKE(3, 4); /* as a hardened build calls it */

/* Does nothing: libmilter would destroy its lock at exit, while its threads may still take it. */
int milter_io_atexit(void (*)(void));

#endif
