#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/store/store_watch.h"
#include "milter/system/clock.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { PATH_ROOM = 256 };

static char home[] = "/tmp/store_watch_t.XXXXXX";

/* ---- helpers ---- */

static void
path_of(char out[PATH_ROOM], const char *file)
{
	snprintf(out, PATH_ROOM, "%s/%s", home, file);
}

static bool
file_write(const char *file, const char *bytes, size_t length)
{
	char path[PATH_ROOM];
	bool done;
	int fd;

	path_of(path, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	done = fd >= 0 && write(fd, bytes, length) == (ssize_t)length;
	return (fd < 0 || close(fd) == 0) && done;
}

static void
file_remove(const char *file)
{
	char path[PATH_ROOM];

	path_of(path, file);
	remove(path);
}

static void
store_remove(const char *folder)
{
	static const char *const names[] = { "data.mdb", "lock.mdb", "data.mdb.damaged", "lock.mdb.damaged", "greenlane" };
	char file[PATH_ROOM / 2]; /* below home it is a path yet */

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(file, sizeof file, "%s/%s", folder, names[i]);
		file_remove(file);
	}
	file_remove(folder);
}

static bool
make_folder(const char *folder, mode_t mode)
{
	char path[PATH_ROOM];

	path_of(path, folder);
	return mkdir(path, 0750) == 0 && chmod(path, mode) == 0;
}

static struct store *
open_in(const char *folder)
{
	struct fault why;
	char path[PATH_ROOM];

	path_of(path, folder);
	return store_watch(path, NULL, &why);
}

static bool
put(struct store *store, const char *key, uint32_t passed)
{
	struct greylist_record record = { 1000, 2000, passed, 1, false };

	return store_put(store, key, strlen(key), &record, NULL);
}

/* -1: not there, -2: a failure; else how often it passed. */
static long
get(struct store *store, const char *key)
{
	struct greylist_record record;
	bool found;

	if (!store_get(store, key, strlen(key), &record, &found, NULL))
		return -2;
	return found ? (long)record.passed : -1;
}

/* How many records the first page has. -1: a failure. */
static long
listed(struct store *store)
{
	struct store_page *page = calloc(1, sizeof *page);
	long count = page != NULL && store_page(store, "", 0, page, NULL) ? (long)page->count : -1;

	free(page);
	return count;
}

static const char *
state_of(struct store *store)
{
	struct store_report report;

	store_report(store, &report);
	return store_state_word(report.state);
}

/* ---- states at the start, and their remedies ---- */

static bool
make_damaged(void)
{
	static const char zeros[8192];

	return make_folder("store", 0750) && file_write("store/data.mdb", zeros, sizeof zeros);
}

static void
mend_damaged(void)
{
	file_remove("store/data.mdb");
}

static bool
make_file(void)
{
	return file_write("store", "x", 1);
}

static void
mend_file(void)
{
	file_remove("store");
}

static bool
make_open_to_all(void)
{
	return make_folder("store", 0777);
}

static void
mend_open_to_all(void)
{
	char path[PATH_ROOM];

	path_of(path, "store");
	if (chmod(path, 0750) != 0)
		abort();
}

static bool
make_link(void)
{
	char path[PATH_ROOM];

	path_of(path, "store/data.mdb");
	return make_folder("store", 0750) && symlink("/dev/null", path) == 0;
}

static const struct {
	const char *name;
	bool (*make)(void);
	const char *state, *remedy;
	void (*mend)(void);
} rows[] = {
	{ "a damaged file", make_damaged, "damaged", "move its files away to start a new greylist", mend_damaged },
	{ "a file in place of the directory", make_file, "failed", "name a directory in greylist.store", mend_file },
	{ "a directory that everybody may write in", make_open_to_all, "failed", "chmod o-w", mend_open_to_all },
	{ "a link in place of the file", make_link, "failed", "data.mdb", mend_damaged },
};

static void
test_row(size_t i)
{
	int64_t before = clock_now();
	struct store_report report;
	struct store *store;

	if (!rows[i].make() || (store = open_in("store")) == NULL)
		abort();
	store_report(store, &report);
	is(store_state_word(report.state), rows[i].state, "%s: the state", rows[i].name);
	ok(strstr(report.why.text, rows[i].remedy) != NULL || strstr(report.why.file, rows[i].remedy) != NULL,
	    "%s: the remedy (%s)", rows[i].name, report.why.text);
	ok(report.since >= before && report.since <= clock_now(), "%s: since when", rows[i].name);
	ok(get(store, "a") == -2 && !put(store, "a", 1), "%s: gets and puts are faults", rows[i].name);
	is_number(listed(store), -1, "%s: a page is one, too", rows[i].name);
	store_count_passed(store);
	store_count_passed(store);
	store_look(store);
	store_report(store, &report);
	is_number((long)report.passed, 2, "%s: who passed is counted, also after a look", rows[i].name);
	rows[i].mend();
	store_look(store);
	store_report(store, &report);
	is(store_state_word(report.state), "works", "%s: it works once it is mended", rows[i].name);
	is(report.why.text, "", "%s: and nothing is wrong any more", rows[i].name);
	ok(report.passed == 0 && report.passed_ever == 2, "%s: those who passed are of the past", rows[i].name);
	ok(put(store, "a", 7) && get(store, "a") == 7, "%s: it keeps records", rows[i].name);
	is_number(listed(store), 1, "%s: and lists them", rows[i].name);
	store_close(store);
	store_remove("store");
}

/* ---- while it is open ---- */

