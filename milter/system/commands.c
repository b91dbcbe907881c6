#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/commands.h"
#include "milter/system/subprocess.h"
#include "policy/config/policy_value.h"
#include "policy/util/words.h"

enum {
	RUN_SECONDS = 30,
	LOOK_MS = 50,       /* between two checks of *ends */
	GRACE_SECONDS = 10, /* for the helper to kill what takes too long, and say so */
	KNOWN_MAX = EXPORTS_MAX + 1,
	SOCKET = 3 /* the helper's only descriptor beside the standard ones */
};

struct known {
	enum command_kind kind;
	char line[VALUE_COMMAND_MAX + 1];
};

struct commands {
	struct known known[KNOWN_MAX];
	size_t count;
	int helper; /* our end of the socket; -1: there is no helper */
};

/* One message each. Strings end with a NUL. */
struct request {
	uint32_t number;
	char values[COMMAND_VALUES][COMMAND_VALUE_MAX];
};
struct reply {
	bool done;
	char text[sizeof((struct fault *)0)->text];
};

/* ---- the helper: one runs, the others wait for nobody ---- */

/* A shell for exports; alert.command's words are what they are. */
static bool
run_known(const struct known *known, const struct request *request, int stop, struct fault *why)
{
	static const char *const names[COMMAND_VALUES] = { "GREENLANE_ALERT", "GREENLANE_STATE", "GREENLANE_TEXT" };
	char line[VALUE_COMMAND_MAX + 1], *words[WORDS_MAX + 1], variables[COMMAND_VALUES][COMMAND_VALUE_MAX + 32];
	const char *environment[COMMAND_VALUES + 1] = { NULL };
	struct subprocess process = { (const char *const *)words, environment, NULL, RUN_SECONDS };

	if (known->kind == COMMAND_EXPORT)
		return subprocess_run_shell(known->line, RUN_SECONDS, stop, why);
	for (size_t i = 0; i < COMMAND_VALUES; i++) {
		snprintf(variables[i], sizeof variables[i], "%s=%s", names[i], request->values[i]);
		environment[i] = variables[i];
	}
	memcpy(line, known->line, sizeof line);
	if (!words_cut(line, words) || words[0] == NULL)
		return fault_set(why, "it has no words");
	process.name = words[0];
	return subprocess_run(&process, stop, why);
}

/* When the daemon closes its end, nobody wants it any more. */
static void
run_and_reply(const struct known *known, const struct request *request, int peer)
{
	struct fault why = { .text = "" };
	struct reply reply = { .done = false };

	signal(SIGCHLD, SIG_DFL);
	reply.done = run_known(known, request, peer, &why);
	snprintf(reply.text, sizeof reply.text, "%s", why.text);
	(void)send(peer, &reply, sizeof reply, MSG_NOSIGNAL);
	_exit(0);
}

/* *peer: where the reply goes; -1: the request is none of ours. False: the daemon has ended. */
static bool
await_request(struct request *request, int *peer)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control;
	struct iovec whole = { request, sizeof *request };
	struct msghdr message = { .msg_iov = &whole,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	ssize_t got = recvmsg(SOCKET, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = got <= 0 ? NULL : CMSG_FIRSTHDR(&message);

	*peer = -1;
	if (header != NULL && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(peer, CMSG_DATA(header), sizeof(int));
	if (got != (ssize_t)sizeof *request && *peer >= 0) {
		close(*peer);
		*peer = -1;
	}
	for (size_t i = 0; *peer >= 0 && i < COMMAND_VALUES; i++)
		request->values[i][COMMAND_VALUE_MAX - 1] = '\0';
	return got > 0 || (got < 0 && errno == EINTR);
}

static void
serve_daemon(const struct commands *commands)
{
	struct request request;
	int peer;

	while (await_request(&request, &peer)) {
		if (peer >= 0 && request.number < commands->count && fork() == 0) {
			close(SOCKET);
			run_and_reply(&commands->known[request.number], &request, peer);
		}
		if (peer >= 0)
			close(peer); /* without a child that is the reply */
	}
}

/* Nothing of the daemon is left open in it. It hears of the daemon's end by the socket, and does not obey what a service
 * manager or a terminal sends to all processes. */
static void
become_helper(const struct commands *commands, int end, pid_t daemon)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_NAME, "greenlaned-run");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < SOCKET; i++)
		dup2(null, i);
	if (getppid() != daemon || null < 0 || dup2(end, SOCKET) < 0)
		_exit(1);
	closefrom(SOCKET + 1);
	fcntl(SOCKET, F_SETFD, FD_CLOEXEC);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* who replies needs no burial */
	serve_daemon(commands);
	_exit(0);
}

/* ---- the daemon ---- */

static struct known *
find(const struct commands *commands, enum command_kind kind, const char *line)
{
	for (size_t i = 0; commands != NULL && i < commands->count; i++)
		if (commands->known[i].kind == kind && strcmp(commands->known[i].line, line) == 0)
			return (struct known *)&commands->known[i];
	return NULL;
}

