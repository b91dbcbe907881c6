#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "milter/store/lmdb_check.h"
#include "milter/store/store_aside.h"
#include "milter/store/store_health.h"
#include "milter/store/store_watch.h"
#include "milter/system/clock.h"
#include "milter/system/condition.h"
#include "milter/system/journal.h"
#include "policy/util/hash.h"

enum {
	QUIET_SECONDS = 15, /* without a fault, then it works again; longer than from one sweep to the next */
	AGAIN_SECONDS = 30  /* a file of 1 GiB takes seconds to check */
};

#define SECOND INT64_C(1000000)

struct watch {
	struct store store;
	char *path;
	pthread_t thread;
	bool runs; /* the thread is there */

	pthread_mutex_t look_lock; /* over tried and seen: one look at a time; taken before lock */
	int64_t tried;             /* ticks of the last try to open */
	uint64_t seen;             /* what the directory looked like then */

	pthread_mutex_t lock; /* over all below; never held while the inner store works */
	pthread_cond_t wake, idle;
	struct store *inner; /* NULL: it could not be opened */
	unsigned users;      /* calls that use it */
	bool spoilt;         /* it is to be closed and opened again */
	bool closing;
	int64_t troubled; /* ticks of the last fault */
	struct store_health health;
};

static struct watch *
watch_of(struct store *store)
{
	return (struct watch *)store;
}

/* Lock held. */
static void
note_trouble(struct watch *watch, const struct fault *why)
{
	watch->troubled = clock_ticks();
	if (watch->inner != NULL && lmdb_is_spoilt(why)) {
		watch->spoilt = true;
		pthread_cond_signal(&watch->wake);
	}
	store_health_fails(&watch->health, lmdb_state(why, watch->path), why);
}

/* ---- calls ---- */

/* NULL: there is no store now, *why says why. */
static struct store *
inner_take(struct watch *watch, struct fault *why)
{
	struct store *inner;

	pthread_mutex_lock(&watch->lock);
	inner = watch->inner;
	watch->users += inner != NULL;
	if (inner == NULL && why != NULL)
		*why = watch->health.report.why;
	pthread_mutex_unlock(&watch->lock);
	return inner;
}

/* trouble NULL: the call was a success, which alone does not say that the store is well. Returns whether it was. */
static bool
inner_return(struct watch *watch, const struct fault *trouble, struct fault *why)
{
	pthread_mutex_lock(&watch->lock);
	if (trouble != NULL) {
		note_trouble(watch, trouble);
		if (why != NULL)
			*why = *trouble;
	}
	if (--watch->users == 0)
		pthread_cond_signal(&watch->idle);
	pthread_mutex_unlock(&watch->lock);
	return trouble == NULL;
}

static bool
watch_get(struct store *store, const char *key, size_t length, struct greylist_record *out, bool *found, struct fault *why)
{
	struct watch *watch = watch_of(store);
	struct store *inner = inner_take(watch, why);
	struct fault trouble;

	if (inner == NULL)
		return false;
	return inner_return(watch, inner->get(inner, key, length, out, found, &trouble) ? NULL : &trouble, why);
}

static bool
watch_put(struct store *store, const char *key, size_t length, const struct greylist_record *record, struct fault *why)
{
	struct watch *watch = watch_of(store);
	struct store *inner = inner_take(watch, why);
	struct fault trouble;

	if (inner == NULL)
		return false;
	return inner_return(watch, inner->put(inner, key, length, record, &trouble) ? NULL : &trouble, why);
}

/* A fault is said here, once, and not at every sweep by the caller. */
static bool
watch_sweep(struct store *store, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why)
{
	struct watch *watch = watch_of(store);
	struct store *inner = inner_take(watch, why);
	struct fault trouble;

	*done = true;
	if (inner != NULL)
		(void)inner_return(watch, inner->sweep(inner, dead, context, done, &trouble) ? NULL : &trouble, why);
	return true;
}

static bool
watch_page(struct store *store, const char *from, size_t length, struct store_page *out, struct fault *why)
{
	struct watch *watch = watch_of(store);
	struct store *inner = inner_take(watch, why);
	struct fault trouble;

	if (inner == NULL)
		return false;
	return inner_return(watch, inner->page(inner, from, length, out, &trouble) ? NULL : &trouble, why);
}

