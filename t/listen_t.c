/*
 * listen_t.c - doors: who is let in, heard, kept waiting and shown out; with a room that answers lines.
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

#include "clock.h"
#include "listen.h"
#include "tap.h"

enum { FLOOD = 60000, PATIENCE_MS = 120 * 1000, SWEEPS = 2, SECOND = 1000 };

/* ---- a clock that stands where it is put; it says how often it was looked at ---- */

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

/* ---- the room ---- */

struct line {
	struct text text;
};

static void *
opened(void *context)
{
	struct line *line = calloc(1, sizeof *line);

	(void)context;
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

/* What holds a request up until the test lets it go. */
static sem_t let_go;
static atomic_int held, heard_times;

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

static enum door_next
heard(void *context, void *state, struct span *bytes, struct text *out)
{
	struct line *line = state;
	bool complete = memchr(bytes->at, '\n', bytes->length) != NULL;

	(void)context;
	heard_times++;
	text_span(&line->text, span_cut(bytes, '\n'));
	if (!complete)
		return line->text.length > 0 ? DOOR_WITHIN : DOOR_IDLE;
	complete = strcmp(line->text.bytes, "bye") != 0;
	obey(line->text.bytes, out);
	text_clear(&line->text);
	return complete ? DOOR_IDLE : DOOR_CLOSE;
}

static void
trouble(void *context, const struct fault *why)
{
	(void)context;
	snprintf(last_trouble, sizeof last_trouble, "%s", why->text);
	troubles++;
}

static const struct door_limits usual = { .workers = 3, .most = 40, .idle_ms = 60000, .within_ms = 60000,
	.reply = FLOOD };

static struct door *
serve(const char *at, const struct door_limits *limits)
{
	const struct door_keeper keeper = { opened, heard, closed, trouble, NULL };
	struct fault why = { .text = "" };
	struct door *door = door_open(at, &why);

	if (door == NULL || !door_serve(door, &keeper, limits, &why)) {
		note("%s", why.text);
		exit(99);
	}
	return door;
}

/* ---- callers ---- */

static int
call(void)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int made = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(where.sun_path, sizeof where.sun_path, "%s", door_path(address));
	if (connect(made, (struct sockaddr *)&where, sizeof where) != 0) {
		note("cannot connect: %s", strerror(errno));
		exit(99);
	}
	return made;
}

