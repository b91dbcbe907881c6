/*
 * log_backlog_t.c - lines that a log does not take for a fault, and not for want of room, are kept, too, and offered by the clock.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "milter/system/log_backlog.h"
#include "milter/system/log_socket.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { LINE = 7000, ROOM = 64 * 1024, PATH_SIZE = 100 };

static char folder[] = "/tmp/log_backlog_t.XXXXXX";
static struct sockaddr_un ours = { .sun_family = AF_UNIX };
static unsigned watched; /* descriptors that the last poll looked at */
static int kept_stderr;

int __real_connect(int fd, const struct sockaddr *at, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t length);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

int
__wrap_connect(int fd, const struct sockaddr *at, socklen_t length)
{
	(void)at, (void)length;
	return __real_connect(fd, (const struct sockaddr *)&ours, sizeof ours);
}

int
__wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	watched = 0;
	for (nfds_t i = 0; i < count; i++)
		watched += fds[i].fd >= 0;
	return __real_poll(fds, count, timeout);
}

/* ---- a log, and standard error, of the test's own ---- */

static const char *
in_folder(char path[PATH_SIZE], const char *name)
{
	snprintf(path, PATH_SIZE, "%s/%s", folder, name);
	return path;
}

static int
host_open(const char *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	in_folder(ours.sun_path, name);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&ours, sizeof ours) != 0)
		abort();
	return fd;
}

static size_t
lines_at(int host, const char *words)
{
	char line[ROOM];
	size_t count = 0;
	ssize_t length;

	while ((length = recv(host, line, sizeof line - 1, MSG_DONTWAIT)) > 0) {
		line[length] = '\0';
		count += strstr(line, words) != NULL;
	}
	return count;
}

static struct log_backlog *
open_on(int stderr_file)
{
	struct log_backlog *log = log_backlog_open(true);

	fflush(stderr);
	if (log == NULL || stderr_file < 0 || dup2(stderr_file, STDERR_FILENO) < 0)
		abort();
	return log;
}

static void
close_on(struct log_backlog *log, size_t dropped)
{
	log_backlog_close(log, LOG_MAIL | LOG_WARNING, dropped);
	dup2(kept_stderr, STDERR_FILENO);
}

static bool
put(struct log_backlog *log, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	return log_backlog_put(log, LOG_MAIL | LOG_INFO, copy);
}

static struct log_backlog_state
look(const struct log_backlog *log)
{
	struct log_backlog_state state;

	log_backlog_look(log, &state);
	return state;
}

/* ---- standard error that fails ---- */

static const char *
long_line(char letter)
{
	static char line[LINE + 1];

	memset(line, letter, LINE);
	return line;
}

static int
full_disk(void)
{
	return open("/dev/full", O_WRONLY | O_CLOEXEC);
}

static int
lost_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), file = -1;

	if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
		file = open(ptsname(master), O_WRONLY | O_NOCTTY | O_CLOEXEC);
	close(master);
	return file;
}

static int
pipe_without_reader(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		abort();
	close(ends[0]);
	return ends[1];
}

static const struct {
	const char *what;
	int (*make)(void);
	int error;
} failing[] = {
	{ "a full disk", full_disk, ENOSPC },
	{ "a terminal that is gone", lost_terminal, EIO },
	{ "a pipe that nobody will read", pipe_without_reader, EPIPE },
};

