/*
 * files.h - files in a folder that somebody else may write in: opened without being led astray, replaced whole.
 *
 * What lies in state_dir is the daemon's user's, and the tool reads and writes it as root. So no link
 * is followed below the folder that a caller names, nothing but regular files is opened, and no open waits.
 * The folder's own path is its administrator's: links in it are followed.
 */
#ifndef FILES_H
#define FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "policy/util/fault.h"

struct folder {
	int fd;
	char path[PATH_MAX]; /* for faults */
};

/* Open a folder: by its path; by its name in another one, where a link is none; that of a file, whose name in it is
 * then *name (borrowed from path). Given: folder_close. False with why, whose text is "" where none is there. */
bool folder_open(struct folder *, const char *path, struct fault *why) MUST_USE;
bool folder_enter(struct folder *, const struct folder *above, const char *name, struct fault *why) MUST_USE;
bool folder_of(struct folder *, const char *path, const char **name, struct fault *why) MUST_USE;
void folder_close(struct folder *);

/* Nothing lies there under the name, or a regular file; else false with why: for who must open by a path. */
bool file_is_plain(const struct folder *, const char *name, struct fault *why) MUST_USE;

/* A regular file, by flags of open(2) (O_CREAT makes it with 0640), and its status. Given: close(2). -1 with why, whose
 * text is "" where none is there. */
int file_open(const struct folder *, const char *name, int flags, struct stat *, struct fault *why) MUST_USE;

/* The whole of a file, terminated, given (malloc); NULL with why, whose text is "" where none is there. */
char *file_read(const struct folder *, const char *name, size_t most, size_t *length, struct fault *why) MUST_USE;

/* Whose a file becomes; -1: the one that we are. A group that we may not give it to does not get it. */
struct file_access {
	mode_t mode;
	uid_t owner;
	gid_t group;
};

/* Puts these bytes in the file's place: who reads it, and a host that loses its power, has the old one or the new one
 * whole. A link, pipe or socket that lies there under the name goes; a folder there is a fault. */
bool file_replace(const struct folder *, const char *name, const struct file_access *, const char *bytes,
    size_t length, struct fault *why) MUST_USE;

/* The same where nothing lies there yet: anything that does is a fault, and stays. */
bool file_make(const struct folder *, const char *name, const struct file_access *, const char *bytes,
    size_t length, struct fault *why) MUST_USE;

#endif
