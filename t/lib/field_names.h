/*
 * field_names.h - for tests: does a From field that does not parse show a name?
 */
#ifndef FIELD_NAMES_H
#define FIELD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Is `domain` (normal form), or a name below it, among what mailbox_field_search finds? False without memory. */
bool field_names(const char *field, size_t length, const char *domain);

#endif
