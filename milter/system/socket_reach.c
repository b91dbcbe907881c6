#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "milter/system/socket_reach.h"
#include "policy/review/status.h"

/* Postfix's user owns some of Postfix's directories, and has its group by its account. */
static bool
owner_is_of(uid_t owner, gid_t group)
{
	struct passwd entry, *found = NULL;
	char names[4096];

	return getpwuid_r(owner, &entry, names, sizeof names, &found) == 0 && found != NULL && found->pw_gid == group;
}

static bool
lets_in(const char *folder, gid_t group)
{
	struct stat st;

	if (stat(folder, &st) != 0)
		return errno == ENOENT;
	return (st.st_mode & S_IXOTH) != 0 || (st.st_gid == group && (st.st_mode & S_IXGRP) != 0) ||
	    ((st.st_mode & S_IXUSR) != 0 && owner_is_of(st.st_uid, group));
}

bool
socket_is_reachable(const char *path, gid_t group, char *closed, size_t size)
{
	for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(closed, size, "%.*s", (int)(slash - path), path);
		if (!lets_in(closed, group))
			return false;
	}
	closed[0] = '\0';
	return true;
}

bool
socket_may_be_reached(const char *name, const char *address, gid_t group, struct fault *why)
{
	char closed[4096];

	if (strncmp(address, "unix:", 5) != 0 || socket_is_reachable(address + 5, group, closed, sizeof closed))
		return true;
	return fault_set(why, STATUS_CLOSED "; " STATUS_CLOSED_REMEDY, name, address, closed, closed);
}
