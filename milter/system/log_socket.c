#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/log_socket.h"

enum { SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL, REST_MS = 500 };

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
	log->reached = log->torn = false;
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

/* As syslog(3) begins it. */
static char *
dress(int priority, const char *text, size_t *head)
{
	time_t now = (time_t)clock_now();
	struct tm tm;
	char when[32], *line = NULL;
	int length;

	localtime_r(&now, &tm);
	if (strftime(when, sizeof when, "%b %e %H:%M:%S", &tm) == 0)
		when[0] = '\0';
	length = asprintf(&line, "<%d>%s greenlaned[%ld]: %s", priority, when, (long)getpid(), text);
	*head = length < 0 ? 0 : (size_t)length - strlen(text);
	return length < 0 ? NULL : line;
}

/* At the end of a character: an eighth is not much, nor are that many tries. */
static size_t
shorter(const char *line, size_t length)
{
	length -= length / 8 + 1;
	while (length > 0 && ((unsigned char)line[length] & 0xc0) == 0x80)
		length--;
	return length;
}

/* What is too long for the socket is cut, and marked so that nobody takes it for whole. */
static bool
send_datagram(struct log_socket *log, char *line, size_t head)
{
	struct iovec parts[2] = { { line, strlen(line) }, { LOG_CUT, 0 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	while (sendmsg(log->fd, &message, SEND_FLAGS) < 0) {
		size_t length = shorter(line, parts[0].iov_len);

		if (errno != EMSGSIZE || length <= head)
			return false;
		parts[0].iov_len = length;
		parts[1].iov_len = strlen(LOG_CUT);
	}
	return true;
}

/* The rest of a line that it took a part of; false: it has no room for that in good time. */
static bool
send_rest(struct log_socket *log, const char *line, size_t length)
{
	struct pollfd room = { .fd = log->fd, .events = POLLOUT };

	while (length > 0) {
		ssize_t sent = poll(&room, 1, REST_MS) > 0 ? send(log->fd, line, length, SEND_FLAGS) : 0;

		if (sent == 0)
			errno = EAGAIN;
		if (sent <= 0)
			return false;
		line += sent;
		length -= (size_t)sent;
	}
	return true;
}

/* Lines end in a zero byte, and so does half a line before the whole is sent again. */
static bool
send_stream(struct log_socket *log, const char *line)
{
	size_t length = strlen(line) + 1;
	ssize_t sent;

	if (log->torn && send(log->fd, "", 1, SEND_FLAGS) != 1)
		return false;
	log->torn = false;
	if ((sent = send(log->fd, line, length, SEND_FLAGS)) < 0)
		return false;
	log->torn = !send_rest(log, line + sent, length - (size_t)sent);
	return !log->torn;
}

/* A log that was started anew has left its old socket behind; the second connection is to the new one. */
static enum log_taken
send_line(struct log_socket *log, char *line, size_t head)
{
	for (int i = 0; i < 2; i++) {
		if (!reach(log))
			return is_busy(errno) ? LOG_BUSY : LOG_NOBODY;
		if (log->stream ? send_stream(log, line) : send_datagram(log, line, head))
			return LOG_TAKEN;
		if (is_busy(errno))
			return LOG_BUSY;
		if (log->stream) /* it is connected once */
			log_socket_close(log);
		log->reached = false;
	}
	return LOG_NOBODY;
}

enum log_taken
log_socket_send(struct log_socket *log, int priority, const char *text)
{
	size_t head;
	char *line = dress(priority, text, &head);
	enum log_taken taken = line == NULL ? LOG_BUSY : send_line(log, line, head);

	log->full = taken == LOG_BUSY && line != NULL && log->reached && errno == EAGAIN;
	free(line);
	return taken;
}
