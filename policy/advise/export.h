/*
 * export.h - the vendors' networks as other programs read them: greylisters, firewalls, DNS lists.
 *
 * Lists what a policy vouches for, and never a wider network. A comment names what is left out,
 * with the reason. The same networks give the same text except for one line: its date.
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

/* Sendmail's access table knows only whole octets (IPv6: groups): a network between two of them
 * is written as the smaller ones that make it up, up to this many. */
enum { EXPORT_PARTS_MAX = 4096 };

/* One source of a policy, and what it lists now. Borrowed. */
struct export_listing {
	const struct source *source;
	const struct prefix *networks;
	size_t count;
	const char *missing; /* why its networks are not known; "" */
	const char *wrong;   /* what is wrong with what DNS publishes; "" */
	int64_t wrong_since; /* and since when */
	const char *failing; /* why three refreshes in a row failed; "" */
	const char *asked;   /* the first of its terms that cannot be listed; "" */
	const char *drift;   /* what came and went since somebody accepted it; "" */
	int64_t believed;    /* when what it publishes was last asked and believed; 0: never, or nobody is asked */
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

/* False when out of memory, or above EXPORT_TEXT_MAX. Appends; out's ceiling should be EXPORT_TEXT_MAX. */
bool export_write(const struct export_request *, struct text *out, struct fault *why) MUST_USE;

/* Is it the same text, except for the line with its date? */
bool export_same(struct span, struct span);

#endif
