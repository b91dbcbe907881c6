/*
 * request_server.h - replies to the requests of other programs that come to a listener, one after another.
 *
 * Holds all that the protocols share: connections and their buffers, time-outs, ceilings, the log lines.
 * A protocol only says where a request ends and what the reply is. It knows nothing of mail.
 */
#ifndef REQUEST_SERVER_H
#define REQUEST_SERVER_H

#include "milter/peers/listen.h"
#include "milter/system/journal.h"
#include "policy/util/frame.h"

struct request_protocol {
	const char *name;   /* in front of log lines: "delegate" */
	unsigned workers;   /* threads: so many requests are served at once */
	size_t request_max; /* bytes of one request, with what marks its end */
	size_t reply_max;   /* bytes of one reply */
	frame_cut *cut;
	/* Puts the reply into out. False: there is none, the connection is closed. Called by any worker, for one
	 * connection by one at a time. */
	bool (*reply)(void *context, struct frame *request, struct text *out);
};

struct request_server;

/* Serves the listener, which is given, also when NULL is returned. The protocol, its context and the journal are kept.
 * Call after daemonising, with signals blocked. Given. */
struct request_server *request_server_open(const struct request_protocol *, void *context, struct journal *,
    struct listener *, unsigned most_connections, struct fault *why) MUST_USE;

/* So many connections at once from now on; those that are open stay. Any thread. */
void request_server_set_limit(struct request_server *, unsigned most_connections);

/* Replies to what is under way, then closes the listener. NULL is fine. */
void request_server_close(struct request_server *);

#endif
