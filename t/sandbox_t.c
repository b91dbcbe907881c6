#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/system/commands.h"
#include "milter/system/sandbox.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

/* At its end the address sanitizer looks for leaks by /proc, which is outside the sandbox by then. Asks for it: sanitizer/lsan_interface.h */
int __lsan_is_turned_off(void);
int
__lsan_is_turned_off(void)
{
	return 1;
}

static char world[] = "/tmp/greenlane-sandbox.XXXXXX";

static const char *
at(const char *name)
{
	static char paths[8][200];
	static unsigned used;
	char *path = paths[used++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s", world, name);
	return path;
}

/* The errno of opening it so; 0: it can be. */
static int
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int
error_of(int result)
{
	return result == 0 ? 0 : errno;
}

static int
binds(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	error = error_of(bind(fd, (struct sockaddr *)&address, sizeof address));
	close(fd);
	return error;
}

static int
binds_tcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	error = error_of(bind(fd, (struct sockaddr *)&address, sizeof address));
	close(fd);
	return error;
}

/* ---- commands, which are outside ---- */

#define REMOVE "rmdir read.new 2>/dev/null; rm -r read && mv gone read && rmdir sockets"
#define REPLACE "mv read gone && mkdir read && touch read/file"

enum { OPEN_COMMANDS = 6 }; /* that open_commands has */

static atomic_bool ends;

static void
check_commands(struct commands *commands)
{
	static const struct command_values values = { "slug", "ill", "a text" };
	struct fault why = { .text = "" };

	ok(commands_run(commands, COMMAND_EXPORT, "cat \"$PWD\"/outside/secret > made && test -s made", NULL, &ends, &why),
	    "a command that was configured at the start runs outside the sandbox") ||
	    (note("%s", why.text), 0);
	ok(commands_run(commands, COMMAND_ALERT,
	       "/bin/sh -c 'test \"$GREENLANE_ALERT/$GREENLANE_STATE/$GREENLANE_TEXT\" = \"slug/ill/a text\"'", &values,
	       &ends, &why),
	    "alert.command has its variables") ||
	    (note("%s", why.text), 0);
	ok(!commands_run(commands, COMMAND_EXPORT, "echo a line that is new", NULL, &ends, &why), "another is not run");
	is(why.text,
	    "'echo a line that is new' is new since the start, and not run: commands need a restart of greenlaned",
	    "and why says what helps");
	ok(!commands_know(commands, COMMAND_ALERT, "exit 3", &why), "nor is an export's as alert.command");
	ok(!commands_run(commands, COMMAND_EXPORT, "exit 3", NULL, &ends, &why), "one that fails");
	is(why.text, "'exit 3' exited with status 3", "says why");
	ends = true;
	ok(!commands_run(commands, COMMAND_EXPORT, "exec sleep 10000", NULL, &ends, &why),
	    "one is killed when the caller stops"); /* sleeps: it does not */
	ends = false;
	ok(!commands_know(NULL, COMMAND_EXPORT, "exit 3", &why), "without a helper every command is new");
}

/* Of the helper's socket: what is opened next has the number of the one that was closed. */
static int helper;

/* What whoever takes the daemon over could send: a request of that size, and where the reply goes. The length of the reply;
 * 0: none came, for the request was not obeyed. */
static ssize_t
reply_to(const void *request, size_t size)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = { .bytes = "" };
	struct iovec whole = { (void *)(uintptr_t)request, size };
	struct msghdr message = { .msg_iov = &whole,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	int pair[2];
	char reply[4096];
	ssize_t got = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	control.aligned = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.aligned), &pair[1], sizeof(int));
	if (sendmsg(helper, &message, MSG_NOSIGNAL) == (ssize_t)size) {
		close(pair[1]);
		got = recv(pair[0], reply, sizeof reply, 0);
	}
	close(pair[0]);
	return got;
}

/* The helper of commands.c, by what it is sent: a number, and three values of variables. */
static void
check_helper(void)
{
	struct {
		uint32_t number;
		char values[COMMAND_VALUES][COMMAND_VALUE_MAX];
	} request = { .number = 2 };

	ok(reply_to(&request, sizeof request) > 0, "the helper runs the command of a number, and replies");
	request.number = OPEN_COMMANDS;
	is_number(reply_to(&request, sizeof request), 0, "it has no command of a number beyond");
	request.number = UINT32_MAX;
	is_number(reply_to(&request, sizeof request), 0, "nor of any");
	request.number = 0;
	is_number(reply_to(&request, sizeof request - 1), 0, "a request that is shorter is none");
	memset(request.values, 'x', sizeof request.values);
	ok(reply_to(&request, sizeof request) > 0, "values without an end are given one");
}

