/*
 * source_files.h - stores the copies of sources in state_dir/sources, a text file each.
 *
 * Uses files.h: neither a reader nor a crash leaves half a file, and no link is followed.
 * Three kinds: what is believed now; what was unfolded but not believed; and what a person accepted (or
 * what was believed first): drift is measured from that.
 */
#ifndef SOURCE_FILES_H
#define SOURCE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/sources/source_copy.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum copy_kind { COPY_BELIEVED, COPY_PENDING, COPY_ACCEPTED };

/* Creates the directory in state_dir if it is missing. */
bool source_files_prepare(const char *state_dir, struct fault *why) MUST_USE;

/* The same in state_dir/shadow, which is a state_dir of its own for the sources that only a draft names. */
#define SOURCE_FILES_DRAFT "shadow"
bool source_files_prepare_draft(const char *state_dir, struct fault *why) MUST_USE;

/* Makes the directory again if somebody has removed it. */
bool source_files_save(const char *state_dir, enum copy_kind, const struct source_copy *, struct fault *why) MUST_USE;

/* False with *why.text "" if there is no copy; a damaged one is a fault that names the file. */
bool source_files_load(const char *state_dir, enum copy_kind, const char *source, struct arena *,
    struct source_copy *out, struct fault *why) MUST_USE;

/* Is there a file of that name? False also where nobody can tell. */
bool source_files_has(const char *state_dir, enum copy_kind, const char *source) MUST_USE;

/* Why no copy can be kept: the directory, or state_dir where it is to be made again, may not be written. "": it may. */
void source_files_trouble(const char *state_dir, struct fault *out);

void source_files_drop(const char *state_dir, enum copy_kind, const char *source);

/* The same for other files in state_dir, by name. Files that root writes get the directory's owner, so that the
 * daemon can read what the tool wrote. state_file_read: as file_read. */
bool state_file_write(const char *state_dir, const char *name, const struct text *, struct fault *why) MUST_USE;
char *state_file_read(const char *state_dir, const char *name, size_t most, size_t *length, struct fault *why) MUST_USE;

/* Drops a last line that has no end: half a number is another number. True: there was one. */
bool state_lines_trim(char *text, size_t *length);

#endif
