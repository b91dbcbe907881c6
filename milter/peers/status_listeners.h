/*
 * status_listeners.h - the part of the status that tells of the listeners: is a socket still the one that was opened, may
 * its group still use it, and enter every folder on the way?
 *
 * Looks at the file system, connects to nobody.
 */
#ifndef STATUS_LISTENERS_H
#define STATUS_LISTENERS_H

#include <sys/types.h>

#include "milter/state/start_list.h"
#include "policy/review/status.h"
#include "policy/util/fault.h"

/* A listener as it was opened. */
struct opened_listener {
	const char *name, *path; /* path NULL: no Unix socket; it points into address */
	char address[1200];
	bool opened;
	dev_t device;
	ino_t inode;
	gid_t group;
};

struct opened_listeners {
	struct opened_listener list[START_LISTENERS_MAX];
	size_t count;
};

/* Call while its socket is there; opened: it could be opened. The name is kept; "" and "none" are no listener. */
void opened_listeners_add(struct opened_listeners *, const char *name, const char *address, bool opened);

/* Fills in `listeners`, in the arena. False without memory. */
bool opened_listeners_tell(const struct opened_listeners *, struct status *, struct arena *) MUST_USE;

#endif
