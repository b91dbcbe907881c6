/*
 * export_file.h - keeps a file that other programs read: whole, readable, and touched only when its
 * content changed.
 *
 * By files.h: a link in its place is a fault. A file that was there keeps its mode and group.
 */
#ifndef EXPORT_FILE_H
#define EXPORT_FILE_H

#include "policy/advise/export.h"

/* *changed: it was written, because it differed by more than its date or was not there. */
bool export_file_keep(const char *path, const struct text *, bool *changed, struct fault *why) MUST_USE;

/* Does the file hold this text already, but for its date? False with why where it cannot be read; a
 * file that is not there is not fresh, and no fault. */
bool export_file_is_fresh(const char *path, const struct text *, bool *fresh, struct fault *why) MUST_USE;

#endif
