/*
 * sources_trees_t.c - what real vendors watch, replayed from t/suites/spf-trees: unfolded, and believed or not.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/source_watch.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/tap.h"

enum { LINE_BYTES = 8192 };

/* Shared senders, as the shipped vendor files name them. */
static const char *const shared_names[] = { "sendgrid.net", "spf.protection.outlook.com", "mcsv.net", "_spf.google.com" };

struct fixture {
	struct canned_zone *zone;
	struct resolver *resolver;
	atomic_uint calls;
	struct source_watch_context with;
};

static bool
read_zone(struct canned_zone *zone, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[LINE_BYTES];
	struct fault why;
	bool sound = file != NULL;

	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (!canned_zone_line(zone, line, &why)) {
			note("%s: %s", path, why.text);
			sound = false;
		}
	}
	if (file != NULL)
		fclose(file);
	return sound;
}

static void
read_zones(struct fixture *fixture)
{
	const char *srcdir = getenv("srcdir");
	char pattern[4096];
	glob_t found;
	size_t sound = 0;

	snprintf(pattern, sizeof pattern, "%s/t/suites/spf-trees/*.zone", srcdir == NULL ? "." : srcdir);
	if (glob(pattern, 0, NULL, &found) != 0) {
		ok(false, "the zones are there: %s", pattern);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		sound += read_zone(fixture->zone, found.gl_pathv[i]);
	ok(sound == found.gl_pathc && sound >= 14, "the zones of %zu vendors can be read", sound);
	globfree(&found);
}

static void
fixture_open(struct fixture *fixture)
{
	struct fault why;

	fixture->zone = canned_zone_open();
	fixture->resolver = resolver_canned(fixture->zone, &why);
	if (fixture->resolver == NULL)
		abort();
	fixture->with = (struct source_watch_context){ .resolver = fixture->resolver,
		.state_dir = "",
		.limits = { 12, 28, 1000, 50 },
		.shared = { shared_names, sizeof shared_names / sizeof *shared_names },
		.least = 60,
		.most = 86400,
		.calls = &fixture->calls };
}

static void
fixture_close(struct fixture *fixture)
{
	resolver_close(fixture->resolver);
	canned_zone_close(fixture->zone);
}

static struct source_watch *
unfold(struct fixture *fixture, const char *name, bool exclusive)
{
	struct source source = { .kind = SOURCE_SPF, .name = name, .text = name };
	struct source_watch *watch = source_watch_open(&source);
	struct budget budget = { 1000 };

	if (watch == NULL)
		abort();
	watch->max_stale = 7 * 86400;
	watch->source.exclusive = exclusive;
	(void)source_watch_unfold(&watch, 1, &fixture->with, &budget);
	return watch;
}

/* By which path an address is listed; NULL when it is not. */
static const char *
path_to(const struct source_watch *watch, const char *text)
{
	struct address address;

	if (!address_read(text, &address))
		abort();
	for (size_t i = 0; i < watch->copy.count; i++)
		if (prefix_holds(&watch->copy.networks[i].prefix, &address))
			return watch->copy.networks[i].path;
	return NULL;
}

/* ---- vendors ---- */

static const struct {
	const char *name;
	size_t networks;
	const char *inside, *path; /* an address that is listed, and how */
	const char *outside;       /* one that was once, or is beside; NULL */
	const char *asked;         /* "" when all can be listed */
	uint32_t ttl;
} trees[] = {
	{ "_netblocks.mimecast.com", 57, "207.211.31.81", "_netblocks.mimecast.com > us._netblocks.mimecast.com > ip4",
	    "207.211.31.200", "", 3600 },
	{ "us._netblocks.mimecast.com", 14, "207.211.31.81", "us._netblocks.mimecast.com > ip4", "195.130.217.1", "",
	    3600 },
	{ "_spf.google.com", 8, "2607:f8b0:4864:20::1", "_spf.google.com > ip6", "35.190.247.1", "", 3600 },
	{ "spf.protection.outlook.com", 11, "40.92.1.1", "spf.protection.outlook.com > ip4", "52.103.200.1", "", 3600 },
	{ "amazonses.com", 9, "54.240.65.1", "amazonses.com > ip4", "52.82.172.1", "", 3600 },
	{ "mailgun.org", 17, "198.61.254.240", "mailgun.org > _spf.mailgun.org > ip4", "198.62.0.1", "", 3600 },
	{ "servers.mcsv.net", 3, "148.105.8.1", "servers.mcsv.net > ip4", "148.106.0.1", "", 3600 },
	{ "sendgrid.net", 13, "223.165.119.1", "sendgrid.net > ab.sendgrid.net > ip4", "223.165.117.1", "", 3600 },
	{ "mail.zendesk.com", 5, "188.172.130.1", "mail.zendesk.com > ip4", "96.46.150.193", "", 3600 },
	{ "spf.zoho.com", 10, "136.143.188.12", "spf.zoho.com > ip4", "136.143.189.1", "", 3600 },
	{ "cust-spf.exacttarget.com", 8, "13.111.0.1", "cust-spf.exacttarget.com > ip4", NULL, "", 3600 },
	{ "_spf.salesforce.com", 0, NULL, NULL, "13.111.0.1",
	    "_spf.salesforce.com > exists:%{i}._spf.mta.salesforce.com", 3600 },
	{ "_spf.sparkpostmail.com", 0, NULL, NULL, NULL, "_spf.sparkpostmail.com > exists:%{i}._spf.sparkpostmail.com",
	    3600 },
	{ "antispamcloud.com", 0, NULL, NULL, NULL, "antispamcloud.com > ptr:antispamcloud.com", 3600 },
	{ "github.com", 45, "192.30.252.192", "github.com > ip4", NULL,
	    "github.com > _spf.salesforce.com > exists:%{i}._spf.mta.salesforce.com", 3600 },
	{ "github.com", 45, "223.165.119.1", "github.com > sendgrid.net > ab.sendgrid.net > ip4", NULL,
	    "github.com > _spf.salesforce.com > exists:%{i}._spf.mta.salesforce.com", 3600 },
};

static void
real_trees(struct fixture *fixture)
{
	for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
		struct source_watch *watch = unfold(fixture, trees[i].name, false);

		is(watch->trouble, "", "%s is unfolded and believed", trees[i].name);
		is_number((long long)watch->copy.count, (long long)trees[i].networks, "%s: every network once",
		    trees[i].name);
		is(watch->copy.asked_why, trees[i].asked, "%s: what cannot be listed is known", trees[i].name);
		is_number(watch->copy.ttl, trees[i].ttl, "%s: its time", trees[i].name);
		if (trees[i].inside != NULL)
			is(path_to(watch, trees[i].inside), trees[i].path, "%s lists %s", trees[i].name, trees[i].inside);
		if (trees[i].outside != NULL)
			is(path_to(watch, trees[i].outside), NULL, "%s does not list %s", trees[i].name, trees[i].outside);
		source_watch_free(watch);
	}
}

