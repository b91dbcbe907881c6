#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/peers/delegate.h"
#include "milter/peers/listeners.h"
#include "milter/peers/socketmap.h"
#include "milter/system/socket_reach.h"

enum { PROMISES = 8192 /* sessions that delegate and milter may share */ };

/* MTAs connect to those in front of CONTROL. */
enum { DELEGATE, SOCKETMAP, CONTROL, METRICS, PEERS };

struct listeners {
	struct peer {
		char address[1200];
		struct listener *listener; /* open, but not served yet */
		struct request_server *server;
	} peers[PEERS];
	struct metrics_server *metrics;
	struct promises *promises;
};

/* The group of the milter socket is the MTA's, which connects here too. */
static bool
open_one(struct peer *peer, const char *address, const struct account *account, const char *group,
    void (*warn)(const struct fault *), struct fault *why)
{
	const char *path = listener_path(address);

	snprintf(peer->address, sizeof peer->address, "%s", address);
	if (address[0] == '\0')
		return true;
	peer->listener = listener_open(address, why);
	if (peer->listener == NULL)
		return false;
	if (path != NULL && !account_give_socket(account, path, group, why))
		warn(why);
	return true;
}

/* Those that MTAs connect to. */
static void
look_at_ways(const struct listeners *listeners, const struct account *account, const char *group,
    void (*warn)(const struct fault *))
{
	static const char *const names[CONTROL] = { [DELEGATE] = "delegate", [SOCKETMAP] = "socketmap" };
	struct fault why;
	gid_t gid;

	for (size_t i = 0; i < CONTROL; i++)
		if (account_socket_group(account, listeners->peers[i].address, group, &gid, &why) &&
		    !socket_may_be_reached(names[i], listeners->peers[i].address, gid, &why))
			warn(&why);
}

/* Mail goes on without it: that it cannot be opened is a warning. */
static void
open_spared(struct peer *peer, const char *address, const struct account *account, const char *group,
    void (*warn)(const struct fault *), const char *key, const char *so)
{
	struct fault why = { .text = "" }, told;
	char text[400];

	if (strcmp(address, "none") != 0 && !open_one(peer, address, account, group, warn, &why)) {
		fault_write(&why, text, sizeof text);
		fault_set(&told, "%s: %s; %s", key, text, so);
		warn(&told);
	}
	snprintf(peer->address, sizeof peer->address, "%s", address);
}

struct listeners *
listeners_open(const struct settings *settings, const struct account *account, void (*warn)(const struct fault *),
    struct fault *why)
{
	const char *addresses[CONTROL] = { [DELEGATE] = settings->delegate.listen, [SOCKETMAP] = settings->socketmap_listen };
	struct listeners *listeners = calloc(1, sizeof *listeners);
	bool opened = listeners != NULL || fault_set(why, "out of memory");

	for (size_t i = 0; opened && i < CONTROL; i++)
		opened = open_one(&listeners->peers[i], addresses[i], account, settings->milter.group, warn, why);
	if (!opened) {
		listeners_free(listeners);
		return NULL;
	}
	look_at_ways(listeners, account, settings->milter.group, warn);
	open_spared(&listeners->peers[CONTROL], settings->control.listen, account, settings->control.group, warn,
	    "control.listen", "greenlane status and reload cannot reach greenlaned");
	open_spared(&listeners->peers[METRICS], settings->metrics_listen, account, settings->control.group, warn,
	    "metrics.listen", "nothing is served there until a restart");
	return listeners;
}

/* Each MTA process connects here and to the milter: so allow as many connections as milter sessions. */
static bool
serve_one(struct peer *peer, const struct request_protocol *protocol, struct services *services,
    const struct settings *settings, struct fault *why)
{
	struct listener *listener = peer->listener;

	peer->listener = NULL;
	peer->server = request_server_open(protocol, services, services->journal, listener,
	    settings->milter.max_sessions, why);
	return peer->server != NULL;
}

