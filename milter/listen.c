#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "listen.h"

enum {
	WORKERS_MAX = 16,
	HEARD_AT_ONCE = 4096,    /* bytes read from one caller before another has its turn */
	BACKLOG = 128,
	SWEEP_MS = 500,          /* how exactly time-outs are kept */
	EXHAUSTED_MS = 200,      /* pause when no descriptor is left */
	TROUBLE_MS = 60 * 1000
};

struct caller {
	struct caller *next, **before; /* in the door's list; under its lock */
	struct door *door;
	void *state;
	int socket;
	bool ends;                 /* closed when all is sent */
	bool at_end;               /* the stream's end was read */
	struct text out;
	size_t sent;               /* of out */
	size_t at, length;         /* of bytes: those not heard yet */
	atomic_bool busy;          /* a worker has it */
	_Atomic int64_t until;     /* shown out then */
	enum door_next phase, wanted; /* as it is; as the keeper wants it when all is sent */
	char bytes[HEARD_AT_ONCE];
};

struct door {
	int socket, epoll, stop;   /* stop is readable for ever when the door closes */
	char path[108];            /* of a Unix socket; "" */
	struct door_keeper keeper;
	struct door_limits limits;
	atomic_uint most;          /* of the limits; a reload may change it */
	pthread_t porter, workers[WORKERS_MAX];
	bool porter_runs;
	unsigned worker_count;
	pthread_mutex_t lock;      /* of the list, and of who watches for what */
	struct caller *callers;
	unsigned count;
	int64_t quiet_until;       /* the porter's: no trouble is told before */
};

static int64_t
now_ms(void)
{
	return clock_ticks() / 1000;
}

/* ---- addresses ---- */

const char *
door_path(const char *address)
{
	return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
}

/* Removes what a dead process left; a live one and a file that is no socket are let alone. */
static bool
clear_path(const struct sockaddr_un *where, struct fault *why)
{
	struct stat st;
	int try, failed;

	if (lstat(where->sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return fault_set(why, "'%s' is no socket; move it away", where->sun_path);
	try = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (try < 0)
		return fault_set(why, "no socket: %s", strerror(errno));
	failed = connect(try, (const struct sockaddr *)where, sizeof *where) == 0 ? 0 : errno;
	close(try);
	if (failed != ECONNREFUSED)
		return fault_set(why, "'%s' is served by another process", where->sun_path);
	if (unlink(where->sun_path) != 0)
		return fault_set(why, "'%s' cannot be removed: %s", where->sun_path, strerror(errno));
	return true;
}

static int
bind_unix(const char *path, struct fault *why)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int made;

	if (strlen(path) >= sizeof where.sun_path) {
		fault_set(why, "'%.60s...' is too long for a socket", path);
		return -1;
	}
	memcpy(where.sun_path, path, strlen(path) + 1);
	if (!clear_path(&where, why))
		return -1;
	made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (made >= 0 && bind(made, (struct sockaddr *)&where, sizeof where) == 0)
		return made;
	fault_set(why, "'%s' cannot be opened: %s; is its folder there?", path, strerror(errno));
	if (made >= 0)
		close(made);
	return -1;
}

static int
bind_found(const struct addrinfo *found)
{
	int made = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (made < 0)
		return -1;
	setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (found->ai_family == AF_INET6)
		setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(made, found->ai_addr, found->ai_addrlen) == 0)
		return made;
	on = errno;
	close(made);
	errno = on;
	return -1;
}

/* "8891@127.0.0.1", "8891@::1" and "8891@[::1]". */
static int
bind_inet(const char *rest, int family, struct fault *why)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found = NULL;
	char port[8], host[256];
	int made = -1, failed;

	if (sscanf(rest, "%7[0-9]@%255s", port, host) != 2) {
		fault_set(why, "'%.80s' is no port and host; write PORT@HOST", rest);
		return -1;
	}
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	failed = getaddrinfo(host, port, &hints, &found);
	if (failed != 0)
		fault_set(why, "host '%.80s' has no address: %s", host, gai_strerror(failed));
	else if ((made = bind_found(found)) < 0)
		fault_set(why, "port %s of %.80s cannot be opened: %s", port, host, strerror(errno));
	if (found != NULL)
		freeaddrinfo(found);
	return made;
}

static int
bind_address(const char *address, struct fault *why)
{
	if (door_path(address) != NULL)
		return bind_unix(door_path(address), why);
	if (strncmp(address, "inet:", 5) == 0)
		return bind_inet(address + 5, AF_INET, why);
	if (strncmp(address, "inet6:", 6) == 0)
		return bind_inet(address + 6, AF_INET6, why);
	fault_set(why, "'%.80s' is no listener", address);
	return -1;
}

