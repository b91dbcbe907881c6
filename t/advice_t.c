#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "tap.h"

enum { ARENA = 4 * 1024 * 1024, OUTPUT = 256 * 1024 };

/* t/advice/FILE.postconf becomes t/advice/FILE.advice. */
static const struct row {
	const char *name, *file;
	struct advice_site site;
} rows[] = {
	{ "a fresh Debian, whose smtpd is chrooted", "fresh",
	    { .milter = "unix:/run/greenlane/milter.sock", .delegate = "", .greylist_class = "greylist", .greylists = true } },
	{ "a chrooted smtpd that was given the socket's path outside", "jailed",
	    { .milter = "unix:/run/greenlane/milter.sock", .delegate = "", .greylist_class = "greylist" } },
	{ "an smtpd that is not chrooted, and a socket below the queue directory", "free",
	    { .milter = "unix:/var/spool/postfix/greenlane/milter.sock", .delegate = "", .greylist_class = "greylist" } },
	{ "other filters, and postgrey among the restrictions", "postgrey",
	    { .milter = "unix:/run/greenlane/milter.sock", .delegate = "unix:/run/greenlane/delegate.sock",
		.greylist_class = "greylist" } },
	{ "postscreen with a deep test, and rspamd", "postscreen",
	    { .milter = "unix:/var/spool/mta/greenlane/milter.sock", .delegate = "", .greylist_class = "greylist" } },
	{ "whatever can stand wrongly", "wrong",
	    { .milter = "inet:10027@127.0.0.1", .delegate = "inet6:10028@::1", .greylist_class = "greylist",
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

	snprintf(path, sizeof path, "%s/t/advice/%s.%s", folder == NULL ? "." : folder, name, kind);
	file = fopen(path, "re");
	if (text == NULL || file == NULL || fread(text, 1, OUTPUT - 1, file) == 0)
		note("%s cannot be read", path);
	if (file != NULL)
		fclose(file);
	return text;
}

static bool
advise(struct advice_site site, const char *postconf, struct text *out)
{
	struct arena *arena = arena_open(ARENA);
	bool done;

	site.postconf = postconf;
	text_open(out, OUTPUT);
	done = arena != NULL && advice_write(&site, arena, out);
	arena_close(arena);
	return done;
}

/* With the lines taken there is nothing left to take: only comments. */
static void
check_again(const struct row *row, const char *postconf, const char *advice)
{
	struct text both, again;

	text_open(&both, 2 * OUTPUT);
	text_format(&both, "%s\n%s", postconf, advice);
	if (!advise(row->site, both.bytes, &again))
		note("no advice the second time");
	for (const char *line = again.bytes; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
		if (!ok(*line == '#' || *line == '\n', "%s: taken once, it asks for nothing more", row->name))
			note("%.*s", (int)strcspn(line, "\n"), line);
	text_close(&again);
	text_close(&both);
}

static void
check_bounds(void)
{
	const struct advice_site site = { .milter = "inet:1@127.0.0.1", .delegate = "", .greylist_class = "greylist" };
	struct text long_text, out;
	char *nothing = read_file("nothing", "postconf");

	ok(!advise(site, nothing, &out), "a text without settings is no text of postconf");
	text_close(&out);
	free(nothing);
	ok(!advise(site, "", &out), "nor is an empty one");
	text_close(&out);
	text_open(&long_text, ADVICE_POSTCONF_MAX);
	text_put(&long_text, "smtpd_recipient_restrictions = permit_mynetworks");
	for (int i = 0; i < 3000; i++)
		text_put(&long_text, ", check_policy_service { inet:127.0.0.1:10023");
	for (int i = 0; i < 3000; i++)
		text_format(&long_text, "\nname%d = value\nsmtp inet n - n - - smtpd -o", i);
	ok(advise(site, long_text.bytes, &out), "more of everything than there is room for is survived");
	text_close(&out);
	text_close(&long_text);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *postconf = read_file(rows[i].file, "postconf"), *wanted = read_file(rows[i].file, "advice");
		struct text out;

		ok(advise(rows[i].site, postconf, &out), "%s: there is advice", rows[i].name);
		is(out.bytes, wanted, "%s: what it is", rows[i].name);
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
