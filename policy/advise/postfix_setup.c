#include <stdlib.h>
#include <string.h>

#include "policy/advise/postfix_setup_parts.h"

static const char default_spool[] = "/var/spool/postfix";

/* ---- words ---- */

void
postfix_line(struct text *out, const char *name)
{
	text_format(out, "%s =", name);
}

void
postfix_member(struct text *out, bool first, struct span member)
{
	text_put(out, first ? "\n    " : ",\n    ");
	text_span(out, member);
}

static bool
is_yes(const char *value)
{
	return value != NULL && strcmp(value, "no") != 0 && value[0] != '\0';
}

/* ---- who takes the mail ---- */

static bool
is_port_25(const char *name)
{
	const char *port = strrchr(name, ':');

	port = port == NULL ? name : port + 1;
	return strcmp(port, "smtp") == 0 || strcmp(port, "25") == 0;
}

bool
postfix_is_local(const struct postfix_service *service)
{
	static const char *const begins[] = { "127.", "localhost:", "[::1]:", "::1:" };

	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (strncmp(service->name, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

bool
postfix_takes_mail(const struct postfix_service *service)
{
	if (strcmp(service->command, "smtpd") != 0)
		return false;
	return strcmp(service->type, "pass") == 0 || (strcmp(service->type, "inet") == 0 && is_port_25(service->name));
}

static const struct postfix_service *
find_smtpd(const struct postfix_host *host)
{
	const struct postfix_service *found = NULL;

	for (size_t i = 0; i < host->service_count; i++)
		if (postfix_takes_mail(&host->services[i]))
			found = &host->services[i];
	return found;
}

bool
postfix_is_jailed(const struct postfix_host *host, const struct postfix_service *service)
{
	const char *level = postfix_setting(host, "compatibility_level");

	if (strcmp(service->chroot, "-") != 0)
		return strcmp(service->chroot, "y") == 0;
	return level == NULL || strtol(level, NULL, 10) < 1; /* the default of master.cf changed with level 1 */
}

bool
postfix_chrooted(const struct postfix_host *host)
{
	const struct postfix_service *smtpd = find_smtpd(host);

	return smtpd != NULL && postfix_is_jailed(host, smtpd);
}

const char *
postfix_spool(const struct postfix_host *host)
{
	const char *spool = postfix_setting(host, "queue_directory");

	return spool == NULL || spool[0] == '\0' ? default_spool : spool;
}

/* A Unix socket's path below the queue directory, where every smtpd finds it, chrooted or not; NULL: elsewhere. */
static const char *
inside_spool(const struct postfix_host *host, const char *listen)
{
	const char *spool = postfix_spool(host);
	size_t length = strlen(spool);

	if (strncmp(listen, "unix:", 5) != 0 || strncmp(listen + 5, spool, length) != 0 || listen[5 + length] != '/')
		return NULL;
	return listen + 5 + length + 1;
}

const char *
postfix_unreachable(const struct postfix_host *host, const char *listen)
{
	const char *spool = postfix_spool(host), *path, *name;

	if (strncmp(listen, "unix:", 5) != 0 || !postfix_chrooted(host) || inside_spool(host, listen) != NULL)
		return NULL;
	path = listen + 5;
	name = strrchr(path, '/');
	return arena_format(host->arena, "%s/greenlane/%s", spool, name == NULL ? path : name + 1);
}

const char *
postfix_address(const struct postfix_host *host, const char *listen)
{
	const char *moved = postfix_unreachable(host, listen), *at = strchr(listen, '@');
	const char *inside = inside_spool(host, listen);

	if (strncmp(listen, "inet6:", 6) == 0 && at != NULL)
		return arena_format(host->arena, "inet:[%s]:%.*s", at + 1, (int)(at - listen - 6), listen + 6);
	if (strncmp(listen, "inet:", 5) == 0 && at != NULL)
		return arena_format(host->arena, "inet:%s:%.*s", at + 1, (int)(at - listen - 5), listen + 5);
	if (moved != NULL)
		return arena_format(host->arena, "unix:%s", moved + strlen(postfix_spool(host)) + 1);
	if (inside != NULL)
		return arena_format(host->arena, "unix:%s", inside);
	return arena_string(host->arena, listen);
}

static void
advise_chroot(const struct postfix_host *host, struct text *out)
{
	const struct postfix_service *smtpd = find_smtpd(host);
	const char *milter = postfix_unreachable(host, host->site->milter);
	const char *delegate = postfix_unreachable(host, host->site->delegate);

	if (smtpd == NULL)
		text_put(out,
		    "# Warning: postconf -M shows no smtpd on port 25, so greenlane does not know whether it is\n"
		    "# chrooted. If it is, its sockets must be below queue_directory; see greenlane setup in\n"
		    "# greenlane(1).\n\n");
	if (milter == NULL && delegate == NULL)
		return;
	text_format(out,
	    "# smtpd (%s/%s) runs chrooted in %s and sees no socket outside it.\n"
	    "# In greenlane.conf write\n",
	    smtpd->name, smtpd->type, postfix_spool(host));
	if (milter != NULL)
		text_format(out, "#     milter = { listen = \"unix:%s\"; ... };\n", milter);
	if (delegate != NULL)
		text_format(out, "#     delegate = { listen = \"unix:%s\"; ... };\n", delegate);
	text_put(out, "# and restart greenlaned before you add these lines:\n\n");
}

/* ---- milters ---- */

static const struct peer {
	const char *mark; /* in a milter's address */
	const char *name, *format, *hook;
} peers[] = {
	{ ":11332", "rspamd", "rspamd", "whitelisted_ip of its greylist module (contrib/postfix/rspamd.cf)" },
	{ "rspamd", "rspamd", "rspamd", "whitelisted_ip of its greylist module (contrib/postfix/rspamd.cf)" },
	{ "milter-greylist", "milter-greylist", "milter-greylist",
	    "a racl in greylist.conf (contrib/postfix/milter-greylist.cf)" },
};

static void
advise_peer(struct span milter, struct text *out)
{
	for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
		if (!postfix_holds(milter, peers[i].mark))
			continue;
		text_format(out,
		    "# Warning: %s (%.*s) may greylist what greenlane vouches for;\n"
		    "# give it the list of `greenlane export %s` through %s.\n\n",
		    peers[i].name, (int)milter.length, milter.at, peers[i].format, peers[i].hook);
		return;
	}
}

static void
write_default_action(const struct postfix_host *host, bool others, struct text *out)
{
	const char *action = postfix_setting(host, "milter_default_action");

	if (action != NULL) {
		text_format(out, "# milter_default_action is %s%s: this applies while greenlaned is down, too.\n\n",
		    action, strcmp(action, "accept") == 0 ? " (mail passes unfiltered)" : "");
		return;
	}
	if (others)
		return; /* greenlane has its own, in braces */
	text_put(out,
	    "# While greenlaned is down, mail passes unfiltered; with tempfail it waits instead.\n"
	    "milter_default_action = accept\n\n");
}

/* Is it the socket's own path, which a chrooted smtpd does not find? Then it is as if there were no filter. */
static bool
is_dead(const struct postfix_host *host, struct span milter)
{
	return postfix_unreachable(host, host->site->milter) != NULL && postfix_holds(milter, host->site->milter);
}

/* The list with ours in front, and without what is out of smtpd's reach. */
static void
write_milters(const struct postfix_host *host, const char *own, bool braced, const struct span *words, size_t count,
    struct text *out)
{
	text_put(out,
	    count == 0 ? "# greenlane judges every message that arrives by SMTP.\n"
		       : "# greenlane comes before the other filters: the first refusal wins.\n");
	for (size_t i = 0; i < count; i++)
		if (is_dead(host, words[i]))
			text_format(out, "# %.*s is removed: smtpd is chrooted and finds nothing there.\n",
			    (int)words[i].length, words[i].at);
	postfix_line(out, "smtpd_milters");
	text_format(out, braced ? "\n    { %s, default_action=accept }" : "\n    %s", own);
	for (size_t i = 0; i < count; i++)
		if (!is_dead(host, words[i]))
			postfix_member(out, false, words[i]);
	text_put(out, "\n\n");
}

bool
postfix_asks_milter(const struct postfix_host *host, const struct postfix_service *service)
{
	struct span list = postfix_override(service, "smtpd_milters");
	const char *own = postfix_address(host, host->site->milter);

	if (postfix_holds(postfix_in_force(host, service, "receive_override_options"), "no_milters"))
		return false;
	if (list.at == NULL || span_is(list, "$smtpd_milters"))
		return !host->behind_proxy;
	return own != NULL && postfix_holds(postfix_in_force(host, service, "smtpd_milters"), own);
}

/* Does all mail from outside pass an smtpd_proxy_filter, with no greenlane in main.cf, so in front of it? Then
 * smtpd_milters stays as it is: greenlane is asked behind the proxy. */
static bool
is_behind_proxy(const struct postfix_host *host)
{
	const char *list = postfix_setting(host, "smtpd_milters"), *own = postfix_address(host, host->site->milter);
	size_t count = 0;

	for (size_t i = 0; i < host->service_count; i++) {
		if (!postfix_takes_mail(&host->services[i]))
			continue;
		if (postfix_in_force(host, &host->services[i], "smtpd_proxy_filter").length == 0)
			return false;
		count++;
	}
	return count > 0 && own != NULL && (list == NULL || strstr(list, own) == NULL);
}

void
postfix_order(const struct postfix_host *host, const char *list, struct text *out)
{
	const char *own = postfix_address(host, host->site->milter);
	struct span words[POSTFIX_WORDS_MAX];
	size_t count = postfix_words(list, words, POSTFIX_WORDS_MAX), ours = 0;

	while (ours < count && own != NULL && !postfix_holds(words[ours], own))
		ours++;
	for (size_t i = 0; i < ours && ours < count; i++)
		text_format(out,
		    "# Warning: greenlane is asked after %.*s:\n"
		    "# mail that this filter refuses or defers is never judged. Put greenlane first, unless the filter is\n"
		    "# to decide alone.\n\n",
		    (int)words[i].length, words[i].at);
}

static void
advise_milters(const struct postfix_host *host, struct text *out)
{
	const char *list = postfix_setting(host, "smtpd_milters");
	const char *own = postfix_address(host, host->site->milter);
	struct span words[POSTFIX_WORDS_MAX];
	size_t count = list == NULL ? 0 : postfix_words(list, words, POSTFIX_WORDS_MAX), ours = count;
	bool braced = count > 0 && postfix_setting(host, "milter_default_action") == NULL;

	if (own == NULL)
		return;
	for (size_t i = count; i-- > 0;)
		if (postfix_holds(words[i], own))
			ours = i;
	if (ours < count) {
		text_format(out, "# smtpd_milters already has greenlane (%s).\n\n", own);
		postfix_order(host, list, out);
	} else {
		write_milters(host, own, braced, words, count, out);
	}
	write_default_action(host, braced || (ours < count && count > 1), out);
	for (size_t i = 0; i < count; i++)
		if (i != ours)
			advise_peer(words[i], out);
}

/* ---- the rest ---- */

static void
advise_newline(const struct postfix_host *host, struct text *out)
{
	const char *value = postfix_setting(host, "smtpd_forbid_bare_newline");

	if (is_yes(value))
		return;
	if (value == NULL)
		text_put(out, "# If your Postfix has this setting (3.5.24, 3.6.14, 3.7.10, 3.8.5 and later):\n");
	text_put(out,
	    "# Against SMTP smuggling, which brings in forged mail through a trusted host.\n"
	    "smtpd_forbid_bare_newline = normalize\n\n");
}

/* The tests that postscreen can do only after its greeting end in a 450 for each new client. */
static const char *
deep_test(const struct postfix_host *host)
{
	static const char *const tests[] = { "postscreen_pipelining_enable", "postscreen_non_smtp_command_enable",
		"postscreen_bare_newline_enable" };

	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		if (is_yes(postfix_setting(host, tests[i])))
			return tests[i];
	return NULL;
}

static bool
has_postscreen(const struct postfix_host *host)
{
	for (size_t i = 0; i < host->service_count; i++)
		if (strcmp(host->services[i].command, "postscreen") == 0)
			return true;
	return false;
}

static void
advise_postscreen(const struct postfix_host *host, struct text *out)
{
	const char *test = deep_test(host), *sites = postfix_setting(host, "postscreen_dnsbl_sites");
	const char *threshold = postfix_setting(host, "postscreen_dnsbl_allowlist_threshold");
	struct span words[POSTFIX_WORDS_MAX];
	size_t count = sites == NULL ? 0 : postfix_words(sites, words, POSTFIX_WORDS_MAX);

	if (test == NULL || !has_postscreen(host))
		return;
	if (threshold != NULL && threshold[0] == '-') {
		text_format(out,
		    "# postscreen defers every new client once (%s), except those\n"
		    "# whose DNS lists add up to postscreen_dnsbl_allowlist_threshold, which is %s: make sure that\n"
		    "# the vendors' zone does (contrib/postfix/postscreen.cf).\n\n",
		    test, threshold);
		return;
	}
	text_format(out,
	    "# postscreen defers every new client once (%s), before it asks\n"
	    "# any filter. A DNS list of the vendors lets them skip its protocol tests, but no blocklist:\n"
	    "# serve `greenlane export rbldnsd` as a zone of yours (contrib/postfix/postscreen.cf says how),\n"
	    "# and put its name here:\n",
	    test);
	postfix_line(out, "postscreen_dnsbl_sites");
	text_put(out, "\n    greenlane.example*-1");
	for (size_t i = 0; i < count; i++)
		postfix_member(out, false, words[i]);
	text_put(out, "\npostscreen_dnsbl_allowlist_threshold = -1\n\n");
}

struct postfix_setup_site
postfix_setup_site(const struct policy *policy, const char *postconf)
{
	const struct settings *settings = &policy->settings;

	return (struct postfix_setup_site){ .postconf = postconf,
		.milter = settings->milter.listen,
		.delegate = settings->delegate.listen,
		.greylist_class = settings->delegate.greylist_class,
		.greylists = settings->greylist.on,
		.own_networks = settings->own.networks,
		.relays = policy->relays,
		.relay_count = policy->relay_count,
		.max_sessions = settings->milter.max_sessions,
		.own_daemon_names = settings->own.daemon_names };
}

bool
postfix_setup_write(const struct postfix_setup_site *site, struct arena *arena, struct text *out)
{
	const struct postfix_suite *suite;
	struct postfix_setup_site reached;
	struct postfix_host host;
	const char *version;

	if (!postfix_read(site, arena, &host))
		return false;
	suite = postfix_suite(&host);
	reached = postfix_suite_site(suite, site);
	host.site = &reached;
	version = postfix_setting(&host, "mail_version");
	text_format(out,
	    "# What greenlane needs from this Postfix%s%s, judging by postconf. Nothing has been changed:\n"
	    "# read this, %s\n\n",
	    version == NULL ? "" : " ", version == NULL ? "" : version,
	    suite == NULL ? "add the lines to main.cf, then run: postfix reload" : "and do not add the lines to main.cf.");
	postfix_suite_write(suite, &reached, out);
	advise_chroot(&host, out);
	host.behind_proxy = is_behind_proxy(&host);
	if (!host.behind_proxy)
		advise_milters(&host, out);
	postfix_reach(&host, out);
	postfix_class(&host, out);
	postfix_agree(&host, out);
	advise_postscreen(&host, out);
	advise_newline(&host, out);
	return !out->cut;
}
