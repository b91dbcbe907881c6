#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "t/lib/lmdb_folders.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { SMALL_FILE = 256 * 1024 };

/* ---- helpers ---- */

static void
key_of(char out[32], const char *word, unsigned number)
{
	snprintf(out, 32, "g %s-%u", word, number);
}

static bool
put(struct store *store, const char *word, unsigned number, uint32_t passed, struct fault *why)
{
	struct greylist_record record = { 1000 + number, 2000 + number, passed, number, false };
	char key[32];

	key_of(key, word, number);
	return store_put(store, key, strlen(key), &record, why);
}

/* -1: not found, -2: a failure, -3: wrong bytes; else how often it passed. */
static long
get(struct store *store, const char *word, unsigned number)
{
	struct greylist_record record;
	char key[32];
	bool found;

	key_of(key, word, number);
	if (!store_get(store, key, strlen(key), &record, &found, NULL))
		return -2;
	if (!found)
		return -1;
	return record.first == 1000 + (int64_t)number && record.asked == number ? (long)record.passed : -3;
}

static bool
never_passed(const void *context, const struct greylist_record *record)
{
	(void)context;
	return record->passed == 0;
}

static bool
is_everybody(const void *context, const struct greylist_record *record)
{
	(void)context, (void)record;
	return true;
}

/* How many calls one whole sweep took; 0 if one failed. */
static unsigned
sweep_round(struct store *store, bool (*dead)(const void *, const struct greylist_record *))
{
	bool done = false;

	for (unsigned calls = 1; calls < 1000; calls++) {
		if (!store_sweep(store, dead, NULL, &done, NULL))
			return 0;
		if (done)
			return calls;
	}
	return 0;
}

static const char *
fault_of(const struct fault *why)
{
	static char text[sizeof why->file + sizeof why->text];

	fault_write(why, text, sizeof text);
	return text;
}

/* ---- one table for both stores ---- */

enum op { PUT, GET, SYNC, SWEEP, REOPEN };

static const struct {
	const char *name;
	enum op op;
	unsigned number;
	long passed; /* what PUT writes and GET must return */
} steps[] = {
	{ "what was never put is not found", GET, 1, -1 },
	{ "a record is put", PUT, 1, 3 },
	{ "and is found at once", GET, 1, 3 },
	{ "another is not found", GET, 2, -1 },
	{ "a sync", SYNC, 0, 0 },
	{ "it is found after the sync", GET, 1, 3 },
	{ "a record is put again", PUT, 1, 4 },
	{ "the newer one counts at once", GET, 1, 4 },
	{ "a second sync", SYNC, 0, 0 },
	{ "the newer one counts after the sync", GET, 1, 4 },
	{ "a dead one is put", PUT, 3, 0 },
	{ "a third sync", SYNC, 0, 0 },
	{ "it is found before the sweep", GET, 3, 0 },
	{ "a sweep", SWEEP, 0, 0 },
	{ "the dead one is gone", GET, 3, -1 },
	{ "the live one is not", GET, 1, 4 },
	{ "the dead one comes again", PUT, 3, 0 },
	{ "and passes while the sweep is near", PUT, 3, 1 },
	{ "a second sweep", SWEEP, 0, 0 },
	{ "it lives", GET, 3, 1 },
	{ "closed and opened", REOPEN, 0, 0 },
	{ "the first is still there", GET, 1, 4 },
	{ "and the last, without a sync before the close", GET, 3, 1 },
	{ "a sync of nothing", SYNC, 0, 0 },
};

static void
test_steps(const char *name, struct store *store, const char *folder)
{
	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && store != NULL; i++) {
		struct fault why = { .line = 0 };
		bool good = false;

		if (steps[i].op == PUT)
			good = put(store, "a", steps[i].number, (uint32_t)steps[i].passed, &why);
		else if (steps[i].op == GET)
			good = get(store, "a", steps[i].number) == steps[i].passed;
		else if (steps[i].op == SYNC)
			good = store_sync(store, &why);
		else if (steps[i].op == SWEEP)
			good = sweep_round(store, never_passed) > 0;
		else if (folder == NULL)
			good = true; /* a memory store does not survive a close */
		else {
			store_close(store);
			store = lmdb_open(folder, &why);
			good = store != NULL;
		}
		ok(good, "%s: %s%s%s", name, steps[i].name, why.text[0] ? ": " : "", why.text);
	}
	store_close(store);
}

