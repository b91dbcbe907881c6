#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/checks/name_servers.h"
#include "milter/peers/listen.h"
#include "milter/state/shadow_files.h"
#include "milter/state/engine.h"
#include "milter/state/export_file.h"
#include "milter/state/start_list.h"
#include "milter/store/lmdb_check.h"
#include "milter/store/store.h"
#include "milter/store/store_aside.h"
#include "milter/store/store_redis.h"
#include "milter/system/files.h"
#include "milter/system/privacy_key.h"
#include "milter/system/record_file.h"
#include "milter/system/subprocess.h"
#include "milter/tool/preflight_parts.h"
#include "policy/config/policy_value.h"
#include "policy/util/words.h"

/* ---- what a reload reads ---- */

static bool
was_loaded(const struct trials *trials, const struct fault *fault)
{
	for (size_t i = 0; i < trials->loaded->kept; i++)
		if (strcmp(trials->loaded->list[i].fault.text, fault->text) == 0 &&
		    strcmp(trials->loaded->list[i].fault.file, fault->file) == 0)
			return true;
	return false;
}

/* What one may not read leads to further faults, which say nothing. */
static bool
is_denied(const struct fault *fault)
{
	return strstr(fault->text, strerror(EACCES)) != NULL;
}

void
try_configuration(struct trials *trials)
{
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL ? NULL : shadow_files_load(trials->config, faults);

	for (size_t i = 0; faults != NULL && i < faults->kept; i++) {
		const struct fault *fault = &faults->list[i].fault;

		if (!is_denied(fault) || was_loaded(trials, fault))
			continue;
		if (faults->list[i].level == FAULT_ERROR)
			faults_error(&trials->out->faults, fault->file, fault->line,
			    "%.400s; a reload reads it as %s and will fail", fault->text, trials->account.name);
		else
			faults_warn(&trials->out->faults, fault->file, fault->line, "%.400s; a reload reads it as %s",
			    fault->text, trials->account.name);
	}
	policy_free(policy);
	faults_close(faults);
}

/* ---- state_dir ---- */

static void
try_access(struct trials *trials, const char *name, int how, const char *what)
{
	char path[4200];

	snprintf(path, sizeof path, "%s%s", trials->policy->settings.state_dir, name);
	if (faccessat(AT_FDCWD, path, how, AT_EACCESS) != 0 && errno != ENOENT)
		faults_error(&trials->out->faults, path, 0, "%s may not %s it: %s; give it to %s (chown %s %s)",
		    trials->account.name, what, strerror(errno), trials->account.name, trials->account.name, path);
}

void
try_state_dir(struct trials *trials)
{
	struct fault why;
	size_t before = trials->out->faults.errors;
	char lock[4200];

	try_access(trials, "", W_OK | X_OK, "write in");
	if (trials->out->faults.errors != before)
		return;
	if (disk_lacks_room(trials->policy->settings.state_dir))
		faults_error(&trials->out->faults, trials->policy->settings.state_dir, 0,
		    "its disk is full: nothing that greenlaned learns would be kept; free disk space there");
	try_access(trials, "/sources", R_OK | W_OK | X_OK, "write in");
	try_access(trials, "/usage", R_OK, "read");
	snprintf(lock, sizeof lock, "%s/lock", trials->policy->settings.state_dir);
	if (lock_look(lock, &why) == LOCK_UNKNOWN)
		trials_add(trials, FAULT_ERROR, &why);
}

/* ---- directories of sockets ---- */

static bool
may_write_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];

	snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1, slash == NULL ? "." : path);
	return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0 || errno != EACCES;
}

/* Root can open a socket there, but the daemon cannot put it back, and a start as the user itself (as the systemd unit
 * does it) fails. */
