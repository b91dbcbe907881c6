/*
 * starve_t.c - readers of foreign bytes, and the configuration, while memory runs out: each allocation fails once.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config/lint.h"
#include "policy/config/policy_text.h"
#include "policy/config/policy_write.h"
#include "policy/config/vendor_diff.h"
#include "policy/config/vendor_origin.h"
#include "policy/dns/dns_packet.h"
#include "policy/dns/spf_write.h"
#include "policy/mail/dkim_text.h"
#include "policy/mail/iprev.h"
#include "policy/mail/mailbox.h"
#include "policy/review/fleet.h"
#include "policy/sources/ranges.h"
#include "t/lib/answer_text.h"
#include "t/lib/canned_zone.h"
#include "t/lib/starve.h"
#include "t/lib/tap.h"

enum { ARENA = 4 * 1024 * 1024, NOW = 1795290000 /* 2026-11-21 */ };

/* What most works end with: whatever their result, an arena that refused has been heard. */
static bool
end(struct arena *arena, bool whole)
{
	whole = whole && arena != NULL && !arena_failed(arena);
	arena_close(arena);
	return whole;
}

/* ---- mail ---- */

static const char from[] = " \"Acme, Tickets\" <noreply@acme.example>, group: a@b.example, \"odd local\"@b.example;,\r\n"
			   " (who) <@route.example:c@[192.0.2.1]>, d@b\xc3\xbc"
			   "cher.example, x.y (comment) @ z.example";

static bool
work_from(struct said *out)
{
	struct arena *arena = arena_open(ARENA);
	struct mailbox_list boxes = { 0 };
	bool read = arena != NULL && mailbox_read_from(arena, from, sizeof from - 1, &boxes);

	for (size_t i = 0; i < boxes.count; i++)
		say(out, "%s %s %s\n", boxes.list[i].local, boxes.list[i].domain, boxes.list[i].text);
	return end(arena, read);
}

static const char unreadable[] = " J\xf7rgen [at] acme.example <b(oss@B\xc3\xbc"
				 "cher.example";

static bool
work_from_last(struct said *out)
{
	struct arena *arena = arena_open(ARENA);
	struct mailbox_list boxes = { 0 };
	bool read = arena != NULL && mailbox_read_last(arena, unreadable, sizeof unreadable - 1, &boxes);

	for (size_t i = 0; i < boxes.count; i++)
		say(out, "%s %s %s\n", boxes.list[i].local, boxes.list[i].domain, boxes.list[i].text);
	return end(arena, read);
}

static bool
on_name(void *context, const char *name)
{
	say(context, "%s\n", name);
	return false;
}

static bool
work_from_names(struct said *out)
{
	struct arena *arena = arena_open(ARENA);
	unsigned conversions = MAILBOX_CONVERSIONS;
	bool searched = arena != NULL &&
	    mailbox_field_search(arena, unreadable, sizeof unreadable - 1, &conversions, on_name, out);

	return end(arena, searched);
}

static bool
work_path(struct said *out)
{
	static const char *const paths[] = { "<@a.example,@b.example:\"x y\"@c.example>", "b..s@b.example",
		"b(ss@b.example", "postmaster",
		("<a@b\xc3\xbc"
		 "cher.example>") };
	struct arena *arena = arena_open(ARENA);
	bool whole = arena != NULL;
	struct mailbox box;

	for (size_t i = 0; whole && i < sizeof paths / sizeof paths[0]; i++) {
		whole = mailbox_read_path(arena, paths[i], &box);
		if (whole)
			say(out, "%s %s %s\n", box.local, box.domain, box.text);
	}
	return end(arena, whole);
}

static bool
work_signature(struct said *out)
{
	static const char field[] = " v=1; a=rsa-sha256; c=relaxed/relaxed; d=acme.example; s=s1; t=1795290000; l=12;\r\n"
				    " q=dns/txt; h=From : To:Subject; bh=abc=; b=QUJD\r\n REVG";
	struct arena *arena = arena_open(ARENA);
	struct dkim_text read;
	bool whole = arena != NULL && dkim_text_read(arena, field, sizeof field - 1, &read);

	if (whole)
		say(out, "%d %s %s %s %s %s %d %d\n", read.sound, read.d, read.s, read.a, read.b, read.h, read.relaxed,
		    read.by_dns);
	return end(arena, whole);
}

/* ---- DNS ---- */

