/*
 * suffix.h - organisational domains, from the public suffix list.
 *
 * Borrows a psl_ctx that the shell loaded; lower-case A-labels only.
 * Without a list every name of two labels counts as organisational; never used for real mail.
 */
#ifndef SUFFIX_H
#define SUFFIX_H

#include <stdbool.h>

struct psl_ctx_st;

struct suffix_list {
	const struct psl_ctx_st *psl; /* borrowed; NULL only in tests */
};

/* The organisational domain of name (a pointer into name), or NULL when name is itself a
 * public suffix or has none. */
const char *suffix_organisational(const struct suffix_list *, const char *name);

bool suffix_is_public(const struct suffix_list *, const char *name);

/* The same, by the list's first part (the registries') only: such a name does not even speak for itself. */
bool suffix_is_registry(const struct suffix_list *, const char *name);

/* Whose name it is: its organisational domain, or the name itself when it is in the list's private part (names
 * below it belong to its customers). NULL for a registry's. */
const char *suffix_owner(const struct suffix_list *, const char *name);

/* Have two names (any form) the same owner by the list? Never by a registry's name; a name of the private part has only
 * itself. What is no host name is nobody's. */
bool suffix_relates(const struct suffix_list *, const char *a, const char *b);

#endif
