#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <lmdb.h>

#include "milter/store/greylist_map.h"
#include "milter/store/lmdb_check.h"
#include "milter/store/lmdb_open.h"
#include "milter/store/lmdb_page.h"
#include "milter/store/lmdb_sweep.h"
#include "milter/store/store_parts.h"
#include "milter/system/clock.h"
#include "milter/system/condition.h"

/*
 * Group commit: new records wait in memory until the writer thread commits them all at once, after
 * one second or when there are enough. Readers look there first.
 */
enum {
	BATCH = 1000,            /* this many are written without waiting for the second to end */
	WAITING_MAX = 32 * 1024, /* records in memory; beyond that a put waits, then fails */
	FLUSH_SECONDS = 1,
	PUT_SECONDS = 1,   /* how long a put waits for room */
	READERS = 32,      /* read transactions at a time */
	SWEEP_MAX = 1000,  /* records checked in one call */
	LOCKED_SECONDS = 5 /* from then on another process is to blame, and not a slow disk */
};

struct lmdb_store {
	struct store store;
	char *path;
	MDB_env *env;
	MDB_dbi dbi;
	pthread_t writer;
	bool writes; /* the thread was started */
	size_t ceiling;

	pthread_mutex_t sweep_lock; /* protects place: one sweep at a time */
	struct lmdb_place place;

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
	int64_t begins; /* since when the writer waits for LMDB's lock; ticks; 0: it does not */
	bool opening, opened;
	bool ended;  /* the writer has */
	bool orphan; /* nobody waits for the writer any more: it frees all this */
	enum { SWEEP_NONE, SWEEP_ASKED, SWEEP_RUNS, SWEEP_DONE } sweep_state;
	const struct lmdb_sweep *sweep;
	int sweep_code;
};

/* Stores that were given up while they waited for LMDB's lock: a process may not open a file of its twice. */
static atomic_uint orphans;

static struct lmdb_store *
lmdb_of(struct store *store)
{
	return (struct lmdb_store *)store;
}

static void lmdb_free(struct lmdb_store *);

/* ---- writing ---- */

/* Does the writer wait for a lock that another process holds, which may have been stopped? Lock held. */
static bool
is_locked(const struct lmdb_store *lmdb)
{
	return lmdb->begins != 0 && clock_ticks() - lmdb->begins > LOCKED_SECONDS * INT64_C(1000000);
}

static bool
is_failing(const struct lmdb_store *lmdb)
{
	return lmdb->failing || is_locked(lmdb);
}

static void
tell_failure(const struct lmdb_store *lmdb, struct fault *why)
{
	if (is_locked(lmdb))
		lmdb_fault(why, lmdb->path, LMDB_LOCKED);
	else if (why != NULL)
		*why = lmdb->failure;
}

static void
note_begins(struct lmdb_store *lmdb, int64_t ticks)
{
	pthread_mutex_lock(&lmdb->lock);
	lmdb->begins = ticks;
	pthread_cond_broadcast(&lmdb->progress);
	pthread_mutex_unlock(&lmdb->lock);
}

static int
writer_begin(struct lmdb_store *lmdb, MDB_txn **txn)
{
	int code;

	note_begins(lmdb, clock_ticks());
	code = mdb_txn_begin(lmdb->env, NULL, 0, txn);
	note_begins(lmdb, 0);
	return code;
}

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

	batch.code = writer_begin(lmdb, &batch.txn);
	if (batch.code != 0)
		return batch.code;
	if (greylist_map_walk(map, batch_put, &batch))
		return mdb_txn_commit(batch.txn);
	mdb_txn_abort(batch.txn);
	return batch.code;
}

static size_t
unwritten(const struct lmdb_store *lmdb)
{
	return greylist_map_count(lmdb->waiting) + greylist_map_count(lmdb->writing);
}

/* For a second at most: that LMDB is locked is told by the clock. Lock held. */
static void
progress_wait(struct lmdb_store *lmdb)
{
	struct timespec end = condition_in(1000);

	pthread_cond_timedwait(&lmdb->progress, &lmdb->lock, &end);
}

