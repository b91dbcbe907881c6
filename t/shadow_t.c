/* A draft beside every story: what is said of it beside each verdict is what replay says of the record. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/lib/story.h"
#include "t/lib/tap.h"

/* Drafts that judge the cast of the stories in another way; "vendor" and "acme" are theirs. */
static const struct row {
	const char *what, *config;
	bool same; /* it is the configuration itself: nothing may differ, but in stories with a draft of their own */
} rows[] = {
	{ "its own configuration changes nothing", "", true },
	{ "a draft without greylist and vendors", "vendors = ( );", false },
	{ "a draft in monitor mode", "mode = \"monitor\"; vendors = ( { name = \"vendor\"; } );", false },
	{ "a vendor that signatures alone prove",
	    "vendors = ( { name = \"vendor\"; vouch = [ \"dkim\" ]; mode = \"vouch\"; } );", false },
	{ "a vendor that no longer signs", "vendors = ( { name = \"vendor\"; dkim = [ ]; } );", false },
	{ "strangers' DMARC refused, and our own names",
	    "own = { domains = [ \"rx.example\" ]; }; strangers = { dmarc = \"reject\"; }; vendors = ( { name = \"vendor\"; } );",
	    false },
	{ "an unreviewed network of ours",
	    "own = { networks = [ \"203.0.113.0/24\" ]; }; vendors = ( { name = \"vendor\"; } );", false },
};

static struct services services;
static unsigned changed;

static void
play_all(const glob_t *found, const struct row *row)
{
	struct player *player = play_inside(&services);
	size_t played = 0;
	char *failed = NULL;

	story_shadow(row->config);
	for (size_t i = 0; i < found->gl_pathc; i++) {
		played += story_rehearse(found->gl_pathv[i], player, &services);
		if (failed == NULL && story_journal_difference()[0] != '\0')
			failed = found->gl_pathv[i];
		changed += story_journal_shadowed();
		if (failed == NULL && row->same && strstr(found->gl_pathv[i], "/shadow-") == NULL &&
		    story_journal_shadowed() > 0)
			failed = found->gl_pathv[i];
		if (failed == found->gl_pathv[i])
			note("%s: %s", failed, story_journal_difference());
	}
	ok(failed == NULL && played > 100, "%s: replay says so too, for %zu stories", row->what, played);
}

int
main(void)
{
	const char *srcdir = getenv("srcdir");
	char pattern[1024];
	glob_t found;

	snprintf(pattern, sizeof pattern, "%s/t/replay/*.replay", srcdir == NULL ? "." : srcdir);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 1;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		play_all(&found, &rows[i]);
	ok(changed > 500, "and many verdicts differ (%u)", changed);
	globfree(&found);
	return done();
}
