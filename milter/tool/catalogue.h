/*
 * catalogue.h - a catalogue of vendor files that a site has brought: a folder or an archive, read whole into memory.
 *
 * It comes from outside. Only regular files with plain names are taken, out of one folder; a link, a device, a path
 * that leads out, a name that occurs twice, too much of anything refuses the whole. Never asks the network, never
 * unpacks to disk.
 */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include <stddef.h>

#include "milter/system/files.h"
#include "policy/util/fault.h"

enum { CATALOGUE_FILES = 4096, CATALOGUE_FILE_MAX = 1024 * 1024, CATALOGUE_MAX = 64 * 1024 * 1024 };

struct catalogue_file {
	char name[128]; /* "acme.conf", or a list of networks that such a file names: "acme.list" */
	char *bytes;    /* terminated */
	size_t length;
};

struct catalogue {
	struct catalogue_file *files; /* by name */
	size_t count;
	size_t vendors;   /* how many of them end in .conf; at least one */
	char folder[256]; /* the one that they lie in, within the archive; "" */
};

/* Reads the folder or the archive (tar; plain, or compressed by gzip, xz, zstd or bzip2). Given: catalogue_close. NULL
 * with why; its text is "" when there is no such folder or file. */
struct catalogue *catalogue_open(const char *path, struct fault *why) MUST_USE;
void catalogue_close(struct catalogue *); /* NULL is fine */

/* Writes its files into an empty folder, readable by everybody. */
bool catalogue_write(const struct catalogue *, const struct folder *, struct fault *why) MUST_USE;

/* Is there a file of this name in it? */
bool catalogue_has(const struct catalogue *, const char *name);

#endif
