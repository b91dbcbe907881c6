/*
 * start_list.h - what a start of the daemon opens, as lists: the directories that it makes, the listeners.
 *
 * For the start itself, and for `greenlane check`, which tries the same. Opens nothing.
 */
#ifndef START_LIST_H
#define START_LIST_H

#include <stdbool.h>
#include <sys/types.h>

#include "policy/rules/policy.h"

struct start_folder {
	const char *path;
	bool above;  /* path is a file's: the directory that holds it is meant */
	bool spared; /* mail is served without it */
	mode_t mode;
};
enum { START_FOLDERS_MAX = EXPORTS_MAX + 8 };

/* In the order in which they are made; the paths are the policy's. Returns how many. */
size_t start_folders(const struct policy *, struct start_folder out[START_FOLDERS_MAX]);

struct start_listener {
	const char *name; /* its group in greenlane.conf */
	const char *address, *group;
	bool spared; /* mail is served without it */
	bool of_mta; /* MTAs connect there */
};
enum { START_LISTENERS_MAX = 5 };

/* Those that are on; the milter's first. Returns how many. */
size_t start_listeners(const struct settings *, struct start_listener out[START_LISTENERS_MAX]);

/* "lmdb:PATH": the path; NULL: another store, or none. */
const char *start_lmdb_path(const struct settings *);

#endif
