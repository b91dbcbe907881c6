#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <lmdb.h>

#include "milter/store/greylist_map.h"
#include "milter/store/lmdb_check.h"
#include "milter/store/lmdb_page.h"
#include "milter/store/store_parts.h"
#include "milter/system/condition.h"

/*
 * Group commit: new records wait in memory until the writer thread commits them all at once, after
 * one second or when there are enough. Readers look there first.
 */
enum {
	BATCH = 1000,            /* this many are written without waiting for the second to end */
	WAITING_MAX = 32 * 1024, /* records in memory; beyond that a put waits, then fails */
	FLUSH_SECONDS = 1,
	PUT_SECONDS = 1, /* how long a put waits for room */
	READERS = 32,    /* read transactions at a time */
	SWEEP_MAX = 1000 /* records checked in one call */
};

struct lmdb_store {
	struct store store;
	char *path;
	MDB_env *env;
	MDB_dbi dbi;
	pthread_t writer;
	bool writes; /* the thread was started */

	pthread_mutex_t sweep_lock; /* protects place; taken before LMDB's own write lock */
	char place[GREYLIST_KEY_MAX];
	size_t place_length;

	pthread_mutex_t lock; /* protects everything below; never held while LMDB works */
	pthread_cond_t work, progress, reader_back;
	struct greylist_map *waiting, *writing;
	uint64_t put, taken, written; /* puts so far; those in or before `writing`; those on disk */
	uint64_t failures;
	bool failing, hurry, closing;
	bool lost;            /* the file is another one or cut short: nothing is written to it */
	off_t size;           /* of the file when it was last looked at; it never shrinks by itself */
	struct fault failure; /* while failing */
	MDB_txn *idle[READERS];
	size_t idle_count, reader_count;
};

static struct lmdb_store *
lmdb_of(struct store *store)
{
	return (struct lmdb_store *)store;
}

/* ---- writing ---- */

struct batch {
	MDB_txn *txn;
	MDB_dbi dbi;
	int code;
};

static bool
batch_put(void *context, const char *key, size_t length, const struct greylist_record *record)
{
	struct batch *batch = context;
	uint8_t bytes[GREYLIST_RECORD_BYTES];
	MDB_val name = lmdb_value(key, length), value = lmdb_value(bytes, sizeof bytes);

	greylist_record_pack(record, bytes);
	batch->code = mdb_put(batch->txn, batch->dbi, &name, &value, 0);
	return batch->code == 0;
}

/* Writes the whole map or nothing, in one transaction; it is on disk when this returns 0. */
static int
batch_write(struct lmdb_store *lmdb, const struct greylist_map *map)
{
	struct batch batch = { .dbi = lmdb->dbi };

	batch.code = mdb_txn_begin(lmdb->env, NULL, 0, &batch.txn);
	if (batch.code != 0)
		return batch.code;
	if (greylist_map_walk(map, batch_put, &batch))
		return mdb_txn_commit(batch.txn);
	mdb_txn_abort(batch.txn);
	return batch.code;
}

/* LMDB calls a write that was cut short EIO; most often the disk is full. */
static int
of_disk(const struct lmdb_store *lmdb, int code)
{
	struct statvfs disk;

	return code == EIO && statvfs(lmdb->path, &disk) == 0 && disk.f_bavail == 0 ? ENOSPC : code;
}

static size_t
unwritten(const struct lmdb_store *lmdb)
{
	return greylist_map_count(lmdb->waiting) + greylist_map_count(lmdb->writing);
}

/* Waits until there is enough to write, or the first record has waited long enough. Lock held. */
static void
writer_wait(struct lmdb_store *lmdb)
{
	struct timespec end;

	while (!lmdb->closing && !lmdb->hurry && unwritten(lmdb) == 0)
		pthread_cond_wait(&lmdb->work, &lmdb->lock);
	end = condition_in(1000 * FLUSH_SECONDS);
	while (!lmdb->closing && !lmdb->hurry && (lmdb->failing || greylist_map_count(lmdb->waiting) < BATCH))
		if (pthread_cond_timedwait(&lmdb->work, &lmdb->lock, &end) == ETIMEDOUT)
			return;
}

/* Writes what waits; what could not be written is kept and tried again. Lock held on entry, and released while
 * LMDB works: only this thread changes `writing` then. */