static void
add(struct commands *commands, enum command_kind kind, const char *line)
{
	struct known *known = &commands->known[commands->count];

	if (line[0] == '\0' || commands->count == KNOWN_MAX || find(commands, kind, line) != NULL)
		return;
	known->kind = kind;
	snprintf(known->line, sizeof known->line, "%s", line);
	commands->count++;
}

static bool
fork_helper(struct commands *commands, struct fault *why)
{
	pid_t daemon = getpid(), helper;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return fault_set(why, "cannot make the socket of the helper that runs commands: %s", strerror(errno));
	helper = fork();
	if (helper == 0)
		become_helper(commands, ends[1], daemon);
	close(ends[1]);
	commands->helper = ends[0];
	return helper > 0 || fault_set(why, "cannot start the helper that runs commands: %s", strerror(errno));
}

struct commands *
commands_open(const struct policy *policy, struct fault *why)
{
	struct commands *commands = calloc(1, sizeof *commands);

	if (commands == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	commands->helper = -1;
	add(commands, COMMAND_ALERT, policy->settings.alert.command);
	for (size_t i = 0; i < policy->export_count; i++)
		add(commands, COMMAND_EXPORT, policy->exports[i].command);
	if (commands->count == 0 || fork_helper(commands, why))
		return commands;
	commands_close(commands);
	return NULL;
}

void
commands_close(struct commands *commands)
{
	if (commands != NULL && commands->helper >= 0)
		close(commands->helper);
	free(commands);
}

bool
commands_know(const struct commands *commands, enum command_kind kind, const char *line, struct fault *why)
{
	return find(commands, kind, line) != NULL ||
	    fault_set(why, "'%.100s' is new since the start, and not run: commands need a restart of greenlaned", line);
}

void
commands_warn(const struct commands *commands, const struct policy *policy, struct faults *faults)
{
	const char *alert = policy->settings.alert.command;
	struct fault why;

	if (alert[0] != '\0' && !commands_know(commands, COMMAND_ALERT, alert, &why))
		faults_warn(faults, "", 0, "alert.command: %s", why.text);
	for (size_t i = 0; i < policy->export_count; i++) {
		const struct export_job *job = &policy->exports[i];

		if (job->command[0] != '\0' && !commands_know(commands, COMMAND_EXPORT, job->command, &why))
			faults_warn(faults, "", 0, "the command of export %.200s: %s", job->file, why.text);
	}
}

/* The other end goes to the helper, which replies there. */
static int
send_request(struct commands *commands, const struct request *request, struct fault *why)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = { .bytes = "" };
	struct iovec whole = { (void *)(uintptr_t)request, sizeof *request };
	struct msghdr message = { .msg_iov = &whole,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	int ends[2];
	bool sent;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		fault_set(why, "cannot ask the helper that runs commands: %s", strerror(errno));
		return -1;
	}
	control.aligned = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.aligned), &ends[1], sizeof(int));
	sent = sendmsg(commands->helper, &message, MSG_NOSIGNAL) == (ssize_t)sizeof *request;
	close(ends[1]);
	if (sent)
		return ends[0];
	close(ends[0]);
	fault_set(why, "the helper that runs commands has ended; restart greenlaned");
	return -1;
}

static bool
await_reply(int peer, const atomic_bool *ends, struct fault *why)
{
	int64_t until = clock_ticks() + (RUN_SECONDS + GRACE_SECONDS) * INT64_C(1000000);
	struct pollfd answered = { .fd = peer, .events = POLLIN };
	struct reply reply;

	while (!*ends && clock_ticks() < until) {
		if (poll(&answered, 1, LOOK_MS) != 1)
			continue;
		if (recv(peer, &reply, sizeof reply, 0) != (ssize_t)sizeof reply)
			return fault_set(why, "the helper that runs commands could not run it");
		reply.text[sizeof reply.text - 1] = '\0';
		return reply.done || fault_set(why, "%s", reply.text);
	}
	return fault_set(why, "the helper that runs commands does not answer");
}

bool
commands_run(struct commands *commands, enum command_kind kind, const char *line, const struct command_values *values,
    const atomic_bool *ends, struct fault *why)
{
	struct request request = { 0 };
	const struct known *known = find(commands, kind, line);
	const char *all[COMMAND_VALUES] = { "", "", "" };
	int peer;
	bool done;

	if (known == NULL)
		return commands_know(commands, kind, line, why);
	if (values != NULL)
		memcpy(all, (const char *[]){ values->alert, values->state, values->text }, sizeof all);
	for (size_t i = 0; i < COMMAND_VALUES; i++)
		snprintf(request.values[i], COMMAND_VALUE_MAX, "%s", all[i]);
	request.number = (uint32_t)(known - commands->known);
	peer = send_request(commands, &request, why);
	if (peer < 0)
		return false;
	done = await_reply(peer, ends, why);
	close(peer);
	return done;
}
