/*
 * scratch_t.c - what a test makes below /tmp goes with it, also when it is killed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { LOOKS = 60000 };

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool
goes(const char *path)
{
	for (int i = 0; i < LOOKS && is_there(path); i++)
		usleep(10000); /* sleeps: until it looks again */
	return !is_there(path);
}

/* In a process of its own: makes a folder with a file in it, tells its name, and ends by the signal. */
static void
make_and_die(int told, int number)
{
	char path[] = "/tmp/scratch_t.XXXXXX", inside[64];
	int file;

	if (!scratch_make(path))
		_exit(1);
	snprintf(inside, sizeof inside, "%s/a file", path);
	file = open(inside, O_CREAT | O_WRONLY, 0600);
	if (file < 0 || write(told, path, sizeof path) != sizeof path)
		_exit(1);
	raise(number);
	_exit(0);
}

static void
dies_by(int number, const char *name)
{
	char path[64] = "";
	int ends[2], status = 0;
	pid_t child;

	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	child = fork();
	if (child == 0)
		make_and_die(ends[1], number);
	close(ends[1]);
	ok(child > 0 && read(ends[0], path, sizeof path) > 0 && path[0] == '/', "%s: a folder is made", name);
	close(ends[0]);
	ok(waitpid(child, &status, 0) == child && (number == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == number)),
	    "%s: the test ends", name);
	ok(path[0] == '/' && goes(path), "%s: the folder goes, with what is in it", name);
}

int
main(void)
{
	dies_by(0, "at its end");
	dies_by(SIGTERM, "by TERM");
	dies_by(SIGKILL, "by KILL");
	return done();
}
