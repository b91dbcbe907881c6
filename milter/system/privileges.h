/*
 * privileges.h - directories, the lock, and the step from root to an ordinary user.
 *
 * Used once at start, before any thread. Every error says what to do about it.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "policy/util/fault.h"

struct account {
	uid_t uid;
	gid_t gid;
	char name[256]; /* as long as `user` may be: by its groups a name that was cut is somebody else */
};

/* Looks the user up. If we are not root: the user that runs us, whatever the configuration says. */
bool account_find(const char *user, struct account *out, struct fault *why) MUST_USE;

/* The same whoever runs us: always the one of this name. */
bool account_named(const char *user, struct account *out, struct fault *why) MUST_USE;

/* Creates the directory (and its parents) if missing; what it creates belongs to the account. As root it follows only
 * links that root owns. */
bool account_make_folder(const struct account *, const char *path, mode_t mode, struct fault *why) MUST_USE;
/* The same for the directory that holds a file. */
bool account_make_folder_of(const struct account *, const char *file, mode_t mode, struct fault *why) MUST_USE;

/* Could account_make_folder? 0, or an errno with why: EACCES, EPERM where root may do what we may not. Makes nothing. */
int account_try_folder(const struct account *, const char *path, struct fault *why) MUST_USE;
int account_try_folder_of(const struct account *, const char *file, struct fault *why) MUST_USE;

/* Becomes the account for good: groups, group, user. Does nothing when not root. */
bool account_become(const struct account *, struct fault *why) MUST_USE;

/* The group that account_give_socket gives the socket to; where it does not exist, false with why, and *gid is the
 * account's own. */
bool account_socket_group(const struct account *, const char *path, const char *group, gid_t *gid,
    struct fault *why) MUST_USE;

/* Lets group members use a Unix socket: owner account, mode 0660; group "": the account's own. False with why if the
 * group does not exist; then only the owner can use the socket. */
bool account_give_socket(const struct account *, const char *path, const char *group, struct fault *why) MUST_USE;

/* Holds the lock file for the life of the process, so that no second instance takes the socket. */
bool lock_take(const char *path, const struct account *, struct fault *why) MUST_USE;

enum lock_state { LOCK_FREE, LOCK_HELD, LOCK_UNKNOWN };

/* Does a process hold it? Never takes the lock, so looking cannot keep a daemon from starting. why is set for
 * LOCK_UNKNOWN. */
enum lock_state lock_look(const char *path, struct fault *why) MUST_USE;

/* Writes into the lock that we hold where the configuration is, as a full path, and where control is, and our number: so the tool
 * finds a daemon whose greenlane.conf says something else by now, or has a syntax error. What cannot be written is left out. */
void lock_note(const char *path, const char *config, const char *control);

/* What its holder has noted, "config PATH", "control ADDRESS", "pid NUMBER" in lines, up to size bytes. False if nobody
 * holds it, or it cannot be read. */
bool lock_noted(const char *path, char *out, size_t size) MUST_USE;

#endif
