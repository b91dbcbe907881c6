/*
 * lmdb_check.h - is an LMDB file sound enough to be opened?
 *
 * LMDB trusts its file: a truncated or overwritten one kills the process that maps it, by
 * SIGBUS, SIGSEGV or an assertion. So we read it first, page by page, and believe nothing.
 * Never changes a file, never maps it.
 */
#ifndef LMDB_CHECK_H
#define LMDB_CHECK_H

#include <stdbool.h>

#include "policy/util/fault.h"

/*
 * False where data.mdb or lock.mdb is no regular file, or the folder is everybody's to write in: LMDB follows links.
 * True when the folder has no file yet, or one of data format 1 (LMDB 0.9) in which every page that
 * LMDB would follow is there, is what it should be, and is used once: both trees and the free pages.
 * Only trees of plain records, as the greylist's. Bytes inside a record are the reader's care; a
 * file of another format is left to LMDB, which refuses what it does not know.
 * Reads the whole file: 0.3 s for a million records in the page cache.
 */
bool lmdb_check(const char *folder, struct fault *why) MUST_USE;

/* What went wrong (an error of LMDB or errno), with its remedy; returns false. */
bool lmdb_fault(struct fault *why, const char *folder, int code);

#endif
