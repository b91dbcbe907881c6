/*
 * listen.h - listening sockets whose connections do not hold each other up.
 *
 * One thread per listener accepts connections and closes slow ones; a few workers serve
 * them. One worker at a time serves a connection, so replies keep their order, and a connection that waits
 * for DNS holds up no other. Connections and times are limited.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/util/fault.h"
#include "policy/util/text.h"

struct listener;

/* Binds "unix:PATH", "inet:PORT@HOST" or "inet6:PORT@HOST"; nothing is accepted yet. A socket left by a
 * dead process is replaced; one that another process serves is a fault. Call before privileges
 * are dropped. Given. */
struct listener *listener_open(const char *address, struct fault *why) MUST_USE;

/* Would listener_open succeed? 0; EACCES where only root could; another errno. Makes and removes nothing: a port is bound
 * for a moment. */
int listener_try(const char *address, struct fault *why) MUST_USE;

/* The socket that it accepts at, for who serves it without listener_serve; it stays the listener's. */
int listener_socket(const struct listener *);

/* The path in the address of a Unix socket; NULL: it is not one. */
const char *listener_path(const char *address);

enum connection_next {
	CONNECTION_IDLE,   /* between requests: may be silent for long */
	CONNECTION_WITHIN, /* within a request: little time is left */
	CONNECTION_CLOSE   /* close it when all of out is sent */
};

/* Who is at the other end, as the kernel says. */
struct connection_peer {
	bool known; /* false: it came over the network */
	uid_t uid;
};

/* What is done with connections. Any worker may call received, but only one at a time for a connection. */
struct connection_handler {
	/* Makes a connection's own state, which closed frees; NULL: out of memory, the connection is closed. */
	void *(*opened)(void *context, const struct connection_peer *);
	/* Handles bytes that came: cuts what it uses from their front, and puts what to send into out. Called again
	 * with the rest when all of out is sent. At the end of the stream bytes is empty. */
	enum connection_next (*received)(void *context, void *state, struct span *bytes, struct text *out);
	void (*closed)(void *context, void *state);
	/* Something to log: too many connections, no descriptor left. Called at most once a minute. */
	void (*trouble)(void *context, const struct fault *why);
	void *context;
};

struct listener_limits {
	unsigned workers;  /* threads that serve */
	unsigned most;     /* connections at once */
	int64_t idle_ms;   /* silence between requests */
	int64_t within_ms; /* to send one request, and to take one reply */
	size_t reply;      /* size of out, in bytes */
	bool urgent; /* accepts when the process may have no more descriptors, too, or all its connections are silent */
};
enum { LISTENER_BEYOND = 8 }; /* that many, which the soft limit leaves below the hard one */

/* Starts the threads; handler and limits are copied. Call after daemonising, with signals blocked. */
bool listener_serve(struct listener *, const struct connection_handler *, const struct listener_limits *,
    struct fault *why) MUST_USE;

unsigned listener_connections(struct listener *);

/* Sets how many connections may be open at once; those already open stay. Any thread. */
void listener_set_limit(struct listener *, unsigned most);

/* Stops accepting, waits for replies in progress, then closes. NULL is fine. */
void listener_close(struct listener *);

#endif
