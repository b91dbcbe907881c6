#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/system/denied.h"
#include "milter/system/files.h"
#include "milter/system/privileges.h"

bool
account_named(const char *user, struct account *out, struct fault *why)
{
	const struct passwd *entry = getpwnam(user);

	if (entry == NULL)
		return fault_set(why,
		    "user '%s' does not exist; create it (adduser --system --group %s) or name another "
		    "in `user`",
		    user, user);
	*out = (struct account){ .uid = entry->pw_uid, .gid = entry->pw_gid };
	snprintf(out->name, sizeof out->name, "%s", entry->pw_name);
	return true;
}

bool
account_find(const char *user, struct account *out, struct fault *why)
{
	const struct passwd *entry;

	if (geteuid() == 0)
		return account_named(user, out, why);
	entry = getpwuid(geteuid());
	*out = (struct account){ .uid = geteuid(), .gid = entry == NULL ? getegid() : entry->pw_gid };
	if (entry == NULL)
		snprintf(out->name, sizeof out->name, "%u", (unsigned)geteuid());
	else
		snprintf(out->name, sizeof out->name, "%s", entry->pw_name);
	return true;
}

/* Closes the file and keeps errno. */
static void
close_kept(int file)
{
	int kept = errno;

	if (file >= 0)
		close(file);
	errno = kept;
}

/* A directory's owner may put a link into it. Root follows only links that root owns, and reads the link that it
 * checked, not whatever has the name by then. */
static int
open_folder(int above, const char *name, bool ours)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC, link, folder = -1;
	char to[PATH_MAX] = "";
	struct stat st;

	if (geteuid() != 0)
		return openat(above, name, flags);
	folder = openat(above, name, flags | O_NOFOLLOW);
	if (folder >= 0 || ours)
		return folder;
	link = openat(above, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (link >= 0 && fstat(link, &st) == 0 && S_ISLNK(st.st_mode) && st.st_uid == 0 &&
	    readlinkat(link, "", to, sizeof to - 1) > 0)
		folder = openat(above, to, flags);
	else
		errno = ENOTDIR;
	close_kept(link);
	return folder;
}

/* One level. -1: see errno. An existing directory is left as it is. */
static int
make_one(const struct account *account, int above, const char *name, mode_t mode)
{
	bool made = mkdirat(above, name, mode) == 0;
	int folder;

	if (!made && errno != EEXIST)
		return -1;
	folder = open_folder(above, name, made);
	if (folder < 0 || !made || geteuid() != 0 || fchownat(folder, "", account->uid, account->gid, AT_EMPTY_PATH) == 0)
		return folder;
	close_kept(folder);
	return -1;
}

