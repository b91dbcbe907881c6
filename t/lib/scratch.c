#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t/lib/scratch.h"

/* Reads paths until the test has ended: only then nobody has the other end. Nothing of the test's stays open, or whoever
 * reads its output would wait for us. */
static void
await_end(int paths)
{
	int null = open("/dev/null", O_WRONLY);

	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	dup2(paths, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execl("/usr/bin/xargs", "xargs", "-r", "-d", "\n", "rm", "-rf", "--", (char *)NULL);
	_exit(127);
}

/* Where the paths are written; -1: nobody reads. */
static int
guardian_start(void)
{
	int ends[2], status;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	/* not a child of the test, which may wait for any of its own */
	if (child == 0 && fork() != 0)
		_exit(0);
	if (child == 0)
		await_end(ends[0]);
	close(ends[0]);
	if (child > 0 && waitpid(child, &status, 0) == child)
		return ends[1];
	close(ends[1]);
	return -1;
}

bool
scratch_guard(const char *path)
{
	static int guardian = -1;

	if (guardian < 0)
		guardian = guardian_start();
	return guardian >= 0 && dprintf(guardian, "%s\n", path) > 0;
}

bool
scratch_make(char *template)
{
	return mkdtemp(template) != NULL && scratch_guard(template);
}
