/*
 * metrics.h - answers GET /metrics over HTTP, by libevent's evhttp, on a thread of its own.
 *
 * Nothing else is served, and nothing is read but a bounded head: a request with more is refused. Connections and their
 * time are bounded, each carries one request. Knows nothing of what it tells; mail never waits for it.
 */
#ifndef METRICS_H
#define METRICS_H

#include "milter/peers/listen.h"

enum {
	METRICS_CONNECTIONS = 8,    /* at once; others wait until one ends */
	METRICS_SECONDS = 10,       /* for one, from its begin to the last byte of the reply */
	METRICS_HEAD_MAX = 8 * 1024 /* bytes of a request's lines, without their ends */
};

/* What is told. */
struct metrics_teller {
	void *context;
	/* Puts all of it into out; called by the server's thread. False without memory. */
	bool (*write)(void *context, struct text *out);
};

struct metrics_server;

/* Serves the listener and takes it over, also when it returns NULL. The teller is copied. Call after daemonising, with
 * signals blocked. Given. */
struct metrics_server *metrics_server_open(struct listener *, const struct metrics_teller *, struct fault *why) MUST_USE;

/* What is being sent is cut off. NULL is fine. */
void metrics_server_close(struct metrics_server *);

#endif
