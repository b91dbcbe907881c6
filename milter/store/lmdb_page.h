/*
 * lmdb_page.h - reads a page of greylist records from LMDB, and knows the mark of our files.
 *
 * For the store and for the reader beside it. Begins and ends no transaction.
 */
#ifndef LMDB_PAGE_H
#define LMDB_PAGE_H

#include <lmdb.h>

#include "milter/store/store.h"

/* In every file of ours, so that we never sweep another program's file. */
#define LMDB_MARK_KEY "greenlane"
#define LMDB_MARK_VALUE "greylist 1"

/* Bytes as LMDB takes them. Borrowed. */
MDB_val lmdb_value(const void *bytes, size_t length);

bool lmdb_is_mark(const MDB_val *key);
bool lmdb_is_our_mark(const MDB_val *value); /* the value of this version */

/* Adds records to a page that may hold newer ones: store_page, in a transaction. Leaves out the mark and what cannot be
 * unpacked. An error of LMDB, or 0. */
int lmdb_page(MDB_txn *, MDB_dbi, const char *from, size_t length, struct store_page *page);

/* The size limit of the file: six million records. It does not grow further on purpose, because strangers cause the
 * records. */
size_t lmdb_file_bytes(void);

#endif