static void
say(int caller, const char *text)
{
	if (send(caller, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		note("only a part was sent");
}

/* What comes until `length` bytes are there; "(closed)" behind it when the door hung up. */
static const char *
hear(int caller, size_t length)
{
	static char text[FLOOD + 64];
	struct pollfd end = { .fd = caller, .events = POLLIN };
	size_t had = 0;

	while (had < length && poll(&end, 1, PATIENCE_MS) == 1) {
		ssize_t got = recv(caller, text + had, sizeof text - 16 - had, 0);

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
is_open(int caller)
{
	char byte;

	return recv(caller, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static void
await(atomic_int *count, int wanted)
{
	while (*count < wanted)
		look_again();
}

/* Puts the clock there, and waits until the porter has looked at it behind that. */
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
	struct door *door = serve(address, &usual);
	int caller = call(), other = call();

	say(caller, "echo one\n");
	is(hear(caller, 4), "one\n", "a caller is answered");
	say(caller, "echo a\necho b\nhold c\necho d\n");
	sem_post(&let_go);
	is(hear(caller, 8), "a\nb\nc\nd\n", "four requests at once are answered in their order");
	for (const char *at = "echo slowly\n"; *at != '\0'; at++) {
		int before = heard_times;

		say(caller, (char[]){ *at, '\0' });
		await(&heard_times, before + 1);
	}
	is(hear(caller, 7), "slowly\n", "a request may come byte by byte");
	say(caller, "hold late\n");
	await(&held, 1);
	say(other, "echo now\n");
	is(hear(other, 4), "now\n", "one that waits holds up nobody else");
	sem_post(&let_go);
	is(hear(caller, 5), "late\n", "and is answered later");
	is_number(door_callers(door), 2, "two callers are counted");
	say(other, "bye\n");
	is(hear(other, 1), "(closed)", "who says farewell is let go");
	say(caller, "flood\necho behind\n");
	is_number((long long)strlen(hear(caller, FLOOD + 7)), FLOOD + 7, "a long reply comes whole, and the next behind it");
	say(caller, "echo last\nsil");
	shutdown(caller, SHUT_WR);
	is(hear(caller, 100), "last\n(closed)", "who only listens any more gets his reply before the end");
	close(caller);
	close(other);
	door_close(door);
	is_number(states, 0, "every caller's state is given back");
}

static void
test_many(void)
{
	struct door *door = serve(address, &usual);
	int callers[40];
	size_t good = 0;

	for (int i = 0; i < 40; i++) {
		callers[i] = call();
		say(callers[i], "hold x\necho y\n");
	}
	await(&held, (int)usual.workers);
	for (int i = 0; i < 40; i++)
		sem_post(&let_go);
	for (int i = 0; i < 40; i++) {
		good += strcmp(hear(callers[i], 4), "x\ny\n") == 0;
		close(callers[i]);
	}
	is_number((long long)good, 40, "forty that wait are served by three workers");
	door_close(door);
}

static void
test_most(void)
{
	struct door_limits limits = usual;
	struct door *door;
	int first, second, third;

	limits.most = 2;
	limits.idle_ms = 600 * SECOND;
	clock_ms = 0;
	door = serve(address, &limits);
	troubles = 0;
	first = call();
	say(first, "echo 1\n");
	hear(first, 2);
	second = call();
	say(second, "echo 2\n");
	hear(second, 2);
	third = call();
	is(hear(third, 1), "(closed)", "one caller too many is sent away");
	is_number(troubles, 1, "which is told");
	is(last_trouble, "a connection is refused: 2 are open, 2 is the most", "with the figures");
	close(third);
	third = call();
	is(hear(third, 1), "(closed)", "another, too");
	is_number(troubles, 1, "which is not told again within the minute");
	close(third);
	clock_ms = 61 * SECOND;
	third = call();
	is(hear(third, 1), "(closed)", "a third, too");
	is_number(troubles, 2, "which is told, a minute later");
	close(third);
	say(first, "bye\n");
	hear(first, 1);
	third = call();
	say(third, "echo 3\n");
	is(hear(third, 2), "3\n", "when one has gone there is room again");
	door_let(door, 3);
	close(first);
	first = call();
	say(first, "echo 4\n");
	is(hear(first, 2), "4\n", "and for one more when more may come");
	close(first);
	close(second);
	close(third);
	door_close(door);
}

/* Says a part of a request and waits until it was heard, or nobody listens any more. */
static void
drip(int caller)
{
	int before = heard_times;

	say(caller, "x");
	while (heard_times == before && is_open(caller))
		look_again();
}

/* Lets time go by in steps until the caller is shown out, at most up to `last`; what the clock shows then. */
static int64_t
shown_out(int caller, int64_t last, int64_t step, bool drips)
{
	while (is_open(caller) && clock_ms < last) {
		if (drips)
			drip(caller);
		at_ms(clock_ms + step);
	}
	return clock_ms;
}

static void
test_patience(void)
{
	struct door_limits limits = usual;
	int dripping, deaf, idle, silent;
	struct door *door;

	limits.within_ms = 300;
	limits.idle_ms = 1800;
	clock_ms = 0;
	door = serve(address, &limits);
	dripping = call();
	deaf = call();
	idle = call();
	silent = call();
	await(&states, 4);
	say(idle, "echo 1\n");
	is(hear(idle, 2), "1\n", "a caller speaks and then rests");
	ok(shown_out(dripping, 1700, 100, true) < 1700, "who drips one byte at a time is shown out");
	say(deaf, "flood\nflood\nflood\nflood\nflood\nflood\nflood\nflood\nflood\nflood\n");
	while (door_callers(door) > 2 && clock_ms < 1700)
		at_ms(clock_ms + 100);
	ok(clock_ms < 1800 && is_open(idle) && is_open(silent), "so is who does not take his replies; who rests stays");
	say(idle, "hold 2\n");
	await(&held, 1);
	at_ms(1799);
	ok(is_open(silent), "who never says anything is not shown out too early");
	ok(shown_out(silent, 3000, 600, false) < 3000, "but at last");
	at_ms(100 * SECOND);
	ok(is_open(idle), "one being heard is not, however long it takes");
	sem_post(&let_go);
	is(hear(idle, 2), "2\n", "and is answered");
	ok(shown_out(idle, 110 * SECOND, SECOND, false) < 110 * SECOND, "who rests too long is shown out");
	close(dripping);
	close(deaf);
	close(idle);
	close(silent);
	door_close(door);
	is_number(states, 0, "their states are given back");
}

static void *
let_go_later(void *unused)
{
	usleep(100 * 1000); /* sleeps: by then the door is being closed; else less is shown, and nothing fails */
	sem_post(&let_go);
	return unused;
}

static void
test_closing(void)
{
	struct door *door = serve(address, &usual);
	int caller = call(), idle = call();
	pthread_t thread;
	struct stat st;

	say(caller, "hold done\n");
	await(&held, 1);
	await(&states, 2);
	if (pthread_create(&thread, NULL, let_go_later, NULL) != 0)
		exit(99);
	door_close(door);
	pthread_join(thread, NULL);
	is(hear(caller, 100), "done\n(closed)", "a door that closes answers those being heard");
	is(hear(idle, 1), "(closed)", "and hangs up on the others");
	ok(lstat(door_path(address), &st) != 0, "its socket is gone");
	close(caller);
	close(idle);
}

static void
test_paths(void)
{
	struct door *door = serve(address, &usual), *second;
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	struct fault why = { .text = "" };
	int dead;

	second = door_open(address, &why);
	ok(second == NULL && strstr(why.text, "served by another process") != NULL, "a socket in use is let alone: %s",
	    why.text);
	door_close(door);
	snprintf(where.sun_path, sizeof where.sun_path, "%s", door_path(address));
	dead = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(dead, (struct sockaddr *)&where, sizeof where) != 0)
		exit(99);
	close(dead);
	door = serve(address, &usual);
	ok(door != NULL, "a socket that a dead process left is replaced");
	door_close(door);
	fclose(fopen(door_path(address), "w"));
	second = door_open(address, &why);
	ok(second == NULL && strstr(why.text, "is no socket") != NULL, "a file is let alone: %s", why.text);
	unlink(door_path(address));
	ok(door_open("unix:/nowhere/at/all", &why) == NULL, "a folder that is not there: %s", why.text);
	ok(door_open("inet:1@192.0.2.1", &why) == NULL, "an address that is not ours: %s", why.text);
	ok(door_open("inet:8891", &why) == NULL, "an address without a host: %s", why.text);
	ok(door_open("/run/x", &why) == NULL, "no kind of address: %s", why.text);
	door_close(NULL);
}

static void
test_inet(const char *at, int family, const char *name)
{
	struct fault why = { .text = "" };
	struct door *door = door_open(at, &why);
	const struct door_keeper keeper = { opened, heard, closed, trouble, NULL };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int caller = socket(family, SOCK_STREAM, 0), port = atoi(strchr(at, ':') + 1);

	if (door == NULL || !door_serve(door, &keeper, &usual, &why)) {
		note("%s: %s", at, why.text); /* a host without IPv6, or the port was taken meanwhile */
		ok(family == AF_INET6, "%s", name);
		door_close(door);
		return;
	}
	six.sin6_port = four.sin_port = htons((uint16_t)port);
	if (connect(caller, family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six,
		family == AF_INET ? sizeof four : sizeof six) == 0)
		say(caller, "echo hello\n");
	is(hear(caller, 6), "hello\n", "%s", name);
	close(caller);
	door_close(door);
	door = door_open(at, &why);
	ok(door != NULL, "%s: the port can be taken again at once", name);
	door_close(door);
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

	if (mkdtemp(folder) == NULL)
		return 99;
	snprintf(address, sizeof address, "unix:%s/door", folder);
	sem_init(&let_go, 0, 0);
	alarm(4 * PATIENCE_MS / 1000); /* whoever waits for ever is ended */
	before = descriptors();
	test_conversation();
	test_many();
	test_most();
	test_patience();
	test_closing();
	test_paths();
	snprintf(at, sizeof at, "inet:%d@127.0.0.1", free_port());
	test_inet(at, AF_INET, "a caller by IPv4");
	snprintf(at, sizeof at, "inet6:%d@::1", free_port());
	test_inet(at, AF_INET6, "a caller by IPv6");
	snprintf(at, sizeof at, "inet6:%d@[::1]", free_port());
	test_inet(at, AF_INET6, "a caller by IPv6 in brackets");
	is_number(descriptors(), before, "no descriptor is left open");
	rmdir(folder);
	return done();
}
