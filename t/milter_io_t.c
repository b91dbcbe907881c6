/*
 * milter_io_t.c - what libmilter gets in place of its system calls: whole packets, replies kept together, kept threads.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/smtp/milter_io.h"
#include "milter/smtp/milter_io_parts.h"
#include "milter/smtp/milter_threads.h"
#include "t/lib/tap.h"

enum { ONCE = 1, A_WHILE = 20, LONG = 60 * 1000 /* as libmilter asks; reached only when something is broken */ };

#define OFFER "\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"
#define QUIT "\0\0\0\x01Q"
#define BYTES(text) text, sizeof text - 1

struct pair {
	int client, server;
};

static void
must(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A connection that was accepted as libmilter does it. */
static struct pair
pair_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(sa_family_t);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct pair pair = { .client = socket(AF_UNIX, SOCK_STREAM, 0) };

	must(bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 1) == 0, "listen");
	length = sizeof address;
	must(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
	must(connect(pair.client, (struct sockaddr *)&address, length) == 0, "connect");
	pair.server = milter_io_accept(listener, NULL, NULL);
	must(pair.server >= 0, "accept");
	close(listener);
	return pair;
}

static void
say(const struct pair *pair, const char *bytes, size_t length)
{
	must(send(pair->client, bytes, length, 0) == (ssize_t)length, "send");
}

static int
poll_for(const struct pair *pair, short events, int timeout)
{
	struct pollfd asked = { .fd = pair->server, .events = events };
	int ready = milter_io_poll(&asked, 1, timeout);

	return ready == 1 && asked.revents != events ? -1 : ready;
}

/* What the client can read without waiting. */
static ssize_t
heard(const struct pair *pair, char *out, size_t room)
{
	return recv(pair->client, out, room, MSG_DONTWAIT);
}

static void
pair_close(const struct pair *pair)
{
	if (pair->server >= 0)
		milter_io_close(pair->server);
	close(pair->client);
}

/* ---- reading ---- */

static void
test_whole(void)
{
	struct pair pair = pair_open();
	char got[64];

	ok(milter_io_connections() == 1, "an accepted connection is counted");
	ok(poll_for(&pair, POLLIN, ONCE) == 0, "nothing has come");
	say(&pair, BYTES(OFFER QUIT));
	ok(poll_for(&pair, POLLIN, ONCE) == 1, "two packets have");
	ok(milter_io_busy() == 1, "a packet is being worked on");
	ok(milter_io_read(pair.server, got, 5) == 5 && memcmp(got, OFFER, 5) == 0, "the head of the first");
	ok(recv(pair.server, got, 1, MSG_DONTWAIT | MSG_PEEK) < 0, "nothing is left in the socket");
	ok(poll_for(&pair, POLLIN, LONG) == 1, "its data is there");
	ok(milter_io_read(pair.server, got, 12) == 12 && memcmp(got, &OFFER[5], 12) == 0, "and is read");
	ok(poll_for(&pair, POLLIN, ONCE) == 1 && milter_io_read(pair.server, got, 64) == 5, "the second packet");
	ok(poll_for(&pair, POLLIN, ONCE) == 0, "nothing more");
	ok(milter_io_busy() == 0, "none is worked on");
	shutdown(pair.client, SHUT_WR);
	ok(poll_for(&pair, POLLIN, ONCE) == 1 && milter_io_read(pair.server, got, 5) == 0, "the end of the connection");
	pair_close(&pair);
	ok(milter_io_connections() == 0, "a closed connection is not");
}

/* The thread that watches all connections sees what lies in a buffer, beside descriptors that are no connections. */
static void
test_many(void)
{
	struct pair busy = pair_open(), idle = pair_open();
	int ends[2];
	char got[64];
	struct pollfd asked[3];

	must(pipe(ends) == 0, "pipe");
	asked[0] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	asked[1] = (struct pollfd){ .fd = idle.server, .events = POLLIN };
	asked[2] = (struct pollfd){ .fd = busy.server, .events = POLLIN };
	say(&busy, BYTES(OFFER));
	ok(poll_for(&busy, POLLIN, ONCE) == 1 && milter_io_read(busy.server, got, 5) == 5, "one has data in its buffer");
	ok(milter_io_poll(asked, 3, LONG) == 1 && asked[2].revents == POLLIN && asked[0].revents == 0 &&
		asked[1].revents == 0,
	    "it is ready, without waiting for the others");
	must(write(ends[1], "x", 1) == 1, "write");
	ok(milter_io_poll(asked, 3, LONG) == 2 && asked[0].revents == POLLIN && asked[2].revents == POLLIN,
	    "one that the kernel calls ready is ready beside it");
	ok(milter_io_read(ends[0], got, 5) == 1, "a pipe is read as it is");
	close(ends[0]);
	close(ends[1]);
	pair_close(&busy);
	pair_close(&idle);
}

