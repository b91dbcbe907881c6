#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "milter/peers/metrics.h"
#include "milter/system/clock.h"
#include "policy/review/metrics_text.h"

enum {
	NOT_ALLOWED = 405,
	EXHAUSTED_SECONDS = 1, /* pause when no descriptor is left */
	SWEEP_MS = 100,        /* precision of the end of a connection */
	UNREAD_MAX = 2 * METRICS_HEAD_MAX,
	METHODS = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
	    EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH
};

/* All but the first four members are the thread's alone, once it runs. */
struct metrics_server {
	struct listener *listener;
	struct metrics_teller teller;
	int stop; /* readable once it closes */
	pthread_t thread;
	struct event_base *base;
	struct event *stopping, *sweeping;
	struct evhttp *http;
	struct evconnlistener *accepting;
	struct connection {
		struct bufferevent *socket; /* NULL: the place is free */
		int64_t until;              /* ticks when it is closed */
	} connections[METRICS_CONNECTIONS];
};

/* ---- connections ---- */

/* evhttp tells nobody when it frees a connection, but the bufferevent, which we hold as well, has lost its callbacks. */
static bool
has_left(const struct connection *connection)
{
	bufferevent_data_cb read, write;
	bufferevent_event_cb event;
	void *unused;

	bufferevent_getcb(connection->socket, &read, &write, &event, &unused);
	return read == NULL && write == NULL && event == NULL;
}

/* Gives back what has left; closes what is over its time: evhttp then finds the connection at its end, and frees it. */
static bool
sweep_one(struct connection *connection)
{
	if (connection->socket == NULL)
		return false;
	if (has_left(connection)) {
		bufferevent_decref(connection->socket);
		connection->socket = NULL;
	} else if (clock_ticks() >= connection->until) {
		(void)shutdown(bufferevent_getfd(connection->socket), SHUT_RDWR);
	}
	return connection->socket != NULL;
}

/* Accepts while there is a free place, and looks again while one is taken. */
static void
sweep(evutil_socket_t fd, short what, void *data)
{
	struct metrics_server *server = data;
	unsigned taken = 0;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < METRICS_CONNECTIONS; i++)
		taken += sweep_one(&server->connections[i]);
	if (taken > 0)
		(void)event_add(server->sweeping, &(struct timeval){ .tv_usec = SWEEP_MS * 1000 });
	if (taken < METRICS_CONNECTIONS)
		(void)evconnlistener_enable(server->accepting);
}

/* What we hold after evhttp has freed it keeps its descriptor: closed by evhttp, its number would be the next connection's,
 * and the event that still waits here would read from that one. What nobody reads any more is bounded by the mark. */
static struct bufferevent *
socket_new(struct event_base *base)
{
	struct bufferevent *socket = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (socket != NULL)
		bufferevent_setwatermark(socket, EV_READ, 0, UNREAD_MAX);
	return socket;
}

/* A new connection's bufferevent: one place was free. evhttp's own time-out begins again with every byte; ours does not.
 * NULL: out of memory, and evhttp makes one itself. */
static struct bufferevent *
connection_begin(struct event_base *base, void *data)
{
	struct metrics_server *server = data;
	struct connection *connection = NULL;
	unsigned free_places = 0;

	for (size_t i = 0; i < METRICS_CONNECTIONS; i++)
		if (server->connections[i].socket == NULL) {
			connection = &server->connections[i];
			free_places++;
		}
	if (free_places <= 1)
		(void)evconnlistener_disable(server->accepting);
	if (connection == NULL || (connection->socket = socket_new(base)) == NULL)
		return NULL;
	bufferevent_incref(connection->socket);
	connection->until = clock_ticks() + METRICS_SECONDS * INT64_C(1000000);
	if (!event_pending(server->sweeping, EV_TIMEOUT, NULL))
		(void)event_add(server->sweeping, &(struct timeval){ .tv_usec = SWEEP_MS * 1000 });
	return connection->socket;
}

/* No descriptor is left: the socket stays readable, and would be tried without an end. */
static void
accept_failed(struct evconnlistener *accepting, void *data)
{
	struct metrics_server *server = data;

	(void)evconnlistener_disable(accepting);
	(void)event_add(server->sweeping, &(struct timeval){ .tv_sec = EXHAUSTED_SECONDS });
}

/* ---- requests ---- */

static void
reply_short(struct evhttp_request *request, int status, const char *reason)
{
	struct evbuffer *body = evhttp_request_get_output_buffer(request);

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "text/plain");
	evbuffer_add_printf(body, "%s: GET /metrics is all that is served here\n", reason);
	evhttp_send_reply(request, status, reason, NULL);
}

static void
free_text(const void *bytes, size_t length, void *text)
{
	(void)bytes;
	(void)length;
	text_close(text);
	free(text);
}

