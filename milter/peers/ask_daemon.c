#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/peers/ask_daemon.h"
#include "milter/peers/listen.h"
#include "milter/system/clock.h"

enum { READ_AT_ONCE = 16 * 1024 };

/* A connection, and until when (in ticks) it may take. */
struct line {
	int socket;
	int64_t until;
};

/* ---- waiting ---- */

/* False when the time is over. */
static bool
wait_for(const struct line *line, short events)
{
	struct pollfd end = { .fd = line->socket, .events = events };

	for (;;) {
		int64_t left = (line->until - clock_ticks()) / 1000;
		int ready = poll(&end, 1, left > 0 ? (int)left : 0);

		if (ready > 0)
			return true;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

static enum asked
hung(struct fault *why)
{
	fault_set(why, "greenlaned does not answer");
	return ASKED_HUNG;
}

static enum asked
told_by(int error, const char *address, struct fault *why)
{
	fault_set(why, "%s: %s%s", address, strerror(error),
	    error == EACCES || error == EPERM ? "; ask as root, or as a member of its group (control.group)" : "");
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return ASKED_ABSENT;
	case EACCES:
	case EPERM:
		return ASKED_FORBIDDEN;
	case EAGAIN: /* a Unix socket's queue is full: nobody accepts */
	case ETIMEDOUT:
		return ASKED_HUNG;
	default:
		return ASKED_FAILED;
	}
}

/* ---- connecting ---- */

static enum asked
connect_to(struct line *line, const struct sockaddr *where, socklen_t size, const char *address, struct fault *why)
{
	int error = 0;
	socklen_t length = sizeof error;

	line->socket = socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (line->socket < 0)
		return told_by(errno, address, why);
	if (connect(line->socket, where, size) == 0)
		return ASKED_ANSWERED;
	if (errno != EINPROGRESS)
		return told_by(errno, address, why);
	if (!wait_for(line, POLLOUT))
		return hung(why);
	if (getsockopt(line->socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0)
		return told_by(error, address, why);
	return ASKED_ANSWERED;
}

static enum asked
connect_unix(struct line *line, const char *path, const char *address, struct fault *why)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof where.sun_path)
		return told_by(ENAMETOOLONG, address, why);
	memcpy(where.sun_path, path, strlen(path) + 1);
	return connect_to(line, (const struct sockaddr *)&where, sizeof where, address, why);
}

/* "inet:PORT@HOST", "inet6:PORT@HOST". */
static enum asked
connect_inet(struct line *line, const char *address, struct fault *why)
{
	struct addrinfo hints = { .ai_family = strncmp(address, "inet6:", 6) == 0 ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV },
			*found = NULL;
	char port[8], host[256];
	enum asked asked;

	if (sscanf(address, "%*[^:]:%7[0-9]@%255s", port, host) != 2 || getaddrinfo(host, port, &hints, &found) != 0)
		return told_by(EADDRNOTAVAIL, address, why);
	asked = connect_to(line, found->ai_addr, found->ai_addrlen, address, why);
	freeaddrinfo(found);
	return asked;
}

static enum asked
connect_any(struct line *line, const char *address, int patience_ms, struct fault *why)
{
	const char *path = listener_path(address);

	*line = (struct line){ -1, clock_ticks() + patience_ms * INT64_C(1000) };
	return path != NULL ? connect_unix(line, path, address, why) : connect_inet(line, address, why);
}

/* ---- asking ---- */

static bool
send_all(const struct line *line, const void *bytes, size_t length)
{
	size_t sent = 0;

	while (sent < length) {
		ssize_t put = send(line->socket, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);

		if (put > 0)
			sent += (size_t)put;
		else if (errno != EINTR && (errno != EAGAIN || !wait_for(line, POLLOUT)))
			return false;
	}
	return true;
}

/* Up to a newline, or to its end. Who does not read all that he is sent may have said why. */
static enum asked
read_reply(const struct line *line, struct text *out, struct fault *why)
{
	char bytes[READ_AT_ONCE];

	while (out->length == 0 || out->bytes[out->length - 1] != '\n') {
		ssize_t got;

		if (!wait_for(line, POLLIN))
			return hung(why);
		got = recv(line->socket, bytes, sizeof bytes, 0);
		if (got > 0)
			text_add(out, bytes, (size_t)got);
		else if (got == 0 || (errno != EINTR && errno != EAGAIN))
			break;
		if (out->cut)
			break;
	}
	if (out->length > 0 && out->bytes[out->length - 1] == '\n' && !out->cut) {
		text_rewind(out, out->length - 1);
		return ASKED_ANSWERED;
	}
	fault_set(why, "greenlaned closed the connection before it answered");
	return ASKED_FAILED;
}

enum asked
ask_daemon(const char *address, const char *request, int patience_ms, struct text *out, struct fault *why)
{
	struct line line;
	enum asked asked = connect_any(&line, address, patience_ms, why);

	if (asked == ASKED_ANSWERED) {
		(void)(send_all(&line, request, strlen(request)) && send_all(&line, "\n", 1));
		asked = read_reply(&line, out, why);
	}
	if (line.socket >= 0)
		close(line.socket);
	return asked;
}

/* Any answer will do, also that there are too many sessions: somebody is at work there. */
static enum asked
negotiate(const struct line *line, struct fault *why)
{
	static const unsigned char offer[] = { 0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0, 0, 0 };
	static const unsigned char goodbye[] = { 0, 0, 0, 1, 'Q' };
	char bytes[64];

	if (!send_all(line, offer, sizeof offer) || !wait_for(line, POLLIN))
		return hung(why);
	if (recv(line->socket, bytes, sizeof bytes, 0) > 0)
		(void)send_all(line, goodbye, sizeof goodbye);
	return ASKED_ANSWERED;
}

enum asked
ask_milter(const char *address, int patience_ms, struct fault *why)
{
	struct line line;
	enum asked asked = connect_any(&line, address, patience_ms, why);

	if (asked == ASKED_ANSWERED)
		asked = negotiate(&line, why);
	if (line.socket >= 0)
		close(line.socket);
	return asked;
}
