/*
 * export.h - the vendors' networks as other programs read them: greylisters, firewalls, DNS lists.
 *
 * Lists what a policy vouches for, and never a wider network. What is left out is named,
 * with the reason, in a comment. The same networks give the same text but for one line: its date.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/rules/export_format.h"
#include "policy/rules/vendor.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"

enum { EXPORT_TEXT_MAX = 64 * 1024 * 1024 };

/* Octets (IPv6: groups) are all that Sendmail's access table knows: a network between two of them
 * is written as the smaller ones that make it up, up to so many. */
enum { EXPORT_PARTS_MAX = 4096 };

/* One source of a policy, and what it lists now. Borrowed. */
struct export_listing {
	const struct source *source;
	const struct prefix *networks;
	size_t count;
	const char *missing; /* why its networks are not known; "" */
	const char *wrong;   /* what DNS says that is wrong with what is published; "" */
	int64_t wrong_since; /* and since when */
	const char *asked;   /* the first of its terms that cannot be listed; "" */
};

struct export_request {
	enum export_format format;
	const char *value;  /* see export_format_takes; "": the default */
	const char *listen; /* where our own milter listens: the default value of EXPORT_CIDR */
	const char *version;
	int64_t now;
	const struct export_listing *listings; /* in the order of the configuration */
	size_t count;
};

/* False without memory, or above EXPORT_TEXT_MAX. Appends; out's ceiling should be EXPORT_TEXT_MAX. */
bool export_write(const struct export_request *, struct text *out, struct fault *why) MUST_USE;

/* The same text, but for the line with its date? */
bool export_same(struct span, struct span);

#endif
