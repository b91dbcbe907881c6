/*
 * listen_t.c - listeners: which connections are accepted, served, kept waiting and closed; with a handler of lines.
 *
 * "echo WORD" is answered "WORD", "hold WORD" when the test lets it go, "flood" with much, "bye" closes, "silent"
 * is not answered.
 */
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/peers/listen.h"
#include "milter/system/clock.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { FLOOD = 60000, PATIENCE_MS = 120 * 1000, SWEEPS = 2, SECOND = 1000 };

/* ---- a clock that the test sets, and that counts how often it is read ---- */

static _Atomic int64_t clock_ms;
static atomic_ulong looks;

int64_t
clock_ticks(void)
{
	looks++;
	return clock_ms * 1000;
}

static char folder[] = "/tmp/greenlane-listen-XXXXXX", address[160];
static atomic_int states, troubles;
static char last_trouble[512];

/* ---- the handler ---- */

struct line {
	struct text text;
};

static void *
opened(void *context, const struct connection_peer *peer)
{
	struct line *line = calloc(1, sizeof *line);

	(void)context;
	(void)peer;
	text_open(&line->text, 4096);
	states++;
	return line;
}

static void
closed(void *context, void *state)
{
	struct line *line = state;

	(void)context;
	text_close(&line->text);
	free(line);
	states--;
}

/* Holds a request up until the test releases it. */
static sem_t let_go;
static atomic_int held, received_times;

static void
look_again(void)
{
	usleep(1000); /* sleeps: until it looks again */
}

static void
obey(const char *line, struct text *out)
{
	char word[64] = "";

	if (sscanf(line, "hold %63s", word) == 1) {
		held++;
		sem_wait(&let_go);
		held--;
	} else if (sscanf(line, "echo %63s", word) != 1 && strcmp(line, "flood") == 0) {
		for (int i = 0; i < FLOOD; i++)
			text_char(out, 'f');
	}
	if (word[0] != '\0')
		text_format(out, "%s\n", word);
}

static enum connection_next
received(void *context, void *state, struct span *bytes, struct text *out)
{
	struct line *line = state;
	bool complete = memchr(bytes->at, '\n', bytes->length) != NULL;

	(void)context;
	received_times++;
	text_span(&line->text, span_cut(bytes, '\n'));
	if (!complete)
		return line->text.length > 0 ? CONNECTION_WITHIN : CONNECTION_IDLE;
	complete = strcmp(line->text.bytes, "bye") != 0;
	obey(line->text.bytes, out);
	text_clear(&line->text);
	return complete ? CONNECTION_IDLE : CONNECTION_CLOSE;
}

static void
trouble(void *context, const struct fault *why)
{
	(void)context;
	snprintf(last_trouble, sizeof last_trouble, "%s", why->text);
	troubles++;
}

static const struct listener_limits usual = {
	.workers = 3, .most = 40, .idle_ms = 60000, .within_ms = 60000, .reply = FLOOD
};

static struct listener *
serve(const char *at, const struct listener_limits *limits)
{
	const struct connection_handler handler = { opened, received, closed, trouble, NULL };
	struct fault why = { .text = "" };
	struct listener *listener = listener_open(at, &why);

	if (listener == NULL || !listener_serve(listener, &handler, limits, &why)) {
		note("%s", why.text);
		exit(99);
	}
	return listener;
}

/* ---- clients ---- */

static int
client_open(void)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int made = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(where.sun_path, sizeof where.sun_path, "%s", listener_path(address));
	if (connect(made, (struct sockaddr *)&where, sizeof where) != 0) {
		note("cannot connect: %s", strerror(errno));
		exit(99);
	}
	return made;
}