static struct commands *
open_commands(void)
{
	static const struct export_job jobs[] = {
		{ .command = "cat \"$PWD\"/outside/secret > made && test -s made", .file = "/x" },
		{ .command = "exit 3", .file = "/x" },
		{ .command = "exec sleep 10000", .file = "/x" }, /* sleeps: it is killed */
		{ .command = REPLACE, .file = "/x" },
		{ .command = REMOVE, .file = "/x" },
		{ .command = "", .file = "/x" },
	};
	struct policy policy = { .exports = jobs, .export_count = sizeof jobs / sizeof jobs[0] };
	struct fault why;

	helper = dup(STDIN_FILENO);
	close(helper);
	policy.settings.alert.command =
	    "/bin/sh -c 'test \"$GREENLANE_ALERT/$GREENLANE_STATE/$GREENLANE_TEXT\" = \"slug/ill/a text\"'";
	return commands_open(&policy, &why);
}

static void
check_warnings(const struct commands *commands)
{
	static const struct export_job jobs[] = { { .command = "exit 3", .file = "/x" },
		{ .command = "new", .file = "/y" } };
	struct policy policy = { .exports = jobs, .export_count = 2 };
	struct faults *faults = faults_open();

	policy.settings.alert.command = "/new";
	commands_warn(commands, &policy, faults);
	is_number((long long)faults->warnings, 2, "each command of a new policy that is not known is a warning");
	is(faults->list[0].fault.text,
	    "alert.command: '/new' is new since the start, and not run: commands need a restart of greenlaned",
	    "alert.command");
	is(faults->list[1].fault.text,
	    "the command of export /y: 'new' is new since the start, and not run: commands need a restart of greenlaned",
	    "and that of an export");
	faults_close(faults);
}

/* ---- a thread that runs already ---- */

static void *
wait_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* A row that nothing proves where the kernel has no Landlock, or an older one. */
static void
pass_over(const char *rows)
{
	ok(true, "%s # SKIP %s", rows, sandbox_words());
}

/* Is there a Landlock? Asked in a child, for a sandbox is for ever. */
static bool
has_landlock(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		sandbox_enter(NULL, 0, false);
		_exit(sandbox_abi() > 0 ? 0 : 1);
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

/* In a child: a sandbox is for ever. */
static void
check_late(void)
{
	const struct sandbox_path paths[] = { { "state_dir", world, false, SANDBOX_WRITE } };
	bool landlock = has_landlock(); /* without it that is what is said */
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, wait_on, NULL) != 0)
			_exit(9);
		sandbox_enter(paths, 1, false);
		_exit(strncmp(sandbox_words(), "none: ", 6) == 0 && sandbox_abi() == 0 &&
			    (!landlock || strcmp(sandbox_words(), "none: threads run already") == 0)
			? 0
			: 1);
	}
	ok(waitpid(child, &status, 0) == child && status == 0, "where a thread runs already it is not entered, and said");
	child = fork();
	if (child == 0) {
		sandbox_enter(paths, 1, true);
		_exit(strcmp(sandbox_words(), "off") == 0 && sandbox_abi() == 0 &&
			    opens(at("outside/secret"), O_RDONLY) == 0
			? 0
			: 1);
	}
	ok(waitpid(child, &status, 0) == child && status == 0, "\"off\" is off, and said");
}

/* ---- inside ---- */