static bool
writer_flush(struct lmdb_store *lmdb)
{
	int code = 0;

	lmdb->hurry = false;
	if (greylist_map_count(lmdb->writing) == 0) {
		struct greylist_map *swap = lmdb->writing;

		lmdb->writing = lmdb->waiting;
		lmdb->waiting = swap;
		lmdb->taken = lmdb->put;
	}
	if (greylist_map_count(lmdb->writing) > 0 && lmdb->lost) {
		code = MDB_PANIC;
	} else if (greylist_map_count(lmdb->writing) > 0) {
		pthread_mutex_unlock(&lmdb->lock);
		code = of_disk(lmdb, batch_write(lmdb, lmdb->writing));
		pthread_mutex_lock(&lmdb->lock);
	}
	lmdb->failing = code != 0;
	if (code == 0) {
		greylist_map_clear(lmdb->writing);
		lmdb->written = lmdb->taken;
	} else {
		lmdb->failures++;
		lmdb_fault(&lmdb->failure, lmdb->path, code);
	}
	pthread_cond_broadcast(&lmdb->progress);
	return code == 0;
}

static void *
writer_run(void *context)
{
	struct lmdb_store *lmdb = context;
	bool written, last;

	pthread_mutex_lock(&lmdb->lock);
	do {
		writer_wait(lmdb);
		last = lmdb->closing;
		written = writer_flush(lmdb);
	} while (!last || (written && unwritten(lmdb) > 0));
	pthread_mutex_unlock(&lmdb->lock);
	return NULL;
}

/* Lock held. */
static void
room_wait(struct lmdb_store *lmdb)
{
	struct timespec end = condition_in(1000 * PUT_SECONDS);

	while (greylist_map_is_full(lmdb->waiting) && !lmdb->failing)
		if (pthread_cond_timedwait(&lmdb->progress, &lmdb->lock, &end) == ETIMEDOUT)
			return;
}

static bool
lmdb_put(struct store *store, const char *key, size_t length, const struct greylist_record *record, struct fault *why)
{
	struct lmdb_store *lmdb = lmdb_of(store);
	bool kept;
	size_t count;

	pthread_mutex_lock(&lmdb->lock);
	if (greylist_map_is_full(lmdb->waiting))
		room_wait(lmdb);
	kept = greylist_map_put(lmdb->waiting, key, length, record);
	lmdb->put += kept;
	count = greylist_map_count(lmdb->waiting);
	if (count == 1 || count == BATCH)
		pthread_cond_signal(&lmdb->work);
	if (!kept)
		fault_at(why, lmdb->path, 0, "the greylist is behind: %zu record%s to be written", count,
		    count == 1 ? " waits" : "s wait");
	if (lmdb->failing) { /* still kept in memory: it is written when the disk works again */
		if (why != NULL)
			*why = lmdb->failure;
		kept = false;
	}
	pthread_mutex_unlock(&lmdb->lock);
	return kept;
}

static bool
lmdb_sync(struct store *store, struct fault *why)
{
	struct lmdb_store *lmdb = lmdb_of(store);
	uint64_t target, failures;
	bool written;

	pthread_mutex_lock(&lmdb->lock);
	target = lmdb->put;
	failures = lmdb->failures;
	while (lmdb->written < target && lmdb->failures == failures) {
		lmdb->hurry = true;
		pthread_cond_signal(&lmdb->work);
		pthread_cond_wait(&lmdb->progress, &lmdb->lock);
	}
	written = lmdb->written >= target;
	if (!written && why != NULL)
		*why = lmdb->failure;
	pthread_mutex_unlock(&lmdb->lock);
	return written;
}

/* ---- reading ---- */

/* A read transaction to renew; NULL: the caller may begin one. Lock held. */
static MDB_txn *
reader_take(struct lmdb_store *lmdb)
{
	while (lmdb->idle_count == 0 && lmdb->reader_count == READERS)
		pthread_cond_wait(&lmdb->reader_back, &lmdb->lock);
	if (lmdb->idle_count > 0)
		return lmdb->idle[--lmdb->idle_count];
	lmdb->reader_count++;
	return NULL;
}

/* txn NULL: it could not be begun, or failed and was aborted. */
static void
reader_return(struct lmdb_store *lmdb, MDB_txn *txn)
{
	pthread_mutex_lock(&lmdb->lock);
	if (txn != NULL)
		lmdb->idle[lmdb->idle_count++] = txn;
	else
		lmdb->reader_count--;
	pthread_cond_signal(&lmdb->reader_back);
	pthread_mutex_unlock(&lmdb->lock);
}

/* Begins to read with what reader_take gave; afterwards mdb_txn_reset and reader_return, unless this is an error. */
static int
reader_begin(struct lmdb_store *lmdb, MDB_txn **txn)
{
	int code = *txn != NULL ? mdb_txn_renew(*txn) : mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, txn);

	if (code != 0) {
		mdb_txn_abort(*txn);
		reader_return(lmdb, NULL);
	}
	return code;
}