static void
say(int client, const char *text)
{
	if (send(client, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		note("only a part was sent");
}

/* Reads until `length` bytes have come; appends "(closed)" if the listener closed the connection. */
static const char *
hear(int client, size_t length)
{
	static char text[FLOOD + 64];
	struct pollfd end = { .fd = client, .events = POLLIN };
	size_t had = 0;

	while (had < length && poll(&end, 1, PATIENCE_MS) == 1) {
		ssize_t got = recv(client, text + had, sizeof text - 16 - had, 0);

		if (got <= 0) {
			had += (size_t)sprintf(text + had, "(closed)");
			break;
		}
		had += (size_t)got;
	}
	text[had] = '\0';
	return text;
}

static bool
is_open(int client)
{
	char byte;

	return recv(client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void
await(atomic_int *count, int wanted)
{
	while (*count < wanted)
		look_again();
}

/* Sets the clock, and waits until the acceptor has read it after that. */
static void
at_ms(int64_t ms)
{
	unsigned long before;

	clock_ms = ms;
	before = looks;
	while (looks < before + SWEEPS)
		look_again();
}

/* ---- tests ---- */

static void
test_conversation(void)
{
	struct listener *listener = serve(address, &usual);
	int client = client_open(), other = client_open();

	say(client, "echo one\n");
	is(hear(client, 4), "one\n", "a client gets a reply");
	say(client, "echo a\necho b\nhold c\necho d\n");
	sem_post(&let_go);
	is(hear(client, 8), "a\nb\nc\nd\n", "four requests at once are answered in their order");
	for (const char *at = "echo slowly\n"; *at != '\0'; at++) {
		int before = received_times;

		say(client, (char[]){ *at, '\0' });
		await(&received_times, before + 1);
	}
	is(hear(client, 7), "slowly\n", "a request may come byte by byte");
	say(client, "hold late\n");
	await(&held, 1);
	say(other, "echo now\n");
	is(hear(other, 4), "now\n", "one that waits does not hold up others");
	sem_post(&let_go);
	is(hear(client, 5), "late\n", "and gets its reply later");
	is_number(listener_connections(listener), 2, "two clients are counted");
	say(other, "bye\n");
	is(hear(other, 1), "(closed)", "a client that quits is disconnected");
	say(client, "flood\necho behind\n");
	is_number((long long)strlen(hear(client, FLOOD + 7)), FLOOD + 7,
	    "a long reply comes whole, and the next one after it");
	say(client, "echo last\nsil");
	shutdown(client, SHUT_WR);
	is(hear(client, 100), "last\n(closed)", "a client that has shut down its sending side gets its reply first");
	close(client);
	close(other);
	listener_close(listener);
	is_number(states, 0, "every client's state is freed");
}

static void
test_many(void)
{
	struct listener *listener = serve(address, &usual);
	int clients[40];
	size_t good = 0;

	for (int i = 0; i < 40; i++) {
		clients[i] = client_open();
		say(clients[i], "hold x\necho y\n");
	}
	await(&held, (int)usual.workers);
	for (int i = 0; i < 40; i++)
		sem_post(&let_go);
	for (int i = 0; i < 40; i++) {
		good += strcmp(hear(clients[i], 4), "x\ny\n") == 0;
		close(clients[i]);
	}
	is_number((long long)good, 40, "three workers serve forty waiting clients");
	listener_close(listener);
}

static void
test_most(void)
{
	struct listener_limits limits = usual;
	struct listener *listener;
	int first, second, third;

	limits.most = 2;
	limits.idle_ms = 600 * SECOND;
	clock_ms = 0;
	listener = serve(address, &limits);
	troubles = 0;
	first = client_open();
	say(first, "echo 1\n");
	hear(first, 2);
	second = client_open();
	say(second, "echo 2\n");
	hear(second, 2);
	third = client_open();
	is(hear(third, 1), "(closed)", "one client too many is refused");
	is_number(troubles, 1, "which is reported");
	is(last_trouble, "a connection is refused: 2 are open, 2 is the most", "with the figures");
	close(third);
	third = client_open();
	is(hear(third, 1), "(closed)", "another, too");
	is_number(troubles, 1, "which is not reported again within the minute");
	close(third);
	clock_ms = 61 * SECOND;
	third = client_open();
	is(hear(third, 1), "(closed)", "a third, too");
	is_number(troubles, 2, "which is reported, a minute later");
	close(third);
	say(first, "bye\n");
	hear(first, 1);
	third = client_open();
	say(third, "echo 3\n");
	is(hear(third, 2), "3\n", "when one has gone another is accepted");
	listener_set_limit(listener, 3);
	close(first);
	first = client_open();
	say(first, "echo 4\n");
	is(hear(first, 2), "4\n", "and one more when the limit is raised");
	close(first);
	close(second);
	close(third);
	listener_close(listener);
}

static void
test_urgent(void)
{
	struct listener_limits limits = usual;
	struct listener *listener;
	int first, second, third;

	limits.most = 2;
	limits.idle_ms = 600 * SECOND;
	limits.urgent = true;
	clock_ms = 0;
	listener = serve(address, &limits);
	troubles = 0;
	first = client_open();
	say(first, "echo 1\n");
	hear(first, 2);
	clock_ms = SECOND;
	second = client_open();
	say(second, "hold 2\n");
	await(&held, 1);
	third = client_open();
	say(third, "echo 3\n");
	is(hear(third, 2), "3\n", "an urgent listener that is full serves one more");
	is(hear(first, 1), "(closed)", "for which the one that was silent gives way");
	sem_post(&let_go);
	is(hear(second, 2), "2\n", "and not the one that waits for its reply");
	is_number(troubles, 0, "which is nothing to report");
	close(first);
	close(second);
	close(third);
	listener_close(listener);
}

/* Sends a part of a request and waits until it was received, or the connection is gone. */
static void
drip(int client)
{
	int before = received_times;

	say(client, "x");
	while (received_times == before && is_open(client))
		look_again();
}

/* Lets time pass in steps until the client is disconnected, at most until `last`; returns the time then. */
static int64_t
cut_off(int client, int64_t last, int64_t step, bool drips)
{
	while (is_open(client) && clock_ms < last) {
		if (drips)
			drip(client);
		at_ms(clock_ms + step);
	}
	return clock_ms;
}

static void
test_patience(void)
{
	struct listener_limits limits = usual;
	int dripping, deaf, idle, silent;
	struct listener *listener;

	limits.within_ms = 300;
	limits.idle_ms = 1800;
	clock_ms = 0;
	listener = serve(address, &limits);
	dripping = client_open();
	deaf = client_open();
	idle = client_open();
	silent = client_open();
	await(&states, 4);
	say(idle, "echo 1\n");
	is(hear(idle, 2), "1\n", "a client sends a request and is then idle");
	ok(cut_off(dripping, 1700, 100, true) < 1700, "one that sends a byte at a time is disconnected");
	say(deaf, "flood\nflood\nflood\nflood\nflood\nflood\nflood\nflood\nflood\nflood\n");
	while (listener_connections(listener) > 2 && clock_ms < 1700)
		at_ms(clock_ms + 100);
	ok(clock_ms < 1800 && is_open(idle) && is_open(silent),
	    "so is one that does not take its replies; an idle one stays");
	say(idle, "hold 2\n");
	await(&held, 1);
	at_ms(1799);
	ok(is_open(silent), "one that never sends anything is not disconnected too early");
	ok(cut_off(silent, 3000, 600, false) < 3000, "but in the end");
	at_ms(100 * SECOND);
	ok(is_open(idle), "one that is being served is not, however long it takes");
	sem_post(&let_go);
	is(hear(idle, 2), "2\n", "and gets its reply");
	ok(cut_off(idle, 110 * SECOND, SECOND, false) < 110 * SECOND, "one that is idle too long is disconnected");
	close(dripping);
	close(deaf);
	close(idle);
	close(silent);
	listener_close(listener);
	is_number(states, 0, "their states are freed");
}

static void *
let_go_later(void *unused)
{
	usleep(100 * 1000); /* sleeps: by then the listener is being closed; else the test shows less, but does not fail */
	sem_post(&let_go);
	return unused;
}

static void
test_closing(void)
{
	struct listener *listener = serve(address, &usual);
	int client = client_open(), idle = client_open();
	pthread_t thread;
	struct stat st;

	say(client, "hold done\n");
	await(&held, 1);
	await(&states, 2);
	if (pthread_create(&thread, NULL, let_go_later, NULL) != 0)
		exit(99);
	listener_close(listener);
	pthread_join(thread, NULL);
	is(hear(client, 100), "done\n(closed)", "a closing listener finishes its replies");
	is(hear(idle, 1), "(closed)", "and hangs up on the others");
	ok(lstat(listener_path(address), &st) != 0, "its socket is gone");
	close(client);
	close(idle);
}

static void
test_paths(void)
{
	struct listener *listener = serve(address, &usual), *second;
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	struct fault why = { .text = "" };
	int dead;

	second = listener_open(address, &why);
	ok(second == NULL && strstr(why.text, "served by another process") != NULL, "a socket in use is left alone: %s",
	    why.text);
	listener_close(listener);
	snprintf(where.sun_path, sizeof where.sun_path, "%s", listener_path(address));
	dead = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(dead, (struct sockaddr *)&where, sizeof where) != 0)
		exit(99);
	close(dead);
	listener = serve(address, &usual);
	ok(listener != NULL, "a socket that a dead process left is replaced");
	listener_close(listener);
	fclose(fopen(listener_path(address), "w"));
	second = listener_open(address, &why);
	ok(second == NULL && strstr(why.text, "is not a socket") != NULL, "a file is left alone: %s", why.text);
	unlink(listener_path(address));
	ok(listener_open("unix:/nowhere/at/all", &why) == NULL, "a missing directory: %s", why.text);
	ok(listener_open("inet:1@192.0.2.1", &why) == NULL, "an address that is not ours: %s", why.text);
	ok(listener_open("inet:8891", &why) == NULL, "an address without a host: %s", why.text);
	ok(listener_open("/run/x", &why) == NULL, "an unknown kind of address: %s", why.text);
	listener_close(NULL);
}

static void
test_inet(const char *at, int family, const char *name)
{
	struct fault why = { .text = "" };
	struct listener *listener = listener_open(at, &why);
	const struct connection_handler handler = { opened, received, closed, trouble, NULL };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int client = socket(family, SOCK_STREAM, 0), port = atoi(strchr(at, ':') + 1);

	if (listener == NULL || !listener_serve(listener, &handler, &usual, &why)) {
		note("%s: %s", at, why.text); /* a host without IPv6, or the port was taken meanwhile */
		ok(family == AF_INET6, "%s", name);
		listener_close(listener);
		return;
	}
	six.sin6_port = four.sin_port = htons((uint16_t)port);
	if (connect(client, family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six,
		family == AF_INET ? sizeof four : sizeof six) == 0)
		say(client, "echo hello\n");
	is(hear(client, 6), "hello\n", "%s", name);
	close(client);
	listener_close(listener);
	listener = listener_open(at, &why);
	ok(listener != NULL, "%s: the port can be taken again at once", name);
	listener_close(listener);
}

static int
free_port(void)
{
	struct sockaddr_in where = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof where;
	int made = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(made, (struct sockaddr *)&where, sizeof where) != 0 ||
	    getsockname(made, (struct sockaddr *)&where, &size) != 0)
		exit(99);
	close(made);
	return ntohs(where.sin_port);
}

static int
descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	int count = 0;

	while (list != NULL && readdir(list) != NULL)
		count++;
	if (list != NULL)
		closedir(list);
	return count;
}

int
main(void)
{
	char at[64];
	int before;

	if (!scratch_make(folder))
		return 99;
	snprintf(address, sizeof address, "unix:%s/listener", folder);
	sem_init(&let_go, 0, 0);
	alarm(4 * PATIENCE_MS / 1000); /* whoever waits for ever is ended */
	before = descriptors();
	test_conversation();
	test_many();
	test_most();
	test_urgent();
	test_patience();
	test_closing();
	test_paths();
	snprintf(at, sizeof at, "inet:%d@127.0.0.1", free_port());
	test_inet(at, AF_INET, "a client by IPv4");
	snprintf(at, sizeof at, "inet6:%d@::1", free_port());
	test_inet(at, AF_INET6, "a client by IPv6");
	snprintf(at, sizeof at, "inet6:%d@[::1]", free_port());
	test_inet(at, AF_INET6, "a client by IPv6 in brackets");
	is_number(descriptors(), before, "no descriptor is left open");
	rmdir(folder);
	return done();
}
