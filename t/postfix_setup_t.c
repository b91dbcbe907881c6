#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/advise/postfix_check.h"
#include "t/lib/tap.h"

enum { ARENA = 4 * 1024 * 1024, OUTPUT = 256 * 1024 };

#define USUAL .milter = "unix:/run/greenlane/milter.sock", .delegate = "", .greylist_class = "greylist"
#define ASKS "smtpd_milters = unix:/run/greenlane/milter.sock\n"
#define NETWORK(a, b, c, n)                    \
	{                                      \
		{ ADDRESS_V4, { a, b, c } }, n \
	}

static const struct prefix ours[] = { NETWORK(198, 51, 100, 24), NETWORK(203, 0, 113, 24) };
static const struct prefix one_host[] = { { { ADDRESS_V4, { 192, 0, 2, 7 } }, 32 } };
static const struct prefix this_host[] = { { { ADDRESS_V4, { 127, 0, 0, 1 } }, 32 } };
static const struct relay loopback[] = { { .name = "proxy", .kind = RELAY_GATEWAY, .networks = { this_host, 1 } } };
static const struct relay filter[] = { { .name = "filter", .kind = RELAY_GATEWAY, .networks = { one_host, 1 } } };

/* t/postfix_setup/FILE.postconf becomes t/postfix_setup/FILE.cf. */
static const struct row {
	const char *name, *file;
	struct postfix_setup_site site;
} rows[] = {
	{ "a fresh Debian, whose smtpd is chrooted", "fresh",
	    { .milter = "unix:/run/greenlane/milter.sock", .delegate = "", .greylist_class = "greylist", .greylists = true } },
	{ "a chrooted smtpd that was given the socket's path outside", "jailed",
	    { .milter = "unix:/run/greenlane/milter.sock", .delegate = "", .greylist_class = "greylist" } },
	{ "an smtpd that is not chrooted, and a socket below the queue directory", "free",
	    { .milter = "unix:/var/spool/postfix/greenlane/milter.sock", .delegate = "", .greylist_class = "greylist" } },
	{ "other filters, and postgrey among the restrictions", "postgrey",
	    { .milter = "unix:/run/greenlane/milter.sock",
		.delegate = "unix:/run/greenlane/delegate.sock",
		.greylist_class = "greylist" } },
	{ "postscreen with a deep test, and rspamd", "postscreen",
	    { .milter = "unix:/var/spool/mta/greenlane/milter.sock", .delegate = "", .greylist_class = "greylist" } },
	{ "everything in the wrong place", "wrong",
	    { .milter = "inet:10027@127.0.0.1",
		.delegate = "inet6:10028@::1",
		.greylist_class = "greylist",
		.greylists = true } },
	{ "a greylister that is asked too late", "late",
	    { .milter = "unix:/var/spool/postfix/greenlane/milter.sock", .delegate = "", .greylist_class = "wait" } },
	{ "a filter before the queue, in front of which greenlane is asked", "proxy", { USUAL } },
	{ "a filter before the queue, behind which greenlane is asked and knows it for a relay", "proxied",
	    { USUAL, .relays = filter, .relay_count = 1 } },
	{ "a filter by name, where greenlane knows no gateway", "proxied-unnamed", { USUAL } },
	{ "the same, where it knows one", "proxied-by-name", { USUAL, .relays = filter, .relay_count = 1 } },
	{ "greenlane behind such a filter, and in no other place", "proxied-alone",
	    { USUAL, .relays = loopback, .relay_count = 1 } },
	{ "a content filter, and every way for its mail to come back", "content", { USUAL } },
	{ "a content filter that hands back through sendmail", "pipe", { USUAL } },
	{ "a content filter elsewhere, no_milters, filters in front, other networks, many processes", "elsewhere",
	    { USUAL, .own_networks = { ours, 2 } } },
	{ "the same, where the filter is a relay", "elsewhere-named",
	    { USUAL, .relays = filter, .relay_count = 1, .own_networks = { ours, 1 }, .max_sessions = 1001 } },
	{ "a list that only our networks reach, nobody logging in", "users", { USUAL, .own_networks = { ours, 1 } } },
	{ "a list that users who log in reach", "login", { USUAL } },
	{ "mailcow", "mailcow", { USUAL } },
	{ "Mail-in-a-Box", "mail-in-a-box",
	    { .milter = "unix:/var/spool/postfix/greenlane/milter.sock",
		.delegate = "unix:/var/spool/postfix/greenlane/delegate.sock",
		.greylist_class = "greylist" } },
	{ "docker-mailserver", "docker-mailserver", { USUAL } },
};

/* The whole file, given; "" where there is none. */
static char *
read_file(const char *name, const char *kind)
{
	const char *folder = getenv("srcdir");
	char path[512];
	char *text = calloc(1, OUTPUT);
	FILE *file;

	snprintf(path, sizeof path, "%s/t/postfix_setup/%s.%s", folder == NULL ? "." : folder, name, kind);
	file = fopen(path, "re");
	if (text == NULL || file == NULL || fread(text, 1, OUTPUT - 1, file) == 0)
		note("%s cannot be read", path);
	if (file != NULL)
		fclose(file);
	return text;
}

