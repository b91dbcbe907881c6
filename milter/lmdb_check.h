/*
 * lmdb_check.h - is an LMDB file sound enough to be opened?
 *
 * Floor 7. LMDB trusts its file: a truncated or overwritten one kills the process that reads it, by
 * SIGBUS or SIGSEGV. So a child reads all of it first, and dies in our place. Never changes a file.
 */
#ifndef LMDB_CHECK_H
#define LMDB_CHECK_H

#include <stdbool.h>

#include "fault.h"

/* True when the folder's file is sound, or there is none yet. Reads the whole file once: 0.1 s for
 * a million records in the page cache. The child waits for nobody and ends after two minutes. */
bool lmdb_check(const char *folder, struct fault *why) MUST_USE;

/* What went wrong (an error of LMDB or errno), with its remedy; answers false. */
bool lmdb_fault(struct fault *why, const char *folder, int code);

#endif