void
try_socket_folders(struct trials *trials)
{
	struct start_listener list[START_LISTENERS_MAX];
	size_t count = start_listeners(&trials->policy->settings, list);
	const char *user = trials->account.name;

	for (size_t i = 0; i < count; i++)
		if (listener_path(list[i].address) != NULL && !may_write_beside(listener_path(list[i].address)))
			faults_warn(&trials->out->faults, "", 0,
			    "%s.listen: %s may not write in the directory of %s: only a start by root can open it, and it is not "
			    "put back when somebody removes it; give that directory to %s",
			    list[i].name, user, list[i].address, user);
}

/* ---- directories that are not there ---- */

/* Leaves of path what is above it. */
static void
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	path[slash == NULL || slash == path ? 1 : slash - path] = '\0';
}

/* It is not there, and cannot be made by us. */
static bool
lacks_folder(const char *folder)
{
	char above[4096];

	if (faccessat(AT_FDCWD, folder, F_OK, AT_EACCESS) == 0 || errno != ENOENT)
		return false;
	snprintf(above, sizeof above, "%s", folder);
	do
		go_up(above);
	while (faccessat(AT_FDCWD, above, F_OK, AT_EACCESS) != 0 && errno == ENOENT && strlen(above) > 1);
	return faccessat(AT_FDCWD, above, W_OK | X_OK, AT_EACCESS) != 0;
}

static bool
is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

/* A start by root makes them; one as the user itself, as the systemd unit does it, fails or goes on without. Of the user
 * that asks, the trial of the directories has said it. */
void
try_missing_folders(struct trials *trials)
{
	struct start_folder list[START_FOLDERS_MAX];
	size_t count = start_folders(trials->policy, list);
	char folder[4096], before[4096] = "";
	const char *user = trials->account.name;

	/* what is below state_dir comes with it */
	for (size_t i = 0; trials->caller == CALLER_ROOT && i < count; i++) {
		snprintf(folder, sizeof folder, "%s", list[i].path);
		if (list[i].above)
			go_up(folder);
		if (strcmp(folder, before) != 0 && !is_below(folder, trials->policy->settings.state_dir) &&
		    lacks_folder(folder))
			faults_warn(&trials->out->faults, folder, 0,
			    "does not exist, and only a start by root makes it, not that of greenlaned.service; make it, and give it to "
			    "%s (mkdir -p %s; chown %s %s)",
			    user, folder, user, folder);
		snprintf(before, sizeof before, "%s", folder);
	}
}

/* ---- the record file, exports ---- */

void
try_record(struct trials *trials)
{
	const char *record = trials->policy->settings.log.record;
	struct fault why;

	if (record[0] != '\0' && disk_lacks_room(record))
		faults_error(&trials->out->faults, record, 0,
		    "its disk is full: verdicts would be missing there; free disk space");
	if (record[0] == '\0' || record_file_may_open(record, &why))
		return;
	faults_error(&trials->out->faults, why.file, 0, "%.400s; log.record is written as %s", why.text,
	    trials->account.name);
}

/* Where there is no key, the start makes it. */
void
try_privacy(struct trials *trials)
{
	const struct settings *settings = &trials->policy->settings;
	struct privacy_key key;
	struct fault why;
	enum privacy_key_got got;

	if (!settings->log.privacy)
		return;
	got = privacy_key_read(settings->state_dir, &key, &why);
	explicit_bzero(&key, sizeof key);
	if (got == PRIVACY_KEY_DAMAGED || got == PRIVACY_KEY_WITHHELD)
		faults_error(&trials->out->faults, why.file, 0, "%.400s; log.privacy hides by it as %s", why.text,
		    trials->account.name);
}

/* The first word of a command, where it is plainly a program; "": the shell makes something else of it. */
static void
program_of(const char *command, char *out, size_t size)
{
	size_t length = 0;

	command += strspn(command, " \t\n");
	while (isalnum((unsigned char)command[length]) ||
	    (command[length] != '\0' && strchr("_./+-", command[length]) != NULL))
		length++;
	if (command[length] != '\0' && strchr(" \t\n;&|<>", command[length]) == NULL)
		length = 0;
	snprintf(out, size, "%.*s", (int)length, command);
}

