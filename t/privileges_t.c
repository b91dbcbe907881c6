#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/system/privileges.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { NOBODY = 65534, STARTS = 200 };

static char scratch[] = "/tmp/privileges_t.XXXXXX";
static struct account account; /* nobody for root, else us */

static const char *
in_scratch(const char *name)
{
	static char paths[2][512]; /* two at a time */
	static unsigned next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
	return path;
}

/* ---- the lock ---- */

/* A daemon that starts: exits with 1 when it does not get the lock; else with 0, or keeps the lock until it is killed. */
static pid_t
start(int stays)
{
	struct fault why;
	char byte = 0;
	pid_t child = fork();

	if (child != 0)
		return child;
	if (!lock_take(in_scratch("lock"), &account, &why))
		_exit(1);
	if (stays >= 0)
		_exit(write(stays, &byte, 1) != 1 || pause());
	_exit(0);
}

static int
end_of(pid_t child)
{
	int status = 0;

	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
one_holds(void)
{
	struct fault why = { .text = "" };
	char byte;
	int ends[2];
	pid_t daemon;

	is_number(lock_look(in_scratch("lock"), &why), LOCK_FREE, "before the first start the lock is free");
	is_number(access(in_scratch("lock"), F_OK), -1, "and looking creates none");
	if (pipe(ends) != 0)
		abort();
	daemon = start(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		abort();
	is_number(lock_look(in_scratch("lock"), &why), LOCK_HELD, "while a daemon runs it is held");
	ok(!lock_take(in_scratch("lock"), &account, &why), "a second daemon does not start");
	is(why.text, "is locked: another greenlaned is running with this state_dir", "and is told why");
	kill(daemon, SIGKILL);
	(void)end_of(daemon);
	is_number(lock_look(in_scratch("lock"), &why), LOCK_FREE,
	    "the lock is released when its process ends, however it ends");
	is_number(end_of(start(-1)), 0, "and the next one starts");
}

static atomic_bool looks = true;

static void *
look_on(void *unused)
{
	struct fault why;

	char path[512];

	snprintf(path, sizeof path, "%s/lock", scratch);
	while (looks)
		if (lock_look(path, &why) == LOCK_UNKNOWN)
			abort();
	return unused;
}

/* As `greenlane status` in a loop while the daemon is restarted. */
static void
who_looks_is_in_nobodys_way(void)
{
	pthread_t looker;
	unsigned failed = 0;

	if (pthread_create(&looker, NULL, look_on, NULL) != 0)
		abort();
	for (unsigned i = 0; i < STARTS; i++)
		failed += end_of(start(-1)) != 0;
	looks = false;
	pthread_join(looker, NULL);
	is_number(failed, 0, "none of %u starts fails while somebody looks at the lock all the time", STARTS);
}

static void
planted_locks(void)
{
	static const char *const kinds[] = { "directory", "pipe", "link" };

	for (size_t i = 0; i < 3; i++) {
		const char *kind = kinds[i];
		struct fault why = { .text = "" };

		unlink(in_scratch("lock"));
		if ((kind[0] == 'd'          ? mkdir(in_scratch("lock"), 0750)
			    : kind[0] == 'p' ? mkfifo(in_scratch("lock"), 0600)
					     : symlink(in_scratch("outside"), in_scratch("lock"))) != 0)
			abort();
		ok(!lock_take(in_scratch("lock"), &account, &why) && strstr(why.text, kind) != NULL,
		    "a %s is no lock: %s", kind, why.text);
		is_number(lock_look(in_scratch("lock"), &why), LOCK_UNKNOWN,
		    "and it does not show whether a daemon is running");
		is_number(access(in_scratch("outside"), F_OK), -1, "and nothing is created elsewhere");
		remove(in_scratch("lock"));
	}
}

/* The process that holds the lock is this one; another descriptor asks. */
static void
half_a_note(void)
{
	char lines[200];
	struct fault why;
	FILE *file;

	unlink(in_scratch("lock"));
	if (!lock_take(in_scratch("lock"), &account, &why))
		abort();
	file = fopen(in_scratch("lock"), "w");
	if (file == NULL || fputs("config /x\npid 12", file) < 0 || fclose(file) != 0)
		abort();
	ok(lock_noted(in_scratch("lock"), lines, sizeof lines) && strcmp(lines, "config /x\n") == 0,
	    "of a note that is being written the whole lines are read");
	unlink(in_scratch("lock")); /* it is held until the end */
}

static void
owner_of_the_lock(void)
{
	struct fault why;
	struct stat st;

	if (geteuid() != 0) {
		ok(true, "a new lock is given to the account, an old one is not # SKIP not root");
		return;
	}
	is_number(end_of(start(-1)), 0, "a new lock");
	ok(stat(in_scratch("lock"), &st) == 0 && st.st_uid == NOBODY && st.st_gid == NOBODY, "is given to the account");
	if (chown(in_scratch("lock"), 0, 0) != 0)
		abort();
	is_number(end_of(start(-1)), 0, "an existing lock");
	ok(stat(in_scratch("lock"), &st) == 0 && st.st_uid == 0,
	    "is not: it may be somebody else's file, planted to trick us");
	ok(!lock_take(in_scratch("none/lock"), &account, &why) && strstr(why.text, "directory is missing") != NULL,
	    "without its directory there is no lock, and why says so");
}

/* ---- directories ---- */

static void
folders(void)
{
	bool root = geteuid() == 0;
	struct fault why = { .text = "" };
	struct stat st;

	ok(account_make_folder(&account, in_scratch("a/b/c"), 0750, &why) && stat(in_scratch("a/b/c"), &st) == 0 &&
		(st.st_mode & 07777) == 0750 && st.st_uid == account.uid,
	    "a directory is created with its parents and belongs to the account");
	ok(stat(in_scratch("a/b"), &st) == 0 && (st.st_mode & 07777) == 0755 && st.st_uid == account.uid,
	    "so do the parents");
	ok(chmod(in_scratch("a/b/c"), 0700) == 0 && account_make_folder(&account, in_scratch("a/b/c/"), 0750, &why) &&
		stat(in_scratch("a/b/c"), &st) == 0 && (st.st_mode & 07777) == 0700,
	    "an existing one is left as it is");
	if (mkdir(in_scratch("target"), 0755) != 0 || symlink(in_scratch("target"), in_scratch("by-root")) != 0 ||
	    symlink(in_scratch("target"), in_scratch("a/by-account")) != 0)
		abort();
	if (root && lchown(in_scratch("a/by-account"), NOBODY, NOBODY) != 0)
		abort();
	ok(account_make_folder(&account, in_scratch("by-root/x"), 0750, &why) && access(in_scratch("target/x"), F_OK) == 0,
	    "a link that root owns is followed");
	is_number(account_make_folder(&account, in_scratch("a/by-account/y"), 0750, &why), !root,
	    "root does not follow the account's links");
	is_number(access(in_scratch("target/y"), F_OK), root ? -1 : 0, "and creates nothing behind them");
	ok(!account_make_folder(&account, in_scratch("a/by-account/x"), 0750, &why) || !root,
	    "not even where everything exists already");
	if (root)
		ok(strstr(why.text, "or a link that root does not own") != NULL, "why says so: %s", why.text);
}

int
main(void)
{
	if (!scratch_make(scratch) || chmod(scratch, 0755) != 0)
		abort();
	account = (struct account){ geteuid() == 0 ? NOBODY : geteuid(), geteuid() == 0 ? NOBODY : getegid(), "nobody" };
	one_holds();
	who_looks_is_in_nobodys_way();
	planted_locks();
	half_a_note();
	owner_of_the_lock();
	folders();
	return done();
}