struct door *
door_open(const char *address, struct fault *why)
{
	struct door *door = calloc(1, sizeof *door);

	if (door == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&door->lock, NULL);
	door->epoll = door->stop = -1;
	door->socket = bind_address(address, why);
	if (door->socket >= 0 && door_path(address) != NULL)
		snprintf(door->path, sizeof door->path, "%s", door_path(address));
	if (door->socket >= 0 && listen(door->socket, BACKLOG) == 0)
		return door;
	if (door->socket >= 0)
		fault_set(why, "'%.200s' cannot be listened at: %s", address, strerror(errno));
	door_close(door);
	return NULL;
}

/* ---- callers ---- */

enum turn { TURN_GOES_ON, TURN_WAITS, TURN_ENDS };

/* From here on the caller may be another worker's: it must not be touched after TURN_WAITS. */
static enum turn
watch(struct caller *caller, uint32_t events, int how)
{
	struct epoll_event event = { .events = events | EPOLLONESHOT, .data.ptr = caller };
	struct door *door = caller->door;
	bool done;

	caller->busy = false;
	/* who closes the socket takes the lock first: it stays this caller's until the call is over */
	pthread_mutex_lock(&door->lock);
	done = epoll_ctl(door->epoll, how, caller->socket, &event) == 0;
	pthread_mutex_unlock(&door->lock);
	return done ? TURN_WAITS : TURN_ENDS;
}

static void
caller_free(struct caller *caller)
{
	struct door *door = caller->door;

	pthread_mutex_lock(&door->lock);
	*caller->before = caller->next;
	if (caller->next != NULL)
		caller->next->before = caller->before;
	door->count--;
	pthread_mutex_unlock(&door->lock);
	close(caller->socket);
	door->keeper.closed(door->keeper.context, caller->state);
	text_close(&caller->out);
	free(caller);
}

static int64_t
patience(const struct door *door, enum door_next phase)
{
	return phase == DOOR_IDLE ? door->limits.idle_ms : door->limits.within_ms;
}

/* Time begins anew with a phase or a reply, not with each byte: one byte a second wins nothing. */
static void
enter(struct caller *caller, enum door_next phase, bool anew)
{
	if (anew || phase != caller->phase)
		caller->until = now_ms() + patience(caller->door, phase);
	caller->phase = phase;
}

/* The socket is given. */
static void
caller_open(struct door *door, int made)
{
	struct caller *caller = calloc(1, sizeof *caller);

	if (caller != NULL)
		caller->state = door->keeper.opened(door->keeper.context);
	if (caller == NULL || caller->state == NULL) {
		free(caller);
		close(made);
		return;
	}
	caller->door = door;
	caller->socket = made;
	text_open(&caller->out, door->limits.reply);
	enter(caller, DOOR_IDLE, true);
	pthread_mutex_lock(&door->lock);
	caller->next = door->callers;
	caller->before = &door->callers;
	if (caller->next != NULL)
		caller->next->before = &caller->next;
	door->callers = caller;
	door->count++;
	pthread_mutex_unlock(&door->lock);
	if (watch(caller, EPOLLIN, EPOLL_CTL_ADD) == TURN_ENDS)
		caller_free(caller);
}

unsigned
door_callers(struct door *door)
{
	unsigned count;

	pthread_mutex_lock(&door->lock);
	count = door->count;
	pthread_mutex_unlock(&door->lock);
	return count;
}

/* ---- workers ---- */

static enum turn
send_some(struct caller *caller)
{
	ssize_t put = send(caller->socket, caller->out.bytes + caller->sent,
	    caller->out.length - caller->sent, MSG_NOSIGNAL);

	if (put < 0 && errno != EAGAIN && errno != EINTR)
		return TURN_ENDS;
	caller->sent += put > 0 ? (size_t)put : 0;
	if (caller->sent < caller->out.length) {
		enter(caller, DOOR_WITHIN, false);
		return watch(caller, EPOLLOUT, EPOLL_CTL_MOD);
	}
	text_clear(&caller->out);
	caller->sent = 0;
	enter(caller, caller->wanted, true);
	return TURN_GOES_ON;
}

static void
hear(struct caller *caller)
{
	struct door *door = caller->door;
	struct span bytes = { caller->bytes + caller->at, caller->length };

	caller->wanted = door->keeper.heard(door->keeper.context, caller->state, &bytes, &caller->out);
	/* who uses nothing up and says nothing would be called for ever */
	if (bytes.length == caller->length && caller->out.length == 0)
		bytes.length = 0;
	caller->at += caller->length - bytes.length;
	caller->length = bytes.length;
	caller->ends = caller->wanted == DOOR_CLOSE || caller->out.cut || caller->at_end;
	enter(caller, caller->wanted, false);
}