/* A path is looked at; a name is looked up by the shell, which knows its own words. */
static bool
may_run(const char *program, struct fault *why)
{
	char ask[300];

	if (program[0] == '\0')
		return true;
	if (strchr(program, '/') != NULL)
		return faccessat(AT_FDCWD, program, X_OK, AT_EACCESS) == 0 ||
		    fault_set(why, "%s cannot be run: %s", program, strerror(errno));
	if (strlen(program) > 200)
		return true;
	snprintf(ask, sizeof ask, "command -v -- %s", program);
	return subprocess_run_shell(ask, 10, -1, why) || fault_set(why, "%s is not in PATH", program);
}

static void
try_export(struct trials *trials, const struct export_job *job)
{
	struct fault why;
	char program[VALUE_COMMAND_MAX + 1];

	if (!export_file_may_keep(job->file, &why))
		faults_error(&trials->out->faults, why.file, 0, "%.400s; the export is written as %s", why.text,
		    trials->account.name);
	program_of(job->command, program, sizeof program);
	if (!may_run(program, &why))
		faults_error(&trials->out->faults, job->file, 0,
		    "the command of this export: %.300s; correct it, or let %s run it", why.text, trials->account.name);
}

/* No shell runs this one: its first word is a path. */
void
try_alert_command(struct trials *trials)
{
	char line[VALUE_COMMAND_MAX + 1], *words[WORDS_MAX + 1];
	struct fault why;

	snprintf(line, sizeof line, "%s", trials->policy->settings.alert.command);
	if (line[0] != '\0' && words_cut(line, words) && words[0] != NULL && !may_run(words[0], &why))
		faults_error(&trials->out->faults, "", 0, "alert.command: %.300s; correct it, or let %s run it",
		    why.text, trials->account.name);
}

void
try_exports(struct trials *trials)
{
	for (size_t i = 0; i < trials->policy->export_count; i++)
		try_export(trials, &trials->policy->exports[i]);
}

/* ---- the greylist ---- */

static void
tell_store(struct faults *faults, const char *path, const struct fault *why)
{
	if (path != NULL && lmdb_state(why, path) == STORE_STATE_DAMAGED && store_aside_may(path))
		faults_warn(faults, path, 0,
		    "the greylist is damaged; its file will be set aside as data.mdb.damaged and a new greylist begun: "
		    "who was known waits anew");
	else
		faults_error(faults, why->file, 0, "%.400s; nobody would be greylisted", why->text);
}

void
try_store(struct trials *trials)
{
	const struct settings *settings = &trials->policy->settings;
	const char *path = start_lmdb_path(settings);
	struct fault why;

	if (!settings->greylist.on)
		return;
	if (path != NULL && disk_lacks_room(path))
		faults_error(&trials->out->faults, path, 0,
		    "the greylist's disk is full; free some space there; nobody would be greylisted");
	else if (path != NULL ? !store_lmdb_try(path, trials->held, &why) : !store_redis_try(settings, &why))
		tell_store(&trials->out->faults, path, &why);
}

/* ---- DNS ---- */

static void
try_servers_of_host(struct trials *trials)
{
	struct dns_servers servers;
	struct fault why;

	if (!name_servers_of_host(NAME_SERVERS_FILE, &servers, &why) || why.text[0] != '\0')
		faults_warn(&trials->out->faults, "", 0,
		    "%s, so 127.0.0.1 is asked; name a server there, or in dns.servers", why.text);
}

/* A resolver is opened, as at the start, and asked nothing. */
void
try_dns(struct trials *trials)
{
	struct resolver *resolver;
	struct fault why;

	if (trials->policy->settings.dns.servers.count == 0)
		try_servers_of_host(trials);
	resolver = engine_resolver(&trials->policy->settings, NULL, NULL, &why);
	if (resolver == NULL)
		trials_add(trials, FAULT_ERROR, &why);
	resolver_close(resolver);
}
