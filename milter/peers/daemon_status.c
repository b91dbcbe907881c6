#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "milter/peers/daemon_status.h"
#include "milter/peers/status_sources.h"
#include "milter/smtp/session.h"
#include "milter/state/source_list.h"
#include "milter/system/clock.h"

#ifndef VERSION
#define VERSION "unreleased"
#endif

enum {
	ARENA_MAX = SOURCE_LIST_ARENA /* the copies are read into it */,
	LISTENERS = 4,
	FULL_BYTES = 1024 * 1024 /* less room than this is none */
};

/* A listener as it was opened. */
struct opened_listener {
	const char *name, *path; /* path NULL: no Unix socket */
	char address[1200];
	dev_t device;
	ino_t inode;
};

struct daemon_status {
	const struct services *services;
	const struct exports *exports;
	struct reload *reload;
	struct opened_listener listeners[LISTENERS];
	size_t listener_count;
	char state_dir[4096], store[4096];
	int64_t since;
};

/* ---- listeners ---- */

static void
remember(struct daemon_status *own, const char *name, const char *address)
{
	struct opened_listener *listener = &own->listeners[own->listener_count];
	struct stat st;

	if (address[0] == '\0' || strcmp(address, "none") == 0)
		return;
	own->listener_count++;
	listener->name = name;
	snprintf(listener->address, sizeof listener->address, "%s", address);
	listener->path = listener_path(listener->address);
	if (listener->path != NULL && lstat(listener->path, &st) == 0) {
		listener->device = st.st_dev;
		listener->inode = st.st_ino;
	}
}

static bool
is_present(const struct opened_listener *listener, struct stat *st)
{
	return listener->path == NULL ||
	    (lstat(listener->path, st) == 0 && S_ISSOCK(st->st_mode) && st->st_dev == listener->device &&
		st->st_ino == listener->inode);
}

/* Postfix's user owns some of Postfix's directories, and has its group by its account. */
static bool
owner_is_of(uid_t owner, gid_t group)
{
	struct passwd entry, *found = NULL;
	char names[4096];

	return getpwuid_r(owner, &entry, names, sizeof names, &found) == 0 && found != NULL && found->pw_gid == group;
}

/* May the socket's group go through this directory? */
static bool
lets_in(const char *folder, gid_t group)
{
	struct stat st;

	if (stat(folder, &st) != 0)
		return false;
	return (st.st_mode & S_IXOTH) != 0 || (st.st_gid == group && (st.st_mode & S_IXGRP) != 0) ||
	    ((st.st_mode & S_IXUSR) != 0 && owner_is_of(st.st_uid, group));
}

/* The first folder on the way to the socket that its group cannot enter; "": none. NULL without memory. */
static const char *
closed_folder(const struct opened_listener *listener, gid_t group, struct arena *arena)
{
	char folder[sizeof listener->address];

	for (const char *slash = strchr(listener->path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - listener->path), listener->path);
		if (!lets_in(folder, group))
			return arena_string(arena, folder);
	}
	return "";
}

static bool
tell_listeners(const struct daemon_status *own, struct status *status, struct arena *arena)
{
	struct status_listener *list = arena_take(arena, LISTENERS * sizeof *list);

	if (list == NULL)
		return false;
	for (size_t i = 0; i < own->listener_count; i++) {
		const struct opened_listener *listener = &own->listeners[i];
		struct stat st;
		bool present = is_present(listener, &st);
		bool asks = present && listener->path != NULL && strcmp(listener->name, "control") != 0;

		list[i] = (struct status_listener){ listener->name, listener->address, present,
			asks ? closed_folder(listener, st.st_gid, arena) : "" };
	}
	status->listeners = list;
	status->listener_count = own->listener_count;
	return !arena_failed(arena);
}

/* ---- the rest ---- */

