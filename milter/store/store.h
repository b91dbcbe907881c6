/*
 * store.h - stores greylist records.
 *
 * A struct of functions: store_memory.c, store_lmdb.c. Any thread may call. When a store
 * fails, there is no greylisting, and the log says so: no mail is deferred for ever.
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
	bool (*put)(struct store *, const char *key, size_t length, const struct greylist_record *, struct fault *why);
	/* Drops the records for which `dead` returns true; each call checks a bounded number. *done after a whole
	 * round. The store is locked meanwhile: dead must not call it. */
	bool (*sweep)(struct store *, bool (*dead)(const void *, const struct greylist_record *), const void *context,
	    bool *done, struct fault *why);
	bool (*sync)(struct store *, struct fault *why); /* waits until all that was put is on disk */
	void (*close)(struct store *);
};

bool store_get(struct store *, const char *key, size_t length, struct greylist_record *out, bool *found,
    struct fault *why) MUST_USE;
bool store_put(struct store *, const char *key, size_t length, const struct greylist_record *, struct fault *why) MUST_USE;
bool store_sweep(struct store *, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why) MUST_USE;
bool store_sync(struct store *, struct fault *why) MUST_USE;
void store_close(struct store *); /* NULL is fine */

/* In memory, at most `ceiling` records: a new record replaces the oldest. Given. */
struct store *store_memory(size_t ceiling, struct fault *why) MUST_USE;

/*
 * A directory (created with mode 0750 if missing) with an LMDB environment. Open after daemonising, once per
 * process; it starts a thread. The file is checked first (lmdb_check.h): a damaged file is a fault and is left
 * alone. A record is on disk within about a second, at once after store_sync, and at the latest after
 * store_close (call store_sync first to learn of faults). While the disk is full, puts return faults but are kept
 * in memory while there is room, and gets still work. The file never grows beyond 1 GiB, six million records. Given.
 */
struct store *store_lmdb(const char *path, struct fault *why) MUST_USE;

/* The same with another size limit of its file, in bytes. */
struct store *store_lmdb_within(const char *path, size_t ceiling, struct fault *why) MUST_USE;

#endif
