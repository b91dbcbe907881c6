#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "milter/state/refresh.h"
#include "policy/config/policy_text.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/session_fixture.h"
#include "t/lib/story.h"

static const char conf[] = "authserv_id = \"mx.rx.example\";\n"
			   "own = { domains = [ \"rx.example\" ]; outbound = [ \"198.51.100.25\" ]; };\n"
			   "greylist = { delay = \"5m\"; stage = \"auto\"; };\n"
			   "milter = { max_sessions = 40; };\n"
			   "relays = ( { name = \"backup\"; kind = \"gateway\"; networks = [ \"198.51.100.5\" ]; } );\n"
			   "vendors = ( { name = \"vendor\"; on_unproven = \"quarantine\"; } );\n";

static const char vendor[] =
    "vendor = { name = \"vendor\"; domains = [ \"vendor.example\", \"xn--bcher-kva.example\" ]; vouch = [ \"listed+spf\", \"dkim\" ];\n"
    "  sources = ( { cidr = [ \"192.0.2.0/24\" ]; exclusive = true; }, { host = \".out.vendor.example\"; } ); };\n";

static const char *const zone_lines[] = {
	"66.113.0.203.in-addr.arpa PTR mx.out.vendor.example",
	"67.113.0.203.in-addr.arpa PTR SERVFAIL",
	"mx.out.vendor.example A 192.0.2.7",
	"vendor.example TXT \"v=spf1 ip4:192.0.2.0/24 -all\"",
	"_dmarc.vendor.example TXT \"v=DMARC1; p=reject\"",
	"customer.example TXT \"v=spf1 mx -all\"",
	"customer.example MX 10 mx.customer.example",
	"mx.customer.example A 203.0.113.9",
	"slow.example TXT SERVFAIL",
	"rx.example TXT \"v=spf1 ip4:198.51.100.25 -all\"",
};

static struct {
	struct services services;
	struct canned_zone *zone;
	struct suffix_list suffixes;
	struct refresh *refresh;
} fixture;

static void
must(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! the fixture of sessions: %s\n", what);
	exit(1);
}

static const char *
find_vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	(void)context, (void)folders, (void)why;
	*path = name;
	*length = strlen(vendor);
	return vendor;
}

static void
load(void)
{
	struct policy_files files = { NULL, find_vendor, NULL, &fixture.suffixes };
	struct faults *faults = faults_open();
	struct policy *policy = policy_text_load("CONFIG", conf, strlen(conf), &files, faults);
	struct fault why;
	char line[1024] = "no policy";

	if (policy == NULL && faults->kept > 0)
		fault_write(&faults->list[0].fault, line, sizeof line);
	faults_close(faults);
	must(policy != NULL, line);
	must(refresh_adopt(fixture.refresh, policy, 1000, &why), "the policy is not in force");
}

const struct services *
session_fixture_open(void)
{
	struct fault why;
	struct resolver *resolver;

	fixture.zone = canned_zone_open();
	must(fixture.zone != NULL, "no zone");
	for (size_t i = 0; i < sizeof zone_lines / sizeof *zone_lines; i++)
		must(canned_zone_line(fixture.zone, zone_lines[i], &why), zone_lines[i]);
	resolver = resolver_canned(fixture.zone, &why);
	fixture.suffixes.psl = psl_builtin();
	fixture.services = (struct services){ .resolver = resolver,
		.suffixes = &fixture.suffixes,
		.dkim = dkim_verifier_open(resolver, &fixture.suffixes, &why),
		.snapshots = snapshots_open(&why),
		.store = store_memory(1000, &why),
		.usage = usage_open(&why) };
	fixture.services.unsure = fixture.services.store;
	must(resolver != NULL && fixture.services.dkim != NULL && fixture.services.snapshots != NULL &&
		fixture.services.store != NULL && fixture.services.usage != NULL,
	    "a service cannot be opened");
	fixture.refresh = refresh_open(resolver, fixture.services.snapshots, NULL, "", &why);
	must(fixture.refresh != NULL, "no refresh");
	story_clock_set(SESSION_WORLD_NOW);
	story_journal_clear();
	load();
	return &fixture.services;
}

void
session_fixture_close(void)
{
	refresh_close(fixture.refresh);
	usage_close(fixture.services.usage);
	snapshots_close(fixture.services.snapshots);
	dkim_verifier_close(fixture.services.dkim);
	store_close(fixture.services.store);
	resolver_close(fixture.services.resolver);
	canned_zone_close(fixture.zone);
	story_journal_clear();
}