static bool
serve_delegate(struct listeners *listeners, struct services *services, const struct settings *settings, struct fault *why)
{
	struct peer *peer = &listeners->peers[DELEGATE];

	if (peer->listener == NULL)
		return true;
	listeners->promises = services->promises = promises_open(PROMISES, why);
	if (listeners->promises == NULL || !serve_one(peer, &delegate_protocol, services, settings, why))
		return false;
	journal_say(services->journal, LOG_NOTICE, "policy delegation is served at %s; its class is %s", peer->address,
	    settings->delegate.greylist_class);
	return true;
}

static bool
serve_socketmap(struct listeners *listeners, struct services *services, const struct settings *settings, struct fault *why)
{
	struct peer *peer = &listeners->peers[SOCKETMAP];

	if (peer->listener == NULL)
		return true;
	if (!serve_one(peer, &socketmap_protocol, services, settings, why))
		return false;
	journal_say(services->journal, LOG_NOTICE, "the socket map is served at %s", peer->address);
	return true;
}

static bool
serve_control(struct listeners *listeners, struct services *services, struct control *control, struct fault *why)
{
	struct peer *peer = &listeners->peers[CONTROL];
	struct listener *listener = peer->listener;

	if (listener == NULL)
		return true;
	peer->listener = NULL;
	peer->server = request_server_open(&control_protocol, control, services->journal, listener, CONTROL_CONNECTIONS,
	    why);
	return peer->server != NULL;
}

static bool
serve_metrics(struct listeners *listeners, struct services *services, const struct metrics_teller *teller,
    struct fault *why)
{
	struct peer *peer = &listeners->peers[METRICS];
	struct listener *listener = peer->listener;

	if (listener == NULL)
		return true;
	peer->listener = NULL;
	listeners->metrics = metrics_server_open(listener, teller, why);
	if (listeners->metrics == NULL)
		return false;
	journal_say(services->journal, LOG_NOTICE, "metrics are served at %s", peer->address);
	return true;
}

bool
listeners_serve(struct listeners *listeners, struct services *services, struct control *control,
    const struct metrics_teller *teller, const struct settings *settings, struct fault *why)
{
	return serve_delegate(listeners, services, settings, why) &&
	    serve_socketmap(listeners, services, settings, why) && serve_control(listeners, services, control, why) &&
	    serve_metrics(listeners, services, teller, why);
}

void
listeners_set_limit(struct listeners *listeners, unsigned most_connections)
{
	for (size_t i = 0; i < CONTROL; i++)
		if (listeners->peers[i].server != NULL)
			request_server_set_limit(listeners->peers[i].server, most_connections);
}

unsigned
listeners_count(const struct listeners *listeners)
{
	unsigned count = 0;

	for (size_t i = 0; i < CONTROL; i++)
		count += listeners->peers[i].address[0] != '\0';
	return count;
}

static void
close_one(struct peer *peer)
{
	listener_close(peer->listener);
	request_server_close(peer->server);
	peer->listener = NULL;
	peer->server = NULL;
}

void
listeners_close_mta(struct listeners *listeners)
{
	for (size_t i = 0; i < CONTROL; i++)
		close_one(&listeners->peers[i]);
}

void
listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < PEERS; i++)
		close_one(&listeners->peers[i]);
	metrics_server_close(listeners->metrics);
	listeners->metrics = NULL;
}

void
listeners_free(struct listeners *listeners)
{
	if (listeners == NULL)
		return;
	listeners_close(listeners);
	promises_close(listeners->promises);
	free(listeners);
}

const char *
listeners_delegate(const struct listeners *listeners)
{
	return listeners->peers[DELEGATE].address;
}

const char *
listeners_socketmap(const struct listeners *listeners)
{
	return listeners->peers[SOCKETMAP].address;
}

const char *
listeners_control(const struct listeners *listeners)
{
	return listeners->peers[CONTROL].address;
}

const char *
listeners_metrics(const struct listeners *listeners)
{
	return listeners->peers[METRICS].address;
}

bool
listeners_has_metrics(const struct listeners *listeners)
{
	return listeners->metrics != NULL || listeners->peers[METRICS].listener != NULL;
}
