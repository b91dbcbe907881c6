/*
 * log_socket_t.c - a line that the host's log cannot take whole is cut where one sees it, or waits; none is lost in silence.
 *
 * The log is a socket of the test's own, and connect goes there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "milter/system/log_socket.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { LINE = 8000, SMALL = 1 /* the kernel makes it 4,608 bytes or so */, ROOM = 64 * 1024 };

static char folder[] = "/tmp/log_socket_t.XXXXXX";
static struct sockaddr_un ours = { .sun_family = AF_UNIX };

int __real_connect(int fd, const struct sockaddr *at, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t length);

int
__wrap_connect(int fd, const struct sockaddr *at, socklen_t length)
{
	if (strcmp(((const struct sockaddr_un *)at)->sun_path, LOG_SOCKET) != 0)
		return __real_connect(fd, at, length);
	return __real_connect(fd, (const struct sockaddr *)&ours, sizeof ours);
}

static int
listen_as(int type, const char *name)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(ours.sun_path, sizeof ours.sun_path, "%s/%s", folder, name);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&ours, sizeof ours) != 0 ||
	    (type == SOCK_STREAM && listen(fd, 1) != 0))
		abort();
	return fd;
}

static void
open_small(struct log_socket *log)
{
	int size = SMALL;

	log_socket_open(log);
	if (log->fd < 0 || setsockopt(log->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0)
		abort();
}

/* A line of that many bytes, all of which are two-byte characters. */
static const char *
long_line(size_t length)
{
	static char line[LINE + 1];

	for (size_t i = 0; i < length; i++)
		line[i] = i % 2 == 0 ? '\xc3' : '\xa4';
	line[length] = '\0';
	return line;
}

static void
datagram_is_cut(void)
{
	int host = listen_as(SOCK_DGRAM, "datagrams");
	struct log_socket log;
	static char got[ROOM];
	const char *text, *cut;
	ssize_t length;

	open_small(&log);
	ok(log_socket_send(&log, LOG_MAIL | LOG_INFO, long_line(LINE)) == LOG_TAKEN,
	    "a line too long for the socket is taken");
	length = recv(host, got, sizeof got - 1, MSG_DONTWAIT);
	got[length > 0 ? length : 0] = '\0';
	text = strstr(got, "]: ");
	cut = strstr(got, LOG_CUT);
	ok(text != NULL && length > LINE / 4, "most of it comes, behind its head");
	ok(cut != NULL && strlen(cut) == strlen(LOG_CUT), "and its end says that it was cut");
	ok(text != NULL && cut != NULL && (cut - text - 3) % 2 == 0, "where a character ends");
	ok(log_socket_send(&log, LOG_MAIL | LOG_INFO, "short") == LOG_TAKEN, "the next is taken");
	length = recv(host, got, sizeof got - 1, MSG_DONTWAIT);
	got[length > 0 ? length : 0] = '\0';
	ok(strstr(got, "]: short") != NULL && strstr(got, LOG_CUT) == NULL, "and whole");
	log_socket_close(&log);
	close(host);
}

/* What the stream has, without waiting; a zero byte is shown as '|'. */
static size_t
read_all(int from, char *got, size_t at)
{
	ssize_t length;

	while ((length = recv(from, &got[at], ROOM - 1 - at, MSG_DONTWAIT)) > 0)
		at += (size_t)length;
	for (size_t i = 0; i < at; i++)
		if (got[i] == '\0')
			got[i] = '|';
	got[at] = '\0';
	return at;
}

/* Half of it is there, and ends where the next begins. */
static void
stream_has_no_halves(void)
{
	int host = listen_as(SOCK_STREAM, "stream"), peer;
	struct log_socket log;
	static char got[ROOM];
	enum log_taken taken;
	const char *whole;
	size_t at;

	open_small(&log);
	ok(log_socket_send(&log, LOG_MAIL | LOG_INFO, long_line(LINE)) == LOG_BUSY,
	    "a stream that takes a part of a line has not taken it");
	ok(log.full, "for want of room");
	peer = accept(host, NULL, NULL);
	at = read_all(peer, got, 0);
	ok(at > 0 && at < LINE && strchr(got, '|') == NULL, "(a part is there, %zu bytes)", at);
	taken = log_socket_send(&log, LOG_MAIL | LOG_INFO, "a line for which there is room");
	at = read_all(peer, got, at);
	whole = strrchr(got, '<');
	ok(taken == LOG_TAKEN && whole != NULL && whole > got && whole[-1] == '|' && got[at - 1] == '|',
	    "what is sent then stands apart from that part");
	log_socket_close(&log);
	close(peer);
	close(host);
}

int
main(void)
{
	if (!scratch_make(folder))
		abort();
	datagram_is_cut();
	stream_has_no_halves();
	return done();
}
