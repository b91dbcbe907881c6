#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/store/lmdb_check.h"
#include "t/lib/chance.h"
#include "t/lib/lmdb_folders.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

/*
 * Damaged files are opened as the daemon would, and used: it is not enough that the check says no to
 * some, whatever it lets through must not end us.
 */
enum { RECORDS = 600, FILE_ROOM = 1024 * 1024 };

static size_t page; /* the size of one, as LMDB chose it */

static bool
put(struct store *store, unsigned number, uint32_t passed)
{
	struct greylist_record record = { 1000 + number, 2000 + number, passed, number, false };
	char key[32];

	snprintf(key, sizeof key, "g b-%u", number);
	return store_put(store, key, strlen(key), &record, NULL);
}

/* Is it there, as it was put? */
static bool
is_there(struct store *store, unsigned number)
{
	struct greylist_record record;
	char key[32];
	bool found;

	snprintf(key, sizeof key, "g b-%u", number);
	return store_get(store, key, strlen(key), &record, &found, NULL) && found && record.asked == number &&
	    record.first == 1000 + (int64_t)number;
}

static bool
is_even(const void *context, const struct greylist_record *record)
{
	(void)context;
	return record->asked % 2 == 0;
}

static bool
file_write(const char *folder, const char *file, const void *bytes, size_t length)
{
	char path[PATH_ROOM];
	ssize_t put_there;
	int fd;

	path_of(path, folder, NULL);
	mkdir(path, 0750);
	path_of(path, folder, file);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0640);
	put_there = fd < 0 ? -1 : write(fd, bytes, length);
	if (fd >= 0)
		close(fd);
	return put_there == (ssize_t)length;
}

static long
file_read(const char *folder, const char *file, void *bytes, size_t room)
{
	char path[PATH_ROOM];
	ssize_t got;
	int fd;

	path_of(path, folder, file);
	if ((fd = open(path, O_RDONLY)) < 0)
		return -1;
	got = read(fd, bytes, room);
	close(fd);
	return (long)got;
}

static uint64_t seed = 20261121;

/* The bytes of a sound store that has seen puts and deletions. */
static size_t
good_file(char *bytes)
{
	struct store *store = lmdb_open("good", NULL);
	bool done = false;
	long length;

	for (unsigned i = 0; store != NULL && i < RECORDS; i++)
		if (!put(store, i, 1) || (i % 100 == 99 && !store_sync(store, NULL)))
			break;
	if (store == NULL || !store_sweep(store, is_even, NULL, &done, NULL) || !done)
		return 0;
	store_close(store);
	length = file_read("good", "data.mdb", bytes, FILE_ROOM);
	folder_remove("good");
	return length < 0 || length == FILE_ROOM ? 0 : (size_t)length;
}

/* How a damaged file ended: refused with a fault and left as it is; opened, with all records that
 * should be there or with losses; or badly. */
enum end { REFUSED, WHOLE, LOSSES, BADLY };
static const char *const end_words[] = { "refused", "whole", "losses", "badly" };

static enum end
refused(const void *bytes, size_t length, const struct fault *why)
{
	static char after[FILE_ROOM];
	bool kept = file_read("bad", "data.mdb", after, sizeof after) == (long)length &&
	    memcmp(after, bytes, length) == 0;

	folder_remove("bad");
	return kept && strncmp(why->text, "the greylist", 12) == 0 && strstr(why->file, "/bad") != NULL ? REFUSED : BADLY;
}

static enum end
used(struct store *store)
{
	bool done = false, whole = true;

	for (unsigned i = 1; i < RECORDS; i += 2)
		whole = is_there(store, i) && whole;
	for (unsigned i = 0; i < 50; i++)
		whole = put(store, 7 * i, 1) && whole;
	whole = store_sync(store, NULL) && whole;
	for (unsigned calls = 0; calls < 10 && !done; calls++)
		whole = store_sweep(store, is_even, NULL, &done, NULL) && whole;
	store_close(store);
	folder_remove("bad");
	return whole ? WHOLE : LOSSES;
}

