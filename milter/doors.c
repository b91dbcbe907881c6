#include <stdio.h>
#include <stdlib.h>

#include "delegate.h"
#include "doors.h"
#include "socketmap.h"

enum { PROMISES = 8192 /* sessions that delegate and milter may share */ };

enum { DELEGATE, SOCKETMAP, PEERS };

struct doors {
	struct peer {
		char address[1200];
		struct door *door; /* open, but not served yet */
		struct request_server *server;
	} peers[PEERS];
	struct promises *promises;
};

/* The group of the milter's socket is the MTA's: it asks here, too. */
static bool
open_one(struct peer *peer, const char *address, const struct account *account, const char *group,
    void (*warn)(const struct fault *), struct fault *why)
{
	const char *path = door_path(address);

	snprintf(peer->address, sizeof peer->address, "%s", address);
	if (address[0] == '\0')
		return true;
	if (path != NULL && !account_make_folder_of(account, path, 0755, why))
		return false;
	peer->door = door_open(address, why);
	if (peer->door == NULL)
		return false;
	if (path != NULL && !account_give_socket(account, path, group, why))
		warn(why);
	return true;
}

struct doors *
doors_open(const struct settings *settings, const struct account *account,
    void (*warn)(const struct fault *), struct fault *why)
{
	const char *addresses[PEERS] = { [DELEGATE] = settings->delegate.listen,
		[SOCKETMAP] = settings->socketmap_listen };
	struct doors *doors = calloc(1, sizeof *doors);
	bool opened = doors != NULL || fault_set(why, "out of memory");

	for (size_t i = 0; opened && i < PEERS; i++)
		opened = open_one(&doors->peers[i], addresses[i], account, settings->milter.group, warn, why);
	if (opened)
		return doors;
	doors_free(doors);
	return NULL;
}

/* A process of the MTA's asks here and there: as many callers as the milter may have sessions. */
static bool
serve_one(struct peer *peer, const struct request_protocol *protocol, struct services *services,
    const struct settings *settings, struct fault *why)
{
	struct door *door = peer->door;

	peer->door = NULL;
	peer->server = request_server_open(protocol, services, services->journal, door, settings->milter.max_sessions,
	    why);
	return peer->server != NULL;
}

static bool
serve_delegate(struct doors *doors, struct services *services, const struct settings *settings, struct fault *why)
{
	struct peer *peer = &doors->peers[DELEGATE];

	if (peer->door == NULL)
		return true;
	doors->promises = services->promises = promises_open(PROMISES, why);
	if (doors->promises == NULL || !serve_one(peer, &delegate_protocol, services, settings, why))
		return false;
	journal_say(services->journal, LOG_NOTICE, "policy delegation is served at %s, its class is %s",
	    peer->address, settings->delegate.greylist_class);
	return true;
}

static bool
serve_socketmap(struct doors *doors, struct services *services, const struct settings *settings, struct fault *why)
{
	struct peer *peer = &doors->peers[SOCKETMAP];

	if (peer->door == NULL)
		return true;
	if (!serve_one(peer, &socketmap_protocol, services, settings, why))
		return false;
	journal_say(services->journal, LOG_NOTICE, "the socket map is served at %s", peer->address);
	return true;
}

bool
doors_serve(struct doors *doors, struct services *services, const struct settings *settings, struct fault *why)
{
	return serve_delegate(doors, services, settings, why) && serve_socketmap(doors, services, settings, why);
}

void
doors_let(struct doors *doors, unsigned most_callers)
{
	for (size_t i = 0; i < PEERS; i++)
		if (doors->peers[i].server != NULL)
			request_server_let(doors->peers[i].server, most_callers);
}

unsigned
doors_listeners(const struct doors *doors)
{
	unsigned count = 0;

	for (size_t i = 0; i < PEERS; i++)
		count += doors->peers[i].address[0] != '\0';
	return count;
}

void
doors_close(struct doors *doors)
{
	for (size_t i = 0; i < PEERS; i++) {
		door_close(doors->peers[i].door);
		request_server_close(doors->peers[i].server);
		doors->peers[i].door = NULL;
		doors->peers[i].server = NULL;
	}
}

void
doors_free(struct doors *doors)
{
	if (doors == NULL)
		return;
	doors_close(doors);
	promises_close(doors->promises);
	free(doors);
}

const char *
doors_delegate(const struct doors *doors)
{
	return doors->peers[DELEGATE].address;
}

const char *
doors_socketmap(const struct doors *doors)
{
	return doors->peers[SOCKETMAP].address;
}
