/*
 * usage.h - remembers which listed addresses send mail, and for which unlisted ones DKIM proves it: the earliest
 * signs that a list is out of date.
 *
 * In memory up to a limit, and in state_dir as text. Any thread may call. Never decides anything.
 */
#ifndef USAGE_H
#define USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/util/address.h"
#include "policy/util/fault.h"

enum { USAGE_MAX = 20000 }; /* addresses to remember; beyond that one long unused is dropped */

enum usage_kind {
	USAGE_LISTED,   /* by source (its text): a listed client's mail claimed the vendor */
	USAGE_UNLISTED, /* by vendor (its name): DKIM proved mail from an address that is not listed */
	USAGE_OUTBOUND, /* under "own": an authorised outbound address of ours sent mail */
	USAGE_DELAYED,  /* by vendor: another program deferred a recipient of mail that we vouched for */
	USAGE_HIDDEN,   /* by relay, or "-": it passed on mail whose sender cannot be seen */
	USAGE_LOOPBACK, /* by HELO name: it came from loopback, and is not a name of this host */
	USAGE_OWN_PEER  /* by the domain of a HELO name that is not ours: it came from a host in own.networks */
};
/* The name of USAGE_HIDDEN for a host in own.networks that passes on what others send; no relay has a dot in its name. */
#define USAGE_OWN_NETWORKS "own.networks"
/* When status reports trouble: for how many seconds a name counts, how many foreign names are several, how many are
 * kept. */
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

/* True if this address is new under this name, and so worth a log line. NULL: false. */
bool usage_note(struct usage *, enum usage_kind, const char *name, const struct address *, int64_t now);

/* How often this name was noted, with any address. NULL: 0. Does not hold up other threads. */
uint32_t usage_count(struct usage *, enum usage_kind, const char *name);

/* How many entries of a kind, with any name, were noted at `since` or later. NULL: 0. */
unsigned usage_recent(struct usage *, enum usage_kind, int64_t since);

/* The same of one address. */
unsigned usage_recent_at(struct usage *, enum usage_kind, const struct address *, int64_t since);

/* Is this address remembered under this name? NULL: no. */
bool usage_has(struct usage *, enum usage_kind, const char *name, const struct address *);

/* Calls `each` for a copy of every entry, in no order. No lock is held meanwhile, so `each` may be slow: mail goes
 * on, and entries noted meanwhile may be missing. False without memory: some were left out. */
bool usage_each(struct usage *, void (*each)(void *, const struct usage_entry *), void *) MUST_USE;

/* Writes and reads state_dir/usage. usage_save does nothing when nothing changed; a failure is reported once,
 * until a save succeeds. A damaged file is a fault, and its sound lines are kept. */
bool usage_save(struct usage *, const char *state_dir, struct fault *why) MUST_USE;
bool usage_load(struct usage *, const char *state_dir, struct fault *why) MUST_USE;

#endif
