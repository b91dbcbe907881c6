/*
 * Any bytes as a file that is read line by line, plain or compressed: one of the longest line, then the file. No line is longer; those of a
 * file that is not compressed are its own; and whoever goes on behind some bytes gets what comes there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "milter/system/lines.h"
#include "t/fuzz/fuzz.h"

enum { LINES_KEPT = 3000 };

static bool
starts(struct span bytes, const char *magic, size_t length)
{
	return bytes.length >= length && memcmp(bytes.at, magic, length) == 0;
}

/* Might libarchive take it for compressed? */
static bool
may_be_compressed(struct span bytes)
{
	return starts(bytes, "\037\213", 2) || starts(bytes, "BZh", 3) || starts(bytes, "\3757zXZ", 5) ||
	    starts(bytes, "\050\265\057\375", 4) ||
	    (bytes.length > 3 && starts((struct span){ bytes.at + 1, 3 }, "\052\115\030", 3));
}

struct file {
	char path[64];
	size_t most;
	bool plain;
	struct span rest; /* of a plain file */
};

static void
check_line(struct file *file, enum lines_got got, struct span line)
{
	struct span own;

	must(got != LINES_LINE || line.length <= file->most);
	if (!file->plain)
		return;
	must(file->rest.length > 0);
	own = span_cut(&file->rest, '\n');
	must((got == LINES_TOO_LONG) == (own.length > file->most));
	must(got != LINES_LINE || span_compare(own, line) == 0);
}

/* The line behind so many bytes is this one. */
static void
check_skip(const struct file *file, int64_t bytes, struct span line)
{
	struct lines *lines;
	struct fault why;
	struct span got;

	lines = lines_open(file->path, file->most, &why);
	must(lines != NULL && lines_skip(lines, bytes, &why) && lines_at(lines) == bytes);
	must(lines_next(lines, &got, &why) == LINES_LINE && span_compare(got, line) == 0);
	lines_close(lines);
}

static void
check_file(struct file *file)
{
	struct fault why = { .text = "" };
	struct lines *lines = lines_open(file->path, file->most, &why);
	enum lines_got got = LINES_END;
	int64_t at = 0, before;
	struct span line;

	must(lines != NULL || why.text[0] != '\0');
	for (size_t i = 0; lines != NULL && i < LINES_KEPT; i++) {
		before = at;
		got = lines_next(lines, &line, &why);
		at = lines_at(lines);
		must(got == LINES_END || got == LINES_FAILED || at > before);
		if (got == LINES_END || got == LINES_FAILED)
			break;
		check_line(file, got, line);
		if (i == 1 && got == LINES_LINE)
			check_skip(file, before, line);
	}
	must(got != LINES_FAILED || (why.text[0] != '\0' && !file->plain));
	must(got != LINES_END || lines == NULL || !file->plain || file->rest.length == 0);
	lines_close(lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);
	struct file file = { .most = 1 };

	must(fd >= 0);
	if (size > 0) {
		file.most = data[0] + 1;
		file.rest = (struct span){ (const char *)data + 1, size - 1 };
		file.plain = !may_be_compressed(file.rest);
		must(write(fd, data + 1, size - 1) == (ssize_t)size - 1);
		snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", fd);
		check_file(&file);
	}
	close(fd);
	return 0;
}
