/*
 * accepted_files.h - what somebody accepted of sources, as text that goes to other hosts with the vendor files: NAME.accepted
 * in a directory of vendor_path.
 *
 * Such a file holds copies (source_copy.h), one behind the other. The daemon takes over what is newer than what was accepted on
 * its own host. Never asks DNS, and never believes anything itself.
 */
#ifndef ACCEPTED_FILES_H
#define ACCEPTED_FILES_H

#include "milter/system/journal.h"
#include "policy/rules/policy.h"
#include "policy/sources/source_copy.h"

#define ACCEPTED_ENDING ".accepted"

enum { ACCEPTED_COPIES_MAX = 20000 };

/* Does it end so? */
bool accepted_file_is(const char *name);

/* Puts these copies into the file, beside those of other sources that it has. A file of something else is a fault, and stays. */
bool accepted_file_add(const char *path, const struct source_copy *, size_t count, struct arena *,
    struct fault *why) MUST_USE;

/* Takes over, for sources of the policy, what is newer than the mark in state_dir, and says so. A file that cannot be read is a
 * warning in the log; the others count. */
void accepted_files_take(const struct policy *, const char *state_dir, struct journal *);

/* Reads all of them and adds their faults as warnings. */
void accepted_files_check(const struct policy *, struct faults *);

#endif
