/*
 * lmdb_check.h - checks whether an LMDB file is sound enough to open.
 *
 * LMDB trusts its file: a truncated or overwritten file kills the process that maps it, by
 * SIGBUS, SIGSEGV or an assertion. So we read it first, page by page, and trust nothing.
 * Never changes a file, never maps it.
 */
#ifndef LMDB_CHECK_H
#define LMDB_CHECK_H

#include <limits.h>
#include <stdbool.h>

#include "milter/store/store.h"

/*
 * False if data.mdb or lock.mdb is not a regular file, or if everybody may write in the directory: LMDB follows links.
 * True if the directory has no file yet, or a file of data format 1 (LMDB 0.9) in which every page that
 * LMDB would follow exists, is of the right kind, and is used once: both trees and the free pages.
 * Accepts only trees of plain records, like the greylist's. Does not check the bytes inside a record: their reader
 * does. A file of another format is left to LMDB, which refuses what it does not know.
 * Reads the whole file: 0.3 s for a million records in the page cache.
 */
bool lmdb_check(const char *folder, struct fault *why) MUST_USE;

enum { LMDB_LOCKED = INT_MAX - 1 }; /* beside the errors of LMDB: another process has held its lock for long */

/* Sets why for an LMDB error or errno, or for LMDB_LOCKED, with its remedy; returns false. */
bool lmdb_fault(struct fault *why, const char *folder, int code);

/* The state that a fault of lmdb_fault or lmdb_check is; what may be read all the same is only read-only. */
enum store_state lmdb_state(const struct fault *, const char *folder);
/* Will it be a fault for ever, until the store is closed and opened again? */
bool lmdb_is_spoilt(const struct fault *);

#endif