static void
check_files(const char *who)
{
	is_number(opens(at("read/file"), O_RDONLY), 0, "%s: what is read is read", who);
	is_number(opens(at("read/file"), O_WRONLY), EACCES, "%s: but not written", who);
	is_number(opens(at("read/new"), O_WRONLY | O_CREAT), EACCES, "%s: nothing is made there", who);
	is_number(opens(at("outside/secret"), O_RDONLY), EACCES, "%s: another file is not read", who);
	is_number(opens(at("outside"), O_RDONLY | O_DIRECTORY), EACCES, "%s: nor another directory", who);
	is_number(opens(at("outside/new"), O_WRONLY | O_CREAT), EACCES, "%s: and nothing is made there", who);
	is_number(opens(at("link"), O_RDONLY), EACCES, "%s: nor through a link", who);
	is_number(opens(at("state/new"), O_RDWR | O_CREAT), 0, "%s: where it may write it makes files", who);
	is_number(opens(at("state/new"), O_RDWR | O_TRUNC), 0, "%s: cuts them", who);
	is_number(error_of(rename(at("state/new"), at("state/newer"))), 0, "%s: renames them", who);
	is_number(error_of(mkdir(at("state/folder"), 0700)), 0, "%s: makes directories", who);
	is_number(error_of(rmdir(at("state/folder"))), 0, "%s: removes them", who);
	is_number(error_of(unlink(at("state/newer"))), 0, "%s: and files", who);
	is_number(error_of(rename(at("state/kept"), at("outside/kept"))), EACCES, "%s: but moves nothing out", who);
	is_number(binds(at("state/socket")), EACCES, "%s: makes no socket there", who);
	is_number(binds(at("sockets/socket")), 0, "%s: but where sockets are", who);
	is_number(error_of(unlink(at("sockets/socket"))), 0, "%s: which it may put back", who);
	is_number(opens("/dev/null", O_RDWR), 0, "%s: a file that was given", who);
	is_number(opens("/etc/passwd", O_RDONLY), 0, "%s: a file below a directory that was given", who);
}

static void *
check_in_thread(void *unused)
{
	check_files("a thread");
	return unused;
}

/* The child would not be restricted less. */
static void
check_programs(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(errno == EACCES ? 77 : 1);
	}
	is_number(opens("/bin/true", O_RDONLY), 0, "a program may be read");
	ok(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 77, "but none is run");
}

static bool
covers(const char *name, bool above, enum sandbox_kind kind)
{
	const struct sandbox_path path = { "log.record", at(name), above, kind };

	return sandbox_covers(&path);
}

static void
check_coverage(void)
{
	struct fault why = { .text = "" };

	ok(covers("state", false, SANDBOX_WRITE) && covers("state/a/b/c", false, SANDBOX_WRITE) &&
		covers("state/file", true, SANDBOX_WRITE),
	    "a directory is covered, and all below it, there or not");
	ok(covers("sockets", false, SANDBOX_WRITE) && !covers("state", false, SANDBOX_SOCKET), "more covers less");
	ok(!covers("read/file", true, SANDBOX_WRITE) && covers("read/file", true, SANDBOX_READ), "reading is not writing");
	ok(!covers("outside/x", true, SANDBOX_READ) && !covers("link", false, SANDBOX_READ),
	    "other paths are not, nor links to them");
	ok(covers("later/vendors", false, SANDBOX_READ), "a directory that is read may come later");
	ok(!covers("no/record", true, SANDBOX_WRITE), "one that is written may not");
	is(sandbox_hint(at("outside/secret"), SANDBOX_READ),
	    "; it is outside the sandbox of this start: restart greenlaned", "of a path outside it is said what helps");
	is(sandbox_hint(at("read/file"), SANDBOX_READ), "", "of others nothing");
	ok(!sandbox_is_lost(&why), "all directories are those of the start");
}

/* Landlock knows directories by what they are: a new one of the same name is outside. */
static void
check_lost(struct commands *commands)
{
	struct fault why = { .text = "" };
	char wanted[300];

	ok(commands_run(commands, COMMAND_EXPORT, REPLACE, NULL, &ends, &why), "a directory is replaced") ||
	    (note("%s", why.text), 0);
	is_number(opens(at("read/file"), O_RDONLY), EACCES, "the new one is outside");
	ok(sandbox_is_lost(&why), "that is noticed");
	snprintf(wanted, sizeof wanted, "vendor_path: %s is another one than at the start, and outside of the sandbox",
	    at("read"));
	is(why.text, wanted, "and named");
	ok(!covers("read", false, SANDBOX_READ), "it is not covered any more");
	ok(commands_run(commands, COMMAND_EXPORT, REMOVE, NULL, &ends, &why) && sandbox_is_lost(&why),
	    "one to write is removed");
	snprintf(wanted, sizeof wanted, "milter: %s is not there any more, and outside of the sandbox", at("sockets"));
	is(why.text, wanted, "which is named, too");
}

