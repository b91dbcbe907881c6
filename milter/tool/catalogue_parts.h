/*
 * catalogue_parts.h - a catalogue while it is read, only for the files that read one.
 */
#ifndef CATALOGUE_PARTS_H
#define CATALOGUE_PARTS_H

#include "milter/tool/catalogue.h"
#include "policy/util/text.h"

struct catalogue_reading {
	struct catalogue *catalogue;
	const char *path; /* of the folder or archive; borrowed */
	size_t room;      /* files that fit */
	size_t bytes;     /* of all files so far */
	struct fault *why;
};

/* A fault about one entry, whose name is nobody's but the sender's. Returns false. */
bool catalogue_refuse(struct catalogue_reading *, const char *entry, const char *what);

/* Is an entry of this name taken? Hidden files and all but *.conf and *.list are not. */
bool catalogue_wants(const char *name);

/* Adds a file of this length, whose bytes the caller fills in. NULL with why: a bad name, one that is there already, too much. */
struct catalogue_file *catalogue_add(struct catalogue_reading *, const char *name, size_t length) MUST_USE;

/* Reads every entry. False with why. */
bool catalogue_read_archive(struct catalogue_reading *) MUST_USE;

#endif
