/*
 * source_copy.h - the last good copy of the networks that a source unfolded to, as readable text.
 *
 * Written and read back; compared with the next unfolding, so that a change names what came and what went,
 * and by which include. Never opens a file: the caller stores the text.
 */
#ifndef SOURCE_COPY_H
#define SOURCE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/sources/sources.h"
#include "policy/util/address.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"

enum { SOURCE_COPY_MAX = 32 * 1024 * 1024 }; /* bytes of one text */

struct copied_network {
	struct prefix prefix;
	int64_t since;    /* first believed, seconds since 1970 */
	const char *path; /* "autotask.net > _spf.autotask.net > ip4" */
};

struct source_copy {
	const char *source; /* its text: "spf:autotask.net" */
	int64_t believed;   /* when the last unfolding was believed; 0: none ever was */
	int64_t changed;    /* when the networks last changed; 0: never */
	int64_t next;       /* when it is queried again */
	uint32_t ttl;
	bool asked;            /* has terms that cannot be listed */
	const char *asked_why; /* the first of them; "" */
	const char *trouble;   /* why the last unfolding failed or was not believed; "" */
	int64_t wrong;         /* since when DNS says that it is gone or wrong; 0: it does not */
	uint32_t wrong_seen;   /* how many times DNS said so */
	bool gone;             /* that persisted for long enough: it is believed, and the source lists nothing */
	const struct copied_network *networks; /* sorted by family, address, length; no duplicates */
	size_t count;
};

/* Sorts by family, address, length and drops duplicates; a network that is also in `before` (may be NULL) keeps its
 * `since`, others get `now`. All memory is the arena's; false without it. */
bool source_copy_take(struct arena *, const char *source, const struct source_network *, size_t count,
    const struct source_copy *before, int64_t now, struct source_copy *out) MUST_USE;

/* Compares by family, address, length: below, at or above 0. */
int source_copy_order(const struct prefix *, const struct prefix *);

/* Writes a string as in a line of the text: bytes that are not printable ASCII as "\xHH", a backslash as two. */
void source_copy_words(const char *, struct text *out);

/* Writes the text; out's ceiling should be SOURCE_COPY_MAX. Times are RFC 3339 in UTC, one network per line:
 * "192.0.2.0/24  since 2026-03-01T10:00:00Z  via autotask.net > _spf.autotask.net > ip4". */
void source_copy_write(const struct source_copy *, struct text *out);

/* Reads it back. A text that is cut off, damaged or of another version is a fault with its line, and the copy counts
 * as missing. Strings are in the arena. */
bool source_copy_read(struct arena *, const char *file, const char *text, size_t length, struct source_copy *out,
    struct fault *why) MUST_USE;

/* Cuts the text of the next copy from several that stand one behind the other. False: there is none. */
bool source_copy_cut(struct span *rest, struct span *one);

/* Is exactly this network in the copy? */
bool source_copy_has(const struct source_copy *, const struct prefix *);

/* Have they the same networks? Paths and times do not matter. */
bool source_copy_same(const struct source_copy *, const struct source_copy *);

/* What came and what went, for the log (escaped): "came 203.0.113.0/24 via a > b; went 192.0.2.0/24 via a".
 * At most `most` networks are named; the others of each side are counted: "and 12 more". "" if nothing changed. */
void source_copy_diff(const struct source_copy *before, const struct source_copy *after, size_t most, struct text *out);

/* Is each of these networks inside the copy's, in one or in several together? Those that are not go to out,
 * separated by spaces, at most `most` of them. Compares a cidr list with a published SPF record. */
bool source_copy_covers(const struct source_copy *, const struct prefix *, size_t count, size_t most, struct text *out);

#endif
