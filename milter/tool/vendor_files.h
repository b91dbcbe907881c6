/*
 * vendor_files.h - what the commands that show vendors share: which directory is the shipped one, which files there
 * are, when mail last came.
 */
#ifndef VENDOR_FILES_H
#define VENDOR_FILES_H

#include <stdbool.h>

#include "milter/state/vendor_tally.h"
#include "policy/config/policy_tree.h"
#include "policy/rules/policy.h"
#include "policy/util/arena.h"
#include "policy/util/text.h"

/* The directory of shipped files: the installed one if it is on vendor_path, else the first of several. NULL: there is none. */
const char *vendor_files_shipped(const struct policy *);

/* Is this file in that directory? */
bool vendor_file_is_shipped(const struct policy *, const char *file);

/* DIRECTORY/NAME.conf; false: it does not exist. */
enum { VENDOR_PATH = 4096 };
bool vendor_file_in(const char *directory, const char *name, char out[VENDOR_PATH]);

/* The group `vendor` of that file, at this path in this directory, in the arena. It is loaded as well, for only a file without a
 * fault can be compared. NULL: what is wrong was said on standard error. */
const struct node *vendor_group(const char *directory, const char *name, const char *path, struct arena *) MUST_USE;

/* The directory that `vendor update` writes: the one of vendor_path that is called "catalogue". NULL: there is none. */
const char *vendor_files_catalogue(const struct policy *);

/* The names of all files in a directory, sorted, in the arena; names that no vendor may have are left out. */
bool vendor_files_names(const char *directory, struct arena *, struct strings *out) MUST_USE;

/* When mail of vendors last came: from the running daemon, else from state_dir. What cannot be read is said on standard error,
 * and no vendor has had mail then. NULL without memory. Given. */
struct vendor_tally *vendor_lasts(const char *config, const struct policy *);

/* Members of a JSON object: `last` and `last_by`, as status has them; `evidence`, and `review_passed`. */
void vendor_write_last(struct vendor_tally *, const struct vendor *, struct text *out);
void vendor_write_age(const struct vendor *, int64_t now, struct text *out);

#endif
