/*
 * vendor_diff.h - two files of one vendor compared in words: key by key, and lists element by element.
 *
 * The order of a list means nothing, and a default that is written out is no difference. Never opens a file.
 */
#ifndef VENDOR_DIFF_H
#define VENDOR_DIFF_H

#include <stddef.h>

#include "policy/config/policy_tree.h"
#include "policy/util/arena.h"
#include "policy/util/text.h"

/* What the two files are called in the words. */
struct vendor_sides {
	const char *old_file, *old_one; /* "the shipped file", "the shipped one" */
	const char *new_file, *new_one; /* "the site's file", "the site's" */
};
extern const struct vendor_sides vendor_sides_site, vendor_sides_update;

/* Writes a line for each difference between the group `vendor` of the old file and of the new one, and returns how many. Each
 * line begins with `before`. Defaults live in the arena; what is written is complete unless arena_failed or out->cut. */
size_t vendor_diff(const struct node *old, const struct node *new, const struct vendor_sides *, const char *before,
    struct arena *, struct text *out);

#endif