static void
test_keys(const char *name, struct store *store)
{
	char longest[GREYLIST_KEY_MAX + 1];
	struct greylist_record record = { 1, 2, 3, 4, false };
	struct fault why;
	bool found;

	if (store == NULL)
		return;
	memset(longest, 'k', sizeof longest);
	ok(!store_put(store, "", 0, &record, &why), "%s: an empty key is a fault", name);
	ok(!store_get(store, longest, sizeof longest, &record, &found, &why), "%s: and one too long", name);
	is(why.text, "a greylist key has 481 bytes; write 1 to 480", "%s: that says so", name);
	ok(store_put(store, longest, GREYLIST_KEY_MAX, &record, &why) && store_sync(store, &why) &&
		store_get(store, longest, GREYLIST_KEY_MAX, &record, &found, &why) && found,
	    "%s: the longest key is kept", name);
	ok(store_put(store, "g \0a", 4, &record, &why) && store_get(store, "g \0b", 4, &record, &found, &why) && !found,
	    "%s: keys are bytes", name);
	store_close(store);
}

/* The sweep works in bounded steps, and drops all dead records and no others. */
static void
test_bounded_sweep(const char *name, struct store *store)
{
	enum { MANY = 3500 };
	unsigned wrong = 0, calls;

	for (unsigned i = 0; store != NULL && i < MANY; i++)
		wrong += !put(store, "s", i, i % 3, NULL);
	if (store == NULL || !store_sync(store, NULL))
		return;
	calls = sweep_round(store, never_passed);
	ok(calls >= 3 && calls < 20, "%s: %d records are swept in several calls (%u)", name, MANY, calls);
	for (unsigned i = 0; i < MANY; i++)
		wrong += get(store, "s", i) != (i % 3 == 0 ? -1 : (long)(i % 3));
	is_number(wrong, 0, "%s: and all live records are left", name);
	ok(sweep_round(store, is_everybody) > 0 && get(store, "s", 1) == -1, "%s: all can be dropped", name);
	store_close(store);
}

/* ---- pages ---- */

/* Reads all pages; how many keys are out of order, double or with a wrong record. -1: a failure. */
static long
pages_check(struct store *store, size_t *met, size_t *pages)
{
	struct store_page *page = calloc(2, sizeof *page), *before = page + 1;
	long wrong = page == NULL ? -1 : 0;

	*met = *pages = 0;
	while (wrong >= 0) {
		const struct store_entry *last = before->count > 0 ? &before->entries[before->count - 1] : NULL;

		if (!store_page(store, before->next, before->next_length, page, NULL)) {
			wrong = -1;
			break;
		}
		++*pages;
		for (size_t i = 0; i < page->count; last = &page->entries[i++]) {
			const struct store_entry *entry = &page->entries[i];

			++*met;
			wrong += entry->record.first != 1000 + (int64_t)entry->record.asked;
			wrong += last != NULL &&
			    memcmp(last->key, entry->key, last->length < entry->length ? last->length : entry->length) > 0;
			wrong += last != NULL && last->length == entry->length &&
			    memcmp(last->key, entry->key, last->length) == 0;
		}
		if (page->is_last)
			break;
		*before = *page;
	}
	free(page);
	return wrong;
}

