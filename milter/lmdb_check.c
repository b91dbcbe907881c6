#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "lmdb_check.h"

enum { CHECK_SECONDS = 120 };

#define BEGIN_NEW "; move its files away, then a new greylist is begun"
#define DAMAGED "the greylist is damaged" BEGIN_NEW

static const struct {
	int code;
	const char *text;
} remedies[] = {
	{ EACCES, "the greylist may not be opened; give the folder and its files to the user of greenlaned" },
	{ EPERM, "the greylist may not be opened; give the folder and its files to the user of greenlaned" },
	{ EROFS, "the greylist is on a read-only file system; name another folder in greylist.store" },
	{ ENOENT, "the folder above the greylist's is missing; make it first" },
	{ ENOTDIR, "the greylist's path is no folder; name a folder in greylist.store" },
	{ EISDIR, "the greylist's data.mdb is a folder; move it away" },
	{ ENOSPC, "the greylist's disk is full; make room, what is new waits in memory meanwhile" },
	{ EDQUOT, "the greylist's disk quota is used up; make room, what is new waits in memory meanwhile" },
	{ EFBIG, "the greylist's file may not grow; raise the limit (ulimit -f)" },
	{ EIO, "the greylist's disk is full or fails; look at the kernel's log" },
	{ ENOMEM, "the greylist cannot be mapped; raise the limit of address space (ulimit -v)" },
	{ MDB_INVALID, "the greylist is no LMDB file or a damaged one" BEGIN_NEW },
	{ MDB_VERSION_MISMATCH, "the greylist was written by another version of LMDB" BEGIN_NEW },
	{ MDB_CORRUPTED, DAMAGED },
	{ MDB_PAGE_NOTFOUND, DAMAGED },
	{ MDB_CURSOR_FULL, DAMAGED },
	{ MDB_BAD_TXN, DAMAGED },
	{ MDB_PANIC, "the greylist's disk failed in the middle of a commit; restart greenlaned when it is sound" },
	{ MDB_MAP_FULL, "the greylist is as large as it may be; lower greylist.lifetime, the sweep then makes room" },
	{ MDB_READERS_FULL, "too many programs read the greylist; end some of them" },
};

bool
lmdb_fault(struct fault *why, const char *folder, int code)
{
	for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
		if (remedies[i].code == code)
			return fault_at(why, folder, 0, "%s", remedies[i].text);
	return fault_at(why, folder, 0, "the greylist fails: %s", mdb_strerror(code));
}

/* One entry of a tree; pages: how many the file has. */
typedef bool entry_check_fn(const MDB_val *value, size_t pages);

/* Keys must rise, and be as many as the tree says. */
static int
cursor_check(MDB_cursor *cursor, size_t entries, entry_check_fn *entry_is_sound, size_t pages)
{
	size_t before[512 / sizeof(size_t)], count = 0; /* the keys of the free pages are numbers */
	MDB_val last = { 0, before }, key, value;
	int code;

	while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		if (++count > entries || key.mv_size == 0 || key.mv_size > sizeof before)
			return MDB_CORRUPTED;
		if (count > 1 && mdb_cmp(mdb_cursor_txn(cursor), mdb_cursor_dbi(cursor), &last, &key) >= 0)
			return MDB_CORRUPTED;
		if (!entry_is_sound(&value, pages))
			return MDB_CORRUPTED;
		memcpy(before, key.mv_data, key.mv_size);
		last.mv_size = key.mv_size;
	}
	if (code != MDB_NOTFOUND)
		return code;
	return count == entries ? 0 : MDB_CORRUPTED;
}

static int
tree_check(MDB_txn *txn, MDB_dbi dbi, entry_check_fn *entry_is_sound, size_t pages)
{
	MDB_cursor *cursor;
	MDB_stat stat;
	int code;

	if ((code = mdb_stat(txn, dbi, &stat)) != 0 || (code = mdb_cursor_open(txn, dbi, &cursor)) != 0)
		return code;
	code = cursor_check(cursor, stat.ms_entries, entry_is_sound, pages);
	mdb_cursor_close(cursor);
	return code;
}

/* All of its bytes are there. */
static bool
record_is_sound(const MDB_val *value, size_t pages)
{
	const volatile unsigned char *bytes = value->mv_data;

	(void)pages;
	for (size_t i = 0; i < value->mv_size; i++)
		(void)bytes[i];
	return true;
}

/* A list of free pages: a count, and that many, falling. A wrong one would have what is in use
 * written over. */
static bool
free_is_sound(const MDB_val *value, size_t pages)
{
	size_t count, page, before = pages;

	if (value->mv_size < sizeof count)
		return false;
	memcpy(&count, value->mv_data, sizeof count);
	if (count > value->mv_size / sizeof count - 1)
		return false;
	for (size_t i = 1; i <= count; i++, before = page) {
		memcpy(&page, (const char *)value->mv_data + i * sizeof page, sizeof page);
		if (page >= before || page < 2) /* 0 and 1 are never free */
			return false;
	}
	return true;
}

static int
file_check(const char *folder)
{
	const MDB_dbi free_pages = 0; /* as mdb_stat does; LMDB has no name for it */
	MDB_env *env = NULL;
	MDB_txn *txn = NULL;
	MDB_envinfo info;
	MDB_dbi dbi;
	int code;

	if ((code = mdb_env_create(&env)) != 0)
		return code;
	if ((code = mdb_env_open(env, folder, MDB_RDONLY | MDB_NOTLS, 0)) == 0 &&
	    (code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn)) == 0 &&
	    (code = mdb_env_info(env, &info)) == 0 && (code = mdb_dbi_open(txn, NULL, 0, &dbi)) == 0 &&
	    (code = tree_check(txn, dbi, record_is_sound, 0)) == 0)
		code = tree_check(txn, free_pages, free_is_sound, info.me_last_pgno + 1);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	return code;
}

/* In the child: quiet, without a core, mortal. */
static void
child_run(const char *folder, int answer)
{
	static const int mortal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM };
	struct rlimit none = { 0, 0 };
	sigset_t all;
	int code, null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof mortal / sizeof mortal[0]; i++)
		signal(mortal[i], SIG_DFL);
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setrlimit(RLIMIT_CORE, &none);
	if (null >= 0)
		dup2(null, STDERR_FILENO); /* LMDB's assertions */
	alarm(CHECK_SECONDS);
	code = file_check(folder);
	_exit(write(answer, &code, sizeof code) == (ssize_t)sizeof code ? 0 : 1);
}

/* The child's word; MDB_CORRUPTED when it died without one. */
static int
child_ask(const char *folder)
{
	int ends[2], code = MDB_CORRUPTED;
	ssize_t got;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	child = fork();
	if (child < 0) {
		code = errno;
		close(ends[0]);
		close(ends[1]);
		return code;
	}
	if (child == 0)
		child_run(folder, ends[1]);
	close(ends[1]);
	do
		got = read(ends[0], &code, sizeof code);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof code)
		code = MDB_CORRUPTED;
	close(ends[0]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	return code;
}

bool
lmdb_check(const char *folder, struct fault *why)
{
	char file[PATH_MAX];
	struct stat stat_now;
	int code;

	if ((size_t)snprintf(file, sizeof file, "%s/data.mdb", folder) >= sizeof file)
		return lmdb_fault(why, folder, ENAMETOOLONG);
	if (stat(file, &stat_now) != 0)
		return errno == ENOENT || lmdb_fault(why, folder, errno);
	if (stat_now.st_size == 0)
		return true; /* as LMDB sees it: new */
	code = child_ask(folder);
	return code == 0 || lmdb_fault(why, folder, code);
}
