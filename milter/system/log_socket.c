#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/log_socket.h"

/* The descriptor is kept though nobody listens: there may be no other when somebody does. */
static bool
connect_as(struct log_socket *log, int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = LOG_SOCKET };

	if (log->fd < 0)
		log->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	log->stream = type == SOCK_STREAM;
	log->reached = log->fd >= 0 && connect(log->fd, (struct sockaddr *)&at, sizeof at) == 0;
	return log->reached;
}

void
log_socket_close(struct log_socket *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	log->reached = false;
}

/* Most logs listen for datagrams; some for a stream, as syslog(3) knows. */
static bool
reach(struct log_socket *log)
{
	if (log->reached || connect_as(log, log->stream ? SOCK_STREAM : SOCK_DGRAM))
		return true;
	if (errno != EPROTOTYPE)
		return false;
	log_socket_close(log);
	return connect_as(log, log->stream ? SOCK_DGRAM : SOCK_STREAM);
}

void
log_socket_open(struct log_socket *log)
{
	*log = (struct log_socket){ .fd = -1 };
	(void)reach(log);
}

static bool
is_busy(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS || error == ENOMEM || error == EMFILE ||
	    error == ENFILE;
}

/* As syslog(3) begins a line; a stream has a zero byte between two. */
static size_t
put_head(char *head, size_t size, int priority)
{
	time_t now = (time_t)clock_now();
	struct tm tm;
	char when[32];
	int length;

	localtime_r(&now, &tm);
	if (strftime(when, sizeof when, "%b %e %H:%M:%S", &tm) == 0)
		when[0] = '\0';
	length = snprintf(head, size, "<%d>%s greenlaned[%ld]: ", priority, when, (long)getpid());
	return length < 0 ? 0 : (size_t)length;
}

enum log_taken
log_socket_send(struct log_socket *log, int priority, const char *text)
{
	char head[96];
	struct iovec parts[2] = { { head, put_head(head, sizeof head, priority) }, { (char *)text, strlen(text) } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	/* a log that was started anew has left its old socket behind; the second connection is to the new one */
	for (int i = 0; i < 2; i++) {
		if (!reach(log))
			return is_busy(errno) ? LOG_BUSY : LOG_NOBODY;
		parts[1].iov_len = strlen(text) + log->stream;
		if (sendmsg(log->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return LOG_TAKEN;
		if (is_busy(errno))
			return LOG_BUSY;
		if (errno == EMSGSIZE)
			return LOG_TAKEN; /* no log takes a line of this length, now or later */
		if (log->stream)          /* it is connected once */
			log_socket_close(log);
		log->reached = false;
	}
	return LOG_NOBODY;
}
