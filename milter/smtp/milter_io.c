#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/smtp/milter_connection.h"
#include "milter/smtp/milter_io.h"
#include "milter/smtp/milter_io_parts.h"
#include "milter/system/clock.h"

enum {
	DESCRIPTORS_MAX = 128 * 1024 /* more than milter.max_sessions asks for */,
	TELL_SECONDS = 60,
	SAID_MAX = 1024,
	PAUSE_MS = 100,
	TRIES_MAX = 600,
	PROBE_AFTER_SECONDS = 30, /* an MTA's host that says nothing is asked whether it is there */
	PROBE_EACH_SECONDS = 10,
	HOST_GONE_SECONDS = 60 /* neither that nor a reply of ours is confirmed */
};

/* By descriptor; libmilter lets one thread at a time work on a connection. */
static struct milter_connection *_Atomic table[DESCRIPTORS_MAX];
static struct journal *_Atomic journal;
static atomic_uint connections, busy;
static _Thread_local bool accepts; /* this is the thread that does */
static _Atomic uint64_t refused, told;
static _Atomic int64_t told_at; /* ticks; 0: never */

bool
milter_io_is_on(void)
{
	return true;
}

void
milter_io_log(struct journal *where)
{
	journal = where;
}

uint64_t
milter_io_refused(void)
{
	return refused;
}

unsigned
milter_io_busy(void)
{
	return busy;
}

unsigned
milter_io_connections(void)
{
	return connections;
}

static struct milter_connection *
connection_of(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS_MAX ? table[fd] : NULL;
}

/* Whoever sends such packets may send many: one line a minute. */
static void
tell(const char *fault)
{
	int64_t now = clock_ticks(), last = told_at;
	uint64_t count = ++refused;

	if (last != 0 && now - last < TELL_SECONDS * INT64_C(1000000))
		return;
	if (!atomic_compare_exchange_strong(&told_at, &last, now))
		return;
	count -= atomic_exchange(&told, count);
	journal_say(journal, LOG_WARNING,
	    "a milter client's connection is closed: %s (%llu such connection%s since this was last said); "
	    "is it an MTA that uses milter.listen?",
	    fault, (unsigned long long)count, count == 1 ? "" : "s");
}

static void
look_for_fault(struct milter_connection *connection)
{
	const char *fault = milter_connection_fault(connection);

	if (fault != NULL)
		tell(fault);
}

/* ---- libmilter's calls ---- */

/* Left alone, libmilter would pause a second more at each such failure, and end the program at some. It tries again at once. */
static int
be_patient(int why)
{
	static _Atomic int64_t said_at;
	int64_t now = clock_ticks(), last = said_at;

	if ((last == 0 || now - last >= TELL_SECONDS * INT64_C(1000000)) &&
	    atomic_compare_exchange_strong(&said_at, &last, now))
		journal_say(journal, LOG_WARNING, "a milter client must wait: %s", strerror(why));
	(void)poll(NULL, 0, PAUSE_MS);
	errno = EAGAIN;
	return -1;
}

/* Without an answer of the host's kernel its sessions would count for the two hours that libmilter is patient. */
static void
watch_host(int fd)
{
	static const struct {
		int level, option, value;
	} rows[] = { { SOL_SOCKET, SO_KEEPALIVE, 1 }, { IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER_SECONDS },
		{ IPPROTO_TCP, TCP_KEEPINTVL, PROBE_EACH_SECONDS },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, HOST_GONE_SECONDS * 1000 } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		(void)setsockopt(fd, rows[i].level, rows[i].option, &rows[i].value, sizeof rows[i].value);
}

int
milter_io_accept(int listener, struct sockaddr *address, socklen_t *length)
{
	int fd = accept4(listener, address, length, SOCK_CLOEXEC);
	struct milter_connection *connection;

	accepts = true;
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS ? be_patient(errno) : fd;
	connection = fd < DESCRIPTORS_MAX ? milter_connection_open(fd) : NULL;
	if (connection == NULL) {
		close(fd);
		return be_patient(ENOMEM);
	}
	if (address != NULL && address->sa_family != AF_UNIX)
		watch_host(fd);
	table[fd] = connection;
	connections++;
	return fd;
}

bool
milter_io_try_again(unsigned *tries)
{
	if (!accepts || ++*tries > TRIES_MAX)
		return false;
	(void)be_patient(ENOMEM);
	return true;
}