static bool
lines_for(struct postfix_setup_site site, const char *postconf, struct text *out)
{
	struct arena *arena = arena_open(ARENA);
	bool done;

	site.postconf = postconf;
	site.max_sessions = site.max_sessions == 0 ? 500 : site.max_sessions;
	text_open(out, OUTPUT);
	done = arena != NULL && postfix_setup_write(&site, arena, out);
	arena_close(arena);
	return done;
}

/* With the lines added there is nothing left to add: only comments. */
static void
check_again(const struct row *row, const char *postconf, const char *lines)
{
	struct text both, again;

	text_open(&both, 2 * OUTPUT);
	text_format(&both, "%s\n%s", postconf, lines);
	if (!lines_for(row->site, both.bytes, &again))
		note("no lines the second time");
	for (const char *line = again.bytes; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
		if (!ok(*line == '#' || *line == '\n', "%s: once added, it asks for nothing more", row->name))
			note("%.*s", (int)strcspn(line, "\n"), line);
	text_close(&again);
	text_close(&both);
}

static void
check_bounds(void)
{
	const struct postfix_setup_site site = { .milter = "inet:1@127.0.0.1",
		.delegate = "",
		.greylist_class = "greylist" };
	struct text long_text, out;
	char *nothing = read_file("nothing", "postconf");

	ok(!lines_for(site, nothing, &out), "a text without settings is not postconf's");
	text_close(&out);
	free(nothing);
	ok(!lines_for(site, "", &out), "nor is an empty one");
	text_close(&out);
	text_open(&long_text, POSTCONF_MAX);
	text_put(&long_text, "smtpd_recipient_restrictions = permit_mynetworks");
	for (int i = 0; i < 3000; i++)
		text_put(&long_text, ", check_policy_service { inet:127.0.0.1:10023");
	for (int i = 0; i < 3000; i++)
		text_format(&long_text, "\nname%d = value\nsmtp inet n - n - - smtpd -o", i);
	ok(lines_for(site, long_text.bytes, &out), "more of everything than there is room for is survived");
	text_close(&out);
	text_close(&long_text);
}

static const char *const daemon_names[] = { "ORIGINATING" };

/* What `greenlane check` warns of, a line each. */
static void
check_warnings(void)
{
	static const struct {
		const char *name, *postconf;
		struct postfix_setup_site site;
		const char *wanted;
	} warnings[] = {
		{ "nothing that is Postfix's", "no settings here", { USUAL, .max_sessions = 500 }, "" },
		{ "all is well", ASKS "queue_directory = /var/spool/postfix\nsmtp inet n - n - - smtpd\n",
		    { USUAL, .max_sessions = 500 }, "" },
		{ "no filter at all", "queue_directory = /x\nsmtp inet n - n - - smtpd\n", { USUAL, .max_sessions = 500 },
		    "Postfix's smtp/inet does not ask greenlane: smtpd_milters in main.cf names no filter, and its mail is not "
		    "filtered; greenlane setup postfix prints the lines to write\n" },
		{ "another filter, where an option takes ours away, and no filter in one of three",
		    ASKS "192.0.2.1:25 inet n - n - 1 smtpd -o smtpd_milters=unix:/run/greenlane/milter.socket\n"
			 "192.0.2.2:25 inet n - n - 1 smtpd -o receive_override_options=no_milters\n"
			 "192.0.2.3:25 inet n - n - 1 smtpd\n",
		    { USUAL, .max_sessions = 500 },
		    "Postfix's 192.0.2.1:25/inet does not ask greenlane: smtpd_milters in master.cf is "
		    "'unix:/run/greenlane/milter.socket', and its mail is not filtered; greenlane setup postfix prints the lines "
		    "to write\n"
		    "Postfix's 192.0.2.2:25/inet has receive_override_options=no_milters: its mail is not filtered; take "
		    "no_milters away, it belongs only to an smtpd that takes mail back from a content filter\n" },
		{ "the whole path, where the jail has another one",
		    "smtpd_milters = unix:/var/spool/postfix/g/m.sock\nsmtp inet n - y - - smtpd\n",
		    { .milter = "unix:/var/spool/postfix/g/m.sock", .delegate = "", .max_sessions = 500 },
		    "Postfix's smtp/inet does not ask greenlane: smtpd_milters in main.cf is "
		    "'unix:/var/spool/postfix/g/m.sock', and its mail is not filtered; greenlane setup postfix prints the lines to "
		    "write\n" },
		{ "the path in the jail, from its root",
		    "smtpd_milters = { unix:/g/m.sock, connect_timeout=1s }\nsmtp inet n - y - - smtpd\n",
		    { .milter = "unix:/var/spool/postfix/g/m.sock", .delegate = "", .max_sessions = 500 }, "" },
		{ "a port, by another name of the host",
		    "smtpd_milters = inet:localhost:10027\nsmtp inet n - y - - smtpd\n",
		    { .milter = "inet:10027@127.0.0.1", .delegate = "", .max_sessions = 500 }, "" },
		{ "a name that stands for it", "smtpd_milters = inet:localhost:11332, $filter\nsmtp inet n - n - - smtpd\n",
		    { USUAL, .max_sessions = 500 }, "" },
		{ "another port", "smtpd_milters = inet:localhost:100271\nsmtp inet n - y - - smtpd\n",
		    { .milter = "inet:10027@127.0.0.1", .delegate = "", .max_sessions = 500 },
		    "Postfix's smtp/inet does not ask greenlane: smtpd_milters in main.cf is 'inet:localhost:100271', and its "
		    "mail is not filtered; greenlane setup postfix prints the lines to write\n" },
		{ "a null client, which takes nobody's mail",
		    "inet_interfaces = loopback-only\nsmtp inet n - n - - smtpd\n", { USUAL, .max_sessions = 500 }, "" },
		{ "the name of submission, at every port",
		    ASKS "milter_macro_daemon_name = ORIGINATING\nsmtp inet n - n - - smtpd\n"
			 "submission inet n - n - - smtpd\n",
		    { USUAL, .max_sessions = 500, .own_daemon_names = { daemon_names, 1 } },
		    "Postfix's smtp/inet takes mail from outside, and all of it is exempt: its milter_macro_daemon_name is "
		    "'ORIGINATING', which is in own.daemon_names; set that name by -o at submission alone\n" },
		{ "the name of submission, there",
		    ASKS "smtp inet n - n - - smtpd\nsubmission inet n - n - - smtpd -o "
			 "milter_macro_daemon_name=ORIGINATING\n",
		    { USUAL, .max_sessions = 500, .own_daemon_names = { daemon_names, 1 } }, "" },
		{ "a chrooted smtpd, and sockets that it cannot reach",
		    ASKS "queue_directory = /var/spool/postfix\nsmtp inet n - y - - smtpd\n",
		    { .milter = "unix:/run/greenlane/milter.sock",
			.delegate = "unix:/run/greenlane/delegate.sock",
			.greylist_class = "greylist",
			.max_sessions = 500 },
		    "milter.listen: Postfix's smtpd runs chrooted in /var/spool/postfix and cannot reach "
		    "unix:/run/greenlane/milter.sock; write milter.listen = "
		    "\"unix:/var/spool/postfix/greenlane/milter.sock\"\n"
		    "delegate.listen: Postfix's smtpd runs chrooted in /var/spool/postfix and cannot reach "
		    "unix:/run/greenlane/delegate.sock; write delegate.listen = "
		    "\"unix:/var/spool/postfix/greenlane/delegate.sock\"\n" },
		{ "a network of Postfix's that is judged as anybody's",
		    ASKS "mynetworks = 127.0.0.0/8 198.51.100.0/24 192.0.2.0/24\nsmtp inet n - n - - smtpd\n",
		    { USUAL, .own_networks = { ours, 1 }, .max_sessions = 500 },
		    "192.0.2.0/24 is in Postfix's mynetworks, but greenlane judges its mail as anybody's; if only hosts of yours "
		    "send from there, add it to own.networks, a relay or balancer to relays\n" },
		{ "more processes than sessions", ASKS "queue_directory = /x\nsmtp inet n - n - 600 smtpd\n",
		    { USUAL, .max_sessions = 500 },
		    "Postfix's smtpd may have 600 processes, but milter.max_sessions is 500: the mail of one more is not filtered; "
		    "write milter.max_sessions = 600\n" },
		{ "any number of processes", ASKS "queue_directory = /x\nsmtp inet n - n - 0 smtpd\n",
		    { USUAL, .max_sessions = 500 },
		    "an smtpd in Postfix's master.cf may have any number of processes (maxproc 0), but milter.max_sessions is 500: "
		    "the mail of one more is not filtered; write a number there\n" },
	};

	for (size_t i = 0; i < sizeof warnings / sizeof warnings[0]; i++) {
		struct postfix_setup_site site = warnings[i].site;
		struct arena *arena = arena_open(ARENA);
		struct faults *faults = faults_open();
		struct text all;

		if (arena == NULL || faults == NULL)
			abort();
		site.postconf = warnings[i].postconf;
		postfix_check(&site, arena, faults);
		text_open(&all, OUTPUT);
		for (size_t j = 0; j < faults->kept; j++)
			text_format(&all, "%s\n", faults->list[j].fault.text);
		is(all.bytes, warnings[i].wanted, "check: %s", warnings[i].name);
		text_close(&all);
		faults_close(faults);
		arena_close(arena);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *postconf = read_file(rows[i].file, "postconf"), *wanted = read_file(rows[i].file, "cf");
		struct text out;

		ok(lines_for(rows[i].site, postconf, &out), "%s: there are lines", rows[i].name);
		is(out.bytes, wanted, "%s: the right ones", rows[i].name);
		if (getenv("WRITE") != NULL)
			printf("# %s\n%s", rows[i].file, out.bytes);
		check_again(&rows[i], postconf, out.bytes);
		text_close(&out);
		free(postconf);
		free(wanted);
	}
	check_bounds();
	check_warnings();
	return done();
}