static void
test_pages(const char *name, struct store *store)
{
	enum { MANY = 3 * STORE_PAGE + 1 };
	struct store_page *page = calloc(1, sizeof *page);
	struct fault why = { .line = 0 };
	size_t met, pages;
	unsigned wrong = 0;

	if (store == NULL || page == NULL)
		return;
	ok(store_page(store, "", 0, page, &why) && page->count == 0 && page->is_last,
	    "%s: no records are one empty page", name);
	for (unsigned i = 0; i < MANY; i++)
		if (!put(store, "p", i, 1, NULL))
			return;
	for (unsigned round = 0; round < 3; round++) { /* waiting to be written, on disk, half of them both */
		wrong += pages_check(store, &met, &pages) != 0 || met != MANY || pages != 4;
		wrong += !store_sync(store, NULL);
		for (unsigned i = 0; round == 1 && i < MANY; i += 2)
			wrong += !put(store, "p", i, 1, NULL);
	}
	is_number(wrong, 0, "%s: pages hold all records in order and once", name);
	for (unsigned i = 0; i < STORE_PAGE; i++)
		wrong += !put(store, "p-between", i, 1, NULL);
	wrong += pages_check(store, &met, &pages) != 0 || met != MANY + STORE_PAGE;
	is_number(wrong, 0, "%s: also where many new ones come in between", name);
	ok(store_page(store, "g p-5", 5, page, &why) && page->count > 0 && page->entries[0].length == 5 &&
		memcmp(page->entries[0].key, "g p-5", 5) == 0,
	    "%s: a page begins with the key itself", name);
	ok(store_page(store, "g p-5\0", 6, page, &why) && page->count > 0 &&
		memcmp(page->entries[0].key, "g p-50", 6) == 0,
	    "%s: or right behind it", name);
	ok(store_page(store, "h", 1, page, &why) && page->count == 0 && page->is_last, "%s: behind all there is none",
	    name);
	ok(put(store, "p", 5, 9, NULL) && store_page(store, "g p-5", 5, page, &why) && page->entries[0].record.passed == 9,
	    "%s: a record that was put just now is the new one", name);
	ok(!store_page(store, (char[STORE_KEY_ROOM + 1]){ 'g' }, STORE_KEY_ROOM + 1, page, &why),
	    "%s: a place longer than keys is a fault: %s", name, why.text);
	store_close(store);
	free(page);
}

/* A child, for nobody may open one file twice. Returns bits for what succeeded. */
static int
child_read(const char *folder, size_t wanted)
{
	char path[PATH_ROOM];
	struct fault why = { .line = 0 };
	struct store *reader;
	size_t met, pages;
	int good = 0;

	path_of(path, folder, NULL);
	reader = store_lmdb_reader(path, &why);
	if (reader == NULL)
		return 0;
	good |= pages_check(reader, &met, &pages) == 0 && met >= wanted ? 1 : 0;
	good |= get(reader, "r", 1) == 1 && get(reader, "r", 1000000) == -1 ? 2 : 0;
	good |= !put(reader, "r", 1, 2, &why) && strstr(why.text, "only to read") != NULL ? 4 : 0;
	store_close(reader);
	return good;
}

static int
in_child(const char *folder, size_t wanted)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(child_read(folder, wanted));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* While the store is open and written to, and after that. */
static void
test_reader(void)
{
	struct store *store = lmdb_open("reader", NULL);
	char path[PATH_ROOM];
	struct fault why = { .line = 0 };
	unsigned wrong = 0;

	for (unsigned i = 0; store != NULL && i < 1000; i++)
		wrong += !put(store, "r", i, 1, NULL);
	if (store == NULL || !store_sync(store, NULL))
		return;
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 300; i++)
			wrong += !put(store, "r", 2000 + round * 300 + i, 1, NULL);
		wrong += in_child("reader", 1000) != 7;
	}
	is_number(wrong, 0, "lmdb: another process reads while records are written");
	store_close(store);
	path_of(path, "reader", "lock.mdb");
	ok(remove(path) == 0 && in_child("reader", 4000) == 7 && access(path, F_OK) != 0,
	    "lmdb: and afterwards, and leaves no lock file that was not there");
	folder_remove("reader");
	path_of(path, "reader", NULL);
	ok(store_lmdb_reader(path, &why) == NULL && access(path, F_OK) != 0 &&
		strstr(why.text, "there is no greylist yet") != NULL,
	    "lmdb: a greylist that is not there is not made to be read: %s", why.text);
}

