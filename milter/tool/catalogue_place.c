#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "milter/tool/catalogue_place.h"

static bool
fail(const struct catalogue_place *place, const char *name, const char *what, struct fault *why)
{
	char path[PATH_MAX + 128];

	snprintf(path, sizeof path, "%s/%s", place->above.path, name);
	return fault_at(why, path, 0, "cannot be %s: %s", what, strerror(errno));
}

static void
beside(const struct catalogue_place *place, const char *end, char out[72])
{
	snprintf(out, 72, "%s.%s", place->name, end);
}

/* ---- what is there ---- */

static bool
is_there(const struct catalogue_place *place, const char *name)
{
	struct stat st;

	return fstatat(place->above.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Which of the two folders does the link name? */
static bool
read_link(struct catalogue_place *place, struct fault *why)
{
	char one[72], two[72], path[PATH_MAX + 128];
	ssize_t length = readlinkat(place->above.fd, place->name, place->now, sizeof place->now - 1);
	int error = errno;

	beside(place, "1", one);
	beside(place, "2", two);
	place->now[length < 0 ? 0 : length] = '\0';
	snprintf(path, sizeof path, "%s/%s", place->above.path, place->name);
	if ((length < 0 && error != ENOENT) ||
	    (length >= 0 && strcmp(place->now, one) != 0 && strcmp(place->now, two) != 0))
		return fault_at(why, path, 0,
		    "was not made by greenlane vendor update, which would replace it; move it away, for example onto the site's "
		    "own directory of vendor_path");
	snprintf(place->other, sizeof place->other, "%s",
	    strcmp(place->now, one) == 0 || (length < 0 && is_there(place, two)) ? two : one);
	place->kept = is_there(place, place->other);
	return true;
}

bool
catalogue_place_open(struct catalogue_place *place, const char *path, struct fault *why)
{
	const char *name;

	*place = (struct catalogue_place){ .kept = false };
	if (!folder_of(&place->above, path, &name, why))
		return false;
	if (snprintf(place->name, sizeof place->name, "%s", name) >= (int)sizeof place->name)
		fault_at(why, path, 0, "has too long a name");
	else if (flock(place->above.fd, LOCK_EX | LOCK_NB) != 0)
		fault_at(why, place->above.path, 0,
		    errno == EWOULDBLOCK ? "another update is under way; wait for its end" : "cannot be locked");
	else if (read_link(place, why))
		return true;
	folder_close(&place->above);
	return false;
}

void
catalogue_place_close(struct catalogue_place *place)
{
	folder_close(&place->above);
}

/* ---- changing it ---- */

/* Removes a folder that holds files only. True if it does not exist. */
static bool
remove_folder(const struct catalogue_place *place, const char *name, struct fault *why)
{
	struct folder folder;
	struct dirent *entry;
	DIR *list;
	int fd;

	if (!folder_enter(&folder, &place->above, name, why))
		return why->text[0] == '\0';
	fd = dup(folder.fd);
	list = fd < 0 ? NULL : fdopendir(fd);
	while (list != NULL && (entry = readdir(list)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(folder.fd, entry->d_name, 0);
	if (list != NULL)
		closedir(list);
	else if (fd >= 0)
		close(fd);
	folder_close(&folder);
	return unlinkat(place->above.fd, name, AT_REMOVEDIR) == 0 || fail(place, name, "removed", why);
}

/* Readable by everybody, whatever the umask: the daemon's user reads it. */
static bool
write_folder(const struct catalogue_place *place, const char *name, const struct catalogue *catalogue, struct fault *why)
{
	struct folder folder;
	bool done;

	if (mkdirat(place->above.fd, name, 0755) != 0)
		return fail(place, name, "made", why);
	if (!folder_enter(&folder, &place->above, name, why))
		return false;
	done = (fchmod(folder.fd, 0755) == 0 || fail(place, name, "opened to the daemon's user", why)) &&
	    catalogue_write(catalogue, &folder, why) && (fsync(folder.fd) == 0 || fail(place, name, "written", why));
	folder_close(&folder);
	return done;
}

/* Replaces the link. */
static bool
point_to(struct catalogue_place *place, const char *target, struct fault *why)
{
	char new[72];

	beside(place, "link", new);
	if (unlinkat(place->above.fd, new, 0) != 0 && errno != ENOENT)
		return fail(place, new, "removed", why);
	if (symlinkat(target, place->above.fd, new) != 0)
		return fail(place, new, "made", why);
	if (renameat(place->above.fd, new, place->above.fd, place->name) != 0) {
		fail(place, place->name, "replaced", why);
		unlinkat(place->above.fd, new, 0);
		return false;
	}
	fsync(place->above.fd);
	return true;
}

bool
catalogue_install(struct catalogue_place *place, const struct catalogue *catalogue, struct fault *why)
{
	struct fault unused;
	char new[72];

	beside(place, "new", new);
	if (!remove_folder(place, new, why)) /* of an update that was stopped */
		return false;
	if (write_folder(place, new, catalogue, why) && remove_folder(place, place->other, why)) {
		if (renameat(place->above.fd, new, place->above.fd, place->other) == 0)
			return point_to(place, place->other, why);
		fail(place, place->other, "made", why);
	}
	(void)!remove_folder(place, new, &unused);
	return false;
}

bool
catalogue_back(struct catalogue_place *place, struct fault *why)
{
	if (place->kept)
		return point_to(place, place->other, why);
	if (place->now[0] == '\0')
		return fault_set(why, "there is no catalogue before this one: no update was installed");
	if (unlinkat(place->above.fd, place->name, 0) != 0)
		return fail(place, place->name, "removed", why);
	fsync(place->above.fd);
	return true;
}
