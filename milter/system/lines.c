#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/system/lines.h"

enum { BLOCK = 64 * 1024 };

struct lines {
	struct archive *archive;
	char path[4096];
	char *bytes; /* of the file, from `at` on not yet given */
	size_t at, held, room, most;
	bool ended, only_whole;
	int fd;           /* of a file that was opened behind its beginning; -1 */
	int64_t consumed; /* bytes of the text before `at` */
	int64_t skipped;  /* bytes of the file that were not read */
};

static bool
fail(const struct lines *lines, struct fault *why)
{
	return fault_at(why, lines->path, 0, "cannot be read: %s", archive_error_string(lines->archive));
}

/* Of a file that cannot be opened libarchive says no more than that. */
static bool
fail_to_open(const struct lines *lines, struct fault *why)
{
	int error = archive_errno(lines->archive);

	return error > 0 ? fault_at(why, lines->path, 0, "cannot be read: %s", strerror(error)) : fail(lines, why);
}

/* Those that libarchive reads by itself: for some others it runs a program, which the bytes of a file must not decide. */
static int (*const filters[])(struct archive *) = { archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
	archive_read_support_filter_xz, archive_read_support_filter_zstd };

/* What comes out of the filters is one raw stream; an empty file is none. */
static bool
begin(struct lines *lines, const char *path, struct fault *why)
{
	struct archive_entry *entry;
	int got;

	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
		filters[i](lines->archive);
	archive_read_support_format_raw(lines->archive);
	archive_read_support_format_empty(lines->archive);
	if (archive_read_open_filename(lines->archive, strcmp(path, "-") == 0 ? NULL : path, BLOCK) != ARCHIVE_OK)
		return fail_to_open(lines, why);
	got = archive_read_next_header(lines->archive, &entry);
	lines->ended = got == ARCHIVE_EOF;
	return got == ARCHIVE_EOF || got == ARCHIVE_OK || got == ARCHIVE_WARN || fail(lines, why);
}

