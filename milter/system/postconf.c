#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/system/postconf.h"

enum { ARGUMENTS_MAX = 16 };

static enum postconf_answer
failed(int error, struct fault *why)
{
	if (error == ENOENT)
		fault_set(why, "postconf: Postfix is not installed on this host");
	else
		fault_set(why, "postconf: %s", strerror(error));
	return error == ENOENT ? POSTCONF_ABSENT : POSTCONF_FAILED;
}

static int
spawn(char **arguments, int writes, bool quiet, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int error;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, writes, 1);
	if (quiet)
		posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	error = posix_spawnp(pid, arguments[0], &files, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

static void
read_all(int end, struct text *out)
{
	char piece[4096];
	ssize_t got;

	while ((got = read(end, piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR))
		if (got > 0)
			text_add(out, piece, (size_t)got);
	text_char(out, '\n');
}

static enum postconf_answer
run(char **arguments, bool quiet, struct text *out, struct fault *why)
{
	int ends[2], error, ended = -1; /* -1: no status, which counts as failure */
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return failed(errno, why);
	error = spawn(arguments, ends[1], quiet, &pid);
	close(ends[1]);
	if (error == 0)
		read_all(ends[0], out);
	close(ends[0]);
	if (error != 0)
		return failed(error, why);
	while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
		continue;
	if (!out->cut && memchr(out->bytes, '\0', out->length) == NULL && WIFEXITED(ended) && WEXITSTATUS(ended) == 0)
		return POSTCONF_SAID;
	fault_set(why, quiet ? "failed; run it to see why" : "failed; its messages are above");
	return POSTCONF_FAILED;
}

static enum postconf_answer
ask(const char *folder, const char *const *words, bool quiet, struct text *out, struct fault *why)
{
	char *arguments[ARGUMENTS_MAX] = { (char *)"postconf" };
	size_t count = 1;

	if (folder != NULL) {
		arguments[count++] = (char *)"-c";
		arguments[count++] = (char *)folder;
	}
	while (*words != NULL && count < ARGUMENTS_MAX - 1)
		arguments[count++] = (char *)*words++;
	return run(arguments, quiet, out, why);
}

/* Debian installs it outside of an ordinary user's PATH. */
static bool
widen_path(void)
{
	const char *path = getenv("PATH");
	char *wider = NULL;
	bool done;

	if (asprintf(&wider, "%s:/usr/sbin:/usr/local/sbin", path == NULL ? "/usr/bin:/bin" : path) < 0)
		return false;
	done = setenv("PATH", wider, 1) == 0;
	free(wider);
	return done;
}

enum postconf_answer
postconf_ask(const char *folder, bool quiet, struct text *out, struct fault *why)
{
	static const char *const set[] = { "-n", NULL }, *const services[] = { "-M", NULL };
	static const char *const others[] = { "-x", "mail_version", "queue_directory", "compatibility_level",
		"smtpd_forbid_bare_newline", "mynetworks", "default_process_limit", "milter_macro_daemon_name", NULL };
	enum postconf_answer answer;

	if (!widen_path())
		return failed(ENOMEM, why);
	answer = ask(folder, set, quiet, out, why);
	if (answer == POSTCONF_SAID)
		answer = ask(folder, services, quiet, out, why);
	return answer == POSTCONF_SAID ? ask(folder, others, quiet, out, why) : answer;
}
