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

void
postfix_check(const struct postfix_setup_site *site, struct arena *arena, struct faults *faults)
{
	struct postfix_host host;

	if (!postfix_read(site, arena, &host))
		return;
	check_reach(&host, "milter", site->milter, faults);
	check_reach(&host, "delegate", site->delegate, faults);
	check_networks(&host, faults);
	check_processes(&host, faults);
}
