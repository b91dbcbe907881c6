/*
 * denied.h - what to do about a file that the user of greenlaned may not use: whose it should be, or which directory is closed.
 *
 * Says nothing to anybody but that user: whoever runs a command is told elsewhere (cmd_may). Changes nothing.
 */
#ifndef DENIED_H
#define DENIED_H

#include <stdbool.h>

enum { DENIED_HINT = 400 };

/* Who uses files from now on. Before other threads run. */
void denied_user(const char *name);

enum denied_use {
	DENIED_READ,
	DENIED_WRITE, /* opened for writing, and made where it is missing */
	DENIED_MAKE   /* made, replaced or removed: its directory counts, not itself */
};

/* Does a mode or an owner deny it, and not the sandbox? */
bool denied_by_mode(const char *path, enum denied_use);

/* Behind "Permission denied": "; give it to greenlane (chown greenlane /var/log/verdicts)", or what sandbox_hint says;
 * "": neither. Keeps errno. */
const char *denied_hint(const char *path, enum denied_use, char out[DENIED_HINT]);

#endif
