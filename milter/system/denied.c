#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/system/denied.h"
#include "milter/system/sandbox.h"

enum { SHOWN_MAX = 100 };

static char user[256]; /* "": nobody was named */

void
denied_user(const char *name)
{
	snprintf(user, sizeof user, "%s", name);
}

static bool
lacks(const char *path, int how)
{
	return faccessat(AT_FDCWD, path, how, AT_EACCESS) != 0 && errno == EACCES;
}

/* The directory above; false: there is none. */
static bool
go_up(char path[PATH_MAX])
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash[1] == '\0')
		return false;
	slash[slash == path] = '\0';
	return true;
}

/* The highest directory above the path that may not be entered. */
static bool
is_closed(const char *path, char closed[PATH_MAX])
{
	for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(closed, PATH_MAX, "%.*s", (int)(slash - path), path);
		if (lacks(closed, X_OK))
			return true;
	}
	return false;
}

/* In which directory: `place`. */
static bool
may_not_be_made(const char *path, enum denied_use use, char place[PATH_MAX])
{
	if (use == DENIED_READ || (use == DENIED_WRITE && access(path, F_OK) == 0))
		return false;
	snprintf(place, PATH_MAX, "%s", path);
	while (go_up(place))
		if (access(place, F_OK) == 0)
			return lacks(place, W_OK | X_OK);
	return false;
}

static const char *
mode_hint(const char *path, enum denied_use use, char out[DENIED_HINT])
{
	char place[PATH_MAX];

	out[0] = '\0';
	if (path[0] != '/' || strlen(path) >= sizeof place)
		return out;
	if (is_closed(path, place))
		snprintf(out, DENIED_HINT, "; %.40s may not enter %.100s: chmod o+x %.100s, or name another place",
		    user, place, place);
	else if (use == DENIED_READ && lacks(path, R_OK))
		snprintf(out, DENIED_HINT, "; let %.40s read it, by its group (chmod g+r %.100s)", user, path);
	else if (use == DENIED_WRITE && lacks(path, R_OK | W_OK))
		snprintf(out, DENIED_HINT, "; give it to %.40s (chown %.40s %.100s)", user, user, path);
	else if (may_not_be_made(path, use, place))
		snprintf(out, DENIED_HINT, "; %.40s may not write in %.100s: give that to %.40s (chown %.40s %.100s)",
		    user, place, user, user, place);
	if (out[0] != '\0' && strlen(path) > SHOWN_MAX) /* a command for half a path is one for another file */
		snprintf(out, DENIED_HINT,
		    "; give it, or its directory, to %.40s, who must be able to enter those above", user);
	return out;
}

bool
denied_by_mode(const char *path, enum denied_use use)
{
	char unused[DENIED_HINT];
	int error = errno;
	bool denied = mode_hint(path, use, unused)[0] != '\0';

	errno = error;
	return denied;
}

const char *
denied_hint(const char *path, enum denied_use use, char out[DENIED_HINT])
{
	bool by_mode = denied_by_mode(path, use);
	int error = errno;
	const char *hint = by_mode ? "" : sandbox_hint(path, use == DENIED_READ ? SANDBOX_READ : SANDBOX_WRITE);

	if (by_mode && user[0] != '\0')
		hint = mode_hint(path, use, out);
	errno = error;
	return hint;
}
