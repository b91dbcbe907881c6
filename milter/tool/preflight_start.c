#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "milter/peers/ask_daemon.h"
#include "milter/peers/listen.h"
#include "milter/state/start_list.h"
#include "milter/system/postconf.h"
#include "milter/system/socket_reach.h"
#include "milter/tool/preflight_parts.h"
#include "policy/advise/postfix_check.h"
#include "policy/review/status.h"
#include "policy/util/json_read.h"

enum { POSTFIX_ARENA_MAX = 16 * 1024 * 1024 };

/* ---- groups ---- */

void
try_groups(struct trials *trials)
{
	struct start_listener list[START_LISTENERS_MAX];
	size_t count = start_listeners(&trials->policy->settings, list);
	struct fault why;
	gid_t gid;

	for (size_t i = 0; i < count; i++)
		if (listener_path(list[i].address) != NULL &&
		    !account_socket_group(&trials->account, listener_path(list[i].address), list[i].group, &gid, &why))
			trials_add(trials, FAULT_WARNING, &why);
}

/* ---- addresses that are open to all ---- */

static struct address
address_of(const struct addrinfo *found)
{
	struct address out = { 0 };
	char text[NI_MAXHOST];

	if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0 ||
	    !address_read(text, &out))
		out = (struct address){ 0 };
	return out;
}

