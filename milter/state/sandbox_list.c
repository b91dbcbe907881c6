#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/config_files.h"
#include "milter/state/sandbox_list.h"
#include "milter/state/start_list.h"
#include "policy/config/policy_text.h"
#include "policy/util/arena.h"

enum { LIST_ARENA = 64 * 1024 * 1024 }; /* of the paths of a million lists of networks */

struct list {
	struct arena *arena;
	struct entry {
		struct sandbox_path path;
		struct entry *next;
	} * first;
	size_t count;
};

/* Of the host: resolv.conf, hosts, nsswitch.conf and what they lead to, time zones, certificates, libraries that are loaded
 * late. Sockets are no files: syslog, nscd and the service manager are reached without a rule. */
static const struct sandbox_path host[] = {
	{ "", "/etc", false, SANDBOX_READ },
	{ "", "/usr", false, SANDBOX_READ },
	{ "", "/lib", false, SANDBOX_READ },
	{ "", "/lib32", false, SANDBOX_READ },
	{ "", "/lib64", false, SANDBOX_READ },
	{ "", "/nix/store", false, SANDBOX_READ },
	{ "", "/run/systemd/resolve", false, SANDBOX_READ },
	{ "", "/run/resolvconf", false, SANDBOX_READ },
	{ "", "/run/NetworkManager", false, SANDBOX_READ },
	{ "", "/var/lib/extrausers", false, SANDBOX_READ },
	{ "", "/var/lib/sss/mc", false, SANDBOX_READ },
	{ "", "/proc/self", false, SANDBOX_READ },
	{ "", "/proc/sys/vm/overcommit_memory", false, SANDBOX_READ }, /* malloc, whether it gives memory back */
	{ "", "/sys/devices/system/cpu", false, SANDBOX_READ },
	{ "", "/dev/random", false, SANDBOX_READ },
	{ "", "/dev/urandom", false, SANDBOX_READ },
	{ "", "/dev/null", false, SANDBOX_WRITE },
};

/* ---- the list ---- */

static void
add(struct list *list, const char *setting, const char *path, bool above, enum sandbox_kind kind)
{
	struct entry *entry;

	if (path == NULL || path[0] == '\0')
		return;
	entry = arena_take(list->arena, sizeof *entry);
	if (entry == NULL)
		return;
	*entry = (struct entry){ { setting, path, above, kind }, list->first };
	list->first = entry;
	list->count++;
}

/* A file that is read, with the directory that it is in, for another may be moved into its place; where it is a link,
 * that of what it leads to as well. */
static void
add_file(struct list *list, const char *setting, const char *path)
{
	char leads[PATH_MAX];

	add(list, setting, path, true, SANDBOX_READ);
	if (path[0] != '\0' && realpath(path, leads) != NULL)
		add(list, setting, arena_string(list->arena, leads), true, SANDBOX_READ);
}

static int
is_link(const struct dirent *entry)
{
	return entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
}

static void
add_folder(struct list *list, const char *setting, const char *path)
{
	struct dirent **links = NULL;
	int count = scandir(path, &links, is_link, NULL);
	char link[PATH_MAX];

	add(list, setting, path, false, SANDBOX_READ);
	for (int i = 0; i < count; i++) {
		if (snprintf(link, sizeof link, "%s/%s", path, links[i]->d_name) < (int)sizeof link)
			add_file(list, setting, arena_string(list->arena, link));
		free(links[i]);
	}
	free(links);
}

/* A list of networks is a file beside its vendor's, or anywhere. */
static void
add_networks(struct list *list, const struct policy *policy)
{
	for (size_t i = 0; i < policy->source_count; i++) {
		char path[8192];

		if (policy->sources[i].kind != SOURCE_FILE || policy->sources[i].name[0] != '/')
			continue;
		config_files_networks(&policy->sources[i], path, sizeof path);
		add_file(list, "a source's file", arena_string(list->arena, path));
	}
}

static void
add_vendors(struct list *list, const struct policy *policy)
{
	const struct strings *folders = &policy->settings.vendor_path;

	for (size_t i = 0; i < folders->count; i++)
		add_folder(list, "vendor_path", folders->list[i]);
	add_networks(list, policy);
}