static enum end
try_file(const void *bytes, size_t length)
{
	struct fault why = { .line = 0 };
	struct store *store;

	if (!file_write("bad", "data.mdb", bytes, length))
		return BADLY;
	store = lmdb_open("bad", &why);
	return store == NULL ? refused(bytes, length, &why) : used(store);
}

static void
test_truncated(const char *good, size_t length)
{
	unsigned ends[4] = { 0 };

	for (size_t cut = 1; cut < length; cut += cut < 300 ? 37 : 1731)
		ends[try_file(good, cut)]++;
	ok(ends[REFUSED] > 10 && ends[LOSSES] + ends[BADLY] == 0,
	    "a truncated file is refused, or whole in what counts "
	    "(%u refused, %u whole, %u with losses, %u ended badly)",
	    ends[0], ends[1], ends[2], ends[3]);
}

/* Some bytes in a place that `where` chooses. */
static void
test_overwritten(const char *name, const char *good, size_t length, size_t (*where)(size_t), size_t most)
{
	static char bytes[FILE_ROOM];
	unsigned ends[4] = { 0 };

	for (unsigned round = 0; round < 60; round++) {
		size_t at = where(length), size = 1 + chance_next(&seed) % most;

		memcpy(bytes, good, length);
		for (size_t i = at; i < at + size && i < length; i++)
			bytes[i] = (char)chance_next(&seed);
		ends[try_file(bytes, length)]++;
	}
	ok(ends[REFUSED] > 0 && ends[BADLY] == 0,
	    "%s never kill the process "
	    "(%u refused, %u whole, %u with losses, %u ended badly)",
	    name, ends[0], ends[1], ends[2], ends[3]);
}

static size_t
anywhere(size_t length)
{
	return chance_next(&seed) % length;
}

static size_t
at_a_page(size_t length)
{
	return chance_next(&seed) % (length / page) * page;
}

static size_t
in_a_header(size_t length)
{
	return at_a_page(length) + chance_next(&seed) % 24;
}

/* Both file headers are two of thirty pages: they get rounds of their own. */
static size_t
in_a_file_header(size_t length)
{
	(void)length;
	return chance_next(&seed) % 2 * page + chance_next(&seed) % 152;
}

static const struct {
	const char *name;
	size_t at; /* of both file headers */
	unsigned char byte;
	enum end end;
} changes[] = {
	{ "a file of another version is refused", 20, 9, REFUSED },
	{ "a file that LMDB did not write is refused", 16, 0, REFUSED },
	{ "another page size is refused", 41, 0x01, REFUSED },
	{ "a free-page tree with duplicates is refused", 44, 0x0c, REFUSED },
	{ "a record tree with duplicates is refused", 92, 0x04, REFUSED },
	{ "a tree with a wrong depth is refused", 94, 9, REFUSED },
	{ "a root beyond the end is refused", 130, 1, REFUSED }, { "a wrong count of pages is refused", 136, 3, REFUSED },
	{ "a byte without meaning does not matter", 24, 1, WHOLE }, /* the address of a fixed map */
};

/* ---- damage that LMDB would notice too late ---- */

/* The page of a tree's root, of the younger header. */
static char *
root_of(char *bytes, size_t at)
{
	size_t txn[2], root;
	const char *header = bytes;

	memcpy(&txn[0], bytes + 144, sizeof txn[0]);
	memcpy(&txn[1], bytes + page + 144, sizeof txn[1]);
	header += txn[0] < txn[1] ? page : 0;
	memcpy(&root, header + at, sizeof root);
	return bytes + root * page;
}

enum { FREE_ROOT = 80, RECORDS_ROOT = 128, HEAD = 16, NODE = 8 };

static char *
node_of(char *where, unsigned i)
{
	uint16_t at;

	memcpy(&at, where + HEAD + i * sizeof at, sizeof at);
	return where + at;
}

