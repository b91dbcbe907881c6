#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/peers/listen.h"
#include "milter/system/clock.h"
#include "milter/system/denied.h"

enum {
	WORKERS_MAX = 16,
	READ_AT_ONCE = 4096, /* bytes read from one connection before another has its turn */
	BACKLOG = 128,
	SWEEP_MS = 500,     /* precision of time-outs */
	EXHAUSTED_MS = 200, /* pause when no descriptor is left */
	TROUBLE_MS = 60 * 1000
};

struct connection {
	struct connection *next, **before; /* in the listener's list; protected by its lock */
	struct listener *listener;
	void *state;
	int socket;
	bool ends;   /* close when all is sent */
	bool at_end; /* the end of the stream was read */
	struct text out;
	size_t sent;                        /* of out */
	size_t at, length;                  /* of bytes: those not handled yet */
	atomic_bool busy;                   /* a worker is serving it */
	_Atomic int64_t until;              /* when it is closed */
	bool gives_way;                     /* another has its place; protected by the lock */
	enum connection_next phase, wanted; /* the current one; the handler's choice once all is sent */
	char bytes[READ_AT_ONCE];
};

struct listener {
	int socket, epoll, stop; /* stop stays readable once the listener closes */
	char path[108];          /* of a Unix socket, or "" */
	struct connection_handler handler;
	struct listener_limits limits;
	atomic_uint most; /* as in limits; a reload may change it */
	pthread_t acceptor, workers[WORKERS_MAX];
	bool acceptor_runs;
	unsigned worker_count;
	pthread_mutex_t lock; /* protects the list and the epoll registrations */
	struct connection *connections;
	unsigned count;
	int64_t quiet_until; /* acceptor only: no trouble is reported before */
};

static int64_t
now_ms(void)
{
	return clock_ticks() / 1000;
}

/* ---- addresses ---- */

const char *
listener_path(const char *address)
{
	return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
}

static bool
unix_address(const char *path, struct sockaddr_un *out, struct fault *why)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof out->sun_path)
		return fault_set(why, "'%.60s...' is too long for a socket; write a path of at most %zu bytes", path,
		    sizeof out->sun_path - 1);
	memcpy(out->sun_path, path, strlen(path) + 1);
	return true;
}

/* Is there nothing, or the socket of a dead process? Not so a live one, and a file that is not a socket. */
static bool
path_is_free(const struct sockaddr_un *where, bool *there, struct fault *why)
{
	struct stat st;
	int try, failed;

	*there = lstat(where->sun_path, &st) == 0;
	if (!*there)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return fault_set(why, "'%s' is not a socket; move it away", where->sun_path);
	try = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (try < 0)
		return fault_set(why, "cannot make a socket: %s", strerror(errno));
	failed = connect(try, (const struct sockaddr *)where, sizeof *where) == 0 ? 0 : errno;
	close(try);
	return failed == ECONNREFUSED ||
	    fault_set(why, "'%s' is served by another process; stop that, or name another socket", where->sun_path);
}

/* From errno. Returns false. */
static bool
fail_path(const char *path, const char *what, struct fault *why)
{
	char hint[DENIED_HINT];
	int error = errno;

	return fault_set(why, "'%s' cannot be %s: %s%s", path, what, strerror(error),
	    error == EACCES ? denied_hint(path, DENIED_MAKE, hint) : "; does its directory exist?");
}

static bool
clear_path(const struct sockaddr_un *where, struct fault *why)
{
	bool there;

	if (!path_is_free(where, &there, why))
		return false;
	if (there && unlink(where->sun_path) != 0)
		return fail_path(where->sun_path, "removed", why);
	return true;
}

static int
bind_unix(const char *path, struct fault *why)
{
	struct sockaddr_un where;
	int made;

	if (!unix_address(path, &where, why) || !clear_path(&where, why))
		return -1;
	made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (made >= 0 && bind(made, (struct sockaddr *)&where, sizeof where) == 0)
		return made;
	fail_path(path, "opened", why);
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

static const char *
remedy_of(int error)
{
	return error == EADDRINUSE   ? "stop what has it, or name another port"
	    : error == EADDRNOTAVAIL ? "write an address of this host"
	    : error == EACCES        ? "only root may open a port below 1024"
				     : "see whether this host has such addresses";
}

/* "8891@127.0.0.1", "8891@::1" and "8891@[::1]". */
static int
bind_inet(const char *rest, int family, struct fault *why)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char port[8], host[256];
	int made = -1, failed;

	if (sscanf(rest, "%7[0-9]@%255s", port, host) != 2) {
		fault_set(why, "'%.80s' is not a port and host; write PORT@HOST", rest);
		return -1;
	}
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	failed = getaddrinfo(host, port, &hints, &found);
	if (failed != 0) {
		fault_set(why, "host '%.80s' has no address: %s; write one of this host", host, gai_strerror(failed));
	} else if ((made = bind_found(found)) < 0) {
		failed = errno;
		fault_set(why, "port %s of %.80s cannot be opened: %s; %s", port, host, strerror(failed),
		    remedy_of(failed));
	}
	if (found != NULL)
		freeaddrinfo(found);
	errno = failed;
	return made;
}

