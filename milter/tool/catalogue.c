#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/tool/catalogue_parts.h"
#include "policy/config/policy_value.h"

/* ---- one entry ---- */

bool
catalogue_refuse(struct catalogue_reading *reading, const char *entry, const char *what)
{
	struct text shown;

	text_open(&shown, 200);
	text_escaped(&shown, entry, strlen(entry));
	fault_at(reading->why, reading->path, 0, "'%s' %s; nothing of it is taken", shown.bytes, what);
	text_close(&shown);
	return false;
}

static bool
ends_in(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length > tail && strcmp(name + length - tail, end) == 0;
}

bool
catalogue_wants(const char *name)
{
	return name[0] != '.' && (ends_in(name, ".conf") || ends_in(name, ".list"));
}

bool
catalogue_has(const struct catalogue *catalogue, const char *name)
{
	for (size_t i = 0; i < catalogue->count; i++)
		if (strcmp(catalogue->files[i].name, name) == 0)
			return true;
	return false;
}

/* The stem of both kinds of file is a vendor's name, as far as its letters go. */
static bool
is_fit(const char *name)
{
	char stem[sizeof((struct catalogue_file *)NULL)->name];

	return strlen(name) < sizeof stem &&
	    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(name) - strlen(".conf")), name) >= 0 &&
	    value_name(stem, NULL);
}

static bool
make_room(struct catalogue_reading *reading)
{
	struct catalogue *catalogue = reading->catalogue;
	size_t room = reading->room == 0 ? 64 : 2 * reading->room;
	struct catalogue_file *files;

	if (catalogue->count < reading->room)
		return true;
	files = realloc(catalogue->files, room * sizeof *files);
	if (files == NULL)
		return fault_set(reading->why, "out of memory");
	catalogue->files = files;
	reading->room = room;
	return true;
}

struct catalogue_file *
catalogue_add(struct catalogue_reading *reading, const char *name, size_t length)
{
	struct catalogue *catalogue = reading->catalogue;
	struct catalogue_file *file;

	if (!is_fit(name))
		catalogue_refuse(reading, name, "is no name of a vendor's file");
	else if (catalogue_has(catalogue, name))
		catalogue_refuse(reading, name, "occurs twice");
	else if (length > CATALOGUE_FILE_MAX)
		catalogue_refuse(reading, name, "is larger than 1 MiB");
	else if (catalogue->count == CATALOGUE_FILES)
		catalogue_refuse(reading, name, "is one file too many: a catalogue has at most 4096");
	else if (reading->bytes + length > CATALOGUE_MAX)
		catalogue_refuse(reading, name, "is too much: a catalogue has at most 64 MiB");
	else if (make_room(reading)) {
		file = &catalogue->files[catalogue->count];
		snprintf(file->name, sizeof file->name, "%s", name);
		file->length = length;
		file->bytes = calloc(1, length + 1);
		if (file->bytes != NULL) {
			catalogue->count++;
			catalogue->vendors += ends_in(name, ".conf");
			reading->bytes += length;
			return file;
		}
		fault_set(reading->why, "out of memory");
	}
	return NULL;
}

/* ---- a folder ---- */

static bool
read_entry(struct catalogue_reading *reading, const struct folder *folder, const char *name)
{
	struct catalogue_file *file;
	size_t length = 0;
	char *bytes;
	bool added;

	if (!catalogue_wants(name))
		return true;
	bytes = file_read(folder, name, CATALOGUE_FILE_MAX, &length, reading->why);
	if (bytes == NULL && reading->why->text[0] == '\0')
		return catalogue_refuse(reading, name, "vanished while it was read");
	file = bytes == NULL ? NULL : catalogue_add(reading, name, length);
	added = file != NULL;
	if (added)
		memcpy(file->bytes, bytes, length);
	free(bytes);
	return added;
}

static bool
read_folder(struct catalogue_reading *reading, const struct folder *folder)
{
	int fd = dup(folder->fd);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool done = list != NULL;

	if (list == NULL) {
		fault_at(reading->why, reading->path, 0, "cannot be read: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (done && (entry = readdir(list)) != NULL)
		done = read_entry(reading, folder, entry->d_name);
	closedir(list);
	return done;
}

/* ---- the whole ---- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct catalogue_file *)a)->name, ((const struct catalogue_file *)b)->name);
}

static bool
read_path(struct catalogue_reading *reading)
{
	struct folder folder;
	struct stat st;
	bool done;

	if (stat(reading->path, &st) != 0) {
		*reading->why = (struct fault){ .text = "" };
		return errno != ENOENT && fault_at(reading->why, reading->path, 0, "cannot be read: %s", strerror(errno));
	}
	if (S_ISREG(st.st_mode))
		return catalogue_read_archive(reading);
	if (!S_ISDIR(st.st_mode))
		return fault_at(reading->why, reading->path, 0,
		    "is neither a folder nor a file; name a folder of vendor files or a tar");
	if (!folder_open(&folder, reading->path, reading->why))
		return false;
	done = read_folder(reading, &folder);
	folder_close(&folder);
	return done;
}

struct catalogue *
catalogue_open(const char *path, struct fault *why)
{
	struct catalogue_reading reading = { calloc(1, sizeof(struct catalogue)), path, 0, 0, why };
	struct catalogue *catalogue = reading.catalogue;

	if (catalogue == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	if (read_path(&reading)) {
		if (catalogue->vendors > 0) {
			qsort(catalogue->files, catalogue->count, sizeof *catalogue->files, by_name);
			return catalogue;
		}
		fault_at(why, path, 0,
		    "holds no vendor's file; name the folder with the files NAME.conf, or an archive of it");
	}
	catalogue_close(catalogue);
	return NULL;
}

void
catalogue_close(struct catalogue *catalogue)
{
	for (size_t i = 0; catalogue != NULL && i < catalogue->count; i++)
		free(catalogue->files[i].bytes);
	if (catalogue != NULL)
		free(catalogue->files);
	free(catalogue);
}

bool
catalogue_write(const struct catalogue *catalogue, const struct folder *folder, struct fault *why)
{
	static const struct file_access access = { 0644, (uid_t)-1, (gid_t)-1 };

	for (size_t i = 0; i < catalogue->count; i++) {
		const struct catalogue_file *file = &catalogue->files[i];

		if (!file_make(folder, file->name, &access, file->bytes, file->length, why))
			return false;
	}
	return true;
}