struct lines *
lines_open(const char *path, size_t most, struct fault *why)
{
	struct lines *lines = calloc(1, sizeof *lines);

	if (lines != NULL) {
		snprintf(lines->path, sizeof lines->path, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
		lines->most = most;
		lines->archive = archive_read_new();
		lines->room = BLOCK;
		lines->fd = -1;
		lines->bytes = malloc(lines->room);
	}
	if (lines == NULL || lines->archive == NULL || lines->bytes == NULL)
		fault_set(why, "out of memory");
	else if (begin(lines, path, why))
		return lines;
	lines_close(lines);
	return NULL;
}

void
lines_close(struct lines *lines)
{
	if (lines == NULL)
		return;
	archive_read_free(lines->archive);
	if (lines->fd >= 0)
		close(lines->fd);
	free(lines->bytes);
	free(lines);
}

/* Makes room behind what is held: by moving it to the front, else by growing. */
static bool
make_room(struct lines *lines, struct fault *why)
{
	char *grown;

	if (lines->at > 0) {
		memmove(lines->bytes, lines->bytes + lines->at, lines->held - lines->at);
		lines->held -= lines->at;
		lines->at = 0;
	}
	if (lines->held < lines->room)
		return true;
	grown = realloc(lines->bytes, 2 * lines->room);
	if (grown == NULL)
		return fault_set(why, "out of memory");
	lines->bytes = grown;
	lines->room *= 2;
	return true;
}

static bool
fill(struct lines *lines, struct fault *why)
{
	la_ssize_t got;

	if (!make_room(lines, why))
		return false;
	got = archive_read_data(lines->archive, lines->bytes + lines->held, lines->room - lines->held);
	if (got < 0)
		return fail(lines, why);
	lines->ended = got == 0;
	lines->held += (size_t)got;
	return true;
}

/* Drops the rest of a line that is too long. */
static bool
skip(struct lines *lines, struct fault *why)
{
	for (;;) {
		char *end = memchr(lines->bytes + lines->at, '\n', lines->held - lines->at);

		lines->consumed -= (int64_t)lines->at;
		lines->at = end != NULL ? (size_t)(end - lines->bytes) + 1 : lines->held;
		lines->consumed += (int64_t)lines->at;
		if (end != NULL || lines->ended)
			return true;
		if (!fill(lines, why))
			return false;
	}
}

static enum lines_got
skip_line(struct lines *lines, struct span *line, struct fault *why)
{
	*line = (struct span){ "", 0 };
	return skip(lines, why) ? LINES_TOO_LONG : LINES_FAILED;
}

enum lines_got
lines_next(struct lines *lines, struct span *line, struct fault *why)
{
	size_t looked = 0;

	for (;;) {
		char *start = lines->bytes + lines->at;
		size_t length = lines->held - lines->at;
		char *end = memchr(start + looked, '\n', length - looked);

		if (end == NULL && !lines->ended && length <= lines->most) {
			looked = length;
			if (!fill(lines, why))
				return LINES_FAILED;
			continue;
		}
		if (end != NULL)
			length = (size_t)(end - start);
		else if (lines->ended && (length == 0 || lines->only_whole))
			return LINES_END;
		if (length > lines->most)
			return skip_line(lines, line, why);
		lines->at += length + (end != NULL);
		lines->consumed += (int64_t)(length + (end != NULL));
		*line = (struct span){ start, length };
		return LINES_LINE;
	}
}

int64_t
lines_read(const struct lines *lines)
{
	return lines->skipped + archive_filter_bytes(lines->archive, -1);
}

/* ---- reading on ---- */

void
lines_only_whole(struct lines *lines)
{
	lines->only_whole = true;
}

bool
lines_ended_whole(const struct lines *lines)
{
	return lines->ended && lines->at == lines->held;
}

int64_t
lines_at(const struct lines *lines)
{
	return lines->consumed;
}

bool
lines_peek(struct lines *lines, size_t most, struct span *out, struct fault *why)
{
	while (!lines->ended && lines->held - lines->at < most)
		if (!fill(lines, why))
			return false;
	*out = (struct span){ lines->bytes + lines->at, lines->held - lines->at };
	out->length = out->length > most ? most : out->length;
	return true;
}

/* Opens the plain file again, behind these bytes. What it goes on with is taken as it is, whatever it looks like. */
static bool
seek(struct lines *lines, int64_t bytes, struct fault *why)
{
	struct archive_entry *entry;

	archive_read_free(lines->archive);
	lines->archive = archive_read_new();
	lines->fd = open(lines->path, O_RDONLY | O_CLOEXEC);
	if (lines->archive == NULL)
		return fault_set(why, "out of memory");
	archive_read_support_format_raw(lines->archive);
	archive_read_support_format_empty(lines->archive);
	if (lines->fd < 0 || lseek(lines->fd, bytes, SEEK_SET) != bytes ||
	    archive_read_open_fd(lines->archive, lines->fd, BLOCK) != ARCHIVE_OK)
		return fault_at(why, lines->path, 0, "cannot be read again");
	lines->at = lines->held = 0;
	lines->consumed = lines->skipped = bytes;
	lines->ended = archive_read_next_header(lines->archive, &entry) != ARCHIVE_OK;
	return true;
}

bool
lines_skip(struct lines *lines, int64_t bytes, struct fault *why)
{
	if (archive_filter_code(lines->archive, 0) == ARCHIVE_FILTER_NONE && strcmp(lines->path, "standard input") != 0)
		return seek(lines, bytes, why);
	while (bytes > 0) {
		int64_t held = (int64_t)(lines->held - lines->at), step = held < bytes ? held : bytes;

		lines->at += (size_t)step;
		lines->consumed += step;
		bytes -= step;
		if (bytes > 0 && lines->ended)
			return true;
		if (bytes > 0 && !fill(lines, why))
			return false;
	}
	return true;
}
