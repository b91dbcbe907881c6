#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/subprocess.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

static int ends[2]; /* a pipe: the commands end when its writing end is closed */
static char folder[] = "/tmp/greenlane-command.XXXXXX", mark[100];

/* ---- a clock that stands still until the command has left its mark, then advances at each reading ---- */

enum { STEP = 100 * 1000 };

static int64_t ticks;

int64_t
clock_ticks(void)
{
	if (access(mark, F_OK) == 0)
		ticks += STEP;
	return ticks;
}

static const struct {
	const char *name, *command, *why;
} rows[] = {
	{ "a command that succeeds", "true", "" },
	{ "the shell runs it", "x=1; test \"$x\" = 1 && exit 0 || exit 9", "" },
	{ "one that fails", "exit 3", "'exit 3' exited with status 3" },
	{ "one that does not exist", "exec /nowhere/at/all 2>/dev/null",
	    "'exec /nowhere/at/all 2>/dev/null' exited with status 127" },
	{ "the last line of its standard error is reported", "echo one >&2; echo '  no  luck' >&2; echo out; exit 1",
	    "'echo one >&2; echo '  no  luck' >&2; echo out; exit 1' exited with status 1: no  luck" },
	{ "its standard output is not", "echo out; exit 1", "'echo out; exit 1' exited with status 1" },
	{ "a line without an end counts", "printf 'one\\ntwo' >&2; exit 1",
	    "'printf 'one\\ntwo' >&2; exit 1' exited with status 1: two" },
	{ "blank lines after it do not", "printf 'one\\n \\n\\n' >&2; exit 1",
	    "'printf 'one\\n \\n\\n' >&2; exit 1' exited with status 1: one" },
	{ "bytes that must not be in a log line become blanks", "printf 'a\\033[2Jb\\200c' >&2; exit 1",
	    "'printf 'a\\033[2Jb\\200c' >&2; exit 1' exited with status 1: a [2Jb c" },
	{ "one that is killed says why, too", "echo why >&2; kill -9 $$",
	    "'echo why >&2; kill -9 $$' was killed by signal 9: why" },
	{ "one that is killed by a signal", "kill -9 $$", "'kill -9 $$' was killed by signal 9" },
	{ "its standard input is empty", "test -z \"$(cat)\"", "" },
	{ "it has none of our files", "ls /proc/$$/fd/7 2>/dev/null && exit 1; exit 0", "" },
	{ "signals are as a shell expects them", "grep -q '^SigBlk:\t0*$' /proc/self/status && kill -TERM $$; sleep 5",
	    "'grep -q '^SigBlk:\t0*$' /proc/self/status && kill -TERM $$; sleep 5' was killed by signal 15" },
};

static void
check_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fault why = { .text = "" };
		bool done = subprocess_run_shell(rows[i].command, 20, ends[0], &why);

		is(why.text, rows[i].why, "%s", rows[i].name);
		ok(done == (rows[i].why[0] == '\0'), "and the result says so");
	}
}

/* Without a shell: words are what they are, variables are its own and ours. */
static void
check_words(void)
{
	static const char *const environment[] = { "GREENLANE_WORD=a  'b'", "HOME=/nowhere", NULL };
	static const char *const words[] = { "/bin/sh", "-c",
		"echo \"$1|$GREENLANE_WORD|$HOME|${PATH:+p}\" >&2; exit 1", "x", "$HOME; *", NULL };
	static const char *const nothing[] = { "/nowhere/at all", NULL };
	struct subprocess process = { words, environment, "it", 20 };
	struct fault why = { .text = "" };

	setenv("HOME", "/ours", 1);
	setenv("PATH", "/bin:/usr/bin", 1);
	ok(!subprocess_run(&process, ends[0], &why), "words with variables of their own");
	is(why.text, "'it' exited with status 1: $HOME; *|a  'b'|/nowhere|p", "are passed as they are; its own count");
	process = (struct subprocess){ nothing, NULL, nothing[0], 20 };
	ok(!subprocess_run(&process, ends[0], &why), "a program that is not there");
	is(why.text, "'/nowhere/at all' was not run: No such file or directory", "is said to be missing");
}

