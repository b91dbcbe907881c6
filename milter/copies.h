/*
 * copies.h - where the copies of sources stand: state_dir/sources, a text file each.
 *
 * Floor 7. By files.h: a reader or a crash never meets half a file, and no link leads elsewhere.
 * Three kinds: what is believed now, what was unfolded but not believed, and what a person (or
 * the first belief) accepted: the mark that drift is measured from.
 */
#ifndef COPIES_H
#define COPIES_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "fault.h"
#include "source_copy.h"

enum copy_kind { COPY_BELIEVED, COPY_PENDING, COPY_ACCEPTED };

/* The folder below state_dir; made when missing. */
bool copies_prepare(const char *state_dir, struct fault *why) MUST_USE;

bool copies_save(const char *state_dir, enum copy_kind, const struct source_copy *, struct fault *why) MUST_USE;

/* False with *why.text "" when there is none; a damaged one is a fault that names the file. */
bool copies_load(const char *state_dir, enum copy_kind, const char *source, struct arena *,
    struct source_copy *out, struct fault *why) MUST_USE;

void copies_drop(const char *state_dir, enum copy_kind, const char *source);

/* The same for what else lies in state_dir, by its name there. What root writes belongs to the folder's owner, so that
 * the daemon can read what the tool wrote. Reading: as file_read. */
bool copies_write_file(const char *state_dir, const char *name, const struct text *, struct fault *why) MUST_USE;
char *copies_read_file(const char *state_dir, const char *name, size_t most, size_t *length, struct fault *why) MUST_USE;

#endif