static void
page_elsewhere(char *bytes)
{
	root_of(bytes, RECORDS_ROOT)[0] ^= 1;
}

static void
page_loose(char *bytes)
{
	root_of(bytes, RECORDS_ROOT)[14] -= 2; /* where its nodes begin */
}

static void
page_twice(char *bytes)
{
	char *root = root_of(bytes, RECORDS_ROOT);

	memcpy(node_of(root, 1), node_of(root, 0), 6); /* the page it points to */
}

static char *
first_leaf(char *bytes)
{
	uint32_t number;

	memcpy(&number, node_of(root_of(bytes, RECORDS_ROOT), 0), sizeof number);
	return bytes + number * page;
}

static void
keys_swapped(char *bytes)
{
	char *leaf = first_leaf(bytes), first[2];

	memcpy(first, leaf + HEAD, 2);
	memcpy(leaf + HEAD, leaf + HEAD + 2, 2);
	memcpy(leaf + HEAD + 2, first, 2);
}

static void
value_too_long(char *bytes)
{
	node_of(first_leaf(bytes), 0)[1] = 0x7f;
}

/* LMDB would allocate the root of the records and overwrite it. */
static void
free_in_use(char *bytes)
{
	char *list = node_of(root_of(bytes, FREE_ROOT), 0) + NODE + sizeof(size_t);
	size_t one = 1, number = (size_t)(root_of(bytes, RECORDS_ROOT) - bytes) / page;

	memcpy(list, &one, sizeof one);
	memcpy(list + sizeof one, &number, sizeof number);
}

/* LMDB would read the list twice, and end the process when it takes a page for the second time. */
static void
free_of_none(char *bytes)
{
	memset(node_of(root_of(bytes, FREE_ROOT), 0) + NODE, 0, sizeof(size_t));
}

static void
free_of_later(char *bytes)
{
	node_of(root_of(bytes, FREE_ROOT), 0)[NODE + 7] = 1;
}

static const struct {
	const char *name;
	void (*damage)(char *bytes);
} damages[] = {
	{ "a page with a wrong number is refused", page_elsewhere },
	{ "a page with a hole is refused", page_loose },
	{ "a page that is used twice is refused", page_twice },
	{ "keys out of order are refused", keys_swapped },
	{ "a value longer than its page is refused", value_too_long },
	{ "a free page that is in use is refused", free_in_use },
	{ "free pages of no transaction are refused", free_of_none },
	{ "free pages of a transaction that is to come are refused", free_of_later },
};

static void
test_damages(const char *good, size_t length)
{
	static char bytes[FILE_ROOM];

	if (sizeof length != 8 || (unsigned char)good[16] != 0xde)
		return;
	for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		memcpy(bytes, good, length);
		damages[i].damage(bytes);
		is(end_words[try_file(bytes, length)], "refused", "%s", damages[i].name);
	}
}

static void
test_changes(const char *good, size_t length)
{
	static char bytes[FILE_ROOM];

	if (sizeof length != 8 || (unsigned char)good[16] != 0xde)
		return; /* the places are those of 64-bit hosts with the low byte first */
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		memcpy(bytes, good, length);
		bytes[changes[i].at] = bytes[page + changes[i].at] = (char)changes[i].byte;
		is(end_words[try_file(bytes, length)], end_words[changes[i].end], "%s", changes[i].name);
	}
}

static void
test_others(const char *good, size_t length)
{
	static char bytes[FILE_ROOM];
	char path[PATH_ROOM];
	struct store *store;

	is(end_words[try_file(good, length)], "whole", "the unchanged file is whole");
	is(end_words[try_file("", 0)], "losses", "an empty file is a new store");
	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)chance_next(&seed);
	is(end_words[try_file(bytes, length)], "refused", "nothing but random bytes is refused");
	memset(bytes, 0, length);
	is(end_words[try_file(bytes, length)], "refused", "nothing but zeros is refused");
	store = file_write("lock", "data.mdb", good, length) && file_write("lock", "lock.mdb", good, length)
	    ? lmdb_open("lock", NULL)
	    : NULL;
	ok(store != NULL && is_there(store, 1), "rubbish in the lock file is overwritten");
	store_close(store);
	folder_remove("lock");
	path_of(path, "dir", NULL);
	mkdir(path, 0750);
	ok(lmdb_check(path, NULL), "a directory without a file is sound");
	folder_remove("dir");
}

