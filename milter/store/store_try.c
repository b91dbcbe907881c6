#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/store/lmdb_check.h"
#include "milter/store/lmdb_page.h"

static int
look_for_mark(MDB_txn *txn, bool *ours)
{
	MDB_val key = lmdb_value(LMDB_MARK_KEY, strlen(LMDB_MARK_KEY)), value;
	MDB_stat stat;
	MDB_dbi dbi;
	int code = mdb_dbi_open(txn, NULL, 0, &dbi);

	if (code == 0)
		code = mdb_stat(txn, dbi, &stat);
	*ours = code == 0 && stat.ms_entries == 0;
	if (code != 0 || *ours)
		return code;
	code = mdb_get(txn, dbi, &key, &value);
	*ours = code == 0 && lmdb_is_our_mark(&value);
	return code == MDB_NOTFOUND ? 0 : code;
}

/* Without the lock file, so that nothing is written: the caller has seen that nobody writes. */
static bool
try_mark(const char *path, struct fault *why)
{
	MDB_env *env = NULL;
	MDB_txn *txn = NULL;
	bool ours = false;
	int code = mdb_env_create(&env);

	if (code == 0)
		code = mdb_env_open(env, path, MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0);
	if (code == 0)
		code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
	if (code == 0)
		code = look_for_mark(txn, &ours);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	if (code != 0)
		return lmdb_fault(why, path, code);
	return ours ||
	    fault_at(why, path, 0,
		"is not a greylist of this version of greenlane; name another directory in greylist.store");
}

static bool
may_write(const char *path, const char *name, int how, struct fault *why)
{
	char file[4200];

	snprintf(file, sizeof file, "%s%s", path, name);
	return faccessat(AT_FDCWD, file, how, AT_EACCESS) == 0 || errno == ENOENT || lmdb_fault(why, path, errno);
}

/* Each process that has an environment of LMDB open shares a lock of its lock file's first byte. */
bool
store_lmdb_in_use(const char *path)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
	char file[4200];
	bool used = false;
	int fd;

	snprintf(file, sizeof file, "%s/lock.mdb", path);
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		used = fcntl(fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
		close(fd);
	}
	return used;
}

bool
store_lmdb_try(const char *path, bool held, struct fault *why)
{
	struct stat st;
	char file[4200];

	if (!lmdb_check(path, why) || !may_write(path, "", W_OK | X_OK, why) ||
	    !may_write(path, "/data.mdb", R_OK | W_OK, why) || !may_write(path, "/lock.mdb", R_OK | W_OK, why))
		return false;
	snprintf(file, sizeof file, "%s/data.mdb", path);
	return held || stat(file, &st) != 0 || st.st_size == 0 || try_mark(path, why);
}