/* What a reload takes into use. */
static void
add_reloaded(struct list *list, const struct policy *policy)
{
	add_vendors(list, policy);
	add_file(list, "shadow", policy->settings.shadow);
	if (policy->draft != NULL)
		add_vendors(list, policy->draft);
	add(list, "log.record", policy->settings.log.record, true, SANDBOX_WRITE);
	for (size_t i = 0; i < policy->export_count; i++)
		add(list, "exports.file", policy->exports[i].file, true, SANDBOX_WRITE);
}

/* What only a start does. */
static void
add_started(struct list *list, const char *config, const struct settings *settings)
{
	struct start_listener listeners[START_LISTENERS_MAX];
	size_t count = start_listeners(settings, listeners);

	add_file(list, "the configuration", config);
	add_file(list, "", "/etc/resolv.conf");
	add_file(list, "", "/etc/localtime");
	add(list, "state_dir", settings->state_dir, false, SANDBOX_WRITE);
	add(list, "greylist.store", start_lmdb_path(settings), false, SANDBOX_WRITE);
	add_file(list, "dns.trust_anchor", settings->dns.trust_anchor);
	add_file(list, "greylist.redis.password_file", settings->redis.password_file);
	add_file(list, "greylist.redis.tls.ca", settings->redis.tls.ca);
	add_file(list, "greylist.redis.tls.cert", settings->redis.tls.cert);
	add_file(list, "greylist.redis.tls.key", settings->redis.tls.key);
	for (size_t i = 0; i < count; i++)
		if (strncmp(listeners[i].address, "unix:", 5) == 0)
			add(list, listeners[i].name, listeners[i].address + 5, true, SANDBOX_SOCKET);
	for (size_t i = 0; i < sizeof host / sizeof host[0]; i++)
		add(list, host[i].setting, host[i].path, host[i].above, host[i].kind);
}

/* ---- the interface ---- */

bool
sandbox_list_enter(const char *config, const struct policy *policy, struct fault *why)
{
	struct list list = { .arena = arena_open(LIST_ARENA) };
	struct sandbox_path *paths = NULL;
	size_t count = 0;
	bool done;

	if (list.arena != NULL) {
		add_started(&list, config, &policy->settings);
		add_reloaded(&list, policy);
		paths = arena_take(list.arena, (list.count + 1) * sizeof *paths);
	}
	for (struct entry *entry = list.first; paths != NULL && entry != NULL; entry = entry->next)
		paths[count++] = entry->path;
	done = paths != NULL && !arena_failed(list.arena);
	if (done)
		sandbox_enter(paths, count, policy->settings.sandbox_off);
	arena_close(list.arena);
	return done || fault_set(why, "out of memory");
}

struct check {
	sandbox_covering *covers;
	const void *context;
	struct faults *faults;
};

bool
sandbox_list_covers(const void *unused, const struct sandbox_path *path)
{
	(void)unused;
	return sandbox_covers(path);
}

static void
refuse(const struct check *check, const struct sandbox_path *path)
{
	if (!check->covers(check->context, path))
		faults_error(check->faults, "", 0,
		    "%s: '%.300s' is outside the sandbox of the start: this needs a restart of greenlaned",
		    path->setting, path->path);
}

/* Those of a file whose policy is not known. */
static void
check_vendor_path(const struct check *check, const char *config)
{
	struct arena *arena = arena_open(POLICY_ARENA_MAX);
	struct fault unused;
	const struct node *root = arena == NULL ? NULL : config_files_tree(config, arena, &unused);
	const struct node *folders = root == NULL ? NULL : node_member(root, "vendor_path");

	for (size_t i = 0; folders != NULL && i < folders->count; i++) {
		const struct sandbox_path path = { "vendor_path", folders->children[i].text, false, SANDBOX_READ };

		if (folders->children[i].kind == NODE_STRING)
			refuse(check, &path);
	}
	arena_close(arena);
}

void
sandbox_list_check(const char *config, const struct policy *policy, sandbox_covering *covers, const void *context,
    struct faults *faults)
{
	const struct check check = { covers, context, faults };
	struct list list = { .arena = arena_open(LIST_ARENA) };

	if (policy == NULL)
		check_vendor_path(&check, config);
	else if (list.arena != NULL)
		add_reloaded(&list, policy);
	for (struct entry *entry = list.first; entry != NULL; entry = entry->next)
		refuse(&check, &entry->path);
	arena_close(list.arena);
}
