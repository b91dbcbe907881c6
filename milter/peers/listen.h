/*
 * listen.h - listening sockets, whose connections are served without one waiting for another.
 *
 * One thread of a listener accepts connections and closes the slow ones; a few workers serve
 * them. A connection is served by one worker at a time, so replies keep their order, and one that waits
 * (for DNS) holds up no other connection. Counts and times have ceilings.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/util/fault.h"
#include "policy/util/text.h"

struct listener;

/* Binds "unix:PATH", "inet:PORT@HOST" or "inet6:PORT@HOST"; nothing is accepted yet. A socket that was
 * left by a dead process is replaced, one that somebody serves is a fault. Asked before privileges
 * are dropped. Given. */
struct listener *listener_open(const char *address, struct fault *why) MUST_USE;

/* The path of a Unix socket's address; NULL: it is none. */
const char *listener_path(const char *address);

enum connection_next {
	CONNECTION_IDLE,   /* between requests: it may be silent for long */
	CONNECTION_WITHIN, /* within a request: it has little time */
	CONNECTION_CLOSE   /* closed when what is in out is sent */
};

/* What is done with connections. received is called by any worker, for one connection by one at a time. */
struct connection_handler {
	/* Makes a connection's own state, freed by closed; NULL: no memory, the connection is closed. */
	void *(*opened)(void *context);
	/* Bytes came: uses up some from the front, puts what is to be sent into out. Is called again with
	 * those it left, when all of out is sent. At the end of the stream bytes is empty. */
	enum connection_next (*received)(void *context, void *state, struct span *bytes, struct text *out);
	void (*closed)(void *context, void *state);
	/* Something to write down: too many connections, no descriptor. At most one a minute. */
	void (*trouble)(void *context, const struct fault *why);
	void *context;
};

struct listener_limits {
	unsigned workers;       /* threads that serve */
	unsigned most;          /* connections at once */
	int64_t idle_ms;        /* silence between requests */
	int64_t within_ms;      /* for one request, and for taking one reply */
	size_t reply;           /* bytes that out holds */
};

/* Starts the threads; both are copied. Call after daemonising, with signals blocked. */
bool listener_serve(struct listener *, const struct connection_handler *, const struct listener_limits *,
    struct fault *why) MUST_USE;

unsigned listener_connections(struct listener *);

/* So many connections at once from now on; those that are open stay. Any thread. */
void listener_set_limit(struct listener *, unsigned most);

/* Accepts nothing more, waits until what is being answered is answered, closes. NULL is fine. */
void listener_close(struct listener *);

#endif
