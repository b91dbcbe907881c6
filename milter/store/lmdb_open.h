/*
 * lmdb_open.h - opens the LMDB file of a greylist, which has our mark, or gets it.
 *
 * May wait for ever, for LMDB's lock that another process holds: see store_lmdb.c.
 */
#ifndef LMDB_OPEN_H
#define LMDB_OPEN_H

#include <stdbool.h>

#include <lmdb.h>

#include "policy/util/fault.h"

/* Before lmdb_open: makes the lock file. */
bool lmdb_prepare(const char *folder, struct fault *why) MUST_USE;

/* *txn has made the mark, and is to be committed by lmdb_commit. *env, if it is not NULL, is to be closed, come what may. */
bool lmdb_open(const char *folder, size_t ceiling, MDB_env **env, MDB_txn **txn, MDB_dbi *dbi, struct fault *why) MUST_USE;
bool lmdb_commit(const char *folder, MDB_txn *, struct fault *why) MUST_USE;

/* LMDB calls a write that was cut short EIO; most often the disk is full, and this is ENOSPC. */
int lmdb_of_disk(const char *folder, int code);

#endif