/* ---- what must not be believed of them ---- */

static void
real_doubts(struct fixture *fixture)
{
	static const char crowd[] =
	    "crowd.example 3600 TXT \"v=spf1 include:_netblocks.mimecast.com include:_spf.google.com "
	    "include:amazonses.com include:mailgun.org include:servers.mcsv.net include:sendgrid.net -all\"";
	struct source_watch *watch = unfold(fixture, "github.com", true);
	struct fault why;

	ok(!watch->known &&
		strstr(watch->trouble, "spf.protection.outlook.com through github.com > spf.protection.outlook.com") !=
		    NULL,
	    "GitHub's whole record is not believed to be GitHub's alone: shared senders are in it") ||
	    (note("%s", watch->trouble), true);
	source_watch_free(watch);
	if (!canned_zone_line(fixture->zone, crowd, &why))
		abort();
	watch = unfold(fixture, "crowd.example", false);
	ok(!watch->known &&
		strstr(watch->trouble,
		    "crowd.example > _netblocks.mimecast.com > include:au._netblocks.mimecast.com: more than 10 terms that ask DNS") !=
		    NULL,
	    "who includes six of them is beyond the limit of RFC 7208, and hears where") ||
	    (note("%s", watch->trouble), true);
	source_watch_free(watch);
}