/* Waits until there is enough to write, or the first record has waited long enough. Lock held. */
static void
writer_wait(struct lmdb_store *lmdb)
{
	struct timespec end;

	while (!lmdb->closing && !lmdb->hurry && lmdb->sweep_state != SWEEP_ASKED && unwritten(lmdb) == 0)
		pthread_cond_wait(&lmdb->work, &lmdb->lock);
	end = condition_in(1000 * FLUSH_SECONDS);
	while (!lmdb->closing && !lmdb->hurry && lmdb->sweep_state != SWEEP_ASKED &&
	    (lmdb->failing || greylist_map_count(lmdb->waiting) < BATCH))
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
		code = lmdb_of_disk(lmdb->path, batch_write(lmdb, lmdb->writing));
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

/* Lock held on entry, and released while LMDB works. Who asked may have given up when LMDB's lock is had. */
static void
writer_sweep(struct lmdb_store *lmdb)
{
	MDB_txn *txn = NULL;
	int code;

	pthread_mutex_unlock(&lmdb->lock);
	code = writer_begin(lmdb, &txn);
	pthread_mutex_lock(&lmdb->lock);
	if (lmdb->sweep_state == SWEEP_ASKED) {
		lmdb->sweep_state = SWEEP_RUNS;
		pthread_mutex_unlock(&lmdb->lock);
		if (code == 0)
			code = lmdb_sweep(lmdb->sweep, txn, lmdb->dbi);
		pthread_mutex_lock(&lmdb->lock);
		lmdb->sweep_code = code;
		lmdb->sweep_state = SWEEP_DONE;
		pthread_cond_broadcast(&lmdb->progress);
	} else {
		pthread_mutex_unlock(&lmdb->lock);
		mdb_txn_abort(txn);
		pthread_mutex_lock(&lmdb->lock);
	}
}

/* Lock held. */
static void
writer_serve(struct lmdb_store *lmdb)
{
	bool written, last;

	do {
		writer_wait(lmdb);
		last = lmdb->closing;
		written = writer_flush(lmdb);
		if (lmdb->sweep_state == SWEEP_ASKED)
			writer_sweep(lmdb);
	} while (!last || (written && unwritten(lmdb) > 0));
}

static bool
open_file(struct lmdb_store *lmdb)
{
	MDB_txn *txn = NULL;
	bool opened;

	note_begins(lmdb, clock_ticks());
	opened = lmdb_open(lmdb->path, lmdb->ceiling, &lmdb->env, &txn, &lmdb->dbi, &lmdb->failure);
	note_begins(lmdb, 0);
	return opened && lmdb_commit(lmdb->path, txn, &lmdb->failure);
}

/* It opens as well, since that takes LMDB's lock. */
static void *
writer_run(void *context)
{
	struct lmdb_store *lmdb = context;
	bool opened = open_file(lmdb), orphan;

	pthread_mutex_lock(&lmdb->lock);
	lmdb->opened = opened;
	lmdb->opening = false;
	pthread_cond_broadcast(&lmdb->progress);
	if (opened && !lmdb->orphan)
		writer_serve(lmdb);
	lmdb->ended = true;
	orphan = lmdb->orphan;
	pthread_cond_broadcast(&lmdb->progress);
	pthread_mutex_unlock(&lmdb->lock);
	if (orphan) {
		lmdb_free(lmdb);
		orphans--;
	}
	return NULL;
}

/* Lock held. */
static void
room_wait(struct lmdb_store *lmdb)
{
	struct timespec end = condition_in(1000 * PUT_SECONDS);

	while (greylist_map_is_full(lmdb->waiting) && !is_failing(lmdb))
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
	if (is_failing(lmdb)) { /* still kept in memory: it is written when the disk works again */
		tell_failure(lmdb, why);
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
	while (lmdb->written < target && lmdb->failures == failures && !is_locked(lmdb)) {
		lmdb->hurry = true;
		pthread_cond_signal(&lmdb->work);
		progress_wait(lmdb);
	}
	written = lmdb->written >= target;
	if (!written)
		tell_failure(lmdb, why);
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

/* By the writer, which alone waits for LMDB's lock: whoever sweeps gives up where another process holds it. */
static int
sweep_by_writer(struct lmdb_store *lmdb, const struct lmdb_sweep *sweep)
{
	int code;

	pthread_mutex_lock(&lmdb->lock);
	lmdb->sweep = sweep;
	lmdb->sweep_state = SWEEP_ASKED;
	pthread_cond_signal(&lmdb->work);
	while (lmdb->sweep_state == SWEEP_RUNS || (lmdb->sweep_state == SWEEP_ASKED && !is_locked(lmdb)))
		progress_wait(lmdb);
	code = lmdb->sweep_state == SWEEP_DONE ? lmdb->sweep_code : LMDB_LOCKED;
	lmdb->sweep_state = SWEEP_NONE;
	pthread_mutex_unlock(&lmdb->lock);
	return code;
}

static bool
sweep_store(struct store *store, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why)
{
	struct lmdb_store *lmdb = lmdb_of(store);
	struct lmdb_sweep sweep = { dead, context, SWEEP_MAX, &lmdb->place };
	int code, killed;

	pthread_mutex_lock(&lmdb->sweep_lock);
	/* deleting needs pages too: in a full file delete fewer at a time */
	while ((code = sweep_by_writer(lmdb, &sweep)) == MDB_MAP_FULL && sweep.most > 1)
		sweep.most /= 4;
	*done = code == 0 && lmdb->place.length == 0;
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
	failing = is_failing(lmdb);
	if (failing)
		tell_failure(lmdb, why);
	pthread_mutex_unlock(&lmdb->lock);
	return !failing;
}

/* ---- opening and closing ---- */

static void
lmdb_free(struct lmdb_store *lmdb)
{
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

/* False: the writer waits for LMDB's lock. If ever it has that, it writes what it has, and frees all. */
static bool
writer_ended(struct lmdb_store *lmdb)
{
	bool ended;

	pthread_mutex_lock(&lmdb->lock);
	lmdb->closing = true;
	pthread_cond_signal(&lmdb->work);
	while (!lmdb->ended && !is_locked(lmdb))
		progress_wait(lmdb);
	ended = lmdb->ended;
	lmdb->orphan = !ended;
	orphans += !ended;
	pthread_mutex_unlock(&lmdb->lock);
	return ended;
}

static void
lmdb_close(struct store *store)
{
	struct lmdb_store *lmdb = lmdb_of(store);
	pthread_t writer = lmdb->writer;

	if (lmdb->writes && !writer_ended(lmdb)) {
		pthread_detach(writer);
		return;
	}
	if (lmdb->writes)
		pthread_join(writer, NULL);
	lmdb_free(lmdb);
}

static struct lmdb_store *
lmdb_take(const char *path)
{
	struct lmdb_store *lmdb = calloc(1, sizeof *lmdb);

	if (lmdb == NULL)
		return NULL;
	lmdb->store = (struct store){ .get = lmdb_get,
		.put = lmdb_put,
		.sweep = sweep_store,
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

/* Blocks all signals: other threads handle them. */
static bool
writer_start(struct lmdb_store *lmdb, struct fault *why)
{
	sigset_t all, before;
	int code;

	lmdb->opening = true;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	code = pthread_create(&lmdb->writer, NULL, writer_run, lmdb);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	lmdb->writes = code == 0;
	return lmdb->writes || fault_set(why, "cannot start the greylist writer thread: %s", strerror(code));
}

static bool
writer_opened(struct lmdb_store *lmdb, struct fault *why)
{
	bool opened;

	pthread_mutex_lock(&lmdb->lock);
	while (lmdb->opening && !is_locked(lmdb))
		progress_wait(lmdb);
	opened = lmdb->opened;
	if (!opened)
		tell_failure(lmdb, why);
	pthread_mutex_unlock(&lmdb->lock);
	return opened;
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
	if (!lmdb_check(path, why) || !lmdb_prepare(path, why))
		return NULL;
	if (orphans > 0) {
		lmdb_fault(why, path, LMDB_LOCKED);
		return NULL;
	}
	lmdb = lmdb_take(path);
	if (lmdb == NULL) {
		fault_set(why, "the greylist: out of memory");
		return NULL;
	}
	lmdb->ceiling = ceiling;
	if (writer_start(lmdb, why) && writer_opened(lmdb, why))
		return &lmdb->store;
	lmdb_close(&lmdb->store);
	return NULL;
}