/* example.com is an alias of a.example.com, which has two MX. */
static const uint8_t packet[] =
    "\x12\x34\x81\x80\x00\x01\x00\x03\x00\x00\x00\x00\x07"
    "example\x03"
    "com\x00\x00\x0f\x00\x01\xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x04\x01"
    "a\xc0\x0c\xc0\x29\x00\x0f\x00\x01\x00\x00\x01\x2c\x00\x06\x00\x0a\x01"
    "b\xc0\x0c\xc0\x29\x00\x0f\x00\x01\x00\x00\x01\x2c\x00\x06\x00\x14\x01"
    "c\xc0\x0c";

static void
say_answer(struct said *out, enum dns_type type, const struct dns_answer *answer)
{
	struct text text;

	starve_pause(true);
	text_open(&text, 10000);
	answer_text(type, answer, &text);
	say_text(out, &text);
	text_close(&text);
	starve_pause(false);
}

static bool
work_packet(struct said *out)
{
	struct arena *arena = arena_open(ARENA);
	struct dns_question question;
	struct dns_answer answer = { .status = DNS_TEMPORARY }, copy;
	bool whole = arena != NULL && dns_question_make(&question, "example.com", DNS_MX);

	if (whole)
		dns_packet_read(packet, sizeof packet - 1, &question, arena, &answer);
	whole = whole && answer.status == DNS_FOUND && dns_answer_copy(arena, &answer, &copy);
	if (whole)
		say_answer(out, DNS_MX, &copy);
	return end(arena, whole);
}

static bool
work_spf(struct said *out)
{
	static const char text[] = "v=spf1 a:x.example/24 mx//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 exists:%{i}._spf.example "
				   "ptr include:y.example redirect=z.example exp=e.example";
	struct arena *arena = arena_open(ARENA);
	struct spf_record read;
	struct fault why;
	bool whole = arena != NULL && spf_text_read(arena, text, sizeof text - 1, &read, &why);

	for (size_t i = 0; whole && i < read.count; i++)
		say(out, "%d %s\n", read.terms[i].mechanism, read.terms[i].spec);
	if (whole)
		say(out, "%s\n", read.redirect);
	else if (arena != NULL && !read.starved)
		say(out, "the record is called broken: %s\n", why.text);
	return arena != NULL && !read.starved ? end(arena, true) : end(arena, false);
}

/* As libspf2 is to see it: macros are expanded, odd names get stand-ins. */
static bool
work_spf_written(struct said *out)
{
	static const char text[] =
	    "v=spf1 exists:%{l}.%{i}._spf.%{d2} include:%{s}.x.example a:%{h} mx:y.example/24 ip4:192.0.2.0/24 ~all";
	struct spf_view view = { .local = "a b",
		.sender_domain = "acme.example",
		.helo = "h.example",
		.domain = "acme.example",
		.name = "unknown" };
	struct arena *arena = arena_open(ARENA);
	struct spf_names names = { .arena = arena };
	struct spf_record read;
	struct fault why;
	struct text written;
	bool whole = arena != NULL && address_read("203.0.113.9", &view.client) &&
	    spf_text_read(arena, text, sizeof text - 1, &read, &why);

	text_open(&written, 10000);
	whole = whole && spf_write(&read, &view, &names, &written);
	say_text(out, &written);
	for (size_t i = 0; whole && i < names.count; i++)
		say(out, "%s\n", names.list[i].name);
	whole = whole && !written.failed;
	text_close(&written);
	return end(arena, whole);
}

static struct canned_zone *
zone_read(const char *const *lines)
{
	struct canned_zone *zone = canned_zone_open();

	for (; *lines != NULL; lines++)
		if (!canned_zone_line(zone, *lines, NULL))
			abort();
	return zone;
}

static void
zone_answer(const struct canned_zone *zone, const struct dns_question *question, struct dns_answer *answer)
{
	starve_pause(true);
	canned_zone_answer(zone, question, answer);
	starve_pause(false);
}