static enum turn
read_some(struct caller *caller)
{
	ssize_t got = recv(caller->socket, caller->bytes, sizeof caller->bytes, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return watch(caller, EPOLLIN, EPOLL_CTL_MOD);
	if (got < 0)
		return TURN_ENDS;
	caller->at = 0;
	caller->length = (size_t)got;
	caller->at_end = got == 0;
	hear(caller);
	return TURN_GOES_ON;
}

/* One turn of a caller: sends what waits, hears what came, reads once. */
static void
take_turn(struct caller *caller)
{
	enum turn turn = TURN_GOES_ON;
	bool has_read = false;

	(void)atomic_exchange(&caller->busy, true); /* and sees all that the worker before it did */
	while (turn == TURN_GOES_ON) {
		if (caller->out.length > 0) {
			turn = send_some(caller);
		} else if (caller->ends) {
			turn = TURN_ENDS;
		} else if (caller->length > 0) {
			hear(caller);
		} else if (!has_read) {
			has_read = true;
			turn = read_some(caller);
		} else {
			turn = watch(caller, EPOLLIN, EPOLL_CTL_MOD);
		}
	}
	if (turn == TURN_ENDS)
		caller_free(caller);
}

static void *
work(void *context)
{
	struct door *door = context;
	struct epoll_event event;

	for (;;) {
		int got = epoll_wait(door->epoll, &event, 1, -1);

		if (got == 1 && event.data.ptr == NULL)
			return NULL;
		if (got == 1)
			take_turn(event.data.ptr);
	}
}

/* ---- the porter ---- */

static void
tell(struct door *door, const struct fault *why)
{
	int64_t now = now_ms();

	if (now < door->quiet_until)
		return;
	door->quiet_until = now + TROUBLE_MS;
	door->keeper.trouble(door->keeper.context, why);
}

static void
sweep(struct door *door)
{
	int64_t now = now_ms();

	pthread_mutex_lock(&door->lock);
	/* a worker closes it: the socket cannot be another's while the list is locked */
	for (struct caller *caller = door->callers; caller != NULL; caller = caller->next)
		if (!caller->busy && caller->until < now)
			shutdown(caller->socket, SHUT_RDWR);
	pthread_mutex_unlock(&door->lock);
}

/* Lets in who waits; returns how long to pause, in ms. */
static int
let_in(struct door *door)
{
	struct fault why;

	for (;;) {
		int made = accept4(door->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (made >= 0 && door_callers(door) < door->most) {
			caller_open(door, made);
		} else if (made >= 0) {
			fault_set(&why, "a connection is refused: %u are open, %u is the most",
			    door_callers(door), door->most);
			tell(door, &why);
			close(made);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			fault_set(&why, "a connection must wait: %s", strerror(errno));
			tell(door, &why);
			return EXHAUSTED_MS;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return 0;
		}
	}
}

static void *
keep_door(void *context)
{
	struct door *door = context;
	struct pollfd ends[] = { { .fd = door->stop, .events = POLLIN },
		{ .fd = door->socket, .events = POLLIN } };
	int pause = 0;

	for (;;) {
		poll(ends, pause > 0 ? 1 : 2, pause > 0 ? pause : SWEEP_MS);
		if (ends[0].revents != 0)
			return NULL;
		pause = let_in(door);
		sweep(door);
	}
}

/* ---- begin and end ---- */

void
door_let(struct door *door, unsigned most)
{
	door->most = most;
}

bool
door_serve(struct door *door, const struct door_keeper *keeper, const struct door_limits *limits,
    struct fault *why)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

	door->keeper = *keeper;
	door->limits = *limits;
	door->most = limits->most;
	door->epoll = epoll_create1(EPOLL_CLOEXEC);
	door->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (door->epoll < 0 || door->stop < 0 ||
	    epoll_ctl(door->epoll, EPOLL_CTL_ADD, door->stop, &event) != 0)
		return fault_set(why, "no descriptor to wait with: %s", strerror(errno));
	while (door->worker_count < limits->workers && door->worker_count < WORKERS_MAX) {
		if (pthread_create(&door->workers[door->worker_count], NULL, work, door) != 0)
			return fault_set(why, "no thread for a listener");
		door->worker_count++;
	}
	door->porter_runs = pthread_create(&door->porter, NULL, keep_door, door) == 0;
	return door->porter_runs || fault_set(why, "no thread for a listener");
}

static void
end_threads(struct door *door)
{
	if (door->stop >= 0)
		eventfd_write(door->stop, 1);
	if (door->porter_runs)
		pthread_join(door->porter, NULL);
	for (unsigned i = 0; i < door->worker_count; i++)
		pthread_join(door->workers[i], NULL);
}

static void
close_end(int end)
{
	if (end >= 0)
		close(end);
}

void
door_close(struct door *door)
{
	if (door == NULL)
		return;
	end_threads(door);
	while (door->callers != NULL)
		caller_free(door->callers);
	close_end(door->socket);
	close_end(door->epoll);
	close_end(door->stop);
	/* root's folder does not let us: the next start removes it */
	if (door->path[0] != '\0')
		(void)unlink(door->path);
	pthread_mutex_destroy(&door->lock);
	free(door);
}