/* LMDB opens by path: a file that it would follow, wait for or overwrite is refused first. */
static void
test_planted(void)
{
	static const char *const files[] = { "data.mdb", "lock.mdb" };
	static const char *const kinds[] = { "directory", "pipe", "link" };
	char path[PATH_ROOM], folder[PATH_ROOM], outside[PATH_ROOM], byte = 'x';
	struct fault why;

	path_of(folder, "planted", NULL);
	path_of(outside, "outside", NULL);
	for (size_t i = 0; i < 6; i++) {
		const char *kind = kinds[i / 2], *file = files[i % 2];

		why.text[0] = '\0';
		mkdir(folder, 0750);
		path_of(path, "planted", file);
		if ((kind[0] == 'd'          ? mkdir(path, 0750)
			    : kind[0] == 'p' ? mkfifo(path, 0600)
					     : symlink(outside, path)) != 0)
			abort();
		ok(lmdb_open("planted", &why) == NULL && strstr(why.file, file) != NULL && strstr(why.text, kind) != NULL,
		    "a %s in the place of %s is not opened, and reported: %s", kind, file, why.text);
		ok(access(outside, F_OK) != 0, "and nothing is created where it points");
		remove(path);
		folder_remove("planted");
	}
	mkdir(folder, 0750);
	chmod(folder, 0757);
	ok(!lmdb_check(folder, &why) && strstr(why.text, "chmod o-w") != NULL, "a world-writable directory is refused");
	folder_remove("planted");
	ok(file_write("planted", "data.mdb", &byte, 0) && lmdb_check(folder, &why), "an empty file is new");
	folder_remove("planted");
}

/* A large store in many states: the check must not refuse what LMDB writes. */
static void
test_churn(void)
{
	unsigned refusals = 0;
	char path[PATH_ROOM];

	path_of(path, "churn", NULL);
	for (unsigned round = 0; round < 8; round++) {
		struct store *store = lmdb_open("churn", NULL);
		bool done = false;

		for (unsigned i = 0; store != NULL && i < 4000; i++)
			if (!put(store, (unsigned)(chance_next(&seed) % 20000), 1))
				break;
		while (store != NULL && round % 3 == 2 && !done && store_sweep(store, is_even, NULL, &done, NULL))
			continue;
		store_close(store);
		refusals += store == NULL || !lmdb_check(path, NULL);
	}
	is_number(refusals, 0, "a store in use is never refused");
	folder_remove("churn");
}

int
main(void)
{
	static char good[FILE_ROOM];
	uint32_t size;
	size_t length;

	if (!scratch_make(home))
		return 1;
	length = good_file(good);
	memcpy(&size, good + 8 + 4 * sizeof(size_t), sizeof size); /* page header, magic, version, map */
	page = size;
	if (!ok(length > 8 * page, "a store of several pages was made (%zu bytes)", length))
		return done();
	test_others(good, length);
	test_changes(good, length);
	test_damages(good, length);
	test_truncated(good, length);
	test_overwritten("random bytes anywhere", good, length, anywhere, 64);
	test_overwritten("pages of random bytes", good, length, at_a_page, page);
	test_overwritten("random bytes in a page's header", good, length, in_a_header, 4);
	test_overwritten("random bytes in a file's header", good, length, in_a_file_header, 4);
	test_churn();
	test_planted();
	ok(rmdir(home) == 0, "nothing is left behind");
	return done();
}