static int
bind_address(const char *address, struct fault *why)
{
	if (listener_path(address) != NULL)
		return bind_unix(listener_path(address), why);
	if (strncmp(address, "inet:", 5) == 0)
		return bind_inet(address + 5, AF_INET, why);
	if (strncmp(address, "inet6:", 6) == 0)
		return bind_inet(address + 6, AF_INET6, why);
	fault_set(why, "'%.80s' is not a listener", address);
	return -1;
}

/* The directory may be missing: who opens the socket makes it. */
static int
try_unix(const char *path, struct fault *why)
{
	const char *slash = strrchr(path, '/');
	struct sockaddr_un where;
	char folder[sizeof where.sun_path];
	bool there;

	if (!unix_address(path, &where, why) || !path_is_free(&where, &there, why))
		return EADDRINUSE;
	snprintf(folder, sizeof folder, "%.*s",
	    slash == NULL       ? 1
		: slash == path ? 1
				: (int)(slash - path),
	    slash == NULL ? "." : path);
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0 || errno == ENOENT)
		return 0;
	there = errno == EACCES;
	fail_path(path, "opened", why);
	return there ? EACCES : EINVAL;
}

int
listener_try(const char *address, struct fault *why)
{
	int made, error;

	if (listener_path(address) != NULL)
		return try_unix(listener_path(address), why);
	made = bind_address(address, why);
	error = errno;
	if (made < 0)
		return error == EACCES ? EACCES : EINVAL;
	close(made);
	return 0;
}

struct listener *
listener_open(const char *address, struct fault *why)
{
	struct listener *listener = calloc(1, sizeof *listener);

	if (listener == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&listener->lock, NULL);
	listener->epoll = listener->stop = -1;
	listener->socket = bind_address(address, why);
	if (listener->socket >= 0 && listener_path(address) != NULL)
		snprintf(listener->path, sizeof listener->path, "%s", listener_path(address));
	if (listener->socket >= 0 && listen(listener->socket, BACKLOG) == 0)
		return listener;
	if (listener->socket >= 0)
		fault_set(why, "cannot listen on '%.200s': %s", address, strerror(errno));
	listener_close(listener);
	return NULL;
}

int
listener_socket(const struct listener *listener)
{
	return listener->socket;
}

/* ---- connections ---- */

enum turn { TURN_GOES_ON, TURN_WAITS, TURN_ENDS };

/* After this another worker may have the connection: it must not be touched after TURN_WAITS. */
static enum turn
watch(struct connection *connection, uint32_t events, int how)
{
	struct epoll_event event = { .events = events | EPOLLONESHOT, .data.ptr = connection };
	struct listener *listener = connection->listener;
	bool done;

	connection->busy = false;
	/* whoever closes the socket takes the lock first, so the descriptor is not reused during the call */
	pthread_mutex_lock(&listener->lock);
	done = epoll_ctl(listener->epoll, how, connection->socket, &event) == 0;
	pthread_mutex_unlock(&listener->lock);
	return done ? TURN_WAITS : TURN_ENDS;
}

static void
connection_free(struct connection *connection)
{
	struct listener *listener = connection->listener;

	pthread_mutex_lock(&listener->lock);
	*connection->before = connection->next;
	if (connection->next != NULL)
		connection->next->before = connection->before;
	listener->count--;
	pthread_mutex_unlock(&listener->lock);
	close(connection->socket);
	listener->handler.closed(listener->handler.context, connection->state);
	text_close(&connection->out);
	free(connection);
}

static int64_t
patience(const struct listener *listener, enum connection_next phase)
{
	return phase == CONNECTION_IDLE ? listener->limits.idle_ms : listener->limits.within_ms;
}

/* The time starts again with a phase or a reply, not with each byte: sending one byte a second gains nothing. */
static void
enter(struct connection *connection, enum connection_next phase, bool anew)
{
	if (anew || phase != connection->phase)
		connection->until = now_ms() + patience(connection->listener, phase);
	connection->phase = phase;
}