/* Reads the record from the file. */
static int
file_get(struct lmdb_store *lmdb, MDB_txn *txn, const char *key, size_t length, struct greylist_record *out, bool *found)
{
	MDB_val name = lmdb_value(key, length), value;
	int code = reader_begin(lmdb, &txn);

	if (code != 0)
		return code;
	code = mdb_get(txn, lmdb->dbi, &name, &value);
	if (code == 0)
		*found = greylist_record_unpack(value.mv_data, value.mv_size, out);
	mdb_txn_reset(txn);
	reader_return(lmdb, txn);
	return code == MDB_NOTFOUND ? 0 : code;
}

static bool
lmdb_get(struct store *store, const char *key, size_t length, struct greylist_record *out, bool *found, struct fault *why)
{
	struct lmdb_store *lmdb = lmdb_of(store);
	MDB_txn *txn = NULL;
	int code;

	pthread_mutex_lock(&lmdb->lock);
	*found = greylist_map_get(lmdb->waiting, key, length, out) || greylist_map_get(lmdb->writing, key, length, out);
	if (!*found)
		txn = reader_take(lmdb);
	pthread_mutex_unlock(&lmdb->lock);
	if (*found)
		return true;
	code = file_get(lmdb, txn, key, length, out, found);
	return code == 0 || lmdb_fault(why, lmdb->path, code);
}

/* What waits in memory first, for it is newer, and what is written meanwhile is then in the file. */
static bool
page_read(struct store *store, const char *from, size_t length, struct store_page *out, struct fault *why)
{
	struct lmdb_store *lmdb = lmdb_of(store);
	struct store_page_part part = { from, length, out };
	MDB_txn *txn;
	int code;

	pthread_mutex_lock(&lmdb->lock);
	greylist_map_walk(lmdb->waiting, store_page_add_part, &part);
	greylist_map_walk(lmdb->writing, store_page_add_part, &part);
	txn = reader_take(lmdb);
	pthread_mutex_unlock(&lmdb->lock);
	if ((code = reader_begin(lmdb, &txn)) != 0)
		return lmdb_fault(why, lmdb->path, code);
	code = lmdb_page(txn, lmdb->dbi, from, length, out);
	mdb_txn_reset(txn);
	reader_return(lmdb, txn);
	return code == 0 || lmdb_fault(why, lmdb->path, code);
}

/* ---- sweeping ---- */

/* A record that cannot be unpacked is useless, so it is dead. */
static bool
is_dead(const MDB_val *key, const MDB_val *value, bool (*dead)(const void *, const struct greylist_record *),
    const void *context)
{
	struct greylist_record record;

	if (lmdb_is_mark(key))
		return false;
	return !greylist_record_unpack(value->mv_data, value->mv_size, &record) || dead(context, &record);
}

/* Checks `most` records from the place on; *next is where the next call continues, empty at the end. Records that
 * wait in memory are younger, and will overwrite whatever is dropped here. */
