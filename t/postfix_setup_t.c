#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/advise/postfix_setup.h"
#include "t/lib/tap.h"

enum { ARENA = 4 * 1024 * 1024, OUTPUT = 256 * 1024 };

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
	return done();
}
