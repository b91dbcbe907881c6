/* The archive of a catalogue: tar alone, and only filters that run no other program. */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/tool/catalogue_parts.h"

enum { BLOCK = 64 * 1024, TAR_BLOCK = 512, ENTRIES = 2 * CATALOGUE_FILES };

/* "a/b/c.conf": no empty part, none of dots, not from the root. */
static bool
leads_out(const char *path)
{
	struct span rest = span_of(path), part;

	if (path[0] == '/' || path[0] == '\0')
		return true;
	while (rest.length > 0) {
		part = span_cut(&rest, '/');
		if (span_is(part, ".."))
			return true;
	}
	return false;
}

static bool
fail(struct catalogue_reading *reading, struct archive *archive)
{
	const char *said = archive_error_string(archive);

	return fault_at(reading->why, reading->path, 0,
	    "is no archive that can be read (a tar, plain or compressed): %s", said == NULL ? "it is damaged" : said);
}

/* All files must lie in one folder, so that nobody's other files are taken for a catalogue. */
static bool
is_of_one_folder(struct catalogue_reading *reading, const char *path, const char *name)
{
	struct catalogue *catalogue = reading->catalogue;
	char folder[sizeof catalogue->folder];

	if ((size_t)(name - path) >= sizeof folder)
		return catalogue_refuse(reading, path, "is too long for a path");
	snprintf(folder, sizeof folder, "%.*s", (int)(name - path), path);
	if (catalogue->count == 0)
		snprintf(catalogue->folder, sizeof catalogue->folder, "%s", folder);
	return strcmp(catalogue->folder, folder) == 0 ||
	    catalogue_refuse(reading, path, "lies in another folder than the files before it");
}

static bool
read_bytes(struct catalogue_reading *reading, struct archive *archive, struct catalogue_file *file)
{
	size_t held = 0;
	char more;

	while (held < file->length) {
		la_ssize_t got = archive_read_data(archive, file->bytes + held, file->length - held);

		if (got <= 0)
			return fail(reading, archive);
		held += (size_t)got;
	}
	return archive_read_data(archive, &more, 1) == 0 || fail(reading, archive);
}

static bool
read_entry(struct catalogue_reading *reading, struct archive *archive, struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry), *slash, *name;
	int64_t size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
	struct catalogue_file *file;

	if (path == NULL)
		return catalogue_refuse(reading, "?", "has a name that cannot be read");
	if (leads_out(path))
		return catalogue_refuse(reading, path, "leads out of the archive");
	if (archive_entry_filetype(entry) == AE_IFDIR)
		return true;
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL ||
	    archive_entry_symlink(entry) != NULL)
		return catalogue_refuse(reading, path, "is a link or a device, not a file");
	if (size < 0 || size > CATALOGUE_FILE_MAX)
		return catalogue_refuse(reading, path, "is larger than 1 MiB");
	slash = strrchr(path, '/');
	name = slash == NULL ? path : slash + 1;
	if (!catalogue_wants(name))
		return true;
	if (!is_of_one_folder(reading, path, name))
		return false;
	file = catalogue_add(reading, name, (size_t)size);
	return file != NULL && read_bytes(reading, archive, file);
}

static bool
read_entries(struct catalogue_reading *reading, struct archive *archive)
{
	struct archive_entry *entry;
	int got;

	for (unsigned i = 0; (got = archive_read_next_header(archive, &entry)) == ARCHIVE_OK; i++) {
		if (i == ENTRIES || archive_filter_bytes(archive, 0) > CATALOGUE_MAX)
			return fault_at(reading->why, reading->path, 0,
			    "holds too much for a catalogue: at most 4096 files, 64 MiB");
		if (!read_entry(reading, archive, entry))
			return false;
	}
	return got == ARCHIVE_EOF || fail(reading, archive);
}

/* A tar ends in blocks of zeros. One that was cut off between two files would only seem to have fewer. */
static bool
ends_whole(struct catalogue_reading *reading, struct archive *archive)
{
	char block[TAR_BLOCK];
	int fd = -1;
	bool whole = archive_filter_code(archive, 0) != ARCHIVE_FILTER_NONE ||
	    ((fd = open(reading->path, O_RDONLY | O_CLOEXEC)) >= 0 && lseek(fd, -TAR_BLOCK, SEEK_END) >= 0 &&
		read(fd, block, sizeof block) == TAR_BLOCK);

	for (size_t i = 0; fd >= 0 && whole && i < sizeof block; i++)
		whole = block[i] == '\0';
	if (fd >= 0)
		close(fd);
	return whole ||
	    fault_at(reading->why, reading->path, 0, "is cut off: a tar ends in blocks of zeros; fetch it again");
}

bool
catalogue_read_archive(struct catalogue_reading *reading)
{
	struct archive *archive = archive_read_new();
	bool done = false;

	if (archive == NULL)
		return fault_set(reading->why, "out of memory");
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_bzip2(archive);
	archive_read_support_format_tar(archive);
	if (archive_read_open_filename(archive, reading->path, BLOCK) != ARCHIVE_OK)
		fail(reading, archive);
	else
		done = read_entries(reading, archive) && ends_whole(reading, archive);
	archive_read_free(archive);
	return done;
}
