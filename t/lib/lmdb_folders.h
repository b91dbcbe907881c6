/*
 * lmdb_folders.h - for tests: folders of the LMDB store below one of the test's own, which scratch_make(home) makes.
 */
#ifndef LMDB_FOLDERS_H
#define LMDB_FOLDERS_H

#include <stdio.h>

#include "milter/store/store.h"

enum { PATH_ROOM = 256 };

static char home[] = "/tmp/greenlane-lmdb.XXXXXX";

/* file NULL: the folder itself. */
static inline void
path_of(char out[PATH_ROOM], const char *folder, const char *file)
{
	snprintf(out, PATH_ROOM, file == NULL ? "%s/%s" : "%s/%s/%s", home, folder, file);
}

static inline void
folder_remove(const char *folder)
{
	char path[PATH_ROOM];

	path_of(path, folder, "data.mdb");
	remove(path);
	path_of(path, folder, "lock.mdb");
	remove(path);
	path_of(path, folder, NULL);
	remove(path);
}

static inline struct store *
lmdb_open(const char *folder, struct fault *why)
{
	char path[PATH_ROOM];

	path_of(path, folder, NULL);
	return store_lmdb(path, why);
}

#endif
