#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "milter/store/lmdb_check.h"
#include "milter/store/lmdb_open.h"
#include "milter/store/lmdb_page.h"

/* LMDB calls a write that was cut short EIO; most often the disk is full. */
int
lmdb_of_disk(const char *folder, int code)
{
	struct statvfs disk;

	return code == EIO && statvfs(folder, &disk) == 0 && disk.f_bavail == 0 ? ENOSPC : code;
}

/* LMDB makes the lock file long without taking the disk's blocks, maps it and writes: on a full disk that is SIGBUS. So
 * the blocks are taken first: as many as 126 readers need, LMDB's default. */
bool
lmdb_prepare(const char *path, struct fault *why)
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

/* A new file gets the mark; an old one must have it. */
static int
mark_check(MDB_txn *txn, MDB_dbi dbi, bool *ours)
{
	MDB_val key = lmdb_value(LMDB_MARK_KEY, strlen(LMDB_MARK_KEY)), value;
	MDB_stat stat;
	int code = mdb_stat(txn, dbi, &stat);

	*ours = true;
	if (code != 0)
		return code;
	if (stat.ms_entries == 0) {
		value = lmdb_value(LMDB_MARK_VALUE, strlen(LMDB_MARK_VALUE));
		return mdb_put(txn, dbi, &key, &value, 0);
	}
	code = mdb_get(txn, dbi, &key, &value);
	*ours = code == 0 && lmdb_is_our_mark(&value);
	return code == MDB_NOTFOUND ? 0 : code;
}

bool
lmdb_open(const char *folder, size_t ceiling, MDB_env **env, MDB_txn **txn, MDB_dbi *dbi, struct fault *why)
{
	bool ours = true;
	int dead, code;

	if ((code = mdb_env_create(env)) == 0 && (code = mdb_env_set_mapsize(*env, ceiling)) == 0 &&
	    (code = mdb_env_open(*env, folder, MDB_NOTLS, 0640)) == 0 &&
	    (code = mdb_reader_check(*env, &dead)) == 0 && /* frees the slots of readers that were killed */
	    (code = mdb_txn_begin(*env, NULL, 0, txn)) == 0 && (code = mdb_dbi_open(*txn, NULL, 0, dbi)) == 0 &&
	    (code = mark_check(*txn, *dbi, &ours)) == 0 && ours)
		return true;
	mdb_txn_abort(*txn);
	return code != 0
	    ? lmdb_fault(why, folder, lmdb_of_disk(folder, code))
	    : fault_at(why, folder, 0,
		  "is not a greylist of this version of "
		  "greenlane; name another directory in greylist.store");
}

bool
lmdb_commit(const char *folder, MDB_txn *txn, struct fault *why)
{
	int code = lmdb_of_disk(folder, mdb_txn_commit(txn));

	return code == 0 || lmdb_fault(why, folder, code);
}
