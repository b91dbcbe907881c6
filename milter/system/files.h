/*
 * files.h - opens and replaces files in a directory that another user may write in.
 *
 * The daemon's user owns state_dir, and the tool reads and writes it as root. So below the directory that the
 * caller names no link is followed, only regular files are opened, and no open blocks. A file is replaced whole.
 * The path of the directory itself comes from the administrator: links in it are followed.
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

/* Open a directory: by path; by name in another directory (a link is refused); or the one that holds the file at
 * path, whose name becomes *name (borrowed from path). Given: folder_close. False with why; its text is "" when the
 * directory does not exist. */
bool folder_open(struct folder *, const char *path, struct fault *why) MUST_USE;
bool folder_enter(struct folder *, const struct folder *above, const char *name, struct fault *why) MUST_USE;
bool folder_of(struct folder *, const char *path, const char **name, struct fault *why) MUST_USE;
void folder_close(struct folder *);

/* True if the name is a regular file or does not exist, else false with why. For callers that must open by path. */
bool file_is_plain(const struct folder *, const char *name, struct fault *why) MUST_USE;

/* Opens a regular file with the flags of open(2) (O_CREAT creates it with mode 0640) and fills in its status. Given:
 * close(2). -1 with why; its text is "" when the file does not exist. */
int file_open(const struct folder *, const char *name, int flags, struct stat *, struct fault *why) MUST_USE;

/* May we open it so (a file that does not exist: make it)? Makes nothing. */
bool file_may_open(const struct folder *, const char *name, int flags, struct fault *why) MUST_USE;
/* May we replace it, or make it, in its directory? */
bool file_may_replace(const struct folder *, const char *name, struct fault *why) MUST_USE;

/* The whole file, of at most `most` bytes, NUL-terminated; given (malloc). NULL with why; its text is "" when the file
 * does not exist. */
char *file_read(const struct folder *, const char *name, size_t most, size_t *length, struct fault *why) MUST_USE;

/* Mode and owner of a written file; -1: our own. If we may not give it to that group, the file keeps ours. */
struct file_access {
	mode_t mode;
	uid_t owner;
	gid_t group;
};

/* Replaces the file with these bytes: a reader, or a host that loses power, has either the whole old file or the whole
 * new one. A link, pipe or socket of that name is replaced; a directory of that name is a fault. */
bool file_replace(const struct folder *, const char *name, const struct file_access *, const char *bytes, size_t length,
    struct fault *why) MUST_USE;

/* Creates a new file in the same way. If anything of that name exists, that is a fault and it stays. */
bool file_make(const struct folder *, const char *name, const struct file_access *, const char *bytes, size_t length,
    struct fault *why) MUST_USE;

/* Has the disk of this path, or of the folder that it would be made in, less than 1 MiB left? */
bool disk_lacks_room(const char *path);

#endif
