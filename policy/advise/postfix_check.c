#include <string.h>

#include "policy/advise/postfix_check.h"
#include "policy/advise/postfix_setup_parts.h"

static void
check_reach(const struct postfix_host *host, const char *name, const char *listen, struct faults *faults)
{
	const char *inside = postfix_unreachable(host, listen);

	if (inside != NULL)
		faults_warn(faults, "", 0,
		    "%s.listen: Postfix's smtpd runs chrooted in %s and cannot reach %s; write %s.listen = \"unix:%s\"",
		    name, postfix_spool(host), listen, name, inside);
}

static void
check_networks(const struct postfix_host *host, struct faults *faults)
{
	struct prefixes judged = postfix_judged_networks(host);
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < judged.count; i++)
		faults_warn(faults, "", 0,
		    "%s is in Postfix's mynetworks, but greenlane judges its mail as anybody's; if only hosts of yours send "
		    "from there, add it to own.networks, a relay or balancer to relays",
		    prefix_write(&judged.list[i], text));
}

static void
check_processes(const struct postfix_host *host, struct faults *faults)
{
	const unsigned most = host->site->max_sessions;
	bool endless;
	unsigned long all = postfix_smtpd_processes(host, &endless);

	if (endless)
		faults_warn(faults, "", 0,
		    "an smtpd in Postfix's master.cf may have any number of processes (maxproc 0), but milter.max_sessions is "
		    "%u: the mail of one more is not filtered; write a number there",
		    most);
	else if (all > most)
		faults_warn(faults, "", 0,
		    "Postfix's smtpd may have %lu processes, but milter.max_sessions is %u: the mail of one more is not "
		    "filtered; write milter.max_sessions = %lu",
		    all, most, all);
}

/* ---- mail that greenlane never sees ---- */

/* Is it there, and no part of a longer address? */
static bool
names(struct span list, const char *address)
{
	size_t length = address == NULL ? 0 : strlen(address);
	const char *found = length == 0 ? NULL : memmem(list.at, list.length, address, length);

	return found != NULL && (found + length == list.at + list.length || strchr(" \t\r\n,}", found[length]) != NULL);
}

/* Does its list of filters name our listener? An smtpd that is chrooted finds no path but one inside. */
static bool
names_listener(const struct postfix_host *host, const struct postfix_service *smtpd, struct span list)
{
	const char *listen = host->site->milter, *own = postfix_address(host, listen), *port = strchr(listen, ':');
	const char *at = strchr(listen, '@');
	bool jailed = postfix_is_jailed(host, smtpd);

	if (names(list, own) || memchr(list.at, '$', list.length) != NULL) /* what stands for it is Postfix's to say */
		return true;
	if (strncmp(listen, "unix:", 5) != 0) /* whatever the host is called */
		return at == NULL || names(list, arena_format(host->arena, "%.*s", (int)(at - port), port));
	if (!jailed || postfix_unreachable(host, listen) != NULL) /* the latter is a warning of its own */
		return names(list, listen + 5);
	return own != NULL && names(list, arena_format(host->arena, "unix:/%s", own + 5));
}

/* A null client takes mail of this host alone. */
static bool
is_null_client(const struct postfix_host *host)
{
	const char *list = postfix_setting(host, "inet_interfaces");

	return list != NULL &&
	    (strcmp(list, "loopback-only") == 0 || strcmp(list, "localhost") == 0 || strcmp(list, "127.0.0.1") == 0);
}

/* Behind an smtpd_proxy_filter greenlane may be asked later; `greenlane setup postfix` says so at length. */
static void
check_asks(const struct postfix_host *host, const struct postfix_service *smtpd, struct faults *faults)
{
	struct span list = postfix_in_force(host, smtpd, "smtpd_milters");
	const char *where = postfix_override(smtpd, "smtpd_milters").at == NULL ? "main.cf" : "master.cf";

	if (postfix_in_force(host, smtpd, "smtpd_proxy_filter").length > 0)
		return;
	if (postfix_holds(postfix_in_force(host, smtpd, "receive_override_options"), "no_milters"))
		faults_warn(faults, "", 0,
		    "Postfix's %s/%s has receive_override_options=no_milters: its mail is not filtered; take no_milters away, it "
		    "belongs only to an smtpd that takes mail back from a content filter",
		    smtpd->name, smtpd->type);
	else if (!names_listener(host, smtpd, list))
		faults_warn(faults, "", 0,
		    "Postfix's %s/%s does not ask greenlane: smtpd_milters in %s %s%.*s%s, and its mail is not filtered; greenlane "
		    "setup postfix prints the lines to write",
		    smtpd->name, smtpd->type, where, list.length == 0 ? "names no filter" : "is '",
		    (int)(list.length > 200 ? 200 : list.length), list.at, list.length == 0 ? "" : "'");
}

/* Whoever sends through it would be ours. */
static void
check_daemon_name(const struct postfix_host *host, const struct postfix_service *smtpd, struct faults *faults)
{
	struct span name = postfix_in_force(host, smtpd, "milter_macro_daemon_name");
	const struct strings *own = &host->site->own_daemon_names;

	for (size_t i = 0; i < own->count; i++)
		if (span_is(name, own->list[i]))
			faults_warn(faults, "", 0,
			    "Postfix's %s/%s takes mail from outside, and all of it is exempt: its milter_macro_daemon_name is '%s', "
			    "which is in own.daemon_names; set that name by -o at submission alone",
			    smtpd->name, smtpd->type, own->list[i]);
}

static void
check_smtpds(const struct postfix_host *host, struct faults *faults)
{
	const struct postfix_suite *suite = postfix_suite(host);
	bool elsewhere = suite != NULL && suite->milter != NULL; /* it reaches us by an address of its container */

	for (size_t i = 0; i < host->service_count && !is_null_client(host); i++) {
		if (!postfix_takes_mail(&host->services[i]) || postfix_is_local(&host->services[i]))
			continue;
		if (!elsewhere)
			check_asks(host, &host->services[i], faults);
		check_daemon_name(host, &host->services[i], faults);
	}
}

const char *
postfix_user(const struct postfix_setup_site *site, struct arena *arena)
{
	struct postfix_host host;
	const char *owner;

	if (!postfix_read(site, arena, &host))
		return NULL;
	owner = postfix_setting(&host, "mail_owner");
	return owner == NULL ? "postfix" : owner;
}

void
postfix_check(const struct postfix_setup_site *site, struct arena *arena, struct faults *faults)
{
	struct postfix_host host;

	if (!postfix_read(site, arena, &host))
		return;
	check_smtpds(&host, faults);
	check_reach(&host, "milter", site->milter, faults);
	check_reach(&host, "delegate", site->delegate, faults);
	check_networks(&host, faults);
	check_processes(&host, faults);
}
