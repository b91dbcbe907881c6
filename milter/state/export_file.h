/*
 * export_file.h - writes a file that other programs read: whole, readable, and only when its
 * content changes.
 *
 * Uses files.h: a link in its place is a fault. An existing file keeps its mode and group.
 */
#ifndef EXPORT_FILE_H
#define EXPORT_FILE_H

#include "policy/advise/export.h"

/* *changed: the file was written, because it differed in more than its date or did not exist. */
bool export_file_keep(const char *path, const struct text *, bool *changed, struct fault *why) MUST_USE;

/* *fresh: the file already holds this text, apart from its date. False with why if the file cannot be read; a
 * missing file is not fresh, but is no fault. */
bool export_file_is_fresh(const char *path, const struct text *, bool *fresh, struct fault *why) MUST_USE;

/* Could it be written? Writes nothing; a directory that is missing is no fault: the start makes it. */
bool export_file_may_keep(const char *path, struct fault *why) MUST_USE;

#endif
