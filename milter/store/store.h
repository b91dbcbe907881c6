/*
 * store.h - keeps greylist records.
 *
 * A struct of functions: store_memory.c, store_lmdb.c. Any thread may call. A store
 * that fails means no greylisting, said in the log; never a deferral for ever.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/rules/greylist.h"
#include "policy/util/fault.h"

struct store {
	bool (*get)(struct store *, const char *key, size_t length, struct greylist_record *out, bool *found,
	    struct fault *why);
	bool (*put)(struct store *, const char *key, size_t length, const struct greylist_record *,
	    struct fault *why);
	/* Drops what `dead` names, a bounded number of records a call; *done when it went round. The
	 * store is locked meanwhile: dead must not call it. */
	bool (*sweep)(struct store *, bool (*dead)(const void *, const struct greylist_record *),
	    const void *context, bool *done, struct fault *why);
	bool (*sync)(struct store *, struct fault *why); /* all that was put is on disk */
	void (*close)(struct store *);
};

bool store_get(struct store *, const char *key, size_t length, struct greylist_record *out, bool *found,
    struct fault *why) MUST_USE;
bool store_put(struct store *, const char *key, size_t length, const struct greylist_record *,
    struct fault *why) MUST_USE;
bool store_sweep(struct store *, bool (*dead)(const void *, const struct greylist_record *),
    const void *context, bool *done, struct fault *why) MUST_USE;
bool store_sync(struct store *, struct fault *why) MUST_USE;
void store_close(struct store *); /* NULL is fine */

/* In memory, at most `ceiling` records: the oldest give way. Given. */
struct store *store_memory(size_t ceiling, struct fault *why) MUST_USE;

/*
 * A folder (made with mode 0750 when missing) with an LMDB environment. Open after daemonising, once
 * a process; it starts a thread. The file is read through first (lmdb_check.h): a damaged one is a
 * fault and left alone. What was put is on disk within a second or so, at once after store_sync, at
 * the latest after store_close (sync first to hear of faults). While the disk is full puts are faults,
 * kept in memory as far as it goes, and gets go on. The file never grows beyond 1 GiB, six million
 * records. Given.
 */
struct store *store_lmdb(const char *path, struct fault *why) MUST_USE;

/* The same with another ceiling of its file, in bytes. */
struct store *store_lmdb_within(const char *path, size_t ceiling, struct fault *why) MUST_USE;

#endif
