/*
 * Damage to a greylist's file: the first byte chooses a sound one, each piece behind it is a page, an offset (two bytes), a count and that
 * many bytes; page 255 cuts the file there. What lmdb_check accepts is opened by LMDB itself, read from end to end, written to and read
 * again, all without the end of this process; and the store's own reader finds the same records as LMDB's cursor.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lmdb.h>

#include "milter/store/lmdb_check.h"
#include "milter/store/lmdb_page.h"
#include "milter/store/store.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/scratch.h"

int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

enum { FILES = 3, FILE_ROOM = 1 << 20, HEAD = 4, CUT = 255, PUT = 40, MAP = 64 << 20 };

static char folder[] = "/tmp/fuzz_lmdb_check.XXXXXX", data_path[64], lock_path[64];
static struct {
	unsigned char *bytes;
	size_t length;
} files[FILES];
static unsigned char image[FILE_ROOM];
static size_t page_size;

/* ---- sound files ---- */

static bool
is_even(const void *context, const struct greylist_record *record)
{
	(void)context;
	return record->asked % 2 == 0;
}

/* Records, half of which were swept again, so that there are free pages. */
static void
fill(struct store *store, unsigned records)
{
	bool done = records == 0;

	for (unsigned i = 0; i < records; i++) {
		struct greylist_record record = { 1000 + i, 2000 + i, 1, i, false };
		char key[64];

		snprintf(key, sizeof key, "g sender-%u@b.example c@d.example 192.0.2.0/24", i * 7919 % 10007);
		must(store_put(store, key, strlen(key), &record, NULL));
		must(i % 50 != 49 || store_sync(store, NULL));
	}
	for (unsigned i = 0; i < 20 && !done; i++)
		must(store_sweep(store, is_even, NULL, &done, NULL));
	must(store_sync(store, NULL));
}

static void
make_file(unsigned number, unsigned records)
{
	struct store *store;
	struct fault why;
	ssize_t length;
	int fd;

	must((store = store_lmdb(folder, &why)) != NULL);
	fill(store, records);
	store_close(store);
	must((fd = open(data_path, O_RDONLY | O_CLOEXEC)) >= 0);
	must((length = read(fd, image, sizeof image)) > 0 && length < FILE_ROOM);
	close(fd);
	must((files[number].bytes = malloc((size_t)length)) != NULL);
	memcpy(files[number].bytes, image, (size_t)length);
	files[number].length = (size_t)length;
	must(unlink(data_path) == 0 && unlink(lock_path) == 0);
}

static void
make_files(void)
{
	static const unsigned records[FILES] = { 0, 30, 200 };

	if (page_size > 0)
		return;
	must(scratch_make(folder));
	snprintf(data_path, sizeof data_path, "%s/data.mdb", folder);
	snprintf(lock_path, sizeof lock_path, "%s/lock.mdb", folder);
	for (unsigned i = 0; i < FILES; i++)
		make_file(i, records[i]);
	page_size = (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- damage ---- */

static size_t
damage(unsigned number, struct span rest)
{
	size_t length = files[number].length;

	memcpy(image, files[number].bytes, length);
	while (rest.length > HEAD) {
		const unsigned char *piece = (const unsigned char *)rest.at;
		size_t at = (size_t)piece[1] << 8 | piece[2], count = piece[3] % (rest.length - HEAD) + 1;

		if (piece[0] == CUT)
			length = at * 16 < length ? at * 16 : length;
		at += piece[0] * page_size;
		for (size_t i = 0; piece[0] != CUT && i < count && at + i < length; i++)
			image[at + i] = piece[HEAD + i];
		rest.at += HEAD + count;
		rest.length -= HEAD + count;
	}
	return length;
}

static void
put_file(size_t length)
{
	int fd = open(data_path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0640);

	must(fd >= 0 && write(fd, image, length) == (ssize_t)length);
	close(fd);
}

/* ---- LMDB's own view ---- */

/* Reads all; with store_reader's count. */
static size_t
walk(MDB_txn *txn, MDB_dbi dbi, uint64_t *sum)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	size_t count = 0;

	*sum = 0;
	if (mdb_cursor_open(txn, dbi, &cursor) != 0)
		return 0;
	for (int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); code == 0;
	     code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
		struct greylist_record record;

		for (size_t i = 0; i < value.mv_size; i++) /* each byte is there */
			*sum += ((const unsigned char *)value.mv_data)[i];
		count += !lmdb_is_mark(&key) && key.mv_size <= GREYLIST_KEY_MAX &&
		    greylist_record_unpack(value.mv_data, value.mv_size, &record);
	}
	mdb_cursor_close(cursor);
	return count;
}

