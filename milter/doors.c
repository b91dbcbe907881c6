#include <stdio.h>
#include <stdlib.h>

#include "delegate.h"
#include "doors.h"
#include "socketmap.h"

enum { PROMISES = 8192 /* sessions that delegate and milter may share */ };

struct doors {
	char delegate_address[1200];
	struct door *delegate_door; /* open, but not served yet */
	struct delegate *delegate;
	char socketmap_address[1200];
	struct door *socketmap_door;
	struct socketmap *socketmap;
	struct promises *promises;
};

/* The group of the milter's socket is the MTA's: it asks here, too. */
static bool
open_one(const struct account *account, const char *address, const char *group,
    void (*warn)(const struct fault *), struct door **out, struct fault *why)
{
	const char *path = door_path(address);

	if (address[0] == '\0')
		return true;
	if (path != NULL && !account_make_folder_of(account, path, 0755, why))
		return false;
	*out = door_open(address, why);
	if (*out == NULL)
		return false;
	if (path != NULL && !account_give_socket(account, path, group, why))
		warn(why);
	return true;
}

struct doors *
doors_open(const struct settings *settings, const struct account *account,
    void (*warn)(const struct fault *), struct fault *why)
{
	struct doors *doors = calloc(1, sizeof *doors);

	if (doors == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	snprintf(doors->delegate_address, sizeof doors->delegate_address, "%s", settings->delegate.listen);
	snprintf(doors->socketmap_address, sizeof doors->socketmap_address, "%s", settings->socketmap_listen);
	if (open_one(account, settings->delegate.listen, settings->milter.group, warn,
		&doors->delegate_door, why) &&
	    open_one(account, settings->socketmap_listen, settings->milter.group, warn,
		&doors->socketmap_door, why))
		return doors;
	doors_free(doors);
	return NULL;
}

static bool
serve_delegate(struct doors *doors, struct house *house, const struct settings *settings, struct fault *why)
{
	struct door *door = doors->delegate_door;

	if (door == NULL)
		return true;
	doors->promises = house->promises = promises_open(PROMISES, why);
	if (doors->promises == NULL)
		return false;
	doors->delegate_door = NULL;
	/* a process of the MTA's asks here and there: as many callers as the milter may have sessions */
	doors->delegate = delegate_open(house, door, settings->milter.max_sessions, why);
	if (doors->delegate == NULL)
		return false;
	journal_say(house->journal, LOG_NOTICE, "policy delegation is served at %s, its class is %s",
	    doors->delegate_address, settings->delegate.greylist_class);
	return true;
}

static bool
serve_socketmap(struct doors *doors, struct house *house, const struct settings *settings, struct fault *why)
{
	struct door *door = doors->socketmap_door;

	if (door == NULL)
		return true;
	doors->socketmap_door = NULL;
	doors->socketmap = socketmap_open(house, door, settings->milter.max_sessions, why);
	if (doors->socketmap == NULL)
		return false;
	journal_say(house->journal, LOG_NOTICE, "the socket map is served at %s", doors->socketmap_address);
	return true;
}

bool
doors_serve(struct doors *doors, struct house *house, const struct settings *settings, struct fault *why)
{
	return serve_delegate(doors, house, settings, why) && serve_socketmap(doors, house, settings, why);
}

void
doors_let(struct doors *doors, unsigned most_callers)
{
	if (doors->delegate != NULL)
		delegate_let(doors->delegate, most_callers);
	if (doors->socketmap != NULL)
		socketmap_let(doors->socketmap, most_callers);
}

unsigned
doors_listeners(const struct doors *doors)
{
	return (doors->delegate_address[0] != '\0') + (doors->socketmap_address[0] != '\0');
}

void
doors_close(struct doors *doors)
{
	door_close(doors->delegate_door);
	door_close(doors->socketmap_door);
	delegate_close(doors->delegate);
	socketmap_close(doors->socketmap);
	doors->delegate_door = doors->socketmap_door = NULL;
	doors->delegate = NULL;
	doors->socketmap = NULL;
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
	return doors->delegate_address;
}

const char *
doors_socketmap(const struct doors *doors)
{
	return doors->socketmap_address;
}
