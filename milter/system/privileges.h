/*
 * privileges.h - directories, the lock, and the step from root to an ordinary user.
 *
 * Asked once at start, before threads. Every error says what to do about it.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "policy/util/fault.h"

struct account {
	uid_t uid;
	gid_t gid;
	char name[64];
};

/* Looks the user up. Not root: the one that runs us, whatever the configuration says. */
bool account_find(const char *user, struct account *out, struct fault *why) MUST_USE;

/* Makes the directory (and its parents) when missing; what it makes belongs to the account. Root follows no
 * links on the way but root's own. */
bool account_make_folder(const struct account *, const char *path, mode_t mode, struct fault *why) MUST_USE;
/* The same for the folder that a file stands in. */
bool account_make_folder_of(const struct account *, const char *file, mode_t mode, struct fault *why) MUST_USE;

/* Becomes the account for good: groups, group, user. Nothing when not root. */
bool account_become(const struct account *, struct fault *why) MUST_USE;

/* A Unix socket that group members may use: owner account, mode 0660. False with why when the
 * group does not exist; the socket is then the owner's alone. */
bool account_give_socket(const struct account *, const char *path, const char *group, struct fault *why) MUST_USE;

/* Holds the lock file for the life of the process, so that no second instance takes the socket. */
bool lock_take(const char *path, const struct account *, struct fault *why) MUST_USE;

enum lock_state { LOCK_FREE, LOCK_HELD, LOCK_UNKNOWN };

/* Does a process hold it? Takes nothing, so that who looks never keeps a daemon from starting. Why: where it is unknown. */
enum lock_state lock_look(const char *path, struct fault *why) MUST_USE;

#endif
