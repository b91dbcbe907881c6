#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/state/source_files.h"
#include "milter/system/files.h"
#include "policy/util/hash.h"

enum { NAME_BYTES = 200 }; /* of a source in a file name; a longer one ends in a hash */

static const char *const endings[] = { [COPY_BELIEVED] = "copy", [COPY_PENDING] = "pending", [COPY_ACCEPTED] = "accepted" };

/* "spf:autotask.net" is kept in "spf:autotask.net.copy"; bytes unfit for a file name become "%XX". */
static void
name_of(enum copy_kind kind, const char *source, char out[NAME_MAX + 1])
{
	char name[3 * NAME_BYTES + 1];
	size_t n = 0;

	for (const char *c = source; *c != '\0' && n < NAME_BYTES; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-' || *c == '_' ||
		    *c == ':' || (*c == '.' && n > 0);

		n += (size_t)snprintf(name + n, sizeof name - n, plain ? "%c" : "%%%02X", (unsigned char)*c);
	}
	if (n >= NAME_BYTES)
		snprintf(name + NAME_BYTES, sizeof name - NAME_BYTES, "~%016llx",
		    (unsigned long long)hash_string(HASH_START, source));
	snprintf(out, NAME_MAX + 1, "%.230s.%s", name, endings[kind]);
}

/* ---- the directory ---- */

/* False with why; its text is "" if the directory does not exist. */
static bool
open_sources(struct folder *sources, const char *state_dir, struct fault *why)
{
	struct folder above;
	bool done;

	if (!folder_open(&above, state_dir, why))
		return false;
	done = folder_enter(sources, &above, "sources", why);
	folder_close(&above);
	return done;
}

/* Files that root creates get the owner of their directory; only root may give files away. */
static bool
owner_of(const struct folder *folder, struct file_access *access)
{
	struct stat owner;

	*access = (struct file_access){ 0640, (uid_t)-1, (gid_t)-1 };
	if (geteuid() != 0)
		return true;
	if (fstat(folder->fd, &owner) != 0)
		return false;
	access->owner = owner.st_uid;
	access->group = owner.st_gid;
	return true;
}

/* fchown by descriptor, not by name: the owner of state_dir may have put something else there. */
static bool
make_folder(struct folder *out, const struct folder *above, const char *name, struct fault *why)
{
	bool made = mkdirat(above->fd, name, 0750) == 0;
	struct file_access access;

	if (!made && errno != EEXIST)
		return fault_at(why, above->path, 0, "its directory `%s` cannot be created: %s%s", name, strerror(errno),
		    errno == EACCES ? "; give it and what is in it to the user of greenlaned (chown -R)" : "");
	if (!folder_enter(out, above, name, why))
		return false;
	if (!made || (owner_of(above, &access) && fchown(out->fd, access.owner, access.group) == 0))
		return true;
	fault_at(why, out->path, 0, "cannot be given to the owner of its parent directory: %s", strerror(errno));
	folder_close(out);
	return false;
}

/* In state_dir, or with `beside` in that directory of it. */
static bool
prepare(const char *state_dir, const char *beside, struct fault *why)
{
	struct folder state, above, sources;
	bool done;

	if (!folder_open(&state, state_dir, why))
		return why->text[0] != '\0' ? false : fault_at(why, state_dir, 0, "is missing; create it");
	if (beside != NULL) {
		done = make_folder(&above, &state, beside, why);
		folder_close(&state);
		if (!done)
			return false;
		state = above;
	}
	done = make_folder(&sources, &state, "sources", why);
	folder_close(&state);
	if (done)
		folder_close(&sources);
	return done;
}

bool
source_files_prepare(const char *state_dir, struct fault *why)
{
	return prepare(state_dir, NULL, why);
}

bool
source_files_prepare_draft(const char *state_dir, struct fault *why)
{
	return prepare(state_dir, SOURCE_FILES_DRAFT, why);
}

/* ---- files ---- */

