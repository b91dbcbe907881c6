#include <string.h>

#include "policy/advise/postfix_setup_parts.h"

static const struct postfix_suite suites[] = {
	{ .mark = "virtual_mailbox_maps",
	    .holds = "/opt/postfix/conf/",
	    .milter = "inet:10027@172.22.1.1",
	    .delegate = "inet:10028@172.22.1.1",
	    .text = "# This is mailcow, which makes main.cf anew when its container starts and adds extra.cf to it. Put the\n"
		    "# lines into data/conf/postfix/extra.cf, then run: docker compose restart postfix-mailcow\n"
		    "# Its Postfix sees no socket of the host. 172.22.1.1 is the host for its containers, unless IPV4_NETWORK\n"
		    "# in mailcow.conf says otherwise; let nobody else reach the port. In greenlane.conf write\n" },
	{ .mark = "smtpd_banner",
	    .holds = "Mail-in-a-Box",
	    .text = "# This is Mail-in-a-Box: each run of its setup, so each update, sets smtpd_milters and the restrictions again.\n"
		    "# Put the lines into /etc/postfix/greenlane.cf, and this into\n"
		    "# /etc/systemd/system/postfix@.service.d/greenlane.conf, which adds them again at each start of Postfix:\n"
		    "#     [Service]\n"
		    "#     ExecStartPre=/bin/sh -c 'postconf -h smtpd_milters | grep -q greenlane || cat /etc/postfix/greenlane.cf >> "
		    "/etc/postfix/main.cf'\n"
		    "# then run: systemctl daemon-reload; systemctl restart postfix\n\n" },
	{ .mark = "dms_smtpd_sender_restrictions",
	    .holds = "",
	    .milter = "inet:10027@172.17.0.1",
	    .delegate = "inet:10028@172.17.0.1",
	    .text =
		"# This is docker-mailserver, which makes main.cf anew for each container, and adds filters of its own when it\n"
		"# starts. The last word has docker-data/dms/config/user-patches.sh; write there, with bash for its first line,\n"
		"#     postconf -h smtpd_milters | grep -q 10027 ||\n"
		"#         postconf -e \"smtpd_milters = inet:172.17.0.1:10027 $(postconf -h smtpd_milters)\"\n"
		"# and in the same way, as NAME=VALUE, all other lines. Then run: docker compose up -d --force-recreate\n"
		"# Its Postfix sees no socket of the host. 172.17.0.1 is the host for containers (ip addr show docker0); let\n"
		"# nobody else reach the port. In greenlane.conf write\n" },
};

const struct postfix_suite *
postfix_suite(const struct postfix_host *host)
{
	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
		const char *value = postfix_setting(host, suites[i].mark);

		if (value != NULL && strstr(value, suites[i].holds) != NULL)
			return &suites[i];
	}
	return NULL;
}

static bool
is_unix(const char *listen)
{
	return strncmp(listen, "unix:", 5) == 0;
}

struct postfix_setup_site
postfix_suite_site(const struct postfix_suite *suite, const struct postfix_setup_site *site)
{
	struct postfix_setup_site reached = *site;

	if (suite != NULL && suite->milter != NULL && is_unix(site->milter))
		reached.milter = suite->milter;
	if (suite != NULL && suite->delegate != NULL && is_unix(site->delegate))
		reached.delegate = suite->delegate;
	return reached;
}

void
postfix_suite_write(const struct postfix_suite *suite, const struct postfix_setup_site *reached, struct text *out)
{
	if (suite == NULL)
		return;
	text_put(out, suite->text);
	if (suite->milter == NULL)
		return;
	text_format(out, "#     milter = { listen = \"%s\"; ... };\n", reached->milter);
	if (reached->delegate[0] != '\0')
		text_format(out, "#     delegate = { listen = \"%s\"; ... };\n", reached->delegate);
	text_put(out, "# and restart greenlaned before you add these lines:\n\n");
}
