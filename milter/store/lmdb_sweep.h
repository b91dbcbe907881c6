/*
 * lmdb_sweep.h - drops dead records of an LMDB file, some at a time.
 *
 * Records that wait in memory are younger, and will overwrite whatever is dropped here.
 */
#ifndef LMDB_SWEEP_H
#define LMDB_SWEEP_H

#include <stdbool.h>

#include <lmdb.h>

#include "policy/rules/greylist.h"

struct lmdb_place {
	char key[GREYLIST_KEY_MAX];
	size_t length; /* 0: the beginning, and the end */
};

struct lmdb_sweep {
	bool (*dead)(const void *context, const struct greylist_record *);
	const void *context;
	unsigned most;            /* records that are looked at */
	struct lmdb_place *place; /* from where on; moved where it succeeds */
};

/* 0, or an error of LMDB's. The transaction ends here, one way or the other. */
int lmdb_sweep(const struct lmdb_sweep *, MDB_txn *, MDB_dbi);

#endif
