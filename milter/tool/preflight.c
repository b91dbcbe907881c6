#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/tool/preflight_parts.h"

/* Who can try it. */
enum by { BY_ANYBODY, BY_STARTER /* root, or the user itself */, BY_USER };

static const struct trial {
	const char *what; /* for "not tried" */
	enum by by;
	void (*try)(struct trials *);
} table[] = {
	{ "the groups of the sockets", BY_ANYBODY, try_groups },
	{ "addresses open to all", BY_ANYBODY, try_open_addresses },
	{ "the directories", BY_STARTER, try_folders },
	{ "sockets and ports", BY_STARTER, try_listeners },
	{ "Postfix", BY_ANYBODY, try_postfix },
	{ "the sandbox", BY_ANYBODY, try_sandbox },
	{ "the files that a reload reads", BY_USER, try_configuration },
	{ "state_dir", BY_USER, try_state_dir },
	{ "the directories of sockets", BY_USER, try_socket_folders },
	{ "missing directories", BY_USER, try_missing_folders },
	{ "log.record", BY_USER, try_record },
	{ "log.privacy", BY_USER, try_privacy },
	{ "exports", BY_USER, try_exports },
	{ "alert.command", BY_USER, try_alert_command },
	{ "greylist.store", BY_USER, try_store },
	{ "the resolver", BY_USER, try_dns },
};

void
trials_leave(struct trials *trials, const char *fmt, ...)
{
	char *out = trials->out->untried;
	size_t length = strlen(out), room = sizeof trials->out->untried - length;
	va_list args;

	if (length > 0)
		length += (size_t)snprintf(out + length, room, ", ");
	if (length >= sizeof trials->out->untried)
		return;
	va_start(args, fmt);
	vsnprintf(out + length, sizeof trials->out->untried - length, fmt, args);
	va_end(args);
}

void
trials_add(struct trials *trials, enum fault_level level, const struct fault *fault)
{
	faults_add(&trials->out->faults, level, fault);
}

/* ---- who tries ---- */

static void
find_caller(struct trials *trials)
{
	struct fault why;

	trials->account_known = account_named(trials->policy->settings.user, &trials->account, &why);
	if (!trials->account_known)
		trials_add(trials, FAULT_ERROR, &why);
	trials->caller = geteuid() == 0 ? CALLER_ROOT
	    : trials->account_known && trials->account.uid == geteuid()
	    ? CALLER_USER
	    : CALLER_STRANGER;
}

static void
find_daemon(struct trials *trials)
{
	struct fault why;
	char lock[PATH_MAX];

	snprintf(lock, sizeof lock, "%s/lock", trials->policy->settings.state_dir);
	trials->held = lock_look(lock, &why) == LOCK_HELD;
}

static void
run_those(struct trials *trials, enum by by)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (table[i].by != by)
			continue;
		if (by == BY_ANYBODY || trials->caller != CALLER_STRANGER)
			table[i].try(trials);
		else
			trials_leave(trials, "%s", table[i].what);
	}
}

/* ---- the user's ---- */

static void
become_and_run(struct trials *trials)
{
	struct fault why;

	if (account_become(&trials->account, &why))
		run_those(trials, BY_USER);
	else
		trials_add(trials, FAULT_ERROR, &why);
	_exit(0);
}

/* A store that kills who maps it kills the child alone. */
static void
run_as_user(struct trials *trials)
{
	int status = 0;
	pid_t child;
	struct fault why;

	fflush(NULL);
	child = fork();
	if (child == 0)
		become_and_run(trials);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (child < 0)
		fault_set(&why, "what greenlaned does as %s could not be tried: %s", trials->account.name,
		    strerror(errno));
	else if (status != 0)
		fault_set(&why, "what greenlaned does as %s could not be tried to its end: signal %d",
		    trials->account.name, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	if (child < 0 || status != 0)
		trials_add(trials, FAULT_ERROR, &why);
}

struct preflight *
preflight_run(const char *config, const struct policy *policy, const struct faults *loaded)
{
	struct preflight *out = mmap(NULL, sizeof *out, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct trials trials = { .config = config, .policy = policy, .loaded = loaded, .out = out };

	if (out == MAP_FAILED)
		return NULL;
	find_caller(&trials);
	find_daemon(&trials);
	if (trials.account_known)
		run_those(&trials, BY_STARTER);
	if (trials.account_known && trials.caller == CALLER_STRANGER)
		run_those(&trials, BY_USER);
	else if (trials.account_known)
		run_as_user(&trials);
	run_those(&trials, BY_ANYBODY);
	return out;
}

void
preflight_close(struct preflight *preflight)
{
	if (preflight != NULL)
		munmap(preflight, sizeof *preflight);
}