static void
tell_journal(const struct journal_state *state, struct status *status)
{
	memcpy(status->verdicts, state->verdicts, sizeof status->verdicts);
	status->journal.dropped = state->dropped;
	status->journal.dropped_at = state->dropped_at;
	status->journal.record = state->record;
	status->journal.record_trouble = state->record_trouble;
	status->journal.record_failed_since = state->record_failed_since;
}

/* False without memory. */
static bool
tell_store(const struct daemon_status *own, const struct settings *settings, struct status *status, struct arena *arena)
{
	struct store_report report = { .state = STORE_STATE_OFF };

	if (settings->greylist.on)
		store_report(own->services->store, &report);
	status->store.name = own->store;
	status->store.works = !settings->greylist.on || report.state == STORE_STATE_WORKS;
	status->store.state = store_state_word(report.state);
	status->store.since = report.since;
	status->store.passed = report.passed;
	status->store.why = arena_format(arena, "%s", report.why.text);
	return status->store.why != NULL;
}

/* The servers in use, and since when none of them answers. */
static bool
tell_dns(const struct daemon_status *own, struct status *status, struct arena *arena)
{
	struct resolver_state state;
	const char **list = arena_take(arena, DNS_SERVERS_MAX * sizeof *list);
	bool done = list != NULL;

	resolver_tell(own->services->resolver, &state);
	for (size_t i = 0; done && i < state.servers.count; i++)
		done = (list[i] = arena_string(arena, state.servers.list[i])) != NULL;
	status->dns.servers = (struct status_strings){ list, state.servers.count };
	status->dns.failing_since = state.failing_since;
	return done;
}

static bool
is_full(const char *folder)
{
	struct statvfs room;

	return statvfs(folder, &room) == 0 && (uint64_t)room.f_bavail * room.f_frsize < FULL_BYTES;
}

static bool
gather(struct daemon_status *own, const struct policy *policy, const struct journal_state *journal,
    struct status *status, struct arena *arena)
{
	*status = (struct status){ .version = VERSION,
		.pid = getpid(),
		.since = own->since,
		.now = clock_now(),
		.monitor = policy->settings.monitor,
		.state_dir = own->state_dir,
		.disk_full = is_full(own->state_dir) };
	status->mta.last = session_last_contact();
	status->mta.sessions = session_count();
	status->mta.silence = policy->settings.alert_silence;
	tell_journal(journal, status);
	return tell_store(own, &policy->settings, status, arena) && reload_tell(own->reload, status, arena) &&
	    tell_listeners(own, status, arena) && tell_dns(own, status, arena) &&
	    status_sources(policy, own->state_dir, own->services->usage, own->exports, status, arena) &&
	    status_judge(status, arena);
}

bool
daemon_status_write(struct daemon_status *own, struct text *out)
{
	const struct snapshot *snapshot = snapshot_borrow(own->services->snapshots);
	struct arena *arena = arena_open(ARENA_MAX);
	struct journal_state journal;
	struct status status;
	bool done;

	journal_look(own->services->journal, &journal);
	done = arena != NULL && gather(own, snapshot->judge.policy, &journal, &status, arena);
	if (done)
		status_write(&status, out);
	arena_close(arena);
	snapshot_return(own->services->snapshots, snapshot);
	return done && !out->cut;
}

struct daemon_status *
daemon_status_open(const struct services *services, const struct exports *exports, struct reload *reload,
    const struct listeners *listeners, const struct settings *started, struct fault *why)
{
	struct daemon_status *own = calloc(1, sizeof *own);

	if (own == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	own->services = services;
	own->exports = exports;
	own->reload = reload;
	own->since = clock_now();
	snprintf(own->state_dir, sizeof own->state_dir, "%s", started->state_dir);
	snprintf(own->store, sizeof own->store, "%s", started->store);
	remember(own, "milter", started->milter.listen);
	remember(own, "delegate", listeners_delegate(listeners));
	remember(own, "socketmap", listeners_socketmap(listeners));
	remember(own, "control", listeners_control(listeners));
	return own;
}

void
daemon_status_close(struct daemon_status *own)
{
	free(own);
}
