/*
 * domain.h - one DNS name: its normal form, its parents, and whether it lies below another.
 *
 * Normal form is lower-case A-labels without a final dot, so names compare by bytes.
 * Names are compared label by label from the right; never by substring. Never asks DNS.
 */
#ifndef DOMAIN_H
#define DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum { DOMAIN_MAX = 253, DOMAIN_TEXT = DOMAIN_MAX + 1, LABEL_MAX = 63 }; /* RFC 1035, 2.3.4 */

/* Reads a host name in ASCII or UTF-8 (IDNA 2008, RFC 5891) into its normal form. Letters,
 * digits, hyphens and underscores only; at least one label; one final dot is dropped. */
bool domain_read(const char *name, size_t length, char out[DOMAIN_TEXT], struct fault *why) MUST_USE;

/* The same without a fault. When memory ran out it may be a name all the same: that is noted in the arena
 * (arena_fail; NULL: nowhere). */
bool domain_read_for(struct arena *, const char *name, size_t length, char out[DOMAIN_TEXT]) MUST_USE;

/* Is name the parent, or below it? Both in normal form. Nothing is below "". */
bool domain_is_under(const char *name, const char *parent);

/* The name without its first label (borrowed from name), or NULL for a single label. */
const char *domain_parent(const char *name);

unsigned domain_labels(const char *name);

#endif
