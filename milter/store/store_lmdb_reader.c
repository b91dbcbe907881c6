#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/store/lmdb_check.h"
#include "milter/store/lmdb_page.h"

struct reader {
	struct store store;
	char *path;
	MDB_env *env;
	MDB_dbi dbi;
};

static struct reader *
reader_of(struct store *store)
{
	return (struct reader *)store;
}

static bool
reader_get(struct store *store, const char *key, size_t length, struct greylist_record *out, bool *found,
    struct fault *why)
{
	struct reader *reader = reader_of(store);
	MDB_val name = lmdb_value(key, length), value;
	MDB_txn *txn = NULL;
	int code = mdb_txn_begin(reader->env, NULL, MDB_RDONLY, &txn);

	if (code == 0)
		code = mdb_get(txn, reader->dbi, &name, &value);
	if (code == 0)
		*found = greylist_record_unpack(value.mv_data, value.mv_size, out);
	mdb_txn_abort(txn);
	return code == 0 || code == MDB_NOTFOUND || lmdb_fault(why, reader->path, code);
}

/* A transaction for each page: a writer can use old pages again meanwhile. */
static bool
reader_page(struct store *store, const char *from, size_t length, struct store_page *out, struct fault *why)
{
	struct reader *reader = reader_of(store);
	MDB_txn *txn = NULL;
	int code = mdb_txn_begin(reader->env, NULL, MDB_RDONLY, &txn);

	if (code == 0)
		code = lmdb_page(txn, reader->dbi, from, length, out);
	mdb_txn_abort(txn);
	return code == 0 || lmdb_fault(why, reader->path, code);
}

static bool
refuse(struct store *store, struct fault *why)
{
	return fault_at(why, reader_of(store)->path, 0, "the greylist was opened only to read");
}

static bool
reader_put(struct store *store, const char *key, size_t length, const struct greylist_record *record, struct fault *why)
{
	(void)key, (void)length, (void)record;
	return refuse(store, why);
}

static bool
reader_sweep(struct store *store, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why)
{
	(void)dead, (void)context, (void)done;
	return refuse(store, why);
}

static bool
reader_sync(struct store *store, struct fault *why)
{
	(void)store, (void)why;
	return true; /* there is nothing to write */
}

static void
reader_close(struct store *store)
{
	struct reader *reader = reader_of(store);

	if (reader->env != NULL)
		mdb_env_close(reader->env);
	free(reader->path);
	free(reader);
}

/* Without a lock file nobody has it open, and we must not make one: it would be ours, and the daemon's user could not
 * open it. */
static unsigned
lock_flags(const char *path)
{
	char lock[4200];

	snprintf(lock, sizeof lock, "%s/lock.mdb", path);
	return access(lock, F_OK) != 0 && errno == ENOENT ? MDB_NOLOCK : 0;
}

static bool
reader_begin(struct reader *reader, struct fault *why)
{
	MDB_val key = lmdb_value(LMDB_MARK_KEY, strlen(LMDB_MARK_KEY)), value;
	MDB_txn *txn = NULL;
	bool ours = false;
	int code;

	if ((code = mdb_env_create(&reader->env)) == 0 &&
	    (code = mdb_env_set_mapsize(reader->env, lmdb_file_bytes())) == 0 &&
	    (code = mdb_env_open(reader->env, reader->path, MDB_RDONLY | MDB_NOTLS | lock_flags(reader->path), 0640)) == 0 &&
	    (code = mdb_txn_begin(reader->env, NULL, MDB_RDONLY, &txn)) == 0 &&
	    (code = mdb_dbi_open(txn, NULL, 0, &reader->dbi)) == 0 &&
	    (code = mdb_get(txn, reader->dbi, &key, &value)) == 0)
		ours = lmdb_is_our_mark(&value);
	if (ours) /* an abort would close the handle */
		return (code = mdb_txn_commit(txn)) == 0 || lmdb_fault(why, reader->path, code);
	mdb_txn_abort(txn);
	if (code != 0 && code != MDB_NOTFOUND)
		return lmdb_fault(why, reader->path, code);
	return fault_at(why, reader->path, 0, "is not a greylist of this version of greenlane");
}

/* LMDB would make an empty one of it. */
static bool
file_is_there(const char *path, struct fault *why)
{
	char file[4200];

	snprintf(file, sizeof file, "%s/data.mdb", path);
	if (access(file, R_OK) == 0)
		return true;
	return errno == ENOENT || errno == ENOTDIR
	    ? fault_at(why, path, 0, "there is no greylist yet; greenlaned makes it when it starts")
	    : lmdb_fault(why, path, errno);
}

struct store *
store_lmdb_reader(const char *path, struct fault *why)
{
	struct reader *reader;

	if (!file_is_there(path, why) || !lmdb_check(path, why))
		return NULL;
	reader = calloc(1, sizeof *reader);
	if (reader == NULL || (reader->path = strdup(path)) == NULL) {
		free(reader);
		fault_set(why, "the greylist: out of memory");
		return NULL;
	}
	reader->store = (struct store){ .get = reader_get,
		.put = reader_put,
		.sweep = reader_sweep,
		.sync = reader_sync,
		.page = reader_page,
		.close = reader_close };
	if (!reader_begin(reader, why)) {
		reader_close(&reader->store);
		return NULL;
	}
	return &reader->store;
}
