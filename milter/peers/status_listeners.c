#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/peers/kept_sockets.h"
#include "milter/peers/listen.h"
#include "milter/peers/status_listeners.h"
#include "milter/system/socket_reach.h"

void
opened_listeners_add(struct opened_listeners *listeners, const char *name, const char *address, bool opened)
{
	struct opened_listener *listener = &listeners->list[listeners->count];
	struct stat st;

	if (address[0] == '\0' || strcmp(address, "none") == 0 || listeners->count == LISTENERS_KNOWN)
		return;
	listeners->count++;
	listener->name = name;
	listener->opened = opened;
	snprintf(listener->address, sizeof listener->address, "%s", address);
	listener->path = listener_path(listener->address);
	if (listener->path != NULL && lstat(listener->path, &st) == 0) {
		listener->device = st.st_dev;
		listener->inode = st.st_ino;
	}
}

static bool
is_present(const struct opened_listener *listener, struct stat *st)
{
	return listener->path == NULL
	    ? listener->opened
	    : (lstat(listener->path, st) == 0 && S_ISSOCK(st->st_mode) && st->st_dev == listener->device &&
		  st->st_ino == listener->inode);
}

/* Its second name is there, and we may write where it was. */
static bool
is_kept(const struct opened_listener *listener)
{
	char second[KEPT_PATH], folder[KEPT_PATH];
	struct stat st;

	return listener->path != NULL && kept_sockets_second(listener->path, folder, second) && lstat(second, &st) == 0 &&
	    st.st_dev == listener->device && st.st_ino == listener->inode && access(folder, W_OK) == 0;
}

static struct status_listener
tell_one(const struct opened_listener *listener, struct arena *arena)
{
	struct stat st;
	bool present = is_present(listener, &st);
	bool asks = present && listener->path != NULL && strcmp(listener->name, "control") != 0;
	char closed[sizeof listener->address] = "";

	if (asks)
		(void)socket_is_reachable(listener->path, st.st_gid, closed, sizeof closed);
	return (struct status_listener){ .name = listener->name,
		.address = listener->address,
		.present = present,
		.unopened = !listener->opened,
		.replaced = !present && listener->path != NULL && lstat(listener->path, &st) == 0,
		.kept = !present && is_kept(listener),
		.closed = arena_string(arena, closed) };
}

bool
opened_listeners_tell(const struct opened_listeners *listeners, struct status *status, struct arena *arena)
{
	struct status_listener *list = arena_take(arena, LISTENERS_KNOWN * sizeof *list);

	if (list == NULL)
		return false;
	for (size_t i = 0; i < listeners->count; i++)
		list[i] = tell_one(&listeners->list[i], arena);
	status->listeners = list;
	status->listener_count = listeners->count;
	return !arena_failed(arena);
}