/* A vendor that leaves half of its regions away in one step. */
static void
real_fall(struct fixture *fixture)
{
	struct source_watch *watch = unfold(fixture, "_netblocks.mimecast.com", false), *list[] = { watch };
	struct budget budget = { 1000 };
	struct fault why;

	canned_zone_drop(fixture->zone, "_netblocks.mimecast.com", 0);
	if (!canned_zone_line(fixture->zone,
		"_netblocks.mimecast.com 3600 TXT \"v=spf1 include:us._netblocks.mimecast.com ~all\"", &why))
		abort();
	(void)source_watch_unfold(list, 1, &fixture->with, &budget);
	ok(watch->copy.count == 57 && strstr(watch->trouble, "not believed: ") != NULL &&
		strstr(watch->trouble, "% fewer") != NULL,
	    "five of six regions gone in one step is not believed") ||
	    (note("%s", watch->trouble), true);
	source_watch_free(watch);
}

/* ---- a thousand names ---- */

static void
add(struct fixture *fixture, const char *fmt, unsigned n, unsigned next)
{
	char line[LINE_BYTES];
	struct fault why;

	snprintf(line, sizeof line, fmt, n, next);
	if (!canned_zone_line(fixture->zone, line, &why))
		abort();
}

/* One record that includes so many names, each with a network. */
static const struct {
	unsigned names;
	const char *trouble, *name;
} breadths[] = {
	{ 10, "", "ten includes beside each other are unfolded" },
	{ 11, SOURCE_WATCH_WRONGLY "b.example > include:n10.b.example: more than 10 terms that ask DNS (RFC 7208, 4.6.4)",
	    "eleven are not: the path of the eleventh is named" },
	{ 300, SOURCE_WATCH_WRONGLY "b.example > include:n10.b.example: more than 10 terms that ask DNS (RFC 7208, 4.6.4)",
	    "nor are three hundred" },
	{ 1000, SOURCE_WATCH_WRONGLY "b.example: an SPF record of 22901 bytes is too long; at most 8192 are read",
	    "a record of a thousand is too long to be read at all" },
};

static void
broad_record(struct fixture *fixture, unsigned names, const char *trouble, const char *title)
{
	char line[64 * 1024] = "b.example 60 TXT \"v=spf1";
	struct source_watch *watch;
	struct fault why;

	for (unsigned i = 0; i < names; i++) {
		snprintf(line + strlen(line), sizeof line - strlen(line), "%s include:n%u.b.example",
		    i % 8 == 7 ? "\" \"" : "", i);
		add(fixture, "n%u.b.example 60 TXT \"v=spf1 ip4:198.51.100.%u -all\"", i, i % 256);
	}
	snprintf(line + strlen(line), sizeof line - strlen(line), " -all\"");
	if (!canned_zone_line(fixture->zone, line, &why))
		abort();
	watch = unfold(fixture, "b.example", false);
	is(watch->trouble, trouble, "%s", title);
	ok(watch->copy.count == (trouble[0] == '\0' ? names : 0), "%u includes: all or nothing is listed", names);
	source_watch_free(watch);
	for (unsigned i = 0; i < names; i++) {
		snprintf(line, sizeof line, "n%u.b.example", i);
		canned_zone_drop(fixture->zone, line, 0);
	}
	canned_zone_drop(fixture->zone, "b.example", 0);
}