static int
cursor_sweep(struct lmdb_store *lmdb, MDB_cursor *cursor, bool (*dead)(const void *, const struct greylist_record *),
    const void *context, unsigned most, MDB_val *next, unsigned *dropped)
{
	MDB_val key = lmdb_value(lmdb->place, lmdb->place_length), value;
	int code = mdb_cursor_get(cursor, &key, &value, lmdb->place_length > 0 ? MDB_SET_RANGE : MDB_FIRST);

	for (unsigned i = 0; code == 0 && i < most; i++) {
		if (is_dead(&key, &value, dead, context)) {
			if ((code = mdb_cursor_del(cursor, 0)) != 0)
				break;
			++*dropped;
		}
		code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	*next = code == 0 ? key : lmdb_value("", 0);
	return code == MDB_NOTFOUND ? 0 : code;
}

static int
sweep_some(struct lmdb_store *lmdb, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    unsigned most)
{
	char place[GREYLIST_KEY_MAX];
	MDB_cursor *cursor = NULL;
	MDB_txn *txn = NULL;
	unsigned dropped = 0;
	MDB_val next;
	int code;

	if ((code = mdb_txn_begin(lmdb->env, NULL, 0, &txn)) != 0)
		return code;
	if ((code = mdb_cursor_open(txn, lmdb->dbi, &cursor)) != 0 ||
	    (code = cursor_sweep(lmdb, cursor, dead, context, most, &next, &dropped)) != 0)
		goto out;
	if (next.mv_size > sizeof place)
		next.mv_size = sizeof place;
	memcpy(place, next.mv_data, next.mv_size); /* the commit moves what next points to */
	mdb_cursor_close(cursor);
	cursor = NULL;
	if (dropped > 0) {
		code = mdb_txn_commit(txn);
		txn = NULL;
	}
	if (code == 0) {
		memcpy(lmdb->place, place, next.mv_size);
		lmdb->place_length = next.mv_size;
	}
out:
	if (cursor != NULL)
		mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	return code;
}

static bool
lmdb_sweep(struct store *store, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why)
{
	struct lmdb_store *lmdb = lmdb_of(store);
	unsigned most = SWEEP_MAX;
	int code, killed;

	pthread_mutex_lock(&lmdb->sweep_lock);
	/* deleting needs pages too: in a full file delete fewer at a time */
	while ((code = sweep_some(lmdb, dead, context, most)) == MDB_MAP_FULL && most > 1)
		most /= 4;
	*done = code == 0 && lmdb->place_length == 0;
	if (*done) /* a reader in another process that was killed would keep all old pages from being used again */
		(void)mdb_reader_check(lmdb->env, &killed);
	pthread_mutex_unlock(&lmdb->sweep_lock);
	return code == 0 || lmdb_fault(why, lmdb->path, code);
}

/* ---- is it well? ---- */

bool
store_lmdb_has_file(struct store *store, struct fault *why)
{
	struct lmdb_store *lmdb = lmdb_of(store);
	struct stat ours, theirs;
	bool there, shorter = false;
	char path[4200];
	int fd;

	snprintf(path, sizeof path, "%s/data.mdb", lmdb->path);
	if (mdb_env_get_fd(lmdb->env, &fd) != 0 || fstat(fd, &ours) != 0)
		return true;
	there = stat(path, &theirs) == 0
	    ? ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino
	    : errno != ENOENT && errno != ENOTDIR; /* which we may not see may be there */
	pthread_mutex_lock(&lmdb->lock);
	shorter = ours.st_size < lmdb->size;
	lmdb->size = ours.st_size;
	lmdb->lost = lmdb->lost || !there || shorter;
	pthread_mutex_unlock(&lmdb->lock);
	return (there && !shorter) ||
	    fault_at(why, lmdb->path, 0, "the greylist's file was %s; it is opened again",
		there ? "cut short" : "moved away or replaced");
}

bool
store_lmdb_writes(struct store *store, struct fault *why)
{
	struct lmdb_store *lmdb = lmdb_of(store);
	bool failing;

	pthread_mutex_lock(&lmdb->lock);
	failing = lmdb->failing;
	if (failing && why != NULL)
		*why = lmdb->failure;
	pthread_mutex_unlock(&lmdb->lock);
	return !failing;
}

/* ---- opening and closing ---- */

static void
lmdb_close(struct store *store)
{
	struct lmdb_store *lmdb = lmdb_of(store);

	if (lmdb->writes) {
		pthread_mutex_lock(&lmdb->lock);
		lmdb->closing = true;
		pthread_cond_signal(&lmdb->work);
		pthread_mutex_unlock(&lmdb->lock);
		pthread_join(lmdb->writer, NULL);
	}
	while (lmdb->idle_count > 0)
		mdb_txn_abort(lmdb->idle[--lmdb->idle_count]);
	if (lmdb->env != NULL)
		mdb_env_close(lmdb->env);
	greylist_map_close(lmdb->waiting);
	greylist_map_close(lmdb->writing);
	pthread_cond_destroy(&lmdb->work);
	pthread_cond_destroy(&lmdb->progress);
	pthread_cond_destroy(&lmdb->reader_back);
	pthread_mutex_destroy(&lmdb->lock);
	pthread_mutex_destroy(&lmdb->sweep_lock);
	free(lmdb->path);
	free(lmdb);
}

static struct lmdb_store *
lmdb_take(const char *path)
{
	struct lmdb_store *lmdb = calloc(1, sizeof *lmdb);

	if (lmdb == NULL)
		return NULL;
	lmdb->store = (struct store){ .get = lmdb_get,
		.put = lmdb_put,
		.sweep = lmdb_sweep,
		.sync = lmdb_sync,
		.page = page_read,
		.close = lmdb_close };
	pthread_mutex_init(&lmdb->lock, NULL);
	pthread_mutex_init(&lmdb->sweep_lock, NULL);
	condition_init(&lmdb->work);
	condition_init(&lmdb->progress);
	pthread_cond_init(&lmdb->reader_back, NULL);
	lmdb->path = strdup(path);
	lmdb->waiting = greylist_map_open(WAITING_MAX);
	lmdb->writing = greylist_map_open(WAITING_MAX);
	if (lmdb->path == NULL || lmdb->waiting == NULL || lmdb->writing == NULL) {
		lmdb_close(&lmdb->store);
		return NULL;
	}
	return lmdb;
}

/* A new file gets the mark; an old one must have it. */
static int
mark_check(struct lmdb_store *lmdb, MDB_txn *txn, bool *ours)
{
	MDB_val key = lmdb_value(LMDB_MARK_KEY, strlen(LMDB_MARK_KEY)), value;
	MDB_stat stat;
	int code = mdb_stat(txn, lmdb->dbi, &stat);

	*ours = true;
	if (code != 0)
		return code;
	if (stat.ms_entries == 0) {
		value = lmdb_value(LMDB_MARK_VALUE, strlen(LMDB_MARK_VALUE));
		return mdb_put(txn, lmdb->dbi, &key, &value, 0);
	}
	code = mdb_get(txn, lmdb->dbi, &key, &value);
	*ours = code == 0 && lmdb_is_our_mark(&value);
	return code == MDB_NOTFOUND ? 0 : code;
}

static bool
lmdb_begin(struct lmdb_store *lmdb, size_t ceiling, struct fault *why)
{
	MDB_txn *txn = NULL;
	bool ours = true;
	int dead, code;

	if ((code = mdb_env_create(&lmdb->env)) != 0 || (code = mdb_env_set_mapsize(lmdb->env, ceiling)) != 0 ||
	    (code = mdb_env_open(lmdb->env, lmdb->path, MDB_NOTLS, 0640)) != 0 ||
	    (code = mdb_reader_check(lmdb->env, &dead)) != 0 || /* frees the slots of readers that were killed */
	    (code = mdb_txn_begin(lmdb->env, NULL, 0, &txn)) != 0 ||
	    (code = mdb_dbi_open(txn, NULL, 0, &lmdb->dbi)) != 0 || (code = mark_check(lmdb, txn, &ours)) != 0 || !ours) {
		mdb_txn_abort(txn);
		return code != 0
		    ? lmdb_fault(why, lmdb->path, of_disk(lmdb, code))
		    : fault_at(why, lmdb->path, 0,
			  "is not a greylist of this version of "
			  "greenlane; name another directory in greylist.store");
	}
	code = of_disk(lmdb, mdb_txn_commit(txn));
	return code == 0 || lmdb_fault(why, lmdb->path, code);
}

/* LMDB makes the lock file long without taking the disk's blocks, maps it and writes: on a full disk that is SIGBUS. So
 * the blocks are taken first: as many as 126 readers need, LMDB's default. */
static bool
lock_file_prepare(const char *path, struct fault *why)
{
	enum { LOCK_BYTES = 8192 };
	char file[4200];
	int fd, code;

	snprintf(file, sizeof file, "%s/lock.mdb", path);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	if (fd < 0)
		return lmdb_fault(why, path, errno);
	code = posix_fallocate(fd, 0, LOCK_BYTES);
	close(fd);
	return code == 0 || code == EOPNOTSUPP || lmdb_fault(why, path, code);
}

/* Blocks all signals: other threads handle them. */
static bool
writer_start(struct lmdb_store *lmdb, struct fault *why)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	code = pthread_create(&lmdb->writer, NULL, writer_run, lmdb);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	lmdb->writes = code == 0;
	return lmdb->writes || fault_set(why, "cannot start the greylist writer thread: %s", strerror(code));
}

struct store *
store_lmdb(const char *path, struct fault *why)
{
	return store_lmdb_within(path, lmdb_file_bytes(), why);
}

struct store *
store_lmdb_within(const char *path, size_t ceiling, struct fault *why)
{
	struct lmdb_store *lmdb;

	if (mkdir(path, 0750) != 0 && errno != EEXIST) {
		lmdb_fault(why, path, errno);
		return NULL;
	}
	if (!lmdb_check(path, why) || !lock_file_prepare(path, why))
		return NULL;
	lmdb = lmdb_take(path);
	if (lmdb == NULL) {
		fault_set(why, "the greylist: out of memory");
		return NULL;
	}
	if (!lmdb_begin(lmdb, ceiling, why) || !writer_start(lmdb, why)) {
		lmdb_close(&lmdb->store);
		return NULL;
	}
	return &lmdb->store;
}