/* The text is given. */
static void
reply_text(struct evhttp_request *request, struct text *text)
{
	struct evbuffer *body = evhttp_request_get_output_buffer(request);

	if (evbuffer_add_reference(body, text->bytes, text->length, free_text, text) != 0) {
		free_text(NULL, 0, text);
		reply_short(request, HTTP_SERVUNAVAIL, "Out of memory");
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
	    "text/plain; version=0.0.4; charset=utf-8");
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

static void
reply_metrics(struct metrics_server *server, struct evhttp_request *request)
{
	struct text *text = malloc(sizeof *text);

	if (text != NULL)
		text_open(text, METRICS_TEXT_MAX);
	if (text != NULL && server->teller.write(server->teller.context, text) && !text->cut) {
		reply_text(request, text);
		return;
	}
	if (text != NULL)
		free_text(NULL, 0, text);
	reply_short(request, HTTP_SERVUNAVAIL, "Out of memory");
}

static void
answer(struct evhttp_request *request, void *data)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_add_header(headers, "Connection", "close");
	if (path == NULL || strcmp(path, "/metrics") != 0) {
		reply_short(request, HTTP_NOTFOUND, "Not found");
	} else if (evhttp_request_get_command(request) != EVHTTP_REQ_GET) {
		evhttp_add_header(headers, "Allow", "GET");
		reply_short(request, NOT_ALLOWED, "Method not allowed");
	} else {
		reply_metrics(data, request);
	}
}

/* ---- the thread ---- */

static void
stop_is_wanted(evutil_socket_t fd, short what, void *data)
{
	struct metrics_server *server = data;

	(void)fd;
	(void)what;
	event_base_loopbreak(server->base);
}

static void *
serve(void *data)
{
	struct metrics_server *server = data;

	pthread_setname_np(pthread_self(), "metrics");
	event_base_dispatch(server->base);
	return NULL;
}

/* ---- begin and end ---- */

static bool
make_loop(struct metrics_server *server)
{
	server->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->base = event_base_new();
	if (server->stop < 0 || server->base == NULL)
		return false;
	server->stopping = event_new(server->base, server->stop, EV_READ, stop_is_wanted, server);
	server->sweeping = evtimer_new(server->base, sweep, server);
	server->http = evhttp_new(server->base);
	return server->stopping != NULL && event_add(server->stopping, NULL) == 0 && server->sweeping != NULL &&
	    server->http != NULL;
}

static bool
make_http(struct metrics_server *server)
{
	int socket = listener_socket(server->listener);

	evhttp_set_allowed_methods(server->http, METHODS);
	evhttp_set_max_headers_size(server->http, METRICS_HEAD_MAX);
	evhttp_set_max_body_size(server->http, 0);
	evhttp_set_timeout(server->http, METRICS_SECONDS);
	evhttp_set_bevcb(server->http, connection_begin, server);
	evhttp_set_gencb(server->http, answer, server);
	server->accepting = evconnlistener_new(server->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, socket);
	if (server->accepting == NULL)
		return false;
	if (evhttp_bind_listener(server->http, server->accepting) == NULL) {
		evconnlistener_free(server->accepting);
		return false;
	}
	evconnlistener_set_error_cb(server->accepting, accept_failed);
	return true;
}

/* The thread does not run, or no longer. */
static void
free_all(struct metrics_server *server)
{
	if (server->http != NULL)
		evhttp_free(server->http);
	for (size_t i = 0; i < METRICS_CONNECTIONS; i++)
		if (server->connections[i].socket != NULL)
			bufferevent_decref(server->connections[i].socket);
	if (server->stopping != NULL)
		event_free(server->stopping);
	if (server->sweeping != NULL)
		event_free(server->sweeping);
	if (server->base != NULL)
		event_base_free(server->base);
	if (server->stop >= 0)
		close(server->stop);
	listener_close(server->listener);
	free(server);
}

struct metrics_server *
metrics_server_open(struct listener *listener, const struct metrics_teller *teller, struct fault *why)
{
	struct metrics_server *server = calloc(1, sizeof *server);
	int error;

	if (server == NULL) {
		listener_close(listener);
		fault_set(why, "out of memory");
		return NULL;
	}
	*server = (struct metrics_server){ .listener = listener, .teller = *teller, .stop = -1 };
	if (!make_loop(server) || !make_http(server)) {
		free_all(server);
		fault_set(why, "out of memory for /metrics");
		return NULL;
	}
	error = pthread_create(&server->thread, NULL, serve, server);
	if (error == 0)
		return server;
	fault_set(why, "cannot start the thread that serves /metrics: %s", strerror(error));
	free_all(server);
	return NULL;
}

void
metrics_server_close(struct metrics_server *server)
{
	if (server == NULL)
		return;
	(void)eventfd_write(server->stop, 1);
	pthread_join(server->thread, NULL);
	free_all(server);
}