static bool
work_client_names(struct said *out)
{
	static const char *const lines[] = { "1.2.0.192.in-addr.arpa PTR a.acme.example",
		"1.2.0.192.in-addr.arpa PTR b.acme.example", "a.acme.example A 192.0.2.1", "b.acme.example A 192.0.2.9",
		NULL };
	static struct canned_zone *zone;
	struct arena *arena;
	struct iprev_check check;
	struct iprev_fact fact = { .result = AUTH_TEMPERROR };
	struct dns_question question;
	struct dns_answer answer;
	struct address client;

	starve_pause(true);
	if (zone == NULL)
		zone = zone_read(lines);
	starve_pause(false);
	arena = arena_open(ARENA);
	if (arena == NULL || !address_read("192.0.2.1", &client))
		return end(arena, false);
	iprev_begin(&check, arena, &client);
	while (iprev_next(&check, &question)) {
		zone_answer(zone, &question, &answer);
		iprev_answer(&check, &answer);
	}
	iprev_finish(&check, &fact);
	say(out, "%d", fact.result);
	for (size_t i = 0; i < fact.count; i++)
		say(out, " %s", fact.names[i]);
	arena_close(arena);
	return fact.result != AUTH_TEMPERROR;
}

/* ---- sources ---- */

static const char *const published[] = {
	"acme.example TXT \"v=spf1 include:_spf.acme.example a mx ip4:192.0.2.0/24 exists:%{i}.acme.example -all\"",
	"_spf.acme.example TXT \"v=spf1 ip4:198.51.100.0/24 ip6:2001:db8::/32 redirect=more.acme.example\"",
	"more.acme.example TXT \"v=spf1 ip4:203.0.113.0/28 ip4:192.0.2.0/24 -all\"",
	"acme.example MX 10 mx.acme.example", "acme.example A 203.0.113.77", "mx.acme.example A 203.0.113.78", NULL
};

/* Asks until nothing is left; the unfolding goes on to be looked at. */
static struct unfolding *
unfold(const struct source *source)
{
	static struct canned_zone *zone;
	struct unfolding *unfolding;
	struct dns_question question;
	struct dns_answer answer;

	starve_pause(true);
	if (zone == NULL)
		zone = zone_read(published);
	starve_pause(false);
	unfolding = unfolding_open(source);
	while (unfolding != NULL && unfolding_next(unfolding, &question)) {
		zone_answer(zone, &question, &answer);
		unfolding_answer(unfolding, &answer);
	}
	return unfolding;
}

static const struct vendor acme = { .name = "acme" };
static const struct source source = {
	.kind = SOURCE_SPF, .vendor = &acme, .name = "acme.example", .text = "spf:acme.example", .selected = true
};

static bool
work_unfolding(struct said *out)
{
	struct unfolding *unfolding = unfold(&source);
	const struct source_network *networks;
	struct fault why = { .text = "" };
	enum unfolding_state state = unfolding == NULL ? UNFOLDING_TEMPORARY : unfolding_state(unfolding, &why);
	char text[PREFIX_TEXT];
	size_t count = 0;

	say(out, "%d %s %s\n", state, why.text, unfolding == NULL ? "" : unfolding_asked_why(unfolding));
	networks = unfolding == NULL ? NULL : unfolding_networks(unfolding, &count);
	for (size_t i = 0; i < count; i++)
		say(out, "%s %s\n", prefix_write(&networks[i].prefix, text), networks[i].path);
	unfolding_close(unfolding);
	return state != UNFOLDING_TEMPORARY;
}

/* Taken, written, read again, and compared with what was before. */
static bool
copy_there_and_back(struct arena *arena, const struct unfolding *unfolding, struct text *text, struct said *said,
    struct source_copy *out)
{
	struct source_copy before, taken;
	const struct source_network *networks;
	struct fault why;
	size_t count;

	networks = unfolding_networks(unfolding, &count);
	if (!source_copy_take(arena, source.text, networks, 1, NULL, 100, &before) ||
	    !source_copy_take(arena, source.text, networks, count, &before, 200, &taken))
		return false;
	source_copy_diff(&before, &taken, 10, text);
	say_text(said, text);
	if (text->failed)
		return false;
	text_clear(text);
	source_copy_write(&taken, text);
	return !text->failed && source_copy_read(arena, "acme", text->bytes, text->length, out, &why);
}

static bool
work_copy(struct said *out)
{
	static struct unfolding *unfolding;
	struct source_copy copy;
	struct source_belief belief = { &copy, true };
	struct ranges *ranges = NULL;
	struct arena *arena;
	struct text text;
	struct fault why;
	bool whole;

	starve_pause(true);
	if (unfolding == NULL)
		unfolding = unfold(&source);
	starve_pause(false);
	arena = arena_open(ARENA);
	text_open(&text, SOURCE_COPY_MAX);
	whole = arena != NULL && copy_there_and_back(arena, unfolding, &text, out, &copy) &&
	    (ranges = ranges_build(&source, 1, &belief, &why)) != NULL;
	say_text(out, &text);
	ranges_free(ranges);
	text_close(&text);
	return end(arena, whole);
}

