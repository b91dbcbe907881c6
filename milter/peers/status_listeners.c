#include <grp.h>
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

	if (address[0] == '\0' || strcmp(address, "none") == 0 || listeners->count == START_LISTENERS_MAX)
		return;
	listeners->count++;
	listener->name = name;
	listener->opened = opened;
	snprintf(listener->address, sizeof listener->address, "%s", address);
	listener->path = listener_path(listener->address);
	if (listener->path != NULL && lstat(listener->path, &st) == 0) {
		listener->device = st.st_dev;
		listener->inode = st.st_ino;
		listener->group = st.st_gid;
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

static const char *
group_name(gid_t gid, struct arena *arena)
{
	char names[4096];
	struct group entry, *found = NULL;

	return getgrgid_r(gid, &entry, names, sizeof names, &found) == 0 && found != NULL
	    ? arena_string(arena, found->gr_name)
	    : arena_format(arena, "%u", (unsigned)gid);
}

/* Somebody has changed its mode or its group: whom it was opened for gets "Permission denied". */
static void
tell_shut(const struct opened_listener *listener, const struct stat *st, struct status_listener *told, struct arena *arena)
{
	const char *group = group_name(listener->group, arena);

	if ((st->st_mode & S_IWOTH) != 0 || (st->st_gid == listener->group && (st->st_mode & S_IWGRP) != 0))
		return;
	told->shut = st->st_gid != listener->group
	    ? arena_format(arena, "belongs to the group %s now, not to %s", group_name(st->st_gid, arena), group)
	    : arena_format(arena, "has mode %04o now", (unsigned)st->st_mode & 07777);
	told->opens = arena_format(arena, "chgrp %s %s, and chmod 660 %s", group, listener->path, listener->path);
}

static struct status_listener
tell_one(const struct opened_listener *listener, struct arena *arena)
{
	struct stat st;
	bool present = is_present(listener, &st);
	char closed[sizeof listener->address] = "";
	struct status_listener told = { .name = listener->name,
		.address = listener->address,
		.present = present,
		.unopened = !listener->opened,
		.kept = !present && is_kept(listener),
		.shut = "",
		.opens = "" };

	if (present && listener->path != NULL && strcmp(listener->name, "control") != 0) {
		tell_shut(listener, &st, &told, arena);
		(void)socket_is_reachable(listener->path, listener->group, closed, sizeof closed);
	}
	told.closed = arena_string(arena, closed);
	told.replaced = !present && listener->path != NULL && lstat(listener->path, &st) == 0;
	return told;
}

bool
opened_listeners_tell(const struct opened_listeners *listeners, struct status *status, struct arena *arena)
{
	struct status_listener *list = arena_take(arena, START_LISTENERS_MAX * sizeof *list);

	if (list == NULL)
		return false;
	for (size_t i = 0; i < listeners->count; i++)
		list[i] = tell_one(&listeners->list[i], arena);
	status->listeners = list;
	status->listener_count = listeners->count;
	return !arena_failed(arena);
}
