#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copies.h"

enum { NAME_BYTES = 200 }; /* of a source in a file's name; a longer one ends in a hash */

static const char *const endings[] = { [COPY_BELIEVED] = "copy", [COPY_PENDING] = "pending",
	[COPY_ACCEPTED] = "accepted" };

/* FNV-1a, so that names that were cut differ. */
static unsigned long long
hash_of(const char *text)
{
	unsigned long long hash = 14695981039346656037ull;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211ull;
	return hash;
}

/* "spf:autotask.net" stands in "spf:autotask.net.copy"; what no file name should hold is "%XX". */
static void
file_of(const char *state_dir, enum copy_kind kind, const char *source, char out[PATH_MAX])
{
	char name[3 * NAME_BYTES + 1];
	size_t n = 0;

	for (const char *c = source; *c != '\0' && n < NAME_BYTES; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-' ||
		    *c == '_' || *c == ':' || (*c == '.' && n > 0);

		n += (size_t)snprintf(name + n, sizeof name - n, plain ? "%c" : "%%%02X",
		    (unsigned char)*c);
	}
	if (n >= NAME_BYTES)
		snprintf(name + NAME_BYTES, sizeof name - NAME_BYTES, "~%016llx", hash_of(source));
	snprintf(out, PATH_MAX, "%s/sources/%s.%s", state_dir, name, endings[kind]);
}

/* The owner of a folder, for root alone: nobody else may give files away. */
static bool
is_given(const char *folder, struct stat *owner)
{
	return geteuid() == 0 && stat(folder, owner) == 0;
}

bool
copies_prepare(const char *state_dir, struct fault *why)
{
	char folder[PATH_MAX];
	struct stat owner;

	snprintf(folder, sizeof folder, "%s/sources", state_dir);
	if (mkdir(folder, 0750) != 0) {
		if (errno == EEXIST)
			return true;
	} else if (!is_given(state_dir, &owner) || lchown(folder, owner.st_uid, owner.st_gid) == 0) {
		return true;
	}
	return fault_at(why, folder, 0, "cannot be made: %s; sources are not kept over a restart",
	    strerror(errno));
}

static bool
write_all(int file, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(file, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		length -= (size_t)written;
	}
	return true;
}

/* To the owner of the folder that the file stands in. */
static bool
give_away(int file, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	struct stat owner;

	snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path),
	    slash == NULL ? "." : path);
	return !is_given(folder, &owner) || fchown(file, owner.st_uid, owner.st_gid) == 0;
}

/* The daemon and the tool may write the same file at once: each has a file of its own beside it. */
bool
copies_write_file(const char *path, const char *text, size_t length, struct fault *why)
{
	char beside[PATH_MAX];
	bool done = false;
	int file;

	if (snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= (int)sizeof beside)
		return fault_at(why, path, 0, "is too long for a path");
	file = mkostemp(beside, O_CLOEXEC);
	if (file >= 0) {
		done = write_all(file, text, length) && fchmod(file, 0640) == 0 &&
		    give_away(file, path) && fsync(file) == 0;
		done = close(file) == 0 && done;
		done = done && rename(beside, path) == 0;
	}
	if (!done) {
		fault_at(why, path, 0, "cannot be written: %s", strerror(errno));
		if (file >= 0)
			unlink(beside);
	}
	return done;
}

char *
copies_read_file(const char *path, size_t most, size_t *length, struct fault *why)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	struct stat st;

	if (file == NULL) {
		if (errno == ENOENT)
			*why = (struct fault){ .text = "" };
		else
			fault_at(why, path, 0, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size > most)
		fault_at(why, path, 0, "is no file of ours: too large, or no regular file");
	else if ((text = malloc((size_t)st.st_size + 1)) == NULL)
		fault_at(why, path, 0, "cannot be read: out of memory");
	if (text != NULL) {
		*length = fread(text, 1, (size_t)st.st_size, file);
		text[*length] = '\0';
	}
	fclose(file);
	return text;
}

bool
copies_save(const char *state_dir, enum copy_kind kind, const struct source_copy *copy, struct fault *why)
{
	char path[PATH_MAX];
	struct text text;
	bool done;

	file_of(state_dir, kind, copy->source, path);
	text_open(&text, SOURCE_COPY_MAX);
	source_copy_write(copy, &text);
	done = text.cut ? fault_at(why, path, 0, "would be larger than %d MiB", SOURCE_COPY_MAX >> 20)
			: copies_write_file(path, text.bytes, text.length, why);
	text_close(&text);
	return done;
}

bool
copies_load(const char *state_dir, enum copy_kind kind, const char *source, struct arena *arena,
    struct source_copy *out, struct fault *why)
{
	char path[PATH_MAX];
	size_t length;
	char *text;
	bool done;

	file_of(state_dir, kind, source, path);
	text = copies_read_file(path, SOURCE_COPY_MAX, &length, why);
	if (text == NULL)
		return false;
	done = source_copy_read(arena, path, text, length, out, why);
	if (done && strcmp(out->source, source) != 0)
		done = fault_at(why, path, 0, "is the copy of %.100s, not of %.100s", out->source, source);
	free(text);
	return done;
}

void
copies_drop(const char *state_dir, enum copy_kind kind, const char *source)
{
	char path[PATH_MAX];

	file_of(state_dir, kind, source, path);
	unlink(path);
}