void *
milter_io_malloc(size_t size)
{
	unsigned tries = 0;
	void *block;

	while ((block = malloc(size)) == NULL && milter_io_try_again(&tries))
		;
	return block;
}

void *
milter_io_calloc(size_t number, size_t size)
{
	unsigned tries = 0;
	void *block;

	while ((block = calloc(number, size)) == NULL && milter_io_try_again(&tries))
		;
	return block;
}

static void
set_busy(struct milter_connection *connection, bool now)
{
	bool before = milter_connection_set_busy(connection, now);

	if (now != before)
		busy += now ? 1u : -1u;
}

static int
poll_one(struct milter_connection *connection, struct pollfd *asked, int timeout_ms)
{
	int ready = 1;

	if (asked->events & POLLOUT) {
		/* what is written waits in the buffer */
		milter_connection_be_patient(connection, timeout_ms);
	} else {
		milter_connection_send(connection);
		set_busy(connection, false);
		ready = milter_connection_wait(connection, timeout_ms);
		set_busy(connection, ready > 0);
		look_for_fault(connection);
	}
	asked->revents = ready > 0 ? asked->events : 0;
	return ready;
}

/* libmilter's thread that watches all connections on which no thread works. */
static int
poll_many(struct pollfd *asked, nfds_t count, int timeout_ms)
{
	bool any = false;
	int ready;

	for (nfds_t i = 0; i < count && !any; i++) {
		struct milter_connection *connection = connection_of(asked[i].fd);

		any = connection != NULL && milter_connection_is_ready(connection);
	}
	ready = poll(asked, count, any ? 0 : timeout_ms);
	if (!any || ready < 0)
		return ready;
	for (nfds_t i = 0; i < count; i++) {
		struct milter_connection *connection = connection_of(asked[i].fd);

		if (connection != NULL && asked[i].revents == 0 && milter_connection_is_ready(connection)) {
			asked[i].revents = POLLIN;
			ready++;
		}
	}
	return ready;
}

int
milter_io_poll(struct pollfd *asked, nfds_t count, int timeout_ms)
{
	struct milter_connection *connection = count == 1 ? connection_of(asked[0].fd) : NULL;

	return connection != NULL ? poll_one(connection, asked, timeout_ms) : poll_many(asked, count, timeout_ms);
}

ssize_t
milter_io_read(int fd, void *out, size_t length)
{
	struct milter_connection *connection = connection_of(fd);

	return connection == NULL ? read(fd, out, length) : milter_connection_read(connection, out, length);
}

ssize_t
milter_io_writev(int fd, const struct iovec *pieces, int count)
{
	struct milter_connection *connection = connection_of(fd);

	return connection == NULL ? writev(fd, pieces, count) : milter_connection_write(connection, pieces, count);
}

/* An accepted connection is closed on exec already. */
int
milter_io_fcntl(int fd, int command, ...)
{
	va_list rest;
	int argument;

	va_start(rest, command);
	argument = va_arg(rest, int);
	va_end(rest);
	if (connection_of(fd) != NULL && command == F_GETFD)
		return FD_CLOEXEC;
	if (connection_of(fd) != NULL && command == F_SETFD)
		return 0;
	return fcntl(fd, command, argument);
}

static void
say(int level, const char *fmt, va_list args)
{
	char text[SAID_MAX];

	if (LOG_PRI(level) > LOG_WARNING)
		return;
	vsnprintf(text, sizeof text, fmt, args);
	journal_say(journal, LOG_PRI(level), "libmilter: %s", text);
}

void
milter_io_syslog(int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(level, fmt, args);
	va_end(args);
}

void
milter_io___syslog_chk(int level, int flag, const char *fmt, ...)
{
	va_list args;

	(void)flag;
	va_start(args, fmt);
	say(level, fmt, args);
	va_end(args);
}

int
milter_io_atexit(void (*unused)(void))
{
	(void)unused;
	return 0;
}

int
milter_io_close(int fd)
{
	struct milter_connection *connection = connection_of(fd);
	int status;

	if (connection == NULL)
		return close(fd);
	(void)milter_connection_flush(connection, 0);
	set_busy(connection, false);
	table[fd] = NULL; /* before the descriptor can be somebody else's */
	milter_connection_free(connection);
	status = close(fd);
	connections--;
	return status;
}
