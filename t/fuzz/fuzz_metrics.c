/*
 * Any bytes as what a client sends to the listener for metrics, at once or in two pieces (the first byte says where). The reply is
 * none, or one of HTTP; what is counted is told only to who asks for /metrics; and the connection ends. No thread runs: what the
 * server waits for is done here.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "milter/peers/metrics.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/scratch.h"

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
struct event_base *__real_event_base_new(void);
struct event_base *__wrap_event_base_new(void);
int __real_event_add(struct event *, const struct timeval *);
int __wrap_event_add(struct event *, const struct timeval *);

enum { ROUNDS = 200, REPLY_MAX = 8192 };
static const char body[] = "what_is_counted 4711\n";

static struct event_base *base;
static struct event *later;
static struct sockaddr_un place = { .sun_family = AF_UNIX };
static bool opening;

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data)
{
	return opening ? 0 : __real_pthread_create(thread, attributes, run, data);
}

struct event_base *
__wrap_event_base_new(void)
{
	base = __real_event_base_new();
	return base;
}

/* Nobody waits for a time: what shall be done then is done at the end of each input. */
int
__wrap_event_add(struct event *event, const struct timeval *time)
{
	if (time == NULL)
		return __real_event_add(event, NULL);
	later = event;
	return 0;
}

static bool
tell(void *context, struct text *out)
{
	(void)context;
	text_put(out, body);
	return true;
}

static void
open_once(void)
{
	static char folder[] = "/tmp/fuzz_metrics.XXXXXX";
	const struct metrics_teller teller = { NULL, tell };
	char address[128];
	struct listener *listener;
	struct fault why;

	if (base != NULL)
		return;
	must(scratch_make(folder));
	snprintf(place.sun_path, sizeof place.sun_path, "%s/s", folder);
	snprintf(address, sizeof address, "unix:%s", place.sun_path);
	must((listener = listener_open(address, &why)) != NULL);
	opening = true;
	must(metrics_server_open(listener, &teller, &why) != NULL);
	opening = false;
}

static void
turn(void)
{
	must(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
}

/* All that comes until the end of the connection. */
static size_t
reply_of(int fd, char reply[REPLY_MAX])
{
	size_t length = 0;
	ssize_t got = -1;

	for (unsigned i = 0; i < ROUNDS && got != 0; i++) {
		turn();
		got = recv(fd, reply + length, REPLY_MAX - 1 - length, MSG_DONTWAIT);
		must(got >= 0 || errno == EAGAIN || errno == ECONNRESET);
		if (got < 0 && errno == ECONNRESET)
			got = 0;
		length += got > 0 ? (size_t)got : 0;
		must(length < REPLY_MAX - 1);
	}
	must(got == 0);
	reply[length] = '\0';
	return length;
}

/* Behind the version, which is the client's own. */
static const char *
reply_status(const char *reply)
{
	return reply + strcspn(reply, " ") + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char reply[REPLY_MAX];
	size_t first;
	int fd;

	if (size < 1)
		return 0;
	open_once();
	first = *data++;
	size--;
	first = first < size ? first : size;
	must((fd = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0 && connect(fd, (struct sockaddr *)&place, sizeof place) == 0);
	turn();
	(void)send(fd, data, first, MSG_NOSIGNAL | MSG_DONTWAIT);
	turn();
	(void)send(fd, data + first, size - first, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(fd, SHUT_WR);
	if (reply_of(fd, reply) > 0)
		must(strncmp(reply, "HTTP/", 5) == 0 && strchr("1245", *reply_status(reply)) != NULL);
	if (strstr(reply, body) != NULL)
		must(memmem(data, size, "/metrics", 8) != NULL && strncmp(reply_status(reply), "200 ", 4) == 0);
	close(fd);
	turn();
	if (later != NULL)
		event_active(later, EV_TIMEOUT, 1);
	turn();
	return 0;
}
