/*
 * policy_text.h - turns the text of greenlane.conf and of vendor files into a policy, or faults.
 *
 * Only policy_tree uses libconfig, on text that is already in memory; @include is refused before libconfig
 * sees it. Reports every fault of a load, not only the first. Never opens a file: the caller supplies
 * texts by name.
 */
#ifndef POLICY_TEXT_H
#define POLICY_TEXT_H

#include <stddef.h>

#include "policy/rules/policy.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"

enum { POLICY_TEXT_MAX = 64 * 1024 * 1024, POLICY_ARENA_MAX = 1024 * 1024 * 1024 };

/* How the caller supplies texts. Each returns a terminated text of *length bytes that lasts until the load
 * is over, or NULL with why filled. `path` is the file that was found, for faults. */
struct policy_files {
	void *context;
	/* The file of the vendor `name`, searched on vendor_path (the last directory that has it wins). */
	const char *(*vendor)(void *context, const struct strings *vendor_path, const char *name, const char **path,
	    size_t *length, struct fault *why);
	/* A `file` source: one network per line, # comments. Relative to the vendor file's directory. */
	const char *(
	    *networks)(void *context, const char *vendor_file, const char *path, size_t *length, struct fault *why);
	/* Names on this list are made exact: names below them are their customers'. Borrowed for the load; NULL:
	 * no name is. */
	const struct suffix_list *suffixes;
};

/* Loads everything, and adds faults and warnings to *faults. Given; NULL if one is an error. */
struct policy *policy_text_load(const char *file, const char *text, size_t length, const struct policy_files *,
    struct faults *) MUST_USE;

/* Reads a vendor file, enabled or not, only for the names of a shared sender, and adds them to the policy,
 * which nobody may have borrowed yet. A file of another kind adds nothing. False with why: the file has a
 * fault. */
bool policy_text_sender(struct policy *, const char *file, const char *text, size_t length, struct fault *why) MUST_USE;

#endif
