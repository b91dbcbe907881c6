#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/store/store_aside.h"
#include "milter/system/files.h"

#define MARK "greenlane"

static const char mark_text[] = "This directory holds a greylist of greenlane. While this file is here, a damaged data.mdb "
				"is renamed to data.mdb.damaged, and a new greylist is begun.\n";

void
store_aside_mark(const char *path)
{
	static const struct file_access access = { .mode = 0640, .owner = (uid_t)-1, .group = (gid_t)-1 };
	struct folder folder;
	struct fault unused;

	if (!folder_open(&folder, path, &unused))
		return;
	if (faccessat(folder.fd, MARK, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		(void)!file_make(&folder, MARK, &access, mark_text, sizeof mark_text - 1, &unused);
	folder_close(&folder);
}

static bool
is_marked(const struct folder *folder)
{
	struct stat st;

	return fstatat(folder->fd, MARK, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

bool
store_aside_may(const char *path)
{
	struct folder folder;
	struct fault unused;
	bool marked;

	if (!folder_open(&folder, path, &unused))
		return false;
	marked = is_marked(&folder);
	folder_close(&folder);
	return marked;
}

/* What is not there is out of the way. */
static bool
move(const struct folder *folder, const char *from, const char *to, struct fault *why)
{
	return renameat(folder->fd, from, folder->fd, to) == 0 || errno == ENOENT ||
	    fault_at(why, folder->path, 0, "%s is damaged and cannot be renamed to %s: %s", from, to, strerror(errno));
}

bool
store_aside(const char *path, struct fault *why)
{
	struct folder folder;
	bool done = false;

	if (!folder_open(&folder, path, why))
		return false;
	*why = (struct fault){ .text = "" };
	if (is_marked(&folder)) /* the readers that lock.mdb lists are those of the old file */
		done = move(&folder, "data.mdb", "data.mdb.damaged", why) &&
		    move(&folder, "lock.mdb", "lock.mdb.damaged", why);
	folder_close(&folder);
	return done;
}