static void
make_world(void)
{
	char line[1000];

	if (!scratch_make(world) || chdir(world) != 0)
		abort();
	snprintf(line, sizeof line,
	    "mkdir read state sockets outside && echo secret > outside/secret && echo file > read/file && "
	    "touch state/kept && ln -s outside/secret link && mkdir no later");
	if (system(line) != 0)
		abort();
}

static void
enter(void)
{
	const struct sandbox_path paths[] = {
		{ "vendor_path", at("read"), false, SANDBOX_READ },
		{ "vendor_path", at("later/vendors/of/all"), false, SANDBOX_READ },
		{ "state_dir", at("state"), false, SANDBOX_WRITE },
		{ "milter", at("sockets/milter.sock"), true, SANDBOX_SOCKET },
		{ "greylist.store", at("no/greylist"), false, SANDBOX_WRITE },
		{ "", "/etc", false, SANDBOX_READ },
		{ "", "/bin", false, SANDBOX_READ },
		{ "", "/lib", false, SANDBOX_READ },
		{ "", "/lib64", false, SANDBOX_READ },
		{ "", "/usr", false, SANDBOX_READ },
		{ "", "/nowhere/at/all", false, SANDBOX_READ },
		{ "", "/dev/null", false, SANDBOX_WRITE },
	};

	sandbox_enter(paths, sizeof paths / sizeof paths[0], false);
}

static void
check_inside(struct commands *commands)
{
	pthread_t thread;

	check_files("main");
	if (pthread_create(&thread, NULL, check_in_thread, NULL) == 0)
		pthread_join(thread, NULL);
	check_programs();
	check_coverage();
	check_lost(commands);
}

/* ---- a kernel without Landlock: this very test, under a filter of system calls that answers as one does ---- */

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

static bool
take_landlock(int error)
{
	struct sock_filter rows[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog filter = { sizeof rows / sizeof rows[0], rows };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* What it printed there: at most as much as there is room for. */
static void
run_without(int error, char *out, size_t size)
{
	enum { NO_FILTER = 99 };
	int pair[2], status = 0;
	size_t length = 0;
	ssize_t got = 1;
	pid_t child = pipe(pair) == 0 ? fork() : -1;

	if (child == 0) {
		dup2(pair[1], STDOUT_FILENO);
		if (take_landlock(error))
			execl("/proc/self/exe", "sandbox_t", "without", (char *)NULL);
		_exit(NO_FILTER);
	}
	close(pair[1]);
	while (got > 0 && length < size - 1) {
		got = read(pair[0], out + length, size - 1 - length);
		length += got > 0 ? (size_t)got : 0;
	}
	out[length] = '\0';
	close(pair[0]);
	if (waitpid(child, &status, 0) != child || status != 0)
		snprintf(out, size, "it ended with status %d", WEXITSTATUS(status));
}

static void
check_without(int error, const char *words)
{
	char out[32 * 1024], row[200];

	run_without(error, out, sizeof out);
	snprintf(row, sizeof row, "# SKIP %s", words);
	ok(strstr(out, "not ok ") == NULL && strstr(out, "\n1..") != NULL, "a kernel that answers %s: nothing fails",
	    strerror(error)) ||
	    (note("%s", out), 0);
	ok(strstr(out, row) != NULL, "rows are passed over: %s", words);
}

int
main(int count, char **words)
{
	struct commands *commands;

	(void)words;
	alarm(300); /* ends a test that hangs */
	if (count == 1) {
		check_without(ENOSYS, "none: the kernel has no Landlock");
		check_without(EOPNOTSUPP, "none: Landlock is switched off in the kernel (lsm=)");
		check_without(EPERM, "none: a filter of system calls forbids Landlock");
	}
	make_world();
	check_late();
	commands = open_commands();
	enter();
	note("sandbox: %s", sandbox_words());
	check_commands(commands);
	check_helper();
	check_warnings(commands);
	if (sandbox_abi() >= 3)
		check_inside(commands);
	else
		pass_over("files, programs and directories that are replaced");
	if (sandbox_abi() >= 4)
		is_number(binds_tcp(), EACCES, "no port is opened");
	else
		pass_over("no port is opened");
	commands_close(commands);
	return done();
}
