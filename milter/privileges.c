#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "privileges.h"

bool
account_find(const char *user, struct account *out, struct fault *why)
{
	const struct passwd *entry = geteuid() == 0 ? getpwnam(user) : getpwuid(geteuid());

	if (entry == NULL && geteuid() == 0)
		return fault_set(why,
		    "user '%s' does not exist; make it (adduser --system --group %s) or name another "
		    "in `user`",
		    user, user);
	out->uid = entry == NULL ? geteuid() : entry->pw_uid;
	out->gid = entry == NULL ? getegid() : entry->pw_gid;
	snprintf(out->name, sizeof out->name, "%s", entry == NULL ? user : entry->pw_name);
	return true;
}

/* One level; a folder that is there already is left as it is. */
static bool
make_one(const struct account *account, const char *path, mode_t mode, struct fault *why)
{
	if (mkdir(path, mode) != 0) {
		if (errno == EEXIST)
			return true;
		return fault_at(why, path, 0, "cannot be made: %s; make it and give it to %s",
		    strerror(errno), account->name);
	}
	/* no link is followed: the folder above may be the account's already */
	if (geteuid() == 0 && lchown(path, account->uid, account->gid) != 0)
		return fault_at(why, path, 0, "cannot be given to %s: %s", account->name,
		    strerror(errno));
	return true;
}

bool
account_make_folder(const struct account *account, const char *path, mode_t mode, struct fault *why)
{
	char part[4096];

	if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
		return fault_set(why, "'%.80s...' is too long for a path", path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!make_one(account, part, 0755, why))
			return false;
		*slash = '/';
	}
	return make_one(account, part, mode, why);
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
	if (initgroups(account->name, account->gid) != 0 || setgid(account->gid) != 0 ||
	    setuid(account->uid) != 0)
		return fault_set(why, "cannot become %s: %s", account->name, strerror(errno));
	if (setuid(0) == 0)
		return fault_set(why, "became %s but root could be had back", account->name);
	return true;
}

bool
account_give_socket(const struct account *account, const char *path, const char *group,
    struct fault *why)
{
	const struct group *entry = getgrnam(group);
	gid_t gid = entry == NULL ? account->gid : entry->gr_gid;

	/* no link is followed: the account may write in the socket's folder, and we may be root */
	if (lchown(path, geteuid() == 0 ? account->uid : (uid_t)-1, gid) != 0 ||
	    fchmodat(AT_FDCWD, path, 0660, AT_SYMLINK_NOFOLLOW) != 0)
		return fault_at(why, path, 0, "cannot be given to group %s: %s; put %s into that group",
		    group, strerror(errno), account->name);
	if (entry == NULL)
		return fault_set(why,
		    "milter.group '%s' does not exist; only root and %s can use %s", group,
		    account->name, path);
	return true;
}

bool
lock_take(const char *path, const struct account *account, struct fault *why)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (file < 0)
		return fault_at(why, path, 0, "cannot be opened: %s", strerror(errno));
	if (geteuid() == 0 && fchown(file, account->uid, account->gid) != 0) {
		close(file);
		return fault_at(why, path, 0, "cannot be given to %s: %s", account->name,
		    strerror(errno));
	}
	if (flock(file, LOCK_EX | LOCK_NB) != 0) {
		close(file);
		return fault_at(why, path, 0, "is held: another greenlaned runs with this state_dir");
	}
	return true; /* the descriptor stays open: the lock ends with the process */
}