static bool
work_fleet(struct said *out)
{
	static const char line[] = "greenlane-host 1 mx1.example.com/0a0b0c0d 1.0 fedcba9876543210 6b0a1000 7 11 "
				   "ffffffffffffffff 6b0a0fff 6b0a0ff0 12 0 6b0a1000 0";
	struct arena *arena = arena_open(ARENA);
	struct fleet_host host;
	struct text text;
	bool whole = arena != NULL && fleet_host_read(span_of(line), arena, &host);

	text_open(&text, FLEET_LINE_MAX);
	if (whole)
		fleet_host_write(&host, &text);
	say_text(out, &text);
	whole = whole && !text.failed;
	text_close(&text);
	return end(arena, whole);
}

/* ---- the configuration ---- */

static const char conf[] =
    "own = { domains = [ \"rx.example\", \"b\xc3\xbc"
    "cher.example\" ]; networks = [ \"10.0.0.0/8\" ]; outbound = [ \"203.0.113.25\" ];\n"
    "  lists = [ \"lists.example.net\" ]; daemon_names = [ \"ORIGINATING\" ]; };\n"
    "greylist = { delay = \"5m\"; exempt = { networks = [ \"192.0.2.0/24\" ]; recipients = [ \"ops@\" ]; }; };\n"
    "reply = { contact = \"https://rx.example/who\"; };\n"
    "vendors = ( { name = \"acme\"; tags = [ \"uk\" ]; mode = \"monitor\"; },\n"
    "  { name = \"globex\"; inline = true; domains = [ \"globex.example\" ]; sources = ( { cidr = [ \"192.0.2.0/25\" ]; } ); } );\n"
    "delegations = ( { vendor = \"acme\"; domains = [ \"rx.example\" ]; selectors = [ \"s1\" ]; vouch = [ \"dkim\", \"listed+spf_from\" ]; } );\n"
    "partners = ( { vendor = \"acme\"; domains = [ \"msp.example\" ]; } );\n"
    "relays = ( { name = \"backup\"; kind = \"gateway\"; networks = [ \"198.51.100.5\" ]; received_by = [ \"b.rx.example\" ]; } );\n"
    "exceptions = ( { rcpt = \"abuse@\"; vendor = \"own\"; mode = \"monitor\"; } );\n"
    "exports = ( { format = \"postgrey\"; file = \"/srv/x/postgrey\"; command = \"logger changed\"; } );\n";
static const char vendor_file[] =
    "vendor = { name = \"acme\"; title = \"Acme\"; domains = [ \"acme.example\", \"=acme.net\" ]; envelope = [ \"b.acme.example\" ];\n"
    "  dkim = [ \"acme.example\" ]; vouch = [ \"listed+spf\", \"dkim\" ];\n"
    "  sources = ( { cidr = [ \"192.0.2.0/24\", \"198.51.100.7\" ]; tags = [ \"uk\" ]; }, { spf = \"acme.example\"; exclusive = true; as_of = \"2026-01-01\"; review_by = \"2026-10-01\"; },\n"
    "    { file = \"acme.list\"; tags = [ \"us\" ]; } );\n"
    "  evidence = ( { what = \"domains\"; where = \"our own mail\"; seen = \"2026-01-01\"; } ); unknown = [ \"selectors\" ]; };\n";

static const char *
vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	(void)context, (void)folders, (void)name, (void)why;
	*path = "acme.conf";
	*length = sizeof vendor_file - 1;
	return vendor_file;
}

static const char *
networks(void *context, const char *file, const char *path, size_t *length, struct fault *why)
{
	static const char list[] = "203.0.113.0/24 # new\n2001:db8::/32\n";

	(void)context, (void)file, (void)path, (void)why;
	*length = sizeof list - 1;
	return list;
}

static const struct suffix_list suffixes;
static const struct policy_files files = { NULL, vendor, networks, &suffixes };

static bool
work_policy(struct said *out)
{
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL
	    ? NULL
	    : policy_text_load("greenlane.conf", conf, sizeof conf - 1, &files, faults);
	bool whole = policy != NULL;

	if (whole)
		lint_policy(policy, &suffixes, NOW, faults);
	for (size_t i = 0; faults != NULL && i < faults->kept; i++)
		say(out, "%s\n", faults->list[i].fault.text);
	for (size_t i = 0; whole && i < policy->vendor_count; i++)
		say(out, "%s %zu %zu\n", policy->vendors[i].name, policy->vendors[i].domains.count,
		    policy->vendors[i].source_count);
	whole = whole && faults->errors == 0;
	policy_free(policy);
	faults_close(faults);
	return whole;
}

