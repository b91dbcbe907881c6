/*
 * usage.h - which listed addresses send mail, and which unlisted ones DKIM proves: the earliest
 * signs that a list is out of date.
 *
 * In memory with a ceiling, kept in state_dir as text. Any thread; decides nothing.
 */
#ifndef USAGE_H
#define USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/util/address.h"
#include "policy/util/fault.h"

enum { USAGE_MAX = 20000 }; /* addresses that are remembered; the longest unused gives way */

enum usage_kind {
	USAGE_LISTED,  /* of a source (its text): a listed client's mail claimed the vendor */
	USAGE_UNLISTED, /* of a vendor (its name): DKIM proved mail from an address that is not listed */
	USAGE_OUTBOUND, /* of our own names ("own"): an authorised outbound address sent mail */
	USAGE_DELAYED,  /* of a vendor: somebody else deferred a recipient of mail that we vouched for */
	USAGE_HIDDEN,   /* of a relay, or "-": it handed over mail whose sender cannot be seen */
	USAGE_LOOPBACK  /* of a HELO name: it came from loopback, and is no name of this host */
};
/* What status calls ill: seconds for which it counts, foreign names that are several, and how many are kept. */
enum { USAGE_LATELY = 24 * 3600, USAGE_SEVERAL = 3, USAGE_LOOPBACK_MAX = 16 };

struct usage_entry {
	enum usage_kind kind;
	char name[300]; /* source text or vendor name */
	struct address address;
	int64_t first, last; /* seconds since 1970 */
	uint32_t count;
};

struct usage;

struct usage *usage_open(struct fault *why) MUST_USE; /* given */
void usage_close(struct usage *);                     /* NULL is fine */

/* True when this address is new under this name: then it is worth a line in the log. NULL: false. */
bool usage_note(struct usage *, enum usage_kind, const char *name, const struct address *, int64_t now);

/* How many were noted under this name, of all addresses. NULL: 0. Nobody is held up meanwhile. */
uint32_t usage_count(struct usage *, enum usage_kind, const char *name);

/* How many entries of a kind, of all names, were noted at `since` or later. NULL: 0. */
unsigned usage_recent(struct usage *, enum usage_kind, int64_t since);

/* Is this address remembered under this name? NULL: no. */
bool usage_has(struct usage *, enum usage_kind, const char *name, const struct address *);

/* Calls `each` for a copy of every entry, in no order. No lock is held meanwhile, so that it may take its
 * time: mail goes on, and what is noted meanwhile is shown or not. False without memory: some were left out. */
bool usage_each(struct usage *, void (*each)(void *, const struct usage_entry *), void *) MUST_USE;

/* Keeps and reads state_dir/usage. Saving does nothing when nothing changed; that it fails is told once,
 * until it goes well again. A damaged file is a fault, and what was sound in it is kept. */
bool usage_save(struct usage *, const char *state_dir, struct fault *why) MUST_USE;
bool usage_load(struct usage *, const char *state_dir, struct fault *why) MUST_USE;

#endif