static struct connection_peer
peer_of(const struct listener *listener, int made)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (listener->path[0] == '\0' || getsockopt(made, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return (struct connection_peer){ .known = false };
	return (struct connection_peer){ true, peer.uid };
}

/* Takes over the socket. */
static void
connection_open(struct listener *listener, int made)
{
	struct connection *connection = calloc(1, sizeof *connection);
	struct connection_peer peer = peer_of(listener, made);

	if (connection != NULL)
		connection->state = listener->handler.opened(listener->handler.context, &peer);
	if (connection == NULL || connection->state == NULL) {
		free(connection);
		close(made);
		return;
	}
	connection->listener = listener;
	connection->socket = made;
	text_open(&connection->out, listener->limits.reply);
	enter(connection, CONNECTION_IDLE, true);
	pthread_mutex_lock(&listener->lock);
	connection->next = listener->connections;
	connection->before = &listener->connections;
	if (connection->next != NULL)
		connection->next->before = &connection->next;
	listener->connections = connection;
	listener->count++;
	pthread_mutex_unlock(&listener->lock);
	if (watch(connection, EPOLLIN, EPOLL_CTL_ADD) == TURN_ENDS)
		connection_free(connection);
}

unsigned
listener_connections(struct listener *listener)
{
	unsigned count;

	pthread_mutex_lock(&listener->lock);
	count = listener->count;
	pthread_mutex_unlock(&listener->lock);
	return count;
}

/* ---- workers ---- */

static enum turn
send_some(struct connection *connection)
{
	ssize_t put = send(connection->socket, connection->out.bytes + connection->sent,
	    connection->out.length - connection->sent, MSG_NOSIGNAL);

	if (put < 0 && errno != EAGAIN && errno != EINTR)
		return TURN_ENDS;
	connection->sent += put > 0 ? (size_t)put : 0;
	if (connection->sent < connection->out.length) {
		enter(connection, CONNECTION_WITHIN, false);
		return watch(connection, EPOLLOUT, EPOLL_CTL_MOD);
	}
	text_clear(&connection->out);
	connection->sent = 0;
	enter(connection, connection->wanted, true);
	return TURN_GOES_ON;
}

static void
handle(struct connection *connection)
{
	struct listener *listener = connection->listener;
	struct span bytes = { connection->bytes + connection->at, connection->length };

	connection->wanted = listener->handler.received(listener->handler.context, connection->state, &bytes,
	    &connection->out);
	/* a handler that neither uses bytes nor replies would be called for ever */
	if (bytes.length == connection->length && connection->out.length == 0)
		bytes.length = 0;
	connection->at += connection->length - bytes.length;
	connection->length = bytes.length;
	connection->ends = connection->wanted == CONNECTION_CLOSE || connection->out.cut || connection->at_end;
	enter(connection, connection->wanted, false);
}

static enum turn
read_some(struct connection *connection)
{
	ssize_t got = recv(connection->socket, connection->bytes, sizeof connection->bytes, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return watch(connection, EPOLLIN, EPOLL_CTL_MOD);
	if (got < 0)
		return TURN_ENDS;
	connection->at = 0;
	connection->length = (size_t)got;
	connection->at_end = got == 0;
	handle(connection);
	return TURN_GOES_ON;
}

/* One turn of a connection: sends what waits, handles what has come, reads once. */
static void
take_turn(struct connection *connection)
{
	enum turn turn = TURN_GOES_ON;
	bool has_read = false;

	(void)atomic_exchange(&connection->busy, true); /* also orders us after the previous worker */
	while (turn == TURN_GOES_ON) {
		if (connection->out.length > 0) {
			turn = send_some(connection);
		} else if (connection->ends) {
			turn = TURN_ENDS;
		} else if (connection->length > 0) {
			handle(connection);
		} else if (!has_read) {
			has_read = true;
			turn = read_some(connection);
		} else {
			turn = watch(connection, EPOLLIN, EPOLL_CTL_MOD);
		}
	}
	if (turn == TURN_ENDS)
		connection_free(connection);
}

static void *
work(void *context)
{
	struct listener *listener = context;
	struct epoll_event event;

	for (;;) {
		int got = epoll_wait(listener->epoll, &event, 1, -1);

		if (got == 1 && event.data.ptr == NULL)
			return NULL;
		if (got == 1)
			take_turn(event.data.ptr);
	}
}

/* ---- the acceptor ---- */

static void
tell(struct listener *listener, const struct fault *why)
{
	int64_t now = now_ms();

	if (now < listener->quiet_until)
		return;
	listener->quiet_until = now + TROUBLE_MS;
	listener->handler.trouble(listener->handler.context, why);
}

static void
sweep(struct listener *listener)
{
	int64_t now = now_ms();

	pthread_mutex_lock(&listener->lock);
	/* a worker then closes it; while the list is locked the descriptor cannot be reused */
	for (struct connection *connection = listener->connections; connection != NULL; connection = connection->next)
		if (!connection->busy && connection->until < now)
			shutdown(connection->socket, SHUT_RDWR);
	pthread_mutex_unlock(&listener->lock);
}

/* When no descriptor is left: one beyond our own limit of them. Other threads may take that, and then it is one more. */
static int
accept_beyond(struct listener *listener)
{
	static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
	struct rlimit usual, raised;
	int made = -1;

	pthread_mutex_lock(&turn);
	if (getrlimit(RLIMIT_NOFILE, &usual) == 0) {
		raised = usual;
		while (made < 0 && raised.rlim_cur++ < usual.rlim_cur + LISTENER_BEYOND &&
		    setrlimit(RLIMIT_NOFILE, &raised) == 0)
			made = accept4(listener->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		(void)setrlimit(RLIMIT_NOFILE, &usual);
	}
	pthread_mutex_unlock(&turn);
	if (made < 0)
		errno = EMFILE;
	return made;
}

static int
accept_one(struct listener *listener)
{
	int made = accept4(listener->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	return made < 0 && errno == EMFILE && listener->limits.urgent ? accept_beyond(listener) : made;
}

/* Where an urgent listener is full, the connection that would be closed next gives way now: those who ask nothing must not keep
 * out who asks whether all is well. */
static bool
make_room(struct listener *listener)
{
	struct connection *oldest = NULL;

	if (!listener->limits.urgent || listener_connections(listener) >= listener->most + LISTENER_BEYOND)
		return false;
	pthread_mutex_lock(&listener->lock);
	for (struct connection *connection = listener->connections; connection != NULL; connection = connection->next)
		if (!connection->busy && !connection->gives_way && (oldest == NULL || connection->until < oldest->until))
			oldest = connection;
	if (oldest != NULL) {
		oldest->gives_way = true;
		shutdown(oldest->socket, SHUT_RDWR);
	}
	pthread_mutex_unlock(&listener->lock);
	return oldest != NULL;
}

static bool
has_room(struct listener *listener)
{
	return listener_connections(listener) < listener->most || make_room(listener);
}

/* Accepts waiting connections; returns how long to pause, in ms. */
static int
accept_waiting(struct listener *listener)
{
	struct fault why;

	for (;;) {
		int made = accept_one(listener);

		if (made >= 0 && has_room(listener)) {
			connection_open(listener, made);
		} else if (made >= 0) {
			fault_set(&why, "a connection is refused: %u are open, %u is the most",
			    listener_connections(listener), listener->most);
			tell(listener, &why);
			close(made);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			fault_set(&why, "a connection must wait: %s", strerror(errno));
			tell(listener, &why);
			return EXHAUSTED_MS;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return 0;
		}
	}
}

static void *
accept_all(void *context)
{
	struct listener *listener = context;
	struct pollfd ends[] = { { .fd = listener->stop, .events = POLLIN },
		{ .fd = listener->socket, .events = POLLIN } };
	int pause = 0;

	for (;;) {
		poll(ends, pause > 0 ? 1 : 2, pause > 0 ? pause : SWEEP_MS);
		if (ends[0].revents != 0)
			return NULL;
		pause = accept_waiting(listener);
		sweep(listener);
	}
}

/* ---- begin and end ---- */

void
listener_set_limit(struct listener *listener, unsigned most)
{
	listener->most = most;
}

bool
listener_serve(struct listener *listener, const struct connection_handler *handler,
    const struct listener_limits *limits, struct fault *why)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

	listener->handler = *handler;
	listener->limits = *limits;
	listener->most = limits->most;
	listener->epoll = epoll_create1(EPOLL_CLOEXEC);
	listener->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (listener->epoll < 0 || listener->stop < 0 ||
	    epoll_ctl(listener->epoll, EPOLL_CTL_ADD, listener->stop, &event) != 0)
		return fault_set(why, "cannot make a descriptor to wait with: %s", strerror(errno));
	while (listener->worker_count < limits->workers && listener->worker_count < WORKERS_MAX) {
		if (pthread_create(&listener->workers[listener->worker_count], NULL, work, listener) != 0)
			return fault_set(why, "cannot start a listener thread");
		listener->worker_count++;
	}
	listener->acceptor_runs = pthread_create(&listener->acceptor, NULL, accept_all, listener) == 0;
	return listener->acceptor_runs || fault_set(why, "cannot start a listener thread");
}

static void
end_threads(struct listener *listener)
{
	if (listener->stop >= 0)
		eventfd_write(listener->stop, 1);
	if (listener->acceptor_runs)
		pthread_join(listener->acceptor, NULL);
	for (unsigned i = 0; i < listener->worker_count; i++)
		pthread_join(listener->workers[i], NULL);
}

static void
close_end(int end)
{
	if (end >= 0)
		close(end);
}

void
listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	end_threads(listener);
	while (listener->connections != NULL)
		connection_free(listener->connections);
	close_end(listener->socket);
	close_end(listener->epoll);
	close_end(listener->stop);
	/* in a directory of root's we may not: then the next start removes it */
	if (listener->path[0] != '\0')
		(void)unlink(listener->path);
	pthread_mutex_destroy(&listener->lock);
	free(listener);
}