static struct policy *
policy_once(void)
{
	struct faults *faults = faults_open();
	struct policy *policy = policy_text_load("greenlane.conf", conf, sizeof conf - 1, &files, faults);

	for (size_t i = 0; i < faults->kept && policy == NULL; i++)
		note("%s:%u: %s", faults->list[i].fault.file, faults->list[i].fault.line, faults->list[i].fault.text);
	faults_close(faults);
	if (policy == NULL)
		abort();
	return policy;
}

static bool
work_settings(struct said *out)
{
	static struct policy *policy;
	struct arena *arena;
	struct fault why;
	const struct node *root;
	struct text text;
	bool whole;

	starve_pause(true);
	if (policy == NULL)
		policy = policy_once();
	starve_pause(false);
	arena = arena_open(ARENA);
	root = arena == NULL ? NULL : tree_read(arena, "greenlane.conf", conf, sizeof conf - 1, &why);
	text_open(&text, 1000000);
	whole = root != NULL && settings_write(root, &policy->settings, &text);
	say_text(out, &text);
	text_close(&text);
	return end(arena, whole);
}

static const char newer_file[] =
    "vendor = { name = \"acme\"; title = \"Acme Inc\"; domains = [ \"acme.example\" ]; mode = \"vouch\"; kind = \"saas\";\n"
    "  sources = ( { spf = \"acme.example\"; }, { mx = \"acme.net\"; exclusive = true; } ); };\n";

static bool
work_vendor_diff(struct said *out)
{
	struct arena *arena = arena_open(ARENA);
	struct fault why;
	const struct node *old = arena == NULL ? NULL : tree_read(arena, "old", vendor_file, sizeof vendor_file - 1, &why);
	const struct node *new = old == NULL ? NULL : tree_read(arena, "new", newer_file, sizeof newer_file - 1, &why);
	struct text text;
	bool whole = new != NULL;

	text_open(&text, 1000000);
	if (whole)
		vendor_diff(node_member(old, "vendor"), node_member(new, "vendor"), &vendor_sides_update, "- ", arena,
		    &text);
	say_text(out, &text);
	whole = whole && !text.failed;
	text_close(&text);
	return end(arena, whole);
}

static bool
work_vendor_origins(struct said *out)
{
	static const struct vendor short_one = { .name = "acme", .vouch_count = 0 };
	struct vendor_origin origins[VENDOR_ORIGINS_MAX];
	struct arena *arena = arena_open(ARENA);
	struct fault why;
	const struct node *root = arena == NULL
	    ? NULL
	    : tree_read(arena, "acme.conf", newer_file, sizeof newer_file - 1, &why);
	struct vendor_trees trees = { "acme.conf", "greenlane.conf", NULL, NULL };
	size_t count = 0;

	if (root != NULL) {
		trees.vendor = node_member(root, "vendor");
		count = vendor_origins(&short_one, &trees, arena, origins);
	}
	for (size_t i = 0; i < count; i++)
		say(out, "%s %s %u %s\n", origins[i].key, origins[i].file == NULL ? "-" : origins[i].file,
		    origins[i].line, origins[i].node == NULL ? "-" : origins[i].node->text);
	return end(arena, count > 0);
}

int
main(void)
{
	starve(work_from, "a From field");
	starve(work_from_last, "the last address of a From that cannot be read");
	starve(work_from_names, "the names in a From that cannot be read");
	starve(work_path, "paths, some of them odd");
	starve(work_signature, "a signature's tags");
	starve(work_packet, "a DNS response with an alias");
	starve(work_spf, "an SPF record");
	starve(work_spf_written, "an SPF record, written for libspf2");
	starve(work_client_names, "the names of a client");
	starve(work_unfolding, "the networks of an SPF record, unfolded");
	starve(work_copy, "a copy of them, written, read, and made ranges");
	starve(work_fleet, "the line of another host");
	starve(work_policy, "a configuration, with its vendor's file");
	starve(work_settings, "the settings in force");
	starve(work_vendor_diff, "two files of a vendor, compared");
	starve(work_vendor_origins, "where the keys of a vendor come from");
	return done();
}