/* How many readers are in the lock file whose process is gone. */
static int
dead_readers(const char *folder)
{
	char path[PATH_ROOM];
	int dead = -1, status = 0;
	MDB_env *env;
	pid_t child = fork();

	if (child == 0) {
		path_of(path, folder, NULL);
		if (mdb_env_create(&env) != 0 || mdb_env_open(env, path, MDB_RDONLY, 0640) != 0 ||
		    mdb_reader_check(env, &dead) != 0)
			_exit(99);
		_exit(dead);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

/* Begins to read, and is killed. */
static void
reader_killed(const char *folder)
{
	char path[PATH_ROOM];
	MDB_env *env;
	MDB_txn *txn;
	pid_t child = fork();

	if (child == 0) {
		path_of(path, folder, NULL);
		if (mdb_env_create(&env) == 0 && mdb_env_open(env, path, MDB_RDONLY, 0640) == 0 &&
		    mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static void
test_killed_reader(void)
{
	struct store *store = lmdb_open("slots", NULL);

	if (store == NULL || !put(store, "a", 1, 1, NULL) || !store_sync(store, NULL))
		return;
	reader_killed("slots");
	is_number(dead_readers("slots"), 1, "lmdb: a reader that was killed stays in the lock file");
	reader_killed("slots");
	ok(sweep_round(store, never_passed) > 0, "lmdb: until a round of the sweep");
	is_number(dead_readers("slots"), 0, "lmdb: which takes it out");
	store_close(store);
	folder_remove("slots");
}

static void
test_memory_ceiling(void)
{
	struct store *store = store_memory(3, NULL);
	struct fault why;

	for (unsigned i = 0; store != NULL && i < 3; i++)
		if (!put(store, "a", i, i, NULL))
			return;
	ok(put(store, "a", 0, 7, NULL) && put(store, "a", 9, 9, NULL), "memory: a fourth of three is put");
	is_number(get(store, "a", 1), -1, "memory: the oldest is dropped");
	is_number(get(store, "a", 0), 7, "memory: one written again is not the oldest");
	is_number(get(store, "a", 9), 9, "memory: the new one is there");
	store_close(store);
	ok(store_memory(0, &why) == NULL && strstr(why.text, "at least one") != NULL,
	    "memory: a limit of zero is a fault");
	store_close(NULL);
}

/* ---- threads ---- */

enum { THREADS = 4, EACH = 1500 };

struct hand {
	pthread_t thread;
	struct store *store;
	unsigned number, wrong;
};

static void *
hand_run(void *context)
{
	struct hand *hand = context;
	size_t met, pages;
	char word[8];

	snprintf(word, sizeof word, "t%u", hand->number);
	for (unsigned i = 0; i < EACH; i++) {
		hand->wrong += !put(hand->store, word, i, i % 7 + 1, NULL);
		hand->wrong += get(hand->store, word, i) != (long)(i % 7 + 1);
		hand->wrong += get(hand->store, word, i / 2) != (long)(i / 2 % 7 + 1);
		hand->wrong += !put(hand->store, "shared", i % 10, 1, NULL);
		if (i % 300 == hand->number)
			hand->wrong += sweep_round(hand->store, never_passed) == 0;
		if (i % 500 == hand->number)
			hand->wrong += !store_sync(hand->store, NULL);
		if (i % 400 == hand->number)
			hand->wrong += pages_check(hand->store, &met, &pages) != 0;
	}
	return NULL;
}

static void
test_threads(const char *name, struct store *store)
{
	struct hand hands[THREADS];
	unsigned wrong = 0;

	for (unsigned i = 0; store != NULL && i < THREADS; i++) {
		hands[i] = (struct hand){ .store = store, .number = i };
		if (pthread_create(&hands[i].thread, NULL, hand_run, &hands[i]) != 0)
			return;
	}
	for (unsigned i = 0; store != NULL && i < THREADS; i++) {
		pthread_join(hands[i].thread, NULL);
		wrong += hands[i].wrong;
	}
	ok(store != NULL && wrong == 0, "%s: %d threads put, get, list, sweep and sync at once (%u wrong)", name,
	    THREADS, wrong);
	store_close(store);
}

/* ---- kill -9 ---- */

/* Puts and syncs for ever; reports what is synced. */
static void
child_write(const char *folder, int promise)
{
	struct store *store = lmdb_open(folder, NULL);

	for (unsigned i = 0; store != NULL; i++) {
		if (!put(store, "k", i, 1, NULL) || (i % 8 == 7 && !store_sync(store, NULL)))
			break;
		if (i % 8 == 7 && write(promise, &i, sizeof i) != (ssize_t)sizeof i)
			break;
	}
	_exit(1);
}

/* Kills it a moment after so many reports. Returns the last number that it reported, -1: none. */
static long
child_kill(const char *folder, unsigned promises, unsigned moment_us)
{
	unsigned last;
	long promised = -1;
	int ends[2];
	pid_t child;

	if (pipe(ends) != 0 || (child = fork()) < 0)
		return -2;
	if (child == 0)
		child_write(folder, ends[1]);
	close(ends[1]);
	for (unsigned i = 0; i < promises && read(ends[0], &last, sizeof last) == (ssize_t)sizeof last; i++)
		promised = last;
	usleep(moment_us); /* sleeps: so that it is killed at any point */
	kill(child, SIGKILL);
	while (read(ends[0], &last, sizeof last) == (ssize_t)sizeof last)
		promised = last;
	waitpid(child, NULL, 0);
	close(ends[0]);
	return promised;
}

static void
test_kill(void)
{
	unsigned broken = 0, lost = 0;
	long most = 0;

	for (unsigned round = 0; round < 20; round++) {
		long promised = child_kill("kill", round % 5 * 2, 700 * round);
		struct store *store = lmdb_open("kill", NULL);

		broken += store == NULL || promised < -1;
		for (long i = 0; store != NULL && i <= promised; i++)
			lost += get(store, "k", (unsigned)i) != 1;
		most = promised > most ? promised : most;
		store_close(store);
		if (round % 5 == 4)
			folder_remove("kill"); /* being killed while the file is created happens as well */
	}
	folder_remove("kill");
	is_number(broken, 0, "lmdb: a store killed at twenty moments opens again");
	ok(lost == 0 && most > 0, "lmdb: and holds all that was synced (%ld at most, %u lost)", most, lost);
}

/* Does a process that only reads find the key in the file? */
static bool
is_on_disk(const char *folder, const char *word, unsigned number)
{
	MDB_env *env = NULL;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val key, value;
	char path[PATH_ROOM], name[32];
	bool found = false;

	path_of(path, folder, NULL);
	key_of(name, word, number);
	key = (MDB_val){ strlen(name), name };
	if (mdb_env_create(&env) == 0 && mdb_env_open(env, path, MDB_RDONLY, 0640) == 0 &&
	    mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0) {
		found = mdb_dbi_open(txn, NULL, 0, &dbi) == 0 && mdb_get(txn, dbi, &key, &value) == 0;
		mdb_txn_abort(txn);
	}
	mdb_env_close(env);
	return found;
}

/* The child never syncs: what it put must reach the disk by itself. */
static void
test_group_commit(void)
{
	enum { TURNS = 12000 };
	struct store *store;
	unsigned turn = 0;
	pid_t child = fork();

	if (child == 0) {
		store = lmdb_open("group", NULL);
		if (store == NULL || !put(store, "a", 1, 5, NULL))
			_exit(1);
		pause();
		_exit(1);
	}
	while (turn++ < TURNS && !is_on_disk("group", "a", 1))
		usleep(10000); /* sleeps: until it looks again */
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	store = lmdb_open("group", NULL);
	is_number(store == NULL ? -9 : get(store, "a", 1), 5, "lmdb: what was put reaches the disk without a sync");
	store_close(store);
	folder_remove("group");
}

/* ---- paths ---- */

static void
test_foreign(void)
{
	MDB_val key = { 5, (char[]){ "their" } }, value = { 5, (char[]){ "thing" } };
	char path[PATH_ROOM];
	struct fault why = { .line = 0 };
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	path_of(path, "foreign", NULL);
	mkdir(path, 0750);
	if (mdb_env_create(&env) != 0 || mdb_env_open(env, path, 0, 0640) != 0 || mdb_txn_begin(env, NULL, 0, &txn) != 0 ||
	    mdb_dbi_open(txn, NULL, 0, &dbi) != 0 || mdb_put(txn, dbi, &key, &value, 0) != 0 || mdb_txn_commit(txn) != 0)
		return;
	mdb_env_close(env);
	ok(lmdb_open("foreign", &why) == NULL && strstr(fault_of(&why), "is not a greylist of this version") != NULL,
	    "lmdb: another program's file is refused: %s", why.text);
	folder_remove("foreign");
}

static void
test_paths(void)
{
	struct fault why = { .line = 0 };
	struct stat made = { .st_mode = 0 };
	char path[PATH_ROOM];
	struct store *store = lmdb_open("mode", NULL);
	mode_t mask = umask(0);

	umask(mask);
	path_of(path, "mode", NULL);
	ok(store != NULL && stat(path, &made) == 0 && (made.st_mode & 0777) == (0750 & ~mask),
	    "lmdb: the directory is created for owner and group");
	path_of(path, "mode", "data.mdb");
	ok(store != NULL && stat(path, &made) == 0 && (made.st_mode & 0777) == (0640 & ~mask), "lmdb: and its file");
	store_close(store);
	folder_remove("mode");
	ok(lmdb_open("no/such", &why) == NULL &&
		strstr(fault_of(&why), "/no/such: the greylist's parent directory") != NULL,
	    "lmdb: a path without its parent directory: %s", why.text);
	path_of(path, "file", NULL);
	close(open(path, O_CREAT | O_WRONLY, 0640));
	ok(lmdb_open("file", &why) == NULL &&
		strstr(fault_of(&why), "/file: the greylist's path is not a directory") != NULL,
	    "lmdb: a path that is a file: %s", why.text);
	remove(path);
}

/* ---- what a failing disk does ---- */

/* A sync tells of the writing that was under way when it was asked for, too. */
static bool
syncs_at_last(struct store *store)
{
	for (int tries = 0; tries < 100; tries++)
		if (store_sync(store, NULL))
			return true;
	return false;
}

/* In a child, because the limit is for the whole process. Returns bits for what succeeded. */
static int
child_full_disk(void)
{
	struct rlimit before, small;
	struct fault why = { .line = 0 };
	struct store *store = lmdb_open("full", NULL);
	size_t met, pages;
	int good = 0;

	signal(SIGXFSZ, SIG_IGN);
	if (store == NULL || !put(store, "a", 1, 5, NULL) || !store_sync(store, NULL) ||
	    getrlimit(RLIMIT_FSIZE, &before) != 0)
		return 0;
	small = before;
	small.rlim_cur = 64 * 1024;
	if (setrlimit(RLIMIT_FSIZE, &small) != 0)
		return 0;
	for (unsigned i = 0; i < 3000; i++) /* more than fits below the limit */
		if (!put(store, "f", i, 1, NULL))
			break;
	good |= !store_sync(store, &why) && strstr(fault_of(&why), "/full: the greylist") != NULL ? 1 : 0;
	good |= !put(store, "f", 5000, 1, &why) ? 2 : 0;
	good |= get(store, "a", 1) == 5 && get(store, "f", 1) == 1 && get(store, "f", 5000) == 1 ? 4 : 0;
	good |= pages_check(store, &met, &pages) == 0 && met > 1000 && pages > 3 ? 32 : 0;
	if (setrlimit(RLIMIT_FSIZE, &before) != 0)
		return 0;
	good |= syncs_at_last(store) && put(store, "a", 2, 6, NULL) && store_sync(store, NULL) ? 8 : 0;
	store_close(store);
	store = lmdb_open("full", NULL);
	good |= store != NULL && get(store, "f", 1) == 1 && get(store, "f", 5000) == 1 && get(store, "a", 2) == 6 ? 16 : 0;
	store_close(store);
	return good;
}

static void
test_full_disk(void)
{
	static const char *const names[] = { "the sync is a fault with the path", "puts are faults",
		"gets still work, also for waiting records", "with space again everything works by itself",
		"and nothing that waited was lost", "pages hold what waits" };
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(child_full_disk());
	waitpid(child, &status, 0);
	for (unsigned i = 0; i < 6; i++)
		ok(WIFEXITED(status) && WEXITSTATUS(status) & 1 << i, "lmdb, full disk: %s", names[i]);
	folder_remove("full");
}

/* At the file's size limit puts fail, gets still work, and a sweep makes room. */
static void
test_full_file(void)
{
	struct fault why = { .line = 0 };
	char path[PATH_ROOM];
	struct store *store;
	unsigned put_well = 0;

	path_of(path, "ceiling", NULL);
	store = store_lmdb_within(path, SMALL_FILE, &why);
	if (store == NULL)
		return;
	while (put_well < 20000 && put(store, "c", put_well, 0, &why) && (put_well % 50 != 49 || store_sync(store, &why)))
		put_well++;
	ok(put_well > 1000 && put_well < 20000 && strstr(why.text, "has reached its size limit") != NULL,
	    "lmdb: a full file is a fault after %u records: %s", put_well, why.text);
	ok(get(store, "c", 0) == 0 && get(store, "c", put_well) == 0, "lmdb: and gets still work");
	ok(sweep_round(store, never_passed) > 0, "lmdb: a sweep works in a full file");
	is_number(get(store, "c", 0), -1, "lmdb: and makes room");
	ok(store_sync(store, &why) && put(store, "c", 30000, 1, &why) && store_sync(store, &why),
	    "lmdb: so that puts work again");
	store_close(store);
	folder_remove("ceiling");
}

/* As a user without permission: in a child, which drops root if it has it. */
static void
test_permission(void)
{
	int status = 0;
	char path[PATH_ROOM];
	pid_t child;

	store_close(lmdb_open("denied", NULL));
	path_of(path, "denied", NULL);
	if (chmod(home, 0755) != 0 || chmod(path, 0550) != 0)
		return;
	path_of(path, "denied", "data.mdb");
	if (chmod(path, 0440) != 0)
		return;
	if ((child = fork()) == 0) {
		struct fault why = { .line = 0 };

		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(2);
		_exit(lmdb_open("denied", &why) == NULL &&
			    strstr(fault_of(&why), "/denied: the greylist may not be opened") != NULL
			? 0
			: 1);
	}
	waitpid(child, &status, 0);
	is_number(WEXITSTATUS(status), 0, "lmdb: a file that we may not write is a fault that says whose it should be");
	path_of(path, "denied", NULL);
	chmod(path, 0750);
	folder_remove("denied");
}

/* Of three keys one was never there. */
static void
test_forget(const char *name, struct store *store)
{
	const struct store_key keys[] = { { "g forget-1", 10 }, { "g forget-2", 10 }, { "g forget-9", 10 } };
	struct greylist_record record = { .first = 1, .last = 1, .asked = 1 };
	bool found;

	if (store == NULL || !put(store, "forget", 1, 1, NULL) || !put(store, "forget", 2, 1, NULL) ||
	    !put(store, "forget", 3, 7, NULL)) {
		ok(false, "%s: the tuples are put", name);
		return;
	}
	ok(store_forget(store, keys, 3, NULL), "%s: tuples are forgotten", name);
	for (size_t i = 0; i < 3; i++)
		ok(store_get(store, keys[i].text, keys[i].length, &record, &found, NULL) &&
			(!found || greylist_record_is_blank(&record)),
		    "%s: nothing is known of number %zu", name, i + 1);
	is_number(get(store, "forget", 3), 7, "%s: another stays", name);
	store_close(store);
}

int
main(void)
{
	struct fault why;

	if (!scratch_make(home))
		return 1;
	test_steps("memory", store_memory(100, NULL), NULL);
	test_steps("lmdb", lmdb_open("steps", &why), "steps");
	folder_remove("steps");
	test_keys("memory", store_memory(100, NULL));
	test_keys("lmdb", lmdb_open("keys", &why));
	folder_remove("keys");
	test_forget("memory", store_memory(100, NULL));
	test_forget("lmdb", lmdb_open("forget", &why));
	folder_remove("forget");
	test_forget("unsure", store_unsure(NULL, 100, NULL));
	test_bounded_sweep("memory", store_memory(10000, NULL));
	test_bounded_sweep("lmdb", lmdb_open("sweep", &why));
	folder_remove("sweep");
	test_pages("memory", store_memory(10000, NULL));
	test_pages("lmdb", lmdb_open("pages", &why));
	folder_remove("pages");
	test_reader();
	test_killed_reader();
	test_memory_ceiling();
	test_threads("memory", store_memory(100000, NULL));
	test_threads("lmdb", lmdb_open("threads", &why));
	folder_remove("threads");
	test_kill();
	test_group_commit();
	test_foreign();
	test_paths();
	test_full_disk();
	test_full_file();
	test_permission();
	ok(rmdir(home) == 0, "nothing is left behind");
	return done();
}
