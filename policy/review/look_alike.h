/*
 * look_alike.h - does a stranger's domain look like one of ours or a vendor's?
 *
 * For advice to a person, never for a verdict: it looks at ASCII alone ("acrne", "acme-support", "acme.net.evil.example" against
 * "acme.example"), and takes an internationalised name for one that may look like anything.
 */
#ifndef LOOK_ALIKE_H
#define LOOK_ALIKE_H

#include <stdbool.h>

#include "policy/util/suffix.h"

/* Both in normal form. Never the same organisation: that is itself. */
bool look_alike(const struct suffix_list *, const char *stranger, const char *known);

/* Has it a label that is shown in other letters than it has? */
bool look_international(const char *domain);

#endif