static void
failing_keeps_lines(size_t row)
{
	char name[PATH_SIZE], wanted[128];
	int file = failing[row].make(), host, sound;
	struct log_backlog *log;
	struct log_backlog_state state;

	snprintf(name, sizeof name, "host.%zu", row);
	host = host_open(name);
	log = open_on(file);
	snprintf(wanted, sizeof wanted, "standard error takes no lines (%s)", strerror(failing[row].error));
	ok(put(log, "first") && put(log, "second"), "%s: lines that standard error does not take are kept",
	    failing[row].what);
	state = look(log);
	ok(state.held == 2 && state.stuck_since != 0, "both, and it is told since when");
	is(state.trouble, wanted, "and why");
	is_number((long long)lines_at(host, "]: "), 2, "the host's log has them meanwhile");
	log_backlog_wait(log);
	is_number(watched, 0, "what fails is asked again by the clock");
	sound = open(in_folder(name, "sound"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (dup2(sound, STDERR_FILENO) < 0)
		abort();
	log_backlog_try(log);
	state = look(log);
	ok(state.held == 0 && state.trouble[0] == '\0', "when it takes lines again it gets them");
	close_on(log, 0);
	is_number(lseek(sound, 0, SEEK_END), (long long)strlen("greenlaned: first\ngreenlaned: second\n"), "each once");
	close(file);
	close(sound);
	close(host);
}

/* The end of a file's room, as of a disk's, is within a line. Nothing is printed while it is in force. */
static void
half_a_line_stands_alone(void)
{
	char path[PATH_SIZE], got[ROOM] = "", wanted[ROOM];
	int file = open(in_folder(path, "half"), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
	    host = host_open("host.half");
	struct log_backlog *log = open_on(file);
	struct log_backlog_state state;
	struct rlimit kept, small;
	bool held;

	getrlimit(RLIMIT_FSIZE, &kept);
	small = (struct rlimit){ 1000, kept.rlim_max };
	setrlimit(RLIMIT_FSIZE, &small);
	held = put(log, long_line('a'));
	state = look(log);
	setrlimit(RLIMIT_FSIZE, &kept);
	ok(held && state.held == 1, "a line of which a part is on disk is kept");
	log_backlog_try(log);
	close_on(log, 0);
	snprintf(wanted, sizeof wanted, "greenlaned: %.988s\ngreenlaned: %s\n", long_line('a'), long_line('a'));
	ok(pread(file, got, sizeof got - 1, 0) > 0 && strcmp(got, wanted) == 0,
	    "and written whole later, on a line of its own");
	close(file);
	close(host);
}

/* One page of room: the rest of a line finds none. */
static void
pipe_that_is_not_read(void)
{
	char got[ROOM] = "";
	int ends[2], host = host_open("host.pipe");
	struct log_backlog *log;
	ssize_t length;

	if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[1], F_SETPIPE_SZ, 4096) < 0)
		abort();
	log = open_on(ends[1]);
	ok(put(log, long_line('b')) && look(log).held == 1, "a line of which a part is in the pipe is kept");
	is(look(log).trouble, "standard error takes no lines", "and the state tells");
	length = read(ends[0], got, sizeof got);
	fcntl(ends[1], F_SETPIPE_SZ, ROOM);
	log_backlog_try(log);
	ok(length > 0 &&
		read(ends[0], &got[length], sizeof got - (size_t)length) == LINE + (ssize_t)strlen("\ngreenlaned: \n") &&
		strncmp(&got[length], "\ngreenlaned: bbb", 15) == 0,
	    "and written whole when it is read, on a line of its own");
	close_on(log, 0);
	close(ends[0]);
	close(ends[1]);
	close(host);
}

/* ---- the end, and a host without a log ---- */

static void
what_is_lost_is_said(void)
{
	int file = full_disk(), host = host_open("host.end");
	struct log_backlog *log = open_on(file);

	ok(put(log, "last words") && put(log, "and more"), "(lines are kept)");
	close_on(log, 40);
	is_number((long long)lines_at(host,
		      "42 log lines were dropped: standard error takes no lines (No space left on device)"),
	    1, "at the end the log that works is told how many the other did not get");
	close(file);
	close(host);
}

static void
nobody_is_asked_by_the_clock(void)
{
	struct log_backlog *log;

	in_folder(ours.sun_path, "nobody");
	log = log_backlog_open(false);
	if (log == NULL)
		abort();
	ok(put(log, "anybody?"), "where nobody listens a line is kept");
	log_backlog_wait(log);
	is_number(watched, 0, "and the socket that is there for it, which has room, wakes nobody");
	log_backlog_close(log, LOG_MAIL | LOG_WARNING, 0);
}

int
main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	kept_stderr = dup(STDERR_FILENO);
	if (!scratch_make(folder) || kept_stderr < 0)
		abort();
	for (size_t i = 0; i < sizeof failing / sizeof failing[0]; i++)
		failing_keeps_lines(i);
	half_a_line_stands_alone();
	pipe_that_is_not_read();
	what_is_lost_is_said();
	nobody_is_asked_by_the_clock();
	return done();
}
