#include <stdlib.h>

#include "milter/peers/request_server.h"

enum {
	IDLE_MS = 15 * 60 * 1000, /* Postfix closes an idle one after 5 minutes, any after 17; Sendmail never */
	WITHIN_MS = 30 * 1000
};

struct request_server {
	const struct request_protocol *protocol;
	void *context;
	struct journal *journal;
	struct listener *listener;
};

/* ---- connections: the state of each is the incomplete request received so far ---- */

struct request_connection {
	struct connection_peer peer;
	struct text begun;
};

static void *
opened(void *context, const struct connection_peer *peer)
{
	const struct request_server *server = context;
	struct request_connection *connection = malloc(sizeof *connection);

	if (connection == NULL)
		return NULL;
	connection->peer = *peer;
	text_open(&connection->begun, server->protocol->request_max);
	return connection;
}

static void
closed(void *context, void *state)
{
	struct request_connection *connection = state;

	(void)context;
	text_close(&connection->begun);
	free(connection);
}

static enum connection_next
give_reply(struct request_server *server, struct request_connection *connection, struct frame *request, struct text *out)
{
	bool replied = server->protocol->reply(server->context, &connection->peer, request, out);

	text_clear(&connection->begun);
	return replied ? CONNECTION_IDLE : CONNECTION_CLOSE;
}

static enum connection_next
refuse(struct request_server *server, const struct fault *why, struct text *out)
{
	journal_say(server->journal, LOG_WARNING, "%s: a malformed request: %s; its connection is closed",
	    server->protocol->name, why->text);
	if (server->protocol->refuse != NULL)
		server->protocol->refuse(why, out);
	return CONNECTION_CLOSE;
}

static enum connection_next
received(void *context, void *state, struct span *bytes, struct text *out)
{
	struct request_server *server = context;
	struct request_connection *connection = state;
	struct text *begun = &connection->begun;
	struct frame request;
	struct fault why;

	switch (frame_feed(begun, bytes, server->protocol->cut, &request, &why)) {
	case FRAME_BROKEN:
		return refuse(server, &why, out);
	case FRAME_WHOLE:
		return give_reply(server, connection, &request, out);
	default:
		return begun->length > 0 ? CONNECTION_WITHIN : CONNECTION_IDLE;
	}
}

static void
trouble(void *context, const struct fault *why)
{
	const struct request_server *server = context;

	journal_say(server->journal, LOG_WARNING, "%s: %s", server->protocol->name, why->text);
}

/* ---- opening and closing ---- */

struct request_server *
request_server_open(const struct request_protocol *protocol, void *context, struct journal *journal,
    struct listener *listener, unsigned most_connections, struct fault *why)
{
	struct request_server *server = malloc(sizeof *server);
	struct connection_handler handler = { opened, received, closed, trouble, server };
	struct listener_limits limits = { .workers = protocol->workers,
		.most = most_connections,
		.idle_ms = protocol->idle_ms > 0 ? protocol->idle_ms : IDLE_MS,
		.within_ms = WITHIN_MS,
		.reply = protocol->reply_max,
		.urgent = protocol->urgent };

	if (server == NULL) {
		fault_set(why, "out of memory");
		listener_close(listener);
		return NULL;
	}
	*server = (struct request_server){ protocol, context, journal, listener };
	if (listener_serve(listener, &handler, &limits, why))
		return server;
	request_server_close(server);
	return NULL;
}

void
request_server_set_limit(struct request_server *server, unsigned most_connections)
{
	listener_set_limit(server->listener, most_connections);
}

void
request_server_close(struct request_server *server)
{
	if (server == NULL)
		return;
	listener_close(server->listener);
	free(server);
}
