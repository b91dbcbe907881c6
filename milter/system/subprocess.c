#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/subprocess.h"
#include "policy/util/text.h"

enum {
	LOOK_MS = 50,        /* between two checks whether it has ended */
	MERCY_MS = 1000,     /* between TERM and KILL */
	COMPLAINT_MAX = 300, /* bytes of the last line of its standard error that are kept */
	FIRST_OF_OURS = 3    /* descriptors from here on are closed in it */
};

struct run {
	pid_t pid;
	int complains;         /* our end of the pipe that is its standard error */
	struct text complaint; /* the last line that is not blank */
	bool line_ended;
};

static bool
is_replaced(const char *const *own, const char *variable)
{
	size_t name = strcspn(variable, "=");

	for (; *own != NULL; own++)
		if (strncmp(*own, variable, name + 1) == 0)
			return true;
	return false;
}

/* Its own variables, and ours but for those. NULL without memory. */
static char **
make_environment(const struct subprocess *process)
{
	static const char *const none[] = { NULL };
	const char *const *own = process->environment == NULL ? none : process->environment;
	size_t room = 1, count = 0;
	char **list;

	for (size_t i = 0; own[i] != NULL; i++)
		room++;
	for (size_t i = 0; environ[i] != NULL; i++)
		room++;
	list = calloc(room, sizeof *list);
	for (size_t i = 0; list != NULL && own[i] != NULL; i++)
		list[count++] = (char *)own[i];
	for (size_t i = 0; list != NULL && environ[i] != NULL; i++)
		if (!is_replaced(own, environ[i]))
			list[count++] = environ[i];
	return list;
}

/* In a process group of its own, with default signals as a shell expects. */
static int
spawn(const struct subprocess *process, char *const *environment, int error_pipe, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t set;
	int error;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, error_pipe, 2);
	posix_spawn_file_actions_addclosefrom_np(&files, FIRST_OF_OURS);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attributes, &set);
	sigfillset(&set);
	posix_spawnattr_setsigdefault(&attributes, &set);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(pid, process->words[0], &files, &attributes, (char *const *)process->words, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

static bool
begin(struct run *run, const struct subprocess *process, struct fault *why)
{
	char **environment = make_environment(process);
	int ends[2], error;

	if (environment == NULL || pipe2(ends, O_CLOEXEC) != 0) {
		fault_set(why, "'%.200s' was not run: %s", process->name, strerror(environment == NULL ? ENOMEM : errno));
		free(environment);
		return false;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	error = spawn(process, environment, ends[1], &run->pid);
	free(environment);
	close(ends[1]);
	if (error != 0) {
		close(ends[0]);
		return fault_set(why, "'%.200s' was not run: %s", process->name, strerror(error));
	}
	run->complains = ends[0];
	run->line_ended = false;
	text_open(&run->complaint, COMPLAINT_MAX);
	return true;
}

/* Bytes that must not be in a log line become blanks, and none of these begins it. */
static void
hear(struct run *run, char byte)
{
	bool drawn = byte > ' ' && byte <= '~';

	if (drawn && run->line_ended)
		text_clear(&run->complaint);
	if (drawn)
		run->line_ended = false;
	if (byte == '\n')
		run->line_ended = true;
	else if (drawn || (!run->line_ended && run->complaint.length > 0))
		text_char(&run->complaint, drawn ? byte : ' ');
}

/* Reads its standard error, so that it never blocks on a full pipe. */
static void
listen(struct run *run)
{
	char bytes[1024];
	ssize_t got;

	while ((got = read(run->complains, bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < got; i++)
			hear(run, bytes[i]);
}

/* *lost is an errno: it has ended, but another thread or the system (SIGCHLD ignored) took its status. */
static bool
has_ended(struct run *run, int64_t wait_ms, int stop, int *status, int *lost)
{
	int64_t until = clock_ticks() + wait_ms * 1000;
	struct pollfd told = { .fd = stop, .events = POLLIN };

	*lost = 0;
	for (;;) {
		pid_t ended = waitpid(run->pid, status, WNOHANG);

		if (ended < 0 && errno != EINTR)
			*lost = errno;
		listen(run);
		if (ended > 0 || *lost != 0)
			return true;
		if (clock_ticks() >= until || poll(&told, 1, LOOK_MS) == 1)
			return false;
	}
}

static bool
judge(const struct run *run, const char *command, int status, int lost, struct fault *why)
{
	const char *complaint = run->complaint.bytes;

	if (lost != 0)
		return fault_set(why, "'%.100s' ended, but its status is lost: %s", command, strerror(lost));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFSIGNALED(status))
		return fault_set(why, "'%.100s' was killed by signal %d%s%s", command, WTERMSIG(status),
		    complaint[0] == '\0' ? "" : ": ", complaint);
	return fault_set(why, "'%.100s' exited with status %d%s%s", command, WEXITSTATUS(status),
	    complaint[0] == '\0' ? "" : ": ", complaint);
}

bool
subprocess_run(const struct subprocess *process, int stop, struct fault *why)
{
	struct run run;
	int status = 0, lost;
	bool done;

	if (!begin(&run, process, why))
		return false;
	if (has_ended(&run, process->seconds * 1000, stop, &status, &lost)) {
		done = judge(&run, process->name, status, lost, why);
	} else {
		kill(-run.pid, SIGTERM);
		if (!has_ended(&run, MERCY_MS, -1, &status, &lost)) {
			kill(-run.pid, SIGKILL);
			waitpid(run.pid, &status, 0);
		}
		done = fault_set(why, "'%.100s' had not finished after %lld second%s and was killed%s%s", process->name,
		    (long long)process->seconds, text_s((size_t)process->seconds),
		    run.complaint.length == 0 ? "" : ": ", run.complaint.bytes);
	}
	close(run.complains);
	text_close(&run.complaint);
	return done;
}

bool
subprocess_run_shell(const char *line, int64_t seconds, int stop, struct fault *why)
{
	const char *const words[] = { "/bin/sh", "-c", line, NULL };
	const struct subprocess process = { words, NULL, line, seconds };

	return subprocess_run(&process, stop, why);
}