static int
write_some(MDB_txn *txn, MDB_dbi dbi)
{
	int code = 0;

	for (unsigned i = 0; code == 0 && i < PUT; i++) {
		char key[64];
		unsigned char bytes[GREYLIST_RECORD_BYTES];
		MDB_val name, value = lmdb_value(bytes, sizeof bytes);

		greylist_record_pack(&(struct greylist_record){ 1, 2, 3, i, false }, bytes);
		snprintf(key, sizeof key, "g sender-%u@b.example c@d.example 192.0.2.0/24", i * 7919 % 10007 + i % 3);
		name = lmdb_value(key, strlen(key));
		code = i % 4 == 3 ? mdb_del(txn, dbi, &name, NULL) : mdb_put(txn, dbi, &name, &value, 0);
		code = code == MDB_NOTFOUND ? 0 : code;
	}
	return code;
}

/* Twice, so that what the first one freed is used. */
static void
write_and_read(MDB_env *env)
{
	for (unsigned i = 0; i < 2; i++) {
		MDB_txn *txn;
		MDB_dbi dbi;
		uint64_t sum;

		if (mdb_txn_begin(env, NULL, 0, &txn) != 0)
			return;
		if (mdb_dbi_open(txn, NULL, 0, &dbi) != 0 || write_some(txn, dbi) != 0)
			mdb_txn_abort(txn);
		else if (mdb_txn_commit(txn) != 0)
			return;
		if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0)
			return;
		(void)walk(txn, dbi, &sum);
		mdb_txn_abort(txn);
	}
}

static size_t
count_by_lmdb(MDB_env *env)
{
	MDB_txn *txn;
	MDB_dbi dbi;
	uint64_t sum;
	size_t count = 0;

	if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0)
		return 0;
	if (mdb_dbi_open(txn, NULL, 0, &dbi) == 0)
		count = walk(txn, dbi, &sum);
	mdb_txn_abort(txn);
	return count;
}

static size_t
count_by_reader(void)
{
	static struct store_page page;
	struct fault why;
	struct store *store = store_lmdb_reader(folder, &why);
	size_t count = 0, length = 0;
	char from[STORE_KEY_ROOM];
	bool more = store != NULL;

	while (more && store_page(store, from, length, &page, &why)) {
		must(page.count <= STORE_PAGE && page.next_length <= sizeof from);
		count += page.count;
		memcpy(from, page.next, page.next_length);
		length = page.next_length;
		more = !page.is_last;
	}
	store_close(store);
	return store == NULL ? SIZE_MAX : count;
}

static void
use_file(void)
{
	MDB_env *env;

	must(mdb_env_create(&env) == 0);
	if (mdb_env_set_mapsize(env, MAP) == 0 &&
	    mdb_env_open(env, folder, MDB_NOTLS | MDB_NOLOCK | MDB_NOSYNC, 0640) == 0) {
		size_t own = count_by_lmdb(env), other;

		if ((other = count_by_reader()) != SIZE_MAX)
			must(own == other);
		write_and_read(env);
	}
	mdb_env_close(env);
}

/* Nobody waits for the disk. */
int
__wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

int
__wrap_fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault why = { .text = "" };

	if (size < 1)
		return 0;
	make_files();
	put_file(damage(data[0] % FILES, (struct span){ (const char *)data + 1, size - 1 }));
	if (lmdb_check(folder, &why))
		use_file();
	else
		must(why.text[0] != '\0');
	return 0;
}
