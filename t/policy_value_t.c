/*
 * policy_value_t.c - single values of a configuration: dates, paths, commands, addresses of listeners and servers, by row.
 */
#include <stdio.h>
#include <string.h>

#include "policy/config/policy_value.h"
#include "t/lib/tap.h"

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A100 A50 A50
#define A200 A100 A100
#define A1000 A200 A200 A200 A200 A200

typedef bool reader(const char *text, struct fault *why);

static const struct {
	const char *what;
	reader *reads;
	const char *text, *wanted; /* a part of the fault; NULL: it is taken */
} rows[] = {
	/* dates */
	{ "a date", value_date, "2026-08-01", NULL },
	{ "the last day of a year", value_date, "2026-12-31", NULL },
	{ "the first that is known", value_date, "1970-01-01", NULL },
	{ "a year before", value_date, "1969-12-31", "is not a date" },
	{ "no month", value_date, "2026-00-10", "is not a date" },
	{ "a thirteenth month", value_date, "2026-13-01", "is not a date" },
	{ "no day", value_date, "2026-01-00", "is not a date" },
	{ "a day that the month has not", value_date, "2026-04-31", "is not a date" },
	{ "a leap day", value_date, "2028-02-29", NULL },
	{ "a leap day of a year without", value_date, "2026-02-29", "is not a date" },
	{ "and of a century", value_date, "2100-02-29", "is not a date" },
	{ "hyphens in the wrong place", value_date, "20-26-0801", "is not a date" },
	{ "a hyphen too many", value_date, "2026--8-01", "is not a date" },
	{ "one digit for the day", value_date, "2026-08-1", "is not a date" },
	{ "letters", value_date, "2026-Aug-1", "is not a date" },
	{ "a time behind it", value_date, "2026-08-01T00:00", "is not a date" },
	/* text of replies */
	{ "a contact", value_ascii, "postmaster@example.com, +44 20 7946 0000", NULL },
	{ "200 characters", value_ascii, A200, NULL },
	{ "201 characters", value_ascii, A200 "a", "longer than 200" },
	{ "a letter that is not ASCII", value_ascii, "b\xc3\xbc", "not plain ASCII" },
	{ "a delete", value_ascii, "a\x7f", "not plain ASCII" },
	{ "a tab", value_ascii, "a\tb", "not plain ASCII" },
	/* paths */
	{ "a path", value_path, "/srv/x", NULL },
	{ "a relative one", value_path, "srv/x", "not an absolute path" },
	{ "one of 1,024 bytes", value_path, "/aaaaaaaaaaaaaaaaaaaaaaa" A1000, NULL },
	{ "one of 1,025", value_path, "/aaaaaaaaaaaaaaaaaaaaaaaa" A1000, "longer than 1024" },
	/* commands */
	{ "a command", value_command, "/bin/tell 'the pager' now", NULL },
	{ "one without a path", value_command, "tell now", "absolute path" },
	{ "an empty one", value_command, "", "absolute path" },
	{ "one with a pipe", value_command, "/bin/a | /bin/b", "no shell runs it" },
	{ "a quote that is open", value_command, "/bin/a 'b", "not closed" },
	{ "one of more than 1,000 bytes", value_command, "/" A1000, "at most 1000 bytes" },
	/* listeners */
	{ "a Unix socket", value_listener, "unix:/run/x", NULL },
	{ "one whose path is relative", value_listener, "unix:x", "not an absolute path" },
	{ "one whose path is too long", value_listener, "unix:/" A100 "aaaaaaa", "at most 107 bytes" },
	{ "a port of an address", value_listener, "inet:8890@127.0.0.1", NULL },
	{ "a port of a host", value_listener, "inet:8890@localhost", NULL },
	{ "the last port", value_listener, "inet:65535@localhost", NULL },
	{ "one too large", value_listener, "inet:65536@localhost", "not a listener" },
	{ "port 0", value_listener, "inet:0@localhost", "not a listener" },
	{ "no port", value_listener, "inet:@localhost", "not a listener" },
	{ "a name for a port", value_listener, "inet:smtp@localhost", "not a listener" },
	{ "no host", value_listener, "inet:8890@", "not a listener" },
	{ "nothing behind the port", value_listener, "inet:8890", "not a listener" },
	{ "half an address", value_listener, "inet:8890@127.0.1", "not a listener" },
	{ "a host that is too long", value_listener, "inet:8890@" A200 A200, "not a listener" },
	{ "IPv6 as inet", value_listener, "inet:8890@::1", "not a listener" },
	{ "IPv6", value_listener, "inet6:8890@::1", NULL },
	{ "IPv6 in brackets", value_listener, "inet6:8890@[::1]", NULL },
	{ "brackets around nothing", value_listener, "inet6:8890@[]", "not a listener" },
	{ "brackets in inet", value_listener, "inet:8890@[127.0.0.1]", "not a listener" },
	{ "IPv4 as inet6", value_listener, "inet6:8890@127.0.0.1", "not a listener" },
	{ "another word", value_listener, "tcp:8890@127.0.0.1", "not a listener" },
	/* who may ask */
	{ "nobody", value_control, "none", NULL },
	{ "a Unix socket for control", value_control, "unix:/run/x", NULL },
	{ "a port for control", value_control, "inet:1@127.0.0.1", "no Unix socket" },
	/* name servers */
	{ "a name server", value_server, "127.0.0.1", NULL },
	{ "with its port", value_server, "127.0.0.1@5353", NULL },
	{ "IPv6 with its port", value_server, "::1@53", NULL },
	{ "a port that is none", value_server, "127.0.0.1@x", "not a name server" },
	{ "a name", value_server, "localhost", "not a name server" },
	{ "more than any address", value_server, A100, "not a name server" },
	/* prefixes of keys */
	{ "a prefix", value_prefix, "mx:", NULL },
	{ "one with a blank", value_prefix, "m x", "no prefix" },
	{ "65 letters", value_prefix, A50 "aaaaaaaaaaaaaaa", "no prefix" },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fault why = { .text = "" };
		bool taken = rows[i].reads(rows[i].text, &why);

		if (!ok(taken == (rows[i].wanted == NULL) && (taken || strstr(why.text, rows[i].wanted) != NULL), "%s",
			rows[i].what))
			note("%s", taken ? "taken" : why.text);
	}
	return done();
}
