#include <stdio.h>
#include <string.h>

#include "policy/config/vendor_diff.h"
#include "t/lib/tap.h"

enum { TREES_MAX = 1 << 20 };

/* Two files that differ in this. */
static const struct {
	const char *name, *shipped, *site, *wanted;
} rows[] = {
	{ "the same", "domains = [ \"a.example\" ];", "domains = [ \"a.example\" ];", "" },
	{ "another order", "domains = [ \"a.example\", \"b.example\" ];", "domains = [ \"b.example\", \"a.example\" ];",
	    "" },
	{ "a default that is written out", "",
	    "on_forged = \"reject\"; mode = \"enforce\"; vouch = [ \"dkim\", \"listed+spf\" ];", "" },
	{ "a default of a source", "sources = ( { a = \"x.example\"; } );",
	    "sources = ( { a = \"x.example\"; exclusive = false; max_stale = \"7d\"; } );", "" },
	{ "dkim that is written out as domains", "domains = [ \"a.example\" ];",
	    "domains = [ \"a.example\" ]; dkim = [ \"a.example\" ];", "" },
	{ "a word", "on_forged = \"reject\";", "\non_forged = \"tag\";",
	    "on_forged: the shipped file has \"reject\" (line 1), the site's has \"tag\" (line 2)\n" },
	{ "a word against a default", "", "mode = \"vouch\";",
	    "mode: the shipped file has \"enforce\", the default, the site's has \"vouch\" (line 1)\n" },
	{ "a title that one lacks", "title = \"Acme\";", "",
	    "title: the shipped file has \"Acme\" (line 1), the site's has none\n" },
	{ "elements of a list", "domains = [ \"a.example\",\n\"b.example\" ];",
	    "domains = [ \"c.example\", \"a.example\" ];",
	    "domains: the site's file lacks \"b.example\" (line 2 of the shipped one)\n"
	    "domains: the site's file adds \"c.example\" (line 1)\n" },
	{ "dkim alone differs where domains do not", "domains = [ \"a.example\" ];",
	    "domains = [ \"a.example\" ]; dkim = [ \"=b.example\" ];",
	    "dkim: the site's file lacks \"a.example\" (line 1 of the shipped one)\n"
	    "dkim: the site's file adds \"=b.example\" (line 1)\n" },
	{ "a source", "sources = ( { spf = \"s.example\"; } );",
	    "sources = ( { spf = \"t.example\"; tags = [ \"uk\" ]; } );",
	    "sources: the site's file lacks { spf = \"s.example\"; } (line 1 of the shipped one)\n"
	    "sources: the site's file adds { spf = \"t.example\"; tags = [ \"uk\" ]; } (line 1)\n" },
	{ "within a source", "sources = ( { a = \"x.example\"; }, { spf = \"s.example\"; tags = [ \"uk\", \"us\" ]; } );",
	    "sources = ( { spf = \"s.example\"; tags = [ \"uk\" ]; exclusive = true; }, { a = \"x.example\"; } );",
	    "sources, spf \"s.example\", tags: the site's file lacks \"us\" (line 1 of the shipped one)\n"
	    "sources, spf \"s.example\", exclusive: the shipped file has false, the default, the site's has true (line 1)\n" },
	{ "within a source of names of clients", "sources = ( { host = \".x.example\"; tags = [ \"uk\", \"us\" ]; } );",
	    "sources = ( { host = \".x.example\"; tags = [ \"uk\" ]; } );",
	    "sources, host \".x.example\", tags: the site's file lacks \"us\" (line 1 of the shipped one)\n" },
	{ "networks one by one", "sources = ( { cidr = [ \"192.0.2.0/24\", \"198.51.100.0/24\" ]; tags = [ \"uk\" ]; } );",
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; tags = [ \"us\" ]; }, "
	    "{ cidr = [ \"192.0.2.0/24\", \"203.0.113.0/24\" ]; tags = [ \"uk\" ]; } );",
	    "sources, cidr [ \"192.0.2.0/24\", \"198.51.100.0/24\" ], cidr: the site's file lacks \"198.51.100.0/24\" (line 1 of the "
	    "shipped one)\n"
	    "sources, cidr [ \"192.0.2.0/24\", \"198.51.100.0/24\" ], cidr: the site's file adds \"203.0.113.0/24\" (line 1)\n"
	    "sources: the site's file adds { cidr = [ \"192.0.2.0/24\" ]; tags = [ \"us\" ]; } (line 1)\n" },
	{ "one name twice: the second of each is compared",
	    "sources = ( { a = \"x.example\"; tags = [ \"uk\" ]; }, { a = \"x.example\"; tags = [ \"us\" ]; } );",
	    "sources = ( { a = \"x.example\"; tags = [ \"uk\" ]; }, { a = \"x.example\"; tags = [ \"eu\" ]; } );",
	    "sources, a \"x.example\", tags: the site's file lacks \"us\" (line 1 of the shipped one)\n"
	    "sources, a \"x.example\", tags: the site's file adds \"eu\" (line 1)\n" },
	{ "evidence", "evidence = ( { what = \"dkim\"; where = \"page\"; seen = \"2025\"; } );",
	    "evidence = ( { what = \"dkim\"; where = \"page\"; seen = \"2026\"; } );",
	    "evidence, what \"dkim\", seen: the shipped file has \"2025\" (line 1), the site's has \"2026\" (line 1)\n" },
	{ "what would steer a terminal", "title = \"a\";", "title = \"\\x1b[2J\";",
	    "title: the shipped file has \"a\" (line 1), the site's has \"\\x1b[2J\" (line 1)\n" },
};

static void
test_row(size_t i)
{
	struct arena *arena = arena_open(TREES_MAX);
	struct fault why = { .text = "" };
	const struct node *shipped = tree_read(arena, "shipped", rows[i].shipped, strlen(rows[i].shipped), &why);
	const struct node *site = tree_read(arena, "site", rows[i].site, strlen(rows[i].site), &why);
	size_t lines = 0, count;
	struct text out;

	text_open(&out, TREES_MAX);
	count = shipped == NULL || site == NULL ? 99 : vendor_diff(shipped, site, &vendor_sides_site, "", arena, &out);
	for (const char *at = out.bytes; *at != '\0'; at++)
		lines += *at == '\n';
	is(out.bytes, rows[i].wanted, "%s", rows[i].name);
	ok(count == lines, "and is counted: %zu", lines);
	text_close(&out);
	arena_close(arena);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		test_row(i);
	return done();
}
