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

#include "milter/system/files.h"
#include "milter/system/privileges.h"

bool
account_find(const char *user, struct account *out, struct fault *why)
{
	const struct passwd *entry = geteuid() == 0 ? getpwnam(user) : getpwuid(geteuid());

	if (entry == NULL && geteuid() == 0)
		return fault_set(why,
		    "user '%s' does not exist; create it (adduser --system --group %s) or name another "
		    "in `user`",
		    user, user);
	out->uid = entry == NULL ? geteuid() : entry->pw_uid;
	out->gid = entry == NULL ? getegid() : entry->pw_gid;
	snprintf(out->name, sizeof out->name, "%s", entry == NULL ? user : entry->pw_name);
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

bool
account_make_folder(const struct account *account, const char *path, mode_t mode, struct fault *why)
{
	char parts[4096], *save = NULL, *next;
	int folder = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (snprintf(parts, sizeof parts, "%s", path) >= (int)sizeof parts) {
		close(folder);
		return fault_set(why, "'%.80s...' is too long for a path", path);
	}
	for (char *part = strtok_r(parts, "/", &save); part != NULL && folder >= 0; part = next) {
		int above = folder;

		next = strtok_r(NULL, "/", &save);
		folder = make_one(account, above, part, next == NULL ? mode : 0755);
		close_kept(above);
	}
	if (folder < 0)
		return fault_at(why, path, 0,
		    errno == ENOTDIR
			? "cannot be created: part of the path is not a directory, or a link that root does not own; "
			  "create it and give it to %s"
			: "cannot be created: %2$s; create it and give it to %1$s",
		    account->name, strerror(errno));
	close(folder);
	return true;
}

bool
account_make_folder_of(const struct account *account, const char *file, mode_t mode, struct fault *why)
{
	const char *slash = strrchr(file, '/');
	char folder[4096];

	if (slash == NULL || slash == file)
		return true;
	snprintf(folder, sizeof folder, "%.*s", (int)(slash - file), file);
	return account_make_folder(account, folder, mode, why);
}

bool
account_become(const struct account *account, struct fault *why)
{
	if (geteuid() != 0 || account->uid == 0)
		return true;
	if (initgroups(account->name, account->gid) != 0 || setgid(account->gid) != 0 || setuid(account->uid) != 0)
		return fault_set(why, "cannot become %s: %s", account->name, strerror(errno));
	if (setuid(0) == 0)
		return fault_set(why, "became %s, but could become root again", account->name);
	return true;
}

bool
account_give_socket(const struct account *account, const char *path, const char *group, struct fault *why)
{
	const struct group *entry = group[0] == '\0' ? NULL : getgrnam(group);
	gid_t gid = entry == NULL ? account->gid : entry->gr_gid;

	/* no link is followed: the account may write in the socket's directory, and we may be root */
	if (lchown(path, geteuid() == 0 ? account->uid : (uid_t)-1, gid) != 0 ||
	    fchmodat(AT_FDCWD, path, 0660, AT_SYMLINK_NOFOLLOW) != 0)
		return fault_at(why, path, 0, "cannot be given to group %s: %s; put %s into that group", group,
		    strerror(errno), account->name);
	if (entry == NULL && group[0] != '\0')
		return fault_set(why, "group '%s' does not exist; only root and %s can use %s", group, account->name,
		    path);
	return true;
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
	folder_close(&folder);
	if (file < 0)
		return why->text[0] != '\0' ? false : fault_at(why, path, 0, "appeared and disappeared; start again");
	if (ask_lock(file, F_OFD_SETLK, &lock))
		return true; /* the descriptor stays open: the lock ends with the process */
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