static bool
watch_sync(struct store *store, struct fault *why)
{
	struct watch *watch = watch_of(store);
	struct store *inner = inner_take(watch, why);
	struct fault trouble;

	if (inner == NULL)
		return true; /* there is nothing to write, and it was said */
	return inner_return(watch, inner->sync(inner, &trouble) ? NULL : &trouble, why);
}

/* ---- looking ---- */

static void
add_stat(uint64_t *hash, const char *path)
{
	struct stat st = { 0 };

	if (stat(path, &st) != 0)
		memset(&st, 0, sizeof st);
	*hash = hash_bytes(*hash, &st.st_dev, sizeof st.st_dev);
	*hash = hash_bytes(*hash, &st.st_ino, sizeof st.st_ino);
	*hash = hash_bytes(*hash, &st.st_size, sizeof st.st_size);
	*hash = hash_bytes(*hash, &st.st_ctim, sizeof st.st_ctim);
}

/* Somebody who frees space on its disk, or mounts it writable, changes nothing in the directory. */
static void
add_disk(uint64_t *hash, const char *path)
{
	struct statvfs disk;
	bool usable = statvfs(path, &disk) == 0 && disk.f_bavail > 0 && (disk.f_flag & ST_RDONLY) == 0;

	*hash = hash_bytes(*hash, &usable, sizeof usable);
}

/* Another number when somebody changed something in the directory, or made its disk usable. */
static uint64_t
appearance(const struct watch *watch)
{
	static const char *const files[] = { "", "/data.mdb", "/lock.mdb" };
	uint64_t hash = HASH_START;
	char path[4200];

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s%s", watch->path, files[i]);
		add_stat(&hash, path);
	}
	add_disk(&hash, watch->path);
	return hash;
}

static void
inner_close(struct watch *watch)
{
	struct store *inner;

	pthread_mutex_lock(&watch->lock);
	inner = watch->inner;
	watch->inner = NULL; /* from now on nobody takes it */
	while (watch->users > 0)
		pthread_cond_wait(&watch->idle, &watch->lock);
	watch->spoilt = false;
	pthread_mutex_unlock(&watch->lock);
	store_close(inner);
}

/* A new greylist where the file is damaged and ours; else why says what is wrong. */
static struct store *
begin_anew(const struct watch *watch, struct fault *why)
{
	struct fault said, trouble;

	if (lmdb_state(why, watch->path) != STORE_STATE_DAMAGED)
		return NULL;
	if (!store_aside(watch->path, &trouble)) {
		if (trouble.text[0] != '\0')
			*why = trouble;
		return NULL;
	}
	fault_at(&said, watch->path, 0,
	    "the greylist was damaged; its file is set aside as data.mdb.damaged and a new greylist begun: who was known "
	    "waits anew");
	journal_fault(watch->health.journal, LOG_WARNING, &said);
	return store_lmdb(watch->path, why);
}

static void
inner_open(struct watch *watch)
{
	struct fault why = { 0 };
	struct store *inner = store_lmdb(watch->path, &why);

	if (inner == NULL)
		inner = begin_anew(watch, &why);
	if (inner != NULL)
		store_aside_mark(watch->path);

	watch->tried = clock_ticks();
	watch->seen = appearance(watch);
	pthread_mutex_lock(&watch->lock);
	watch->inner = inner;
	if (inner != NULL)
		store_health_works(&watch->health);
	else
		note_trouble(watch, &why);
	pthread_mutex_unlock(&watch->lock);
}

/* Is it well? Lock held. */
static void
judge_inner(struct watch *watch, struct store *inner, bool now)
{
	struct fault why;

	if (!store_lmdb_writes(inner, &why))
		note_trouble(watch, &why);
	else if (!watch->spoilt && (now || clock_ticks() - watch->troubled >= QUIET_SECONDS * SECOND))
		store_health_works(&watch->health);
}