/* Does it resolve to an address that is neither this host's alone nor its site's? 0.0.0.0 and :: are. */
static bool
is_open(const char *listen)
{
	struct addrinfo hints = { .ai_family = strncmp(listen, "inet6:", 6) == 0 ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	const char *host = strchr(listen, '@');
	struct address address;
	bool open;

	if (listener_path(listen) != NULL || host == NULL || getaddrinfo(host + 1, NULL, &hints, &found) != 0)
		return false;
	address = address_of(found);
	open = !address_is_loopback(&address) && !address_is_private(&address);
	freeaddrinfo(found);
	return open;
}

void
try_open_addresses(struct trials *trials)
{
	struct start_listener list[START_LISTENERS_MAX];
	size_t count = start_listeners(&trials->policy->settings, list);

	for (size_t i = 0; i < count; i++)
		if (list[i].of_mta && is_open(list[i].address)) /* of metrics.listen a load warns itself */
			faults_warn(&trials->out->faults, "", 0,
			    "%s.listen: anybody who reaches %s may speak to it; write an address that only the MTA reaches, such "
			    "as 127.0.0.1, or keep others out by a firewall",
			    list[i].name, list[i].address);
}

/* ---- directories ---- */

static int
try_folder(const struct trials *trials, const struct start_folder *folder, struct fault *why)
{
	return folder->above ? account_try_folder_of(&trials->account, folder->path, why)
			     : account_try_folder(&trials->account, folder->path, why);
}

void
try_folders(struct trials *trials)
{
	struct start_folder list[START_FOLDERS_MAX];
	size_t count = start_folders(trials->policy, list);
	struct fault why;

	for (size_t i = 0; i < count; i++) {
		int error = try_folder(trials, &list[i], &why);

		if ((error == EACCES || error == EPERM) && trials->caller != CALLER_ROOT)
			trials_leave(trials, "the directory %s%s", list[i].above ? "of " : "", list[i].path);
		else if (error != 0)
			trials_add(trials, FAULT_ERROR, &why);
	}
}

/* ---- sockets and ports ---- */

/* Is it among the listeners of the daemon that runs with this configuration? If it cannot be asked, it is. */
static bool
is_its(const char *reply, const char *address)
{
	struct span rest = json_read_member(span_of(reply), "listeners"), listener;
	struct text text;
	bool found = rest.length == 0;

	text_open(&text, 1200);
	while (!found && json_read_next(&rest, &listener)) {
		text_clear(&text);
		json_read_unquote(json_read_member(listener, "address"), &text);
		found = strcmp(text.bytes, address) == 0;
	}
	text_close(&text);
	return found;
}

static void
try_listener(struct trials *trials, const struct start_listener *listener)
{
	struct fault why, told;
	int error = listener_try(listener->address, &why);

	if (error == EACCES && trials->caller != CALLER_ROOT) {
		trials_leave(trials, "%s", listener->address);
	} else if (error != 0) {
		fault_set(&told, "%s.listen: %s", listener->name, why.text);
		trials_add(trials, listener->spared ? FAULT_WARNING : FAULT_ERROR, &told);
	}
}

/* Can the MTA go to it? */
static void
try_way(struct trials *trials, const struct start_listener *listener)
{
	struct fault why;
	gid_t gid;

	if (listener->of_mta && account_socket_group(&trials->account, listener->address, listener->group, &gid, &why) &&
	    !socket_may_be_reached(listener->name, listener->address, gid, &why))
		trials_add(trials, FAULT_WARNING, &why);
}

void
try_listeners(struct trials *trials)
{
	const struct settings *settings = &trials->policy->settings;
	struct start_listener list[START_LISTENERS_MAX];
	size_t count = start_listeners(settings, list);
	struct text reply;
	struct fault why;

	text_open(&reply, STATUS_JSON_MAX);
	if (trials->held && listener_path(settings->control.listen) != NULL)
		(void)ask_daemon(settings->control.listen, "status", ASK_STATUS_MS, &reply, &why);
	for (size_t i = 0; i < count; i++) {
		if (!trials->held || !is_its(reply.bytes, list[i].address))
			try_listener(trials, &list[i]);
		try_way(trials, &list[i]);
	}
	text_close(&reply);
}

/* ---- Postfix ---- */

static const char *
group_of(const struct passwd *user)
{
	const struct group *group = getgrgid(user->pw_gid);

	return group == NULL ? user->pw_name : group->gr_name;
}

static bool
is_in_group(const struct passwd *user, gid_t gid)
{
	gid_t list[1024];
	int count = sizeof list / sizeof list[0];

	if (getgrouplist(user->pw_name, user->pw_gid, list, &count) < 0)
		return true; /* it has more than that: nobody knows */
	for (int i = 0; i < count; i++)
		if (list[i] == gid)
			return true;
	return false;
}

/* An smtpd that may not use a socket logs "Permission denied", and all mail goes as milter_default_action says. */
static void
try_postfix_user(struct trials *trials, const char *name)
{
	struct start_listener list[START_LISTENERS_MAX];
	size_t count = start_listeners(&trials->policy->settings, list);
	const struct passwd *user = name == NULL ? NULL : getpwnam(name);
	struct fault why;
	gid_t gid;

	for (size_t i = 0; user != NULL && trials->account_known && i < count; i++)
		if (list[i].of_mta && listener_path(list[i].address) != NULL &&
		    account_socket_group(&trials->account, listener_path(list[i].address), list[i].group, &gid, &why) &&
		    user->pw_uid != trials->account.uid && !is_in_group(user, gid))
			faults_warn(&trials->out->faults, "", 0,
			    "%s.listen: Postfix's smtpd runs as %s, which is not in the group %s that may use %s; write "
			    "milter.group = \"%s\"",
			    list[i].name, user->pw_name, list[i].group[0] == '\0' ? "of greenlaned" : list[i].group,
			    list[i].address, group_of(user));
}

static void
compare(struct trials *trials, const struct text *postconf)
{
	const struct postfix_setup_site site = postfix_setup_site(trials->policy, postconf->bytes);
	struct arena *arena = arena_open(POSTFIX_ARENA_MAX);

	if (arena != NULL) {
		postfix_check(&site, arena, &trials->out->faults);
		try_postfix_user(trials, postfix_user(&site, arena));
	}
	arena_close(arena);
}

/* Its package may be there without a configuration: then no mail comes by it. */
static bool
is_set_up(void)
{
	const char *folder = getenv("MAIL_CONFIG");
	char path[4096];

	snprintf(path, sizeof path, "%s/main.cf", folder == NULL ? "/etc/postfix" : folder);
	return access(path, F_OK) == 0 || errno == EACCES;
}

void
try_postfix(struct trials *trials)
{
	struct text postconf;
	struct fault why;

	text_open(&postconf, POSTCONF_MAX);
	switch (postconf_ask(NULL, true, &postconf, &why)) {
	case POSTCONF_SAID:
		compare(trials, &postconf);
		break;
	case POSTCONF_FAILED:
		if (is_set_up())
			faults_warn(&trials->out->faults, "", 0,
			    "Postfix is installed, but postconf %s; it was not compared", why.text);
		break;
	case POSTCONF_ABSENT:
		break;
	}
	text_close(&postconf);
}
