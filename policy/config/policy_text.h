/*
 * policy_text.h - the text of greenlane.conf and of vendor files becomes a policy, or faults.
 *
 * libconfig stands behind policy_tree and gets only text already in memory; @include is
 * refused before it sees it. Every fault of a load is reported, not the first. Opens no file:
 * the shell hands texts over by name.
 */
#ifndef POLICY_TEXT_H
#define POLICY_TEXT_H

#include <stddef.h>

#include "policy/rules/policy.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"

enum { POLICY_TEXT_MAX = 64 * 1024 * 1024, POLICY_ARENA_MAX = 1024 * 1024 * 1024 };

/* How the shell hands over texts. Returns a terminated text of *length bytes that lasts until
 * the load is over, or NULL with why filled. `path` is what was found, for fault places. */
struct policy_files {
	void *context;
	/* A vendor's file by its name, searched on vendor_path (the last one that has it wins). */
	const char *(*vendor)(void *context, const struct strings *vendor_path, const char *name,
	    const char **path, size_t *length, struct fault *why);
	/* A `file` source: a network a line, # comments. Relative to the vendor file's folder. */
	const char *(*networks)(void *context, const char *vendor_file, const char *path, size_t *length,
	    struct fault *why);
	/* Names that the list knows are made exact: those below them are their customers'. Borrowed for the load; NULL:
	 * none is known. */
	const struct suffix_list *suffixes;
};

/* Loads all. Faults and warnings are added to *faults; returns NULL when one is an error. Given. */
struct policy *policy_text_load(const char *file, const char *text, size_t length,
    const struct policy_files *, struct faults *) MUST_USE;

/* Reads a vendor file, enabled or not, for the names of a shared sender alone, and adds them to the
 * policy, which nobody may have borrowed yet. A file of another kind adds nothing. False: it has
 * a fault. */
bool policy_text_sender(struct policy *, const char *file, const char *text, size_t length,
    struct fault *why) MUST_USE;

#endif