static void
test_partial(void)
{
	struct pair pair = pair_open();
	char got[64];

	say(&pair, OFFER, 9);
	ok(poll_for(&pair, POLLIN, ONCE) == 0, "half a packet is no packet");
	ok(milter_io_read(pair.server, got, 5) < 0 && errno == EAGAIN, "nobody gets a byte of it");
	say(&pair, &OFFER[9], 8);
	ok(poll_for(&pair, POLLIN, LONG) == 1 && milter_io_read(pair.server, got, 64) == 17,
	    "the other half makes it one");
	pair_close(&pair);
}

static void
test_refused(void)
{
	struct pair pair = pair_open();
	uint64_t before = milter_io_refused();
	char got[64];

	say(&pair,
	    BYTES(OFFER "\0\0\0\x0f"
			"DM{auth_authen}\0" QUIT));
	ok(poll_for(&pair, POLLIN, ONCE) == 1, "a sound packet before an unsound one");
	ok(milter_io_read(pair.server, got, 64) == 17, "is read");
	ok(poll_for(&pair, POLLIN, ONCE) == 1 && milter_io_read(pair.server, got, 64) == 0,
	    "then the connection is at its end");
	ok(milter_io_refused() == before + 1, "it is counted once");
	pair_close(&pair);
}

/* ---- writing ---- */

static void
reply(const struct pair *pair, const char *text)
{
	struct iovec pieces[2] = { { (char *)text, 1 }, { (char *)text + 1, strlen(text) - 1 } };

	ok(poll_for(pair, POLLOUT, LONG) == 1 && milter_io_writev(pair->server, pieces, 2) == (ssize_t)strlen(text),
	    "'%.10s' is written", text);
}

static void
test_together(void)
{
	struct pair pair = pair_open();
	char got[64];

	reply(&pair, "first");
	reply(&pair, "second");
	ok(heard(&pair, got, sizeof got) < 0, "nothing has left");
	ok(poll_for(&pair, POLLIN, ONCE) == 0, "libmilter asks for the next packet");
	ok(heard(&pair, got, sizeof got) == 11 && memcmp(got, "firstsecond", 11) == 0, "then all leaves at once");
	reply(&pair, "last");
	milter_io_close(pair.server);
	pair.server = -1;
	ok(heard(&pair, got, sizeof got) == 4, "what is written last leaves with the connection");
	pair_close(&pair);
}

static void
test_much(void)
{
	static char much[20001], got[sizeof much];
	struct pair pair = pair_open();

	memset(much, 'x', sizeof much - 1);
	reply(&pair, "first");
	reply(&pair, much);
	ok(recv(pair.client, got, 5, MSG_WAITALL) == 5 && memcmp(got, "first", 5) == 0,
	    "much is not kept, and stays behind what was");
	ok(recv(pair.client, got, sizeof much - 1, MSG_WAITALL) == (ssize_t)sizeof much - 1, "it comes whole");
	close(pair.client);
	reply(&pair, "gone");
	ok(poll_for(&pair, POLLIN, ONCE) == 1 && milter_io_read(pair.server, got, 5) == 0,
	    "a client that is gone is at its end");
	pair.client = -1;
	pair_close(&pair);
}

static void
test_descriptor(void)
{
	struct pair pair = pair_open();

	ok((fcntl(pair.server, F_GETFD) & FD_CLOEXEC) != 0 && milter_io_fcntl(pair.server, F_GETFD, 0) == FD_CLOEXEC,
	    "a connection is not inherited by commands");
	ok(milter_io_fcntl(pair.client, F_GETFD, 0) == 0, "other descriptors are asked");
	pair_close(&pair);
}

/* ---- bounds ---- */

/* Bytes that malloc has given. */
static size_t
given(void)
{
	return mallinfo2().uordblks;
}

