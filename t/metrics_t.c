/* The HTTP server of /metrics, over real sockets: what it serves, what it refuses, and that nobody can keep it busy. */
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/peers/metrics.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { LARGE = 3 * 1024 * 1024, PATIENCE_MS = 120 * 1000 };

static char folder[] = "/tmp/greenlane-metrics-XXXXXX";
static char address[100], reply[LARGE + 4096];
static atomic_int mood; /* of the teller: 0 tells a little, 1 much, 2 has no memory */

static bool
tell(void *context, struct text *out)
{
	if (context != &mood || mood == 2)
		return false;
	text_put(out, "greenlane_sessions 7\n");
	while (mood == 1 && out->length < LARGE)
		text_put(out, "greenlane_sessions 7\n");
	return true;
}

static int
go_there(void)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(where.sun_path, sizeof where.sun_path, "%s", address + strlen("unix:"));
	if (made < 0 || connect(made, (struct sockaddr *)&where, sizeof where) != 0)
		exit(99);
	return made;
}

/* Until the server hangs up; how many bytes came. */
static size_t
hear(int socket)
{
	size_t length = 0;
	ssize_t got;

	while (length < sizeof reply - 1 && (got = read(socket, reply + length, sizeof reply - 1 - length)) > 0)
		length += (size_t)got;
	reply[length] = '\0';
	close(socket);
	return length;
}

static size_t
ask(const char *request)
{
	int there = go_there();

	if (write(there, request, strlen(request)) < 0)
		note("the server hung up first");
	return hear(there);
}

static const struct {
	const char *name, *request, *begins, *has;
} rows[] = {
	{ "GET /metrics", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "\r\n\r\ngreenlane_sessions 7\n" },
	{ "says which format it is", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ",
	    "Content-Type: text/plain; version=0.0.4" },
	{ "with a query", "GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "greenlane_sessions" },
	{ "by HTTP/1.0", "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 200 ", "greenlane_sessions" },
	{ "two requests at once: one is answered",
	    "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ",
	    "Connection: close" },
	{ "another path", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "GET /metrics is all" },
	{ "a path below", "GET /metrics/x HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "" },
	{ "a path that is written otherwise", "GET /%6detrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "" },
	{ "a path that leads away", "GET /metrics/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "" },
	{ "POST", "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET" },
	{ "HEAD", "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET" },
	{ "OPTIONS", "OPTIONS /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET" },
	{ "DELETE", "DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET" },
	{ "a body", "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 413 ", "" },
	{ "no HTTP", "EHLO x\r\n\r\n", "", "" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ask(rows[i].request);
		if (!ok(strncmp(reply, rows[i].begins, strlen(rows[i].begins)) == 0 && strstr(reply, rows[i].has) != NULL &&
			    (strstr(rows[i].begins, "200") != NULL || strstr(reply, "greenlane_") == NULL),
			"%s", rows[i].name))
			note("%.300s", reply);
	}
}

/* The reply to a head whose lines have so many bytes without their ends. */
static bool
serves_head(size_t bytes)
{
	static char head[2 * METRICS_HEAD_MAX];
	int length = snprintf(head, sizeof head, "GET /metrics HTTP/1.1\r\nX: ");

	memset(head + length, 'x', bytes + strlen("\r\n") - (size_t)length);
	strcpy(head + bytes + strlen("\r\n"), "\r\n\r\n");
	ask(head);
	return strncmp(reply, "HTTP/1.1 200 ", 13) == 0;
}

/* One right behind the other: the second has the number of the descriptor that the first had. libevent reads 4096 bytes. */
static void
test_heads(void)
{
	static const size_t sizes[] = { 4000, 4090, 4092, 4196, 5000, METRICS_HEAD_MAX };
	unsigned served = 0, wanted = 0;

	for (unsigned turn = 0; turn < 4; turn++)
		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			bool good = serves_head(sizes[i]);

			if (!good)
				note("a head of %zu bytes, turn %u: '%.40s'", sizes[i], turn, reply);
			served += good;
			wanted++;
		}
	is_number(served, wanted, "heads up to the limit are served, one right behind the other");
	ok(!serves_head(METRICS_HEAD_MAX + 1) && strncmp(reply, "HTTP/1.1 400 ", 13) == 0, "one byte more is refused");
}

static void
test_sizes(void)
{
	static char long_head[64 * 1024];
	int length = snprintf(long_head, sizeof long_head, "GET /metrics HTTP/1.1\r\nX: ");

	memset(long_head + length, 'x', sizeof long_head - (size_t)length - 1);
	ask(long_head);
	ok(strstr(reply, "greenlane_") == NULL, "a head above the limit is refused before it ends");
	mood = 1;
	ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	ok(strlen(reply) > LARGE && strcmp(reply + strlen(reply) - 21, "greenlane_sessions 7\n") == 0,
	    "a long reply comes whole");
	mood = 2;
	ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	ok(strncmp(reply, "HTTP/1.1 503 ", 13) == 0, "without memory it says so");
	mood = 0;
}

/* All places are taken by clients that send nothing more: the deadline ends them, and then the next is answered. */
static void
test_sloth(void)
{
	int sloths[METRICS_CONNECTIONS], last;

	for (size_t i = 0; i < METRICS_CONNECTIONS; i++) {
		sloths[i] = go_there();
		if (write(sloths[i], "GET /met", 8) != 8)
			note("a client could not write");
	}
	last = go_there();
	if (write(last, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 35) != 35)
		note("the last client could not write");
	hear(last);
	ok(strstr(reply, "greenlane_sessions") != NULL, "who waits behind clients that send nothing is answered at last");
	for (size_t i = 0; i < METRICS_CONNECTIONS; i++)
		hear(sloths[i]);
	ok(true, "and those are hung up on");
}

/* A byte now and then gains no time. */
static void
test_drip(void)
{
	struct pollfd there = { .fd = go_there(), .events = POLLIN };
	int waited = 0;
	char byte;

	while (waited < PATIENCE_MS && poll(&there, 1, 1000) == 0) { /* sleeps: a byte a second is the attack */
		waited += 1000;
		if (send(there.fd, "x", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	ok(waited < PATIENCE_MS && recv(there.fd, &byte, 1, MSG_DONTWAIT) <= 0, "a client that drips is hung up on");
	close(there.fd);
	ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	ok(strstr(reply, "greenlane_sessions") != NULL, "and others are answered");
}

int
main(void)
{
	const struct metrics_teller teller = { &mood, tell };
	struct metrics_server *server;
	struct listener *listener;
	struct fault why = { .text = "" };
	int open;

	alarm(900);
	if (!scratch_make(folder))
		return 99;
	snprintf(address, sizeof address, "unix:%s/metrics.sock", folder);
	listener = listener_open(address, &why);
	server = listener == NULL ? NULL : metrics_server_open(listener, &teller, &why);
	if (!ok(server != NULL, "it serves%s%s", server == NULL ? ": " : "", why.text))
		return done();
	test_rows();
	test_heads();
	test_sizes();
	test_sloth();
	test_drip();
	open = go_there();
	metrics_server_close(server);
	is_number((long long)hear(open), 0, "at its end it hangs up");
	ok(access(address + strlen("unix:"), F_OK) != 0, "and takes its socket away");
	metrics_server_close(NULL);
	return done();
}
