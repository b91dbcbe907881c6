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

/* Most logs listen for datagrams; some for a stream, as syslog(3) knows. */
static bool
connect_as(struct log_socket *log, int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = LOG_SOCKET };
	int error;

	log->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log->fd < 0)
		return false;
	log->stream = type == SOCK_STREAM;
	if (connect(log->fd, (struct sockaddr *)&at, sizeof at) == 0)
		return true;
	error = errno;
	close(log->fd);
	log->fd = -1;
	errno = error;
	return false;
}

static bool
reach(struct log_socket *log)
{
	return log->fd >= 0 || connect_as(log, SOCK_DGRAM) || (errno == EPROTOTYPE && connect_as(log, SOCK_STREAM));
}

void
log_socket_open(struct log_socket *log)
{
	log->fd = -1;
	(void)reach(log);
}

void
log_socket_close(struct log_socket *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
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
		log_socket_close(log);
	}
	return LOG_NOBODY;
}
