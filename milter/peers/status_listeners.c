#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "milter/peers/listen.h"
#include "milter/peers/status_listeners.h"

void
opened_listeners_add(struct opened_listeners *listeners, const char *name, const char *address)
{
	struct opened_listener *listener = &listeners->list[listeners->count];
	struct stat st;

	if (address[0] == '\0' || strcmp(address, "none") == 0 || listeners->count == LISTENERS_KNOWN)
		return;
	listeners->count++;
	listener->name = name;
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
	return listener->path == NULL ||
	    (lstat(listener->path, st) == 0 && S_ISSOCK(st->st_mode) && st->st_dev == listener->device &&
		st->st_ino == listener->inode);
}

/* Postfix's user owns some of Postfix's directories, and has its group by its account. */
static bool
owner_is_of(uid_t owner, gid_t group)
{
	struct passwd entry, *found = NULL;
	char names[4096];

	return getpwuid_r(owner, &entry, names, sizeof names, &found) == 0 && found != NULL && found->pw_gid == group;
}

/* May the socket's group go through this directory? */
static bool
lets_in(const char *folder, gid_t group)
{
	struct stat st;

	if (stat(folder, &st) != 0)
		return false;
	return (st.st_mode & S_IXOTH) != 0 || (st.st_gid == group && (st.st_mode & S_IXGRP) != 0) ||
	    ((st.st_mode & S_IXUSR) != 0 && owner_is_of(st.st_uid, group));
}

/* The first folder on the way to the socket that its group cannot enter; "": none. NULL without memory. */
static const char *
closed_folder(const struct opened_listener *listener, gid_t group, struct arena *arena)
{
	char folder[sizeof listener->address];

	for (const char *slash = strchr(listener->path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - listener->path), listener->path);
		if (!lets_in(folder, group))
			return arena_string(arena, folder);
	}
	return "";
}

bool
opened_listeners_tell(const struct opened_listeners *listeners, struct status *status, struct arena *arena)
{
	struct status_listener *list = arena_take(arena, LISTENERS_KNOWN * sizeof *list);

	if (list == NULL)
		return false;
	for (size_t i = 0; i < listeners->count; i++) {
		const struct opened_listener *listener = &listeners->list[i];
		struct stat st;
		bool present = is_present(listener, &st);
		bool asks = present && listener->path != NULL && strcmp(listener->name, "control") != 0;

		list[i] = (struct status_listener){ listener->name, listener->address, present,
			asks ? closed_folder(listener, st.st_gid, arena) : "" };
	}
	status->listeners = list;
	status->listener_count = listeners->count;
	return !arena_failed(arena);
}
