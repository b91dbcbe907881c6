#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "milter/system/denied.h"
#include "milter/system/files.h"

enum { TRIES = 16 }; /* to find an unused name */

/* ---- faults ---- */

/* A fault about a file that is used so, from errno. Returns false. */
static bool
fail_to(const struct folder *folder, const char *name, enum denied_use use, const char *what, struct fault *why)
{
	char path[PATH_MAX + NAME_MAX + 2], hint[DENIED_HINT];
	int error = errno;

	snprintf(path, sizeof path, "%s/%s", folder->path, name);
	return fault_at(why, path, 0, "cannot be %s: %s%s", what, strerror(error),
	    error == EACCES ? denied_hint(path, use, hint) : "");
}

static bool
fail(const struct folder *folder, const char *name, const char *what, struct fault *why)
{
	return fail_to(folder, name, DENIED_MAKE, what, why);
}

static bool
fail_missing(struct fault *why)
{
	if (why != NULL)
		*why = (struct fault){ .text = "" };
	return false;
}

static const char *
kind_of(mode_t mode)
{
	return S_ISLNK(mode) ? "a link"
	    : S_ISDIR(mode)  ? "a directory"
	    : S_ISFIFO(mode) ? "a pipe"
	    : S_ISSOCK(mode) ? "a socket"
	    : S_ISREG(mode)  ? "a file"
			     : "a device";
}

static bool
fail_kind(const struct folder *folder, const char *name, const char *wanted, mode_t mode, struct fault *why)
{
	char path[PATH_MAX + NAME_MAX + 2];

	snprintf(path, sizeof path, "%s/%s", folder->path, name);
	return fault_at(why, path, 0, "is %s, not a %s, and is not used; move it away", kind_of(mode), wanted);
}

/* ---- directories ---- */

/* A directory that we may write in but not list will do: it is not synced then. */
static int
open_folder(int at, const char *path, int flags)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);

	return fd < 0 && errno == EACCES ? openat(at, path, O_PATH | O_DIRECTORY | O_CLOEXEC | flags) : fd;
}

bool
folder_open(struct folder *folder, const char *path, struct fault *why)
{
	char hint[DENIED_HINT];
	int error;

	if (snprintf(folder->path, sizeof folder->path, "%s", path) >= (int)sizeof folder->path)
		return fault_at(why, path, 0, "is too long for a path");
	folder->fd = open_folder(AT_FDCWD, path, 0);
	if (folder->fd >= 0)
		return true;
	if (errno == ENOENT)
		return fail_missing(why);
	error = errno;
	return fault_at(why, path, 0, "cannot be opened: %s%s", strerror(error),
	    error == EACCES ? denied_hint(path, DENIED_READ, hint) : "");
}