/* What a connection holds beside itself: nothing when it is idle, little of what is only announced, nothing once closed. */
static void
test_memory(void)
{
	enum { BUFFER = 20 * 1024 };
	static char half[100 * 1024] = "\x00\x3f\xff\xff"
				       "L"; /* announces 4 MiB less a byte */
	size_t before = given(), idle;
	struct pair pair = pair_open();
	char got[64];

	idle = given();
	say(&pair, BYTES(OFFER));
	ok(poll_for(&pair, POLLIN, ONCE) == 1 && given() - idle <= BUFFER, "a packet is read into one buffer");
	ok(milter_io_read(pair.server, got, 64) == 17 && poll_for(&pair, POLLIN, ONCE) == 0 && given() == idle,
	    "which is given back when nothing follows");
	say(&pair,
	    BYTES("\0\0\0\x09"
		  "Cx\0L\0\0/x"
		  "\0"
		  "\0\0\0\x04"
		  "M<>\0"
		  "\0\0\0\x04"
		  "R<>\0"));
	ok(poll_for(&pair, POLLIN, ONCE) == 1 && milter_io_read(pair.server, got, 64) == 29, "an envelope is read");
	say(&pair, half, 5);
	ok(poll_for(&pair, POLLIN, A_WHILE) == 0 && given() - idle <= BUFFER,
	    "a long packet that is announced takes no more");
	say(&pair, half + 5, sizeof half - 5);
	ok(poll_for(&pair, POLLIN, A_WHILE) == 0 && given() - idle <= 2 * sizeof half, "but twice what has come of it");
	reply(&pair, "unsent");
	pair_close(&pair);
	ok(given() == before, "a closed connection leaves nothing behind");
}

/* A client that sends half a packet, or nothing, and stays. */
static void
test_half_open(void)
{
	struct pair pair = pair_open();
	char got[64];

	ok(poll_for(&pair, POLLIN, A_WHILE) == 0, "a silent client: libmilter's time-out passes");
	say(&pair, OFFER, 9);
	ok(poll_for(&pair, POLLIN, A_WHILE) == 0, "so it does when half a packet has come");
	ok(milter_io_busy() == 0, "which nobody is working on");
	shutdown(pair.client, SHUT_WR);
	ok(poll_for(&pair, POLLIN, LONG) == 1 && milter_io_read(pair.server, got, 64) == 0,
	    "the end behind it is the end, and not a byte of it is read");
	pair_close(&pair);
}

/* A client that sends, and takes no replies. */
static void
test_deaf(void)
{
	enum { ROUNDS = 10000 };
	static char much[8001];
	struct pair pair = pair_open();
	struct iovec piece = { much, sizeof much - 1 };
	char got[64];
	int rounds = 0;

	memset(much, 'x', sizeof much - 1);
	say(&pair, BYTES(OFFER));
	ok(poll_for(&pair, POLLIN, ONCE) == 1 && milter_io_read(pair.server, got, 64) == 17, "a packet is read");
	while (rounds++ < ROUNDS && poll_for(&pair, POLLOUT, A_WHILE) == 1 &&
	    milter_io_writev(pair.server, &piece, 1) == (ssize_t)piece.iov_len && poll_for(&pair, POLLIN, ONCE) == 0)
		;
	ok(rounds < ROUNDS && milter_io_read(pair.server, got, 64) == 0,
	    "a client that takes no replies within libmilter's time is at its end");
	pair_close(&pair);
}

/* ---- threads ---- */

static sem_t begun, may_end;
static pthread_t seen;

static void *
run(void *argument)
{
	seen = pthread_self();
	sem_post(&begun);
	sem_wait(&may_end);
	return argument;
}

static void
start(void)
{
	pthread_t thread;

	must(milter_threads_create(&thread, NULL, run, NULL) == 0, "no thread");
	sem_wait(&begun);
}

static void
idle_becomes(unsigned count)
{
	for (unsigned i = 0; milter_threads_idle() != count; i++) {
		must(i < LONG, "threads do not become idle");
		usleep(1000); /* sleeps: until it looks again */
	}
}

static void
test_threads(void)
{
	pthread_t first;

	sem_init(&begun, 0, 0);
	sem_init(&may_end, 0, 0);
	start();
	first = seen;
	ok(milter_threads_idle() == 0, "a thread that runs is not idle");
	sem_post(&may_end);
	idle_becomes(1);
	start();
	ok(pthread_equal(first, seen) && milter_threads_idle() == 0, "the next task gets the thread that has none");
	sem_post(&may_end);
	idle_becomes(1);
	for (unsigned i = 0; i < 100; i++)
		start();
	for (unsigned i = 0; i < 100; i++)
		sem_post(&may_end);
	idle_becomes(64);
	ok(true, "64 of 100 threads are kept");
	idle_becomes(0);
	ok(true, "and end when they have nothing to do");
}

int
main(void)
{
	test_whole();
	test_many();
	test_partial();
	test_refused();
	test_together();
	test_much();
	test_descriptor();
	test_memory();
	test_half_open();
	test_deaf();
	test_threads();
	return done();
}
