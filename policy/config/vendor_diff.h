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

/* Writes a line for each difference between the group `vendor` of the shipped file and of the site's, and returns how many.
 * Defaults live in the arena; what is written is complete unless arena_failed or out->cut. */
size_t vendor_diff(const struct node *shipped, const struct node *site, struct arena *, struct text *out);

#endif