static void
check_much(void)
{
	struct fault why = { .text = "" };

	ok(!subprocess_run_shell("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1", 20, ends[0], &why) &&
		strlen(why.text) < 450 && strstr(why.text, "status 1: xxxx") != NULL,
	    "one that prints a megabyte does not block, and the start of its line is kept");
}

/* The process whose number is in the file; 0: none was written. */
static pid_t
child_of_mark(void)
{
	FILE *file = fopen(mark, "re");
	long pid = 0;

	if (file != NULL) {
		if (fscanf(file, "%ld", &pid) != 1)
			pid = 0;
		fclose(file);
	}
	return (pid_t)pid;
}

/* Dead, reaped or not: it has no executable any more. */
static bool
is_gone(pid_t pid)
{
	char path[64], program[16];

	snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
	return readlink(path, program, sizeof program) < 0;
}

/* A child of the command must not outlive it. */
static void
check_long(void)
{
	char command[400];
	struct fault why = { .text = "" };
	pid_t child;

	snprintf(command, sizeof command, "sh -c 'echo $$ > %s.new; mv %s.new %s; while :; do sleep 0.05; done' & wait",
	    mark, mark, mark);
	ok(!subprocess_run_shell(command, 1, ends[0], &why), "one that takes too long is killed");
	ok(strstr(why.text, "had not finished after 1 second and") != NULL, "and reported") || (note("%s", why.text), 0);
	child = child_of_mark();
	while (child > 0 && !is_gone(child))
		usleep(1000); /* sleeps: until it looks again */
	ok(child > 0, "with all that it started");
	unlink(mark);
	snprintf(command, sizeof command, "trap '' TERM; echo > %s; while :; do sleep 0.1; done", mark);
	ok(!subprocess_run_shell(command, 1, ends[0], &why), "one that ignores TERM is killed");
	unlink(mark);
}

static void *
end_it(void *unused)
{
	char running[sizeof mark + 8];

	snprintf(running, sizeof running, "%s.runs", mark);
	while (access(running, F_OK) != 0)
		usleep(1000); /* sleeps: until it looks again */
	unlink(running);
	close(ends[1]);
	return unused;
}

/* Its time is never up: the clock stands still. */
static void
check_end(void)
{
	char command[300];
	struct fault why = { .text = "" };
	pthread_t thread;

	if (pthread_create(&thread, NULL, end_it, NULL) != 0)
		return;
	snprintf(command, sizeof command, "echo > %s.runs; sleep 10000", mark);
	ok(!subprocess_run_shell(command, 30, ends[0], &why), "the waiting caller can be told to stop");
	pthread_join(thread, NULL);
}

/* As when a daemon was started with SIGCHLD ignored: the system discards every status. */
static void
check_lost(void)
{
	struct fault why = { .text = "" };

	signal(SIGCHLD, SIG_IGN);
	ok(!subprocess_run_shell("exit 3", 20, ends[0], &why), "a command whose status is lost is a failure");
	is(why.text, "'exit 3' ended, but its status is lost: No child processes", "and why says so");
	ok(!subprocess_run_shell("exit 0", 20, ends[0], &why), "whatever its status was");
	signal(SIGCHLD, SIG_DFL);
}

int
main(void)
{
	sigset_t blocked;

	if (!scratch_make(folder))
		return 99;
	snprintf(mark, sizeof mark, "%s/mark", folder);
	alarm(600); /* ends a test that hangs */
	/* as in the daemon: signals blocked, and a file open without close-on-exec */
	sigfillset(&blocked);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	dup2(2, 7);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return 99;
	check_rows();
	check_words();
	check_much();
	check_long();
	check_lost();
	check_end();
	rmdir(folder);
	return done();
}