/* A thousand names below ten below ten below one. */
static void
bushy_tree(struct fixture *fixture)
{
	static const char ten[] =
	    "%sexample 60 TXT \"v=spf1 include:0.%sexample include:1.%sexample include:2.%sexample "
	    "include:3.%sexample include:4.%sexample include:5.%sexample include:6.%sexample include:7.%sexample "
	    "\" \"include:8.%sexample include:9.%sexample -all\"";
	struct source_watch *watch;
	char at[32], line[1024];
	struct fault why;

	for (int n = 0; n < 1111; n++) {
		if (n == 0)
			snprintf(at, sizeof at, "bush.");
		else if (n < 11)
			snprintf(at, sizeof at, "%d.bush.", n - 1);
		else if (n < 111)
			snprintf(at, sizeof at, "%d.%d.bush.", (n - 11) % 10, (n - 11) / 10);
		else
			snprintf(at, sizeof at, "%d.%d.%d.bush.", (n - 111) % 10, (n - 111) / 10 % 10, (n - 111) / 100);
		if (n < 111)
			snprintf(line, sizeof line, ten, at, at, at, at, at, at, at, at, at, at, at);
		else
			snprintf(line, sizeof line, "%sexample 60 TXT \"v=spf1 ip4:198.51.100.%d -all\"", at, n % 256);
		if (!canned_zone_line(fixture->zone, line, &why))
			abort();
	}
	watch = unfold(fixture, "bush.example", false);
	is(watch->trouble,
	    SOURCE_WATCH_WRONGLY
	    "bush.example > 0.bush.example > include:0.0.bush.example: more than 10 terms that ask DNS (RFC 7208, 4.6.4)",
	    "a bush of a thousand names ends at the eleventh, too");
	source_watch_free(watch);
	watch = unfold(fixture, "0.0.bush.example", false);
	ok(watch->known && watch->copy.count == 10, "each of its branches is sound by itself");
	source_watch_free(watch);
}

static void
deep_tree(struct fixture *fixture)
{
	struct source_watch *watch;

	for (unsigned i = 0; i < 1000; i++)
		add(fixture, "d%u.deep.example 60 TXT \"v=spf1 ip4:198.51.100.0/24 include:d%u.deep.example -all\"", i,
		    i + 1);
	watch = unfold(fixture, "d0.deep.example", false);
	is(watch->trouble,
	    SOURCE_WATCH_WRONGLY
	    "d0.deep.example > d1.deep.example > d2.deep.example > d3.deep.example > d4.deep.example > "
	    "d5.deep.example > d6.deep.example > d7.deep.example > d8.deep.example > d9.deep.example > d10.deep.example > include:d11.deep.example: "
	    "more than 10 terms that ask DNS (RFC 7208, 4.6.4)",
	    "a thousand includes in a row end at the eleventh, by its path");
	source_watch_free(watch);
}

/* Ten includes, each of a record with a hundred networks: as broad as the limits allow in one tree. */
static void
full_tree(struct fixture *fixture)
{
	char line[LINE_BYTES] = "full.example 60 TXT \"v=spf1";
	struct source_watch *watch;
	struct fault why;

	for (unsigned i = 0; i < 10; i++)
		snprintf(line + strlen(line), sizeof line - strlen(line), "%s include:f%u.full.example",
		    i == 5 ? "\" \"" : "", i);
	snprintf(line + strlen(line), sizeof line - strlen(line), " -all\"");
	if (!canned_zone_line(fixture->zone, line, &why))
		abort();
	for (unsigned i = 0; i < 10; i++) {
		snprintf(line, sizeof line, "f%u.full.example 60 TXT \"v=spf1", i);
		for (unsigned j = 0; j < 100; j++)
			snprintf(line + strlen(line), sizeof line - strlen(line), "%s ip4:198.18.%u.%u",
			    j % 8 == 7 ? "\" \"" : "", i, j);
		snprintf(line + strlen(line), sizeof line - strlen(line), " -all\"");
		if (!canned_zone_line(fixture->zone, line, &why))
			abort();
	}
	watch = unfold(fixture, "full.example", true);
	is(watch->trouble, "", "a tree of ten includes is within the limits");
	is_number((long long)watch->copy.count, 1000, "a thousand names' worth of networks");
	is(path_to(watch, "198.18.9.99"), "full.example > f9.full.example > ip4", "the last of them, too");
	source_watch_free(watch);
}

int
main(void)
{
	struct fixture fixture = { .zone = NULL };

	fixture_open(&fixture);
	read_zones(&fixture);
	real_trees(&fixture);
	real_doubts(&fixture);
	real_fall(&fixture);
	for (size_t i = 0; i < sizeof breadths / sizeof *breadths; i++)
		broad_record(&fixture, breadths[i].names, breadths[i].trouble, breadths[i].name);
	bushy_tree(&fixture);
	deep_tree(&fixture);
	full_tree(&fixture);
	fixture_close(&fixture);
	return done();
}