/* Closes the store if it can never work again; whether it is to be opened at once. Look_lock held. */
static bool
look_at_inner(struct watch *watch, struct store *inner, bool now)
{
	struct fault why;
	bool spoilt;

	if (!store_lmdb_has_file(inner, &why)) {
		journal_fault(watch->health.journal, LOG_WARNING, &why);
		inner_close(watch);
		return true;
	}
	pthread_mutex_lock(&watch->lock);
	judge_inner(watch, inner, now);
	spoilt = watch->spoilt;
	pthread_mutex_unlock(&watch->lock);
	if (spoilt) {
		inner_close(watch);
		watch->seen = appearance(watch);
	}
	return now;
}

static void
look(struct watch *watch, bool now)
{
	pthread_mutex_lock(&watch->look_lock);
	if (watch->inner != NULL) /* only changed under look_lock */
		now = look_at_inner(watch, watch->inner, now);
	if (watch->inner == NULL &&
	    (now || appearance(watch) != watch->seen || clock_ticks() - watch->tried >= AGAIN_SECONDS * SECOND))
		inner_open(watch);
	pthread_mutex_unlock(&watch->look_lock);
}

static void
watch_look(struct store *store)
{
	look(watch_of(store), true);
}

static void *
watch_run(void *context)
{
	struct watch *watch = context;
	struct timespec end;
	bool closing;

	do {
		end = condition_in(1000 * STORE_LOOK_SECONDS);
		pthread_mutex_lock(&watch->lock);
		while (!watch->closing && !watch->spoilt && pthread_cond_timedwait(&watch->wake, &watch->lock, &end) == 0)
			continue;
		closing = watch->closing;
		pthread_mutex_unlock(&watch->lock);
		if (!closing)
			look(watch, false);
	} while (!closing);
	return NULL;
}

/* ---- for status ---- */

static void
watch_report(struct store *store, struct store_report *out)
{
	struct watch *watch = watch_of(store);
	struct fault why;

	pthread_mutex_lock(&watch->lock);
	if (watch->inner != NULL && !store_lmdb_writes(watch->inner, &why))
		note_trouble(watch, &why); /* nobody may have put anything since */
	*out = watch->health.report;
	pthread_mutex_unlock(&watch->lock);
}

static void
watch_count_passed(struct store *store)
{
	struct watch *watch = watch_of(store);

	pthread_mutex_lock(&watch->lock);
	store_health_count_passed(&watch->health);
	pthread_mutex_unlock(&watch->lock);
}

/* ---- opening and closing ---- */

static void
watch_close(struct store *store)
{
	struct watch *watch = watch_of(store);

	if (watch->runs) {
		pthread_mutex_lock(&watch->lock);
		watch->closing = true;
		pthread_cond_signal(&watch->wake);
		pthread_mutex_unlock(&watch->lock);
		pthread_join(watch->thread, NULL);
	}
	store_close(watch->inner);
	pthread_cond_destroy(&watch->wake);
	pthread_cond_destroy(&watch->idle);
	pthread_mutex_destroy(&watch->lock);
	pthread_mutex_destroy(&watch->look_lock);
	free(watch->path);
	free(watch);
}

/* Signals are for other threads. */
static bool
thread_start(struct watch *watch)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	watch->runs = pthread_create(&watch->thread, NULL, watch_run, watch) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return watch->runs;
}

static struct watch *
watch_take(const char *path, struct journal *journal)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL)
		return NULL;
	watch->store = (struct store){ .get = watch_get,
		.put = watch_put,
		.sweep = watch_sweep,
		.sync = watch_sync,
		.close = watch_close,
		.page = watch_page,
		.report = watch_report,
		.count_passed = watch_count_passed,
		.look = watch_look };
	pthread_mutex_init(&watch->look_lock, NULL);
	pthread_mutex_init(&watch->lock, NULL);
	condition_init(&watch->wake);
	pthread_cond_init(&watch->idle, NULL);
	watch->path = strdup(path);
	store_health_open(&watch->health, watch->path, journal);
	return watch;
}

struct store *
store_watch(const char *path, struct journal *journal, struct fault *why)
{
	struct watch *watch = watch_take(path, journal);

	if (watch != NULL && watch->path != NULL) {
		inner_open(watch);
		if (thread_start(watch))
			return &watch->store;
	}
	if (watch != NULL)
		watch_close(&watch->store);
	fault_set(why, "the greylist store: out of memory, or no thread may be started");
	return NULL;
}
