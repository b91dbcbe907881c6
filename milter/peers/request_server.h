/*
 * request_server.h - answers the requests that other programs send to a listener, one after another.
 *
 * Has all that the protocols share: connections and their buffers, time-outs, limits, log lines.
 * A protocol only says where a request ends and what the reply is. Knows nothing about mail.
 */
#ifndef REQUEST_SERVER_H
#define REQUEST_SERVER_H

#include "milter/peers/listen.h"
#include "milter/system/journal.h"
#include "policy/util/frame.h"

struct request_protocol {
	const char *name;   /* begins log lines: "delegate" */
	unsigned workers;   /* threads: how many requests are served at once */
	size_t request_max; /* bytes of one request, including its end mark */
	size_t reply_max;   /* bytes of one reply */
	int64_t idle_ms;    /* silence between requests; 0: as long as MTAs need */
	bool urgent;        /* is served when the process may have no more descriptors, too */
	frame_cut *cut;
	/* Puts the reply into out. False: there is none, and the connection is closed. Any worker may call it, but
	 * only one at a time for a connection. */
	bool (*reply)(void *context, const struct connection_peer *, struct frame *request, struct text *out);
	/* Puts into out what the client of a malformed request is told before its connection is closed. NULL: nothing. */
	void (*refuse)(const struct fault *, struct text *out);
};

struct request_server;

/* Serves the listener and takes it over, also when it returns NULL. The protocol, its context and the journal are kept.
 * Call after daemonising, with signals blocked. Given. */
struct request_server *request_server_open(const struct request_protocol *, void *context, struct journal *,
    struct listener *, unsigned most_connections, struct fault *why) MUST_USE;

/* Sets how many connections may be open at once; those already open stay. Any thread. */
void request_server_set_limit(struct request_server *, unsigned most_connections);

/* Finishes the replies in progress, then closes the listener. NULL is fine. */
void request_server_close(struct request_server *);

#endif
