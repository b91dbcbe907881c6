/*
 * socket_reach.h - may a group reach a Unix socket: can it enter each directory on the way?
 *
 * Only looks. Never sees a chroot: an MTA that runs in one does not find what is outside, whatever the modes are.
 */
#ifndef SOCKET_REACH_H
#define SOCKET_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "policy/util/fault.h"

/* False: `closed` is the first directory on the way that the group cannot enter. Directories that do not exist are
 * passed over: who opens the socket makes them, open to all. */
bool socket_is_reachable(const char *path, gid_t group, char *closed, size_t size);

/* The same for a listener ("unix:PATH"; others are always reachable), as a fault about it: name is that of its group in
 * greenlane.conf. */
bool socket_may_be_reached(const char *name, const char *address, gid_t group, struct fault *why);

#endif
