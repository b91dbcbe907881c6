/*
 * suffix.h - organisational domains by the public suffix list.
 *
 * Borrows a psl_ctx that the shell loaded; lower-case A-labels only.
 * NULL list: every two-label name is taken as organisational, which is never used for real mail.
 */
#ifndef SUFFIX_H
#define SUFFIX_H

#include <stdbool.h>

struct psl_ctx_st;

struct suffix_list {
	const struct psl_ctx_st *psl; /* borrowed; NULL only in tests */
};

/* The organisational domain of name (a pointer into name), or NULL when name is itself a
 * public suffix or has none: then nothing aligns with it. RFC 7489, 3.2. */
const char *suffix_organisational(const struct suffix_list *, const char *name);

bool suffix_is_public(const struct suffix_list *, const char *name);

/* The same by the list's first part alone, the registries': nobody there can speak for himself. */
bool suffix_is_registry(const struct suffix_list *, const char *name);

/* Whose name it is: its organisational domain, or itself where the list's private part holds it (its customers'
 * names below it are theirs). NULL for a registry's. */
const char *suffix_owner(const struct suffix_list *, const char *name);

#endif