static bool
write_in(const struct folder *folder, const char *name, const struct text *text, struct fault *why)
{
	struct file_access access;

	if (text->cut)
		return fault_at(why, folder->path, 0, "its file %s would be too large", name);
	if (!owner_of(folder, &access))
		return fault_at(why, folder->path, 0, "its owner cannot be read: %s", strerror(errno));
	return file_replace(folder, name, &access, text->bytes, text->length, why);
}

bool
state_file_write(const char *state_dir, const char *name, const struct text *text, struct fault *why)
{
	struct folder folder;
	bool done;

	if (!folder_open(&folder, state_dir, why))
		return why->text[0] != '\0' ? false : fault_at(why, state_dir, 0, "is missing; create it");
	done = write_in(&folder, name, text, why);
	folder_close(&folder);
	return done;
}

char *
state_file_read(const char *state_dir, const char *name, size_t most, size_t *length, struct fault *why)
{
	struct folder folder;
	char *text;

	if (!folder_open(&folder, state_dir, why))
		return NULL;
	text = file_read(&folder, name, most, length, why);
	folder_close(&folder);
	return text;
}

bool
state_lines_trim(char *text, size_t *length)
{
	const char *end = memrchr(text, '\n', *length);
	size_t whole = end == NULL ? 0 : (size_t)(end + 1 - text);
	bool cut = whole < *length;

	*length = whole;
	text[whole] = '\0';
	return cut;
}

bool
source_files_save(const char *state_dir, enum copy_kind kind, const struct source_copy *copy, struct fault *why)
{
	char name[NAME_MAX + 1];
	struct folder folder;
	struct text text;
	bool done;

	if (!open_sources(&folder, state_dir, why) &&
	    (why->text[0] != '\0' || !source_files_prepare(state_dir, why) || !open_sources(&folder, state_dir, why)))
		return false;
	name_of(kind, copy->source, name);
	text_open(&text, SOURCE_COPY_MAX);
	source_copy_write(copy, &text);
	done = write_in(&folder, name, &text, why);
	text_close(&text);
	folder_close(&folder);
	return done;
}

bool
source_files_load(const char *state_dir, enum copy_kind kind, const char *source, struct arena *arena,
    struct source_copy *out, struct fault *why)
{
	char name[NAME_MAX + 1], path[PATH_MAX + NAME_MAX + 2];
	struct folder folder;
	size_t length;
	char *text;
	bool done;

	if (!open_sources(&folder, state_dir, why))
		return false;
	name_of(kind, source, name);
	snprintf(path, sizeof path, "%s/%s", folder.path, name);
	text = file_read(&folder, name, SOURCE_COPY_MAX, &length, why);
	folder_close(&folder);
	if (text == NULL)
		return false;
	done = source_copy_read(arena, path, text, length, out, why);
	if (done && strcmp(out->source, source) != 0)
		done = fault_at(why, path, 0, "is the copy of %.100s, not of %.100s", out->source, source);
	free(text);
	return done;
}

bool
source_files_has(const char *state_dir, enum copy_kind kind, const char *source)
{
	char name[NAME_MAX + 1];
	struct folder folder;
	struct fault why;
	bool has;

	if (!open_sources(&folder, state_dir, &why))
		return false;
	name_of(kind, source, name);
	has = faccessat(folder.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	folder_close(&folder);
	return has;
}

void
source_files_trouble(const char *state_dir, struct fault *out)
{
	struct folder folder;

	*out = (struct fault){ .text = "" };
	if (!open_sources(&folder, state_dir, out)) {
		if (out->text[0] == '\0' && access(state_dir, W_OK | X_OK) != 0)
			fault_at(out, state_dir, 0, "cannot be written: %s", strerror(errno));
		return;
	}
	if (faccessat(folder.fd, ".", W_OK | X_OK, 0) != 0)
		fault_at(out, folder.path, 0, "cannot be written: %s", strerror(errno));
	folder_close(&folder);
}

void
source_files_drop(const char *state_dir, enum copy_kind kind, const char *source)
{
	char name[NAME_MAX + 1];
	struct folder folder;
	struct fault why;

	if (!open_sources(&folder, state_dir, &why))
		return; /* nothing there to remove */
	name_of(kind, source, name);
	unlinkat(folder.fd, name, 0);
	folder_close(&folder);
}