static void
test_moved_away(void)
{
	char path[PATH_ROOM], other[PATH_ROOM];
	struct store *store = open_in("store");

	path_of(path, "store");
	path_of(other, "other");
	ok(put(store, "a", 3) && store_sync(store, NULL), "a store is written");
	store_look(store);
	is_number(get(store, "a"), 3, "a look changes nothing");
	ok(rename(path, other) == 0, "it is moved away");
	store_look(store);
	is(state_of(store), "works", "a new one is begun");
	is_number(get(store, "a"), -1, "in which nobody is known");
	ok(put(store, "b", 1) && store_sync(store, NULL), "and which keeps records");
	store_remove("store");
	ok(rename(other, path) == 0, "the old one is put back");
	store_look(store);
	is_number(get(store, "a"), 3, "and used again");
	is_number(get(store, "b"), -1, "the other's records are not in it");
	store_close(store);
	store_remove("store");
}

static bool
is_there(const char *file)
{
	char path[PATH_ROOM];

	path_of(path, file);
	return access(path, F_OK) == 0;
}

/* A store with a record, whose file was cut short while it was open. */
static struct store *
open_cut_short(void)
{
	struct store *store = open_in("store");
	char path[PATH_ROOM];

	path_of(path, "store/data.mdb");
	ok(put(store, "a", 3) && store_sync(store, NULL), "a store is written");
	store_look(store);
	ok(truncate(path, 4096) == 0, "its file is cut short");
	return store;
}

static void
test_cut_short(void)
{
	struct store *store = open_cut_short();

	file_remove("store/greenlane");
	store_look(store);
	is(state_of(store), "damaged", "in a directory without our mark it is closed and found damaged");
	is_number(get(store, "a"), -2, "and the daemon lives on");
	ok(is_there("store/data.mdb") && !is_there("store/data.mdb.damaged"), "and nothing is moved");
	file_remove("store/data.mdb");
	store_look(store);
	is(state_of(store), "works", "a new one is begun when the file is away");
	store_close(store);
	store_remove("store");
}

static void
test_set_aside(void)
{
	struct store *store = open_cut_short();
	char path[PATH_ROOM];

	store_look(store);
	is(state_of(store), "works", "a greylist of ours is begun anew");
	is_number(get(store, "a"), -1, "in which nobody is known");
	ok(is_there("store/data.mdb.damaged") && is_there("store/lock.mdb.damaged"), "and the damaged files are kept");
	ok(put(store, "b", 1) && store_sync(store, NULL) && get(store, "b") == 1, "it keeps records");
	store_close(store);
	path_of(path, "store/data.mdb");
	ok(truncate(path, 5000) == 0, "it is damaged while nobody has it open");
	store = open_in("store");
	is(state_of(store), "works", "the next start begins anew as well");
	is_number(get(store, "b"), -1, "in which nobody is known");
	store_close(store);
	store_remove("store");
}

/* What was moved stays until the next time, and a directory takes its place: then it cannot be moved. */
static void
test_cannot_set_aside(void)
{
	struct store *store = open_cut_short();

	if (!make_folder("store/data.mdb.damaged", 0750) || !make_folder("store/data.mdb.damaged/kept", 0750))
		abort();
	store_look(store);
	is(state_of(store), "failed", "a file that cannot be moved is said");
	is_number(get(store, "a"), -2, "and the daemon lives on");
	file_remove("store/data.mdb.damaged/kept");
	file_remove("store/data.mdb.damaged");
	store_look(store);
	is(state_of(store), "works", "once it can be it is");
	store_close(store);
	store_remove("store");
}

/* It looks by itself: within five seconds, when something in the directory has changed. */
static void
test_by_itself(void)
{
	struct store *store;

	if (!make_damaged() || (store = open_in("store")) == NULL)
		abort();
	mend_damaged();
	for (unsigned i = 0; i < 6000 && strcmp(state_of(store), "works") != 0; i++)
		usleep(20 * 1000); /* sleeps: until it looks again */
	is(state_of(store), "works", "a store is opened again by itself");
	store_close(store);
	store_remove("store");
}

/* ---- unsure tuples ---- */

static void
test_unsure(void)
{
	struct store *store, *unsure;
	struct fault why;

	if (!make_damaged() || (store = open_in("store")) == NULL || (unsure = store_unsure(store, 10, &why)) == NULL)
		abort();
	ok(put(unsure, "a", 1) && get(unsure, "a") == 1, "while the store is damaged unsure tuples are in memory");
	mend_damaged();
	store_look(store);
	is_number(get(unsure, "a"), 1, "they are still known when it works");
	ok(put(unsure, "a", 2) && get(unsure, "a") == 2, "the newer record counts");
	is_number(get(store, "a"), 2, "which is in the store as well");
	ok(put(unsure, "b", 5) && get(store, "b") == 5, "others are in the store");
	store_close(unsure);
	store_close(store);
	store_remove("store");
	unsure = store_unsure(NULL, 10, &why);
	ok(unsure != NULL && put(unsure, "a", 1) && get(unsure, "a") == 1 && get(unsure, "b") == -1,
	    "without a store all of them are in memory");
	store_close(unsure);
}

int
main(void)
{
	struct store *memory = store_memory(10, NULL);

	if (!scratch_make(home) || memory == NULL)
		return 1;
	is(state_of(NULL), "off", "without a store it is off");
	is(state_of(memory), "works", "a store that does not watch itself works");
	store_count_passed(NULL);
	store_count_passed(memory);
	store_look(NULL);
	store_look(memory);
	store_close(memory);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		test_row(i);
	test_moved_away();
	test_cut_short();
	test_set_aside();
	test_cannot_set_aside();
	test_by_itself();
	test_unsure();
	ok(rmdir(home) == 0, "nothing is left behind");
	return done();
}
