/*
 * source_files.h - where the copies of sources stand: state_dir/sources, a text file each.
 *
 * By files.h: a reader or a crash never meets half a file, and no link leads elsewhere.
 * Three kinds: what is believed now, what was unfolded but not believed, and what a person (or
 * the first belief) accepted: the mark that drift is measured from.
 */
#ifndef SOURCE_FILES_H
#define SOURCE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/sources/source_copy.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum copy_kind { COPY_BELIEVED, COPY_PENDING, COPY_ACCEPTED };

/* The folder below state_dir; made when missing. */
bool source_files_prepare(const char *state_dir, struct fault *why) MUST_USE;

bool source_files_save(const char *state_dir, enum copy_kind, const struct source_copy *, struct fault *why) MUST_USE;

/* False with *why.text "" when there is none; a damaged one is a fault that names the file. */
bool source_files_load(const char *state_dir, enum copy_kind, const char *source, struct arena *,
    struct source_copy *out, struct fault *why) MUST_USE;

void source_files_drop(const char *state_dir, enum copy_kind, const char *source);

/* The same for what else lies in state_dir, by its name there. What root writes belongs to the folder's owner, so that
 * the daemon can read what the tool wrote. Reading: as file_read. */
bool state_file_write(const char *state_dir, const char *name, const struct text *, struct fault *why) MUST_USE;
char *state_file_read(const char *state_dir, const char *name, size_t most, size_t *length, struct fault *why) MUST_USE;

#endif