bool
folder_enter(struct folder *folder, const struct folder *above, const char *name, struct fault *why)
{
	struct stat st;

	if (snprintf(folder->path, sizeof folder->path, "%s/%s", above->path, name) >= (int)sizeof folder->path)
		return fault_at(why, above->path, 0, "is too long for a path");
	folder->fd = open_folder(above->fd, name, O_NOFOLLOW);
	if (folder->fd >= 0)
		return true;
	if (errno == ENOENT)
		return fail_missing(why);
	if ((errno == ENOTDIR || errno == ELOOP) && fstatat(above->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return fail_kind(above, name, "directory", st.st_mode, why);
	return fail_to(above, name, DENIED_READ, "opened", why);
}

bool
folder_of(struct folder *folder, const char *path, const char **name, struct fault *why)
{
	const char *slash = strrchr(path, '/');
	char above[PATH_MAX];

	*name = slash == NULL ? path : slash + 1;
	if (snprintf(above, sizeof above, "%.*s",
		slash == NULL       ? 1
		    : slash == path ? 1
				    : (int)(slash - path),
		slash == NULL ? "." : path) >= (int)sizeof above)
		return fault_at(why, path, 0, "is too long for a path");
	return folder_open(folder, above, why);
}

void
folder_close(struct folder *folder)
{
	close(folder->fd);
	folder->fd = -1;
}

/* ---- reading ---- */

bool
file_is_plain(const struct folder *folder, const char *name, struct fault *why)
{
	struct stat st;

	if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT || fail(folder, name, "checked", why);
	return S_ISREG(st.st_mode) || fail_kind(folder, name, "regular file", st.st_mode, why);
}

/* Checked before opening, because opening a device may have effects, and after, because the file may have changed. */
int
file_open(const struct folder *folder, const char *name, int flags, struct stat *st, struct fault *why)
{
	int fd;

	if (!file_is_plain(folder, name, why))
		return -1;
	fd = openat(folder->fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	if (fd < 0 && errno == ENOENT) {
		fail_missing(why);
	} else if (fd < 0 || fstat(fd, st) != 0) {
		fail_to(folder, name, (flags & O_ACCMODE) == O_RDONLY ? DENIED_READ : DENIED_WRITE, "opened", why);
	} else if (!S_ISREG(st->st_mode)) {
		fail_kind(folder, name, "regular file", st->st_mode, why);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
may_write_in(const struct folder *folder, const char *name, struct fault *why)
{
	return faccessat(folder->fd, ".", W_OK | X_OK, AT_EACCESS) == 0 || fail(folder, name, "created", why);
}

bool
file_may_open(const struct folder *folder, const char *name, int flags, struct fault *why)
{
	struct stat st;
	int fd = file_open(folder, name, flags & ~(O_CREAT | O_TRUNC), &st, why);

	if (fd < 0)
		return why->text[0] == '\0' && may_write_in(folder, name, why);
	close(fd);
	return true;
}

bool
file_may_replace(const struct folder *folder, const char *name, struct fault *why)
{
	return file_is_plain(folder, name, why) && may_write_in(folder, name, why);
}

/* At most size bytes: the file may have shrunk meanwhile. -1: see errno. */
static ssize_t
read_all(int fd, char *out, size_t size)
{
	size_t length = 0;
	ssize_t got = 1;

	while (length < size && got != 0) {
		got = read(fd, out + length, size - length);
		if (got < 0 && errno != EINTR)
			return -1;
		length += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)length;
}

char *
file_read(const struct folder *folder, const char *name, size_t most, size_t *length, struct fault *why)
{
	struct stat st;
	int fd = file_open(folder, name, O_RDONLY, &st, why);
	char *text = NULL;
	ssize_t got;

	if (fd < 0)
		return NULL;
	if ((uintmax_t)st.st_size > most)
		errno = EFBIG;
	else
		text = malloc((size_t)st.st_size + 1);
	got = text == NULL ? -1 : read_all(fd, text, (size_t)st.st_size);
	if (got < 0) {
		fail(folder, name, "read", why);
		free(text);
		text = NULL;
	} else {
		text[got] = '\0';
		*length = (size_t)got;
	}
	close(fd);
	return text;
}

/* ---- replacing ---- */

/* A new temporary file in the same directory; its name matches no pattern by which a program reads the directory. */
static int
open_beside(const struct folder *folder, char name[48])
{
	uint64_t number;
	int fd = -1;

	for (int i = 0; i < TRIES; i++) {
		if (getrandom(&number, sizeof number, 0) != sizeof number)
			return -1;
		snprintf(name, 48, ".greenlane.%016llx", (unsigned long long)number);
		fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	return fd;
}

static bool
write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		length -= (size_t)written;
	}
	return true;
}

static bool
set_access(int fd, const struct file_access *access)
{
	if (fchown(fd, access->owner, access->group) != 0 && (access->owner != (uid_t)-1 || errno != EPERM))
		return false;
	return fchmod(fd, access->mode) == 0;
}

/* The new name is on disk once its directory is; some file systems and directories we cannot list do not sync. */
static bool
sync_folder(const struct folder *folder)
{
	return fsync(folder->fd) == 0 || errno == EINVAL || errno == EBADF || errno == ENOSYS;
}

/* Writes and syncs all of it, under a temporary name. */
static bool
write_beside(const struct folder *folder, char name[48], const struct file_access *access, const char *bytes,
    size_t length)
{
	int fd = open_beside(folder, name), kept;
	bool done;

	if (fd < 0)
		return false;
	done = write_all(fd, bytes, length) && set_access(fd, access) && fsync(fd) == 0;
	kept = errno;
	if (close(fd) != 0 && done) {
		kept = errno;
		done = false;
	}
	if (!done)
		unlinkat(folder->fd, name, 0);
	errno = kept;
	return done;
}

bool
file_replace(const struct folder *folder, const char *name, const struct file_access *access, const char *bytes,
    size_t length, struct fault *why)
{
	char beside[48];

	if (!write_beside(folder, beside, access, bytes, length))
		return fail(folder, name, "written", why);
	if (renameat(folder->fd, beside, folder->fd, name) == 0)
		return sync_folder(folder) || fail(folder, name, "synced", why);
	fail(folder, name, "written", why);
	unlinkat(folder->fd, beside, 0);
	return false;
}

bool
file_make(const struct folder *folder, const char *name, const struct file_access *access, const char *bytes,
    size_t length, struct fault *why)
{
	char beside[48];
	bool done;

	if (!write_beside(folder, beside, access, bytes, length))
		return fail(folder, name, "created", why);
	done = linkat(folder->fd, beside, folder->fd, name, 0) == 0 || fail(folder, name, "created", why);
	unlinkat(folder->fd, beside, 0);
	return done && (sync_folder(folder) || fail(folder, name, "synced", why));
}

/* ---- room ---- */

enum { FULL_BYTES = 1024 * 1024 }; /* less room than this is none */

bool
disk_lacks_room(const char *path)
{
	char folder[PATH_MAX];
	struct statvfs room;
	int looked;

	if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder)
		return false;
	while ((looked = statvfs(folder, &room)) != 0 && errno == ENOENT && strrchr(folder, '/') > folder)
		*strrchr(folder, '/') = '\0';
	return looked == 0 && room.f_blocks > 0 && (uint64_t)room.f_bavail * room.f_frsize < FULL_BYTES;
}