/* The same without making it. -1 with ENOENT: it is missing, and may be made. */
static int
look_at_one(int above, const char *name)
{
	if (faccessat(above, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return open_folder(above, name, false);
	if (errno == ENOENT && faccessat(above, ".", W_OK | X_OK, AT_EACCESS) == 0)
		errno = ENOENT;
	return -1;
}

/* Where the walk along a path ended: -1 with errno, or the directory. */
static int
walk(const struct account *account, char *parts, bool make, mode_t mode)
{
	int folder = open(parts[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *save = NULL, *next;

	for (char *part = strtok_r(parts, "/", &save); part != NULL && folder >= 0; part = next) {
		int above = folder;

		next = strtok_r(NULL, "/", &save);
		folder = make ? make_one(account, above, part, next == NULL ? mode : 0755) : look_at_one(above, part);
		close_kept(above);
	}
	return folder;
}

static bool
fail_folder(const struct account *account, const char *path, int error, struct fault *why)
{
	return fault_at(why, path, 0,
	    error == ENOTDIR
		? "cannot be created: part of the path is not a directory, or a link that root does not own; "
		  "create it and give it to %s"
		: "cannot be created: %2$s; create it and give it to %1$s",
	    account->name, strerror(error));
}

/* 0, or an errno with why. */
static int
walk_path(const struct account *account, const char *path, bool make, mode_t mode, struct fault *why)
{
	char parts[4096];
	int folder, error;

	if (snprintf(parts, sizeof parts, "%s", path) >= (int)sizeof parts) {
		fault_set(why, "'%.80s...' is too long for a path", path);
		return ENAMETOOLONG;
	}
	folder = walk(account, parts, make, mode);
	if (folder >= 0) {
		close(folder);
		return 0;
	}
	error = errno;
	fail_folder(account, path, error, why);
	return error;
}

bool
account_make_folder(const struct account *account, const char *path, mode_t mode, struct fault *why)
{
	return walk_path(account, path, true, mode, why) == 0;
}

/* False: a file in no directory, or in the root. */
static bool
folder_above(const char *file, char out[4096])
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL || slash == file)
		return false;
	snprintf(out, 4096, "%.*s", (int)(slash - file), file);
	return true;
}

bool
account_make_folder_of(const struct account *account, const char *file, mode_t mode, struct fault *why)
{
	char folder[4096];

	return !folder_above(file, folder) || account_make_folder(account, folder, mode, why);
}

int
account_try_folder(const struct account *account, const char *path, struct fault *why)
{
	int error = walk_path(account, path, false, 0, why);

	return error == ENOENT ? 0 : error;
}

int
account_try_folder_of(const struct account *account, const char *file, struct fault *why)
{
	char folder[4096];

	return folder_above(file, folder) ? account_try_folder(account, folder, why) : 0;
}

bool
account_become(const struct account *account, struct fault *why)
{
	denied_user(account->name);
	if (geteuid() != 0 || account->uid == 0)
		return true;
	if (initgroups(account->name, account->gid) != 0 || setgid(account->gid) != 0 || setuid(account->uid) != 0)
		return fault_set(why, "cannot become %s: %s", account->name, strerror(errno));
	if (setuid(0) == 0)
		return fault_set(why, "became %s, but could become root again", account->name);
	return true;
}

bool
account_socket_group(const struct account *account, const char *path, const char *group, gid_t *gid, struct fault *why)
{
	const struct group *entry = group[0] == '\0' ? NULL : getgrnam(group);

	*gid = entry == NULL ? account->gid : entry->gr_gid;
	if (entry == NULL && group[0] != '\0')
		return fault_set(why,
		    "group '%s' does not exist; only root and %s can use %s; create it, or name the group of your MTA",
		    group, account->name, path);
	return true;
}

bool
account_give_socket(const struct account *account, const char *path, const char *group, struct fault *why)
{
	struct fault missing;
	gid_t gid;
	bool known = account_socket_group(account, path, group, &gid, &missing);

	/* no link is followed: the account may write in the socket's directory, and we may be root */
	if (lchown(path, geteuid() == 0 ? account->uid : (uid_t)-1, gid) != 0 ||
	    fchmodat(AT_FDCWD, path, 0660, AT_SYMLINK_NOFOLLOW) != 0)
		return fault_at(why, path, 0, "cannot be given to group %s: %s; put %s into that group", group,
		    strerror(errno), account->name);
	if (!known)
		*why = missing;
	return known;
}

/* ---- the lock ---- */

/* An existing file is never given away: it may be somebody else's. */
static int
open_lock(const struct folder *folder, const char *name, const struct account *account, struct fault *why)
{
	struct stat st;
	int file = file_open(folder, name, O_RDWR, &st, why);

	if (file >= 0 || why->text[0] != '\0')
		return file;
	file = file_open(folder, name, O_RDWR | O_CREAT | O_EXCL, &st, why);
	if (file < 0 || geteuid() != 0 || fchown(file, account->uid, account->gid) == 0)
		return file;
	fault_at(why, folder->path, 0, "its file %s cannot be given to %s: %s", name, account->name, strerror(errno));
	close(file);
	return -1;
}

/* A lock of the open file, not of the process: closing another descriptor does not release it. */
static bool
ask_lock(int file, int command, struct flock *lock)
{
	*lock = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(file, command, lock) == 0;
}

/* Where it is missing, so is the right to make it. */
static bool
is_closed_to_us(const struct folder *folder, const char *name)
{
	if (faccessat(folder->fd, name, R_OK | W_OK, AT_EACCESS) == 0)
		return false;
	return errno == EACCES ||
	    (errno == ENOENT && faccessat(folder->fd, ".", W_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES);
}

/* The descriptor stays open: the lock ends with the process. One whose file was removed locks nothing any more. */
static void
lock_keep(int file)
{
	static int held = -1; /* the main thread takes the lock before housekeeping looks after it */
	struct stat st;

	if (held >= 0 && fstat(held, &st) == 0 && st.st_nlink == 0)
		close(held);
	held = file;
}

bool
lock_take(const char *path, const struct account *account, struct fault *why)
{
	struct folder folder;
	struct flock lock;
	const char *name;
	int file;

	if (!folder_of(&folder, path, &name, why))
		return why->text[0] != '\0' ? false
					    : fault_at(why, path, 0, "cannot be created: its directory is missing");
	file = open_lock(&folder, name, account, why);
	if (file < 0 && is_closed_to_us(&folder, name))
		fault_at(why, path, 0,
		    "%s may not open it: Permission denied; start greenlaned as the user whose state_dir that is, or give that "
		    "to %s (chown -R %s %s)",
		    account->name, account->name, account->name, folder.path);
	folder_close(&folder);
	if (file < 0)
		return why->text[0] != '\0' ? false : fault_at(why, path, 0, "appeared and disappeared; start again");
	if (ask_lock(file, F_OFD_SETLK, &lock)) {
		lock_keep(file);
		return true;
	}
	if (errno == EACCES || errno == EAGAIN)
		fault_at(why, path, 0, "is locked: another greenlaned is running with this state_dir");
	else
		fault_at(why, path, 0, "cannot be locked: %s", strerror(errno));
	close(file);
	return false;
}

enum lock_state
lock_look(const char *path, struct fault *why)
{
	enum lock_state state = LOCK_UNKNOWN;
	struct folder folder;
	struct flock lock;
	const char *name;
	struct stat st;
	int file = -1;

	if (folder_of(&folder, path, &name, why)) {
		file = file_open(&folder, name, O_RDONLY, &st, why);
		folder_close(&folder);
	}
	if (file < 0)
		return why->text[0] == '\0' ? LOCK_FREE : LOCK_UNKNOWN;
	if (ask_lock(file, F_OFD_GETLK, &lock))
		state = lock.l_type == F_UNLCK ? LOCK_FREE : LOCK_HELD;
	else
		fault_at(why, path, 0, "cannot be checked: %s", strerror(errno));
	close(file);
	return state;
}

static int
open_path(const char *path, int how)
{
	struct fault why = { .text = "" };
	struct folder folder;
	const char *name;
	struct stat st;
	int file = -1;

	if (folder_of(&folder, path, &name, &why)) {
		file = file_open(&folder, name, how, &st, &why);
		folder_close(&folder);
	}
	return file;
}

void
lock_note(const char *path, const char *config, const char *control)
{
	char full[PATH_MAX], lines[2 * PATH_MAX];
	int file = realpath(config, full) == NULL ? -1 : open_path(path, O_WRONLY);

	if (file < 0)
		return;
	snprintf(lines, sizeof lines, "config %s\ncontrol %s\npid %ld\n", full, control, (long)getpid());
	/* half a note is taken back; where that fails, too, nobody needs to know */
	if (ftruncate(file, 0) == 0 && write(file, lines, strlen(lines)) != (ssize_t)strlen(lines))
		(void)(ftruncate(file, 0) == 0);
	close(file);
}

bool
lock_noted(const char *path, char *out, size_t size)
{
	struct fault why;
	ssize_t got = -1;
	int file = lock_look(path, &why) == LOCK_HELD ? open_path(path, O_RDONLY) : -1;

	if (file >= 0) {
		got = read(file, out, size - 1);
		close(file);
	}
	while (got > 0 && out[got - 1] != '\n') /* half a line is no note */
		got--;
	out[got > 0 ? got : 0] = '\0';
	return got > 0;
}
