#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_file.h"

/* The file's bytes (malloc), or NULL: such a file cannot be the same. */
static char *
read_old(int file, size_t length)
{
	char *bytes = malloc(length + 1);
	size_t done = 0;
	ssize_t got = 1;

	while (bytes != NULL && done < length && got > 0) {
		got = read(file, bytes + done, length - done);
		if (got > 0)
			done += (size_t)got;
	}
	if (done == length)
		return bytes;
	free(bytes);
	return NULL;
}

/* What stands there now, if anything: its status, and whether it is as good as the new text. */
static bool
look(const char *path, const struct text *text, struct stat *old, bool *same, struct fault *why)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *bytes = NULL;

	*same = false;
	if (file < 0 && errno == ENOENT) {
		old->st_mode = 0;
		return true;
	}
	if (file < 0 || fstat(file, old) != 0) {
		fault_at(why, path, 0, "cannot be opened: %s", strerror(errno));
	} else if (!S_ISREG(old->st_mode)) {
		fault_at(why, path, 0, "is no regular file; name another, or none for standard output");
		old->st_mode = 0;
	} else if ((uint64_t)old->st_size <= EXPORT_TEXT_MAX) {
		bytes = read_old(file, (size_t)old->st_size);
		*same = bytes != NULL && export_same((struct span){ bytes, (size_t)old->st_size },
		    (struct span){ text->bytes, text->length });
	}
	free(bytes);
	if (file >= 0)
		close(file);
	return file >= 0 && S_ISREG(old->st_mode);
}

static bool
write_all(int file, const struct text *text)
{
	size_t done = 0;

	while (done < text->length) {
		ssize_t written = write(file, text->bytes + done, text->length - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		done += (size_t)written;
	}
	return true;
}

/* Readable for all, as a list of published addresses may be, unless what stood there was not. */
static bool
set_access(int file, const struct stat *old)
{
	if (old->st_mode == 0)
		return fchmod(file, 0644) == 0;
	if (fchown(file, (uid_t)-1, old->st_gid) != 0 && errno != EPERM)
		return false;
	return fchmod(file, old->st_mode & 0777) == 0;
}

static bool
replace(const char *path, const struct text *text, const struct stat *old, struct fault *why)
{
	char beside[PATH_MAX];
	bool done = false;
	int file;

	if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
		return fault_at(why, path, 0, "is too long for a path");
	file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file >= 0) {
		done = write_all(file, text) && set_access(file, old) && fsync(file) == 0;
		done = close(file) == 0 && done;
		done = done && rename(beside, path) == 0;
	}
	if (!done) {
		fault_at(why, path, 0, "cannot be written: %s; its folder must be writable for us", strerror(errno));
		if (file >= 0)
			unlink(beside);
	}
	return done;
}

bool
export_file_keep(const char *path, const struct text *text, bool *changed, struct fault *why)
{
	struct stat old = { .st_mode = 0 };
	bool same;

	*changed = false;
	if (!look(path, text, &old, &same, why))
		return false;
	if (same)
		return true;
	*changed = replace(path, text, &old, why);
	return *changed;
}

bool
export_file_is_fresh(const char *path, const struct text *text, bool *fresh, struct fault *why)
{
	struct stat old;

	return look(path, text, &old, fresh, why);
}
