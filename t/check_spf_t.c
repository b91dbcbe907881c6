/* SPF checks as a message makes them, through libspf2 and the canned resolver. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/checks/check_spf.h"
#include "policy/dns/spf_gate.h"
#include "policy/util/text.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/tap.h"

enum { ARENA = 1024 * 1024, THREADS = 4, CHECKS = 100 };

static const char *const zone_text[] = {
	"vendor.example TXT v=spf1 ip4:192.0.2.0/24 include:_spf.vendor.example -all",
	"_spf.vendor.example TXT v=spf1 a:out.vendor.example mx ip6:2001:db8:1::/48 ~all",
	"_spf.vendor.example MX 10 mx.vendor.example",
	"mx.vendor.example A 198.51.100.2",
	"mx.vendor.example AAAA 2001:db8:2::2",
	"out.vendor.example A 198.51.100.1",
	"soft.example TXT v=spf1 ~all",
	"neutral.example TXT v=spf1 ?all",
	"open.example TXT v=spf1",
	"broken.example TXT v=spf1 ip:192.0.2.1 -all",
	"twice.example TXT v=spf1 -all",
	"twice.example TXT v=spf1 +all",
	"sick.example TXT SERVFAIL",
	"sickness.example TXT v=spf1 include:sick.example +all",
	"sickhost.example TXT v=spf1 a:sick-a.example +all",
	"sick-a.example A TIMEOUT",
	"early.example TXT v=spf1 ip4:192.0.2.1 a:sick-a.example",
	"nowhere.example TXT v=spf1 include:gone.example +all",
	"loop.example TXT v=spf1 include:pool.example +all",
	"pool.example TXT v=spf1 include:loop.example +all",
	"local.example TXT v=spf1 exists:%{l}.users.example -all",
	"alice.users.example A 127.0.0.2",
	"postmaster.users.example A 127.0.0.2",
	"o\\.k.users.example A 127.0.0.2",
	"k.o.users.example A 127.0.0.2",
	"back\\\\slash.users.example A 127.0.0.2",
	"helo.example TXT v=spf1 exists:%{h}.helos.example -all",
	"mx.sender.example.helos.example A 127.0.0.2",
	"two.example TXT v=spf1 a:%{d2} -all",
	"two.example A 192.0.2.1",
	"named.example TXT v=spf1 exists:%{p}.names.example -all",
	"1.2.0.192.in-addr.arpa PTR foreign.example",
	"1.2.0.192.in-addr.arpa PTR host.named.example",
	"foreign.example A 192.0.2.1",
	"host.named.example A 192.0.2.1",
	"host.named.example.names.example A 127.0.0.2",
	"unknown.names.example A 127.0.0.2",
	"ptr.example TXT v=spf1 ptr:named.example -all",
	"4.2.0.192.in-addr.arpa PTR host.vendor.xn--p1ai",
	"host.vendor.xn--p1ai A 192.0.2.4",
	"5.2.0.192.in-addr.arpa PTR host.evil.xn--p1ai",
	"host.evil.xn--p1ai A 192.0.2.5",
	"6.2.0.192.in-addr.arpa PTR host.vendor.xn--vermgensberater-ctb",
	"host.vendor.xn--vermgensberater-ctb A 192.0.2.6",
	"vendor.xn--p1ai TXT v=spf1 ptr -all",
	"vendor.xn--vermgensberater-ctb TXT v=spf1 ptr:%{d} -all",
	"idn-ptr.example TXT v=spf1 ptr:vendor.xn--p1ai -all",
	"idn-terms.example TXT v=spf1 a:host.vendor.xn--p1ai include:vendor.xn--vermgensberater-ctb -all",
	"why-two.example TXT v=spf1 -all",
	"why-two.example TXT v=spf1 +all",
	"why-term.example TXT v=spf1 ipp4:192.0.2.1 -all",
	"why-byte.example TXT \"v=spf1 a:\\255 -all\"",
	"why-in.example TXT v=spf1 include:why-term.example -all",
	"why-net.example TXT v=spf1 ip4:192.0.2.999 -all",
	"why-gone.example TXT v=spf1 include:gone.example -all",
	"why-bare.example TXT v=spf1 redirect=other-texts.example",
	"why-void.example TXT v=spf1 a:v1.example a:v2.example a:v3.example -all",
	"other-texts.example TXT hello",
#define FIVE "a:foreign.example a:foreign.example a:foreign.example a:foreign.example a:foreign.example "
	"why-many.example TXT v=spf1 " FIVE FIVE "a:h11.example -all",
	"any.example TXT v=spf1 ip4:0.0.0.0/0",
	"redirect.example TXT v=spf1 redirect=vendor.example ip4:203.0.113.1",
	"big.example TXT v=spf1 ptr ptr ptr -all",
	"lo.example TXT v=spf1 ip4:127.0.0.1 ip6:::1 -all",
	"lo-a.example TXT v=spf1 a ?all",
	"lo-a.example A 127.0.0.1",
	"lo-a.example AAAA ::1",
	"lo-i.example TXT v=spf1 exists:%{ir}.lo.example -all",
	"1.0.0.127.lo.example A 127.0.0.2",
	"lo-ptr.example TXT v=spf1 ptr:localhost.example -all",
	"1.0.0.127.in-addr.arpa PTR localhost.example",
	"localhost.example A 127.0.0.1",
	"lo-all.example TXT v=spf1 -all",
	"mapped.example TXT v=spf1 ip6:::ffff:0:0/96 -all",
	"idn.xn--mller-kva.example TXT v=spf1 -all",
	"xn--bcher-kva.example TXT v=spf1 ip4:192.0.2.1 -all",
};

static const struct row {
	const char *name, *client, *helo, *mail_from;
	enum auth_result result;
	const char *domain;
} rows[] = {
	{ "a listed address passes", "192.0.2.9", "h.example", "a@vendor.example", AUTH_PASS, "vendor.example" },
	{ "the domain may stand alone", "192.0.2.9", "h.example", "vendor.example", AUTH_PASS, "vendor.example" },
	{ "the domain's normal form is checked", "192.0.2.9", "h.example", "a@Vendor.EXAMPLE.", AUTH_PASS,
	    "vendor.example" },
	{ "an address of an include passes", "198.51.100.1", "h.example", "a@vendor.example", AUTH_PASS, "vendor.example" },
	{ "an address of its MX passes", "198.51.100.2", "h.example", "a@vendor.example", AUTH_PASS, "vendor.example" },
	{ "an IPv6 address of its MX passes", "2001:db8:2::2", "h.example", "a@vendor.example", AUTH_PASS,
	    "vendor.example" },
	{ "an IPv6 range passes", "2001:db8:1::9", "h.example", "a@vendor.example", AUTH_PASS, "vendor.example" },
	{ "another address fails", "203.0.113.1", "h.example", "a@vendor.example", AUTH_FAIL, "vendor.example" },
	{ "another IPv6 address fails", "2001:db8:3::1", "h.example", "a@vendor.example", AUTH_FAIL, "vendor.example" },
	{ "a soft failure", "192.0.2.1", "h.example", "a@soft.example", AUTH_SOFTFAIL, "soft.example" },
	{ "neutral", "192.0.2.1", "h.example", "a@neutral.example", AUTH_NEUTRAL, "neutral.example" },
	{ "a record without terms is neutral", "192.0.2.1", "h.example", "a@open.example", AUTH_NEUTRAL, "open.example" },
	{ "no record is none", "192.0.2.1", "h.example", "a@mx.vendor.example", AUTH_NONE, "mx.vendor.example" },
	{ "no name is none", "192.0.2.1", "h.example", "a@gone.example", AUTH_NONE, "gone.example" },
	{ "a broken record is permanent", "192.0.2.1", "h.example", "a@broken.example", AUTH_PERMERROR, "broken.example" },
	{ "two records are permanent", "192.0.2.1", "h.example", "a@twice.example", AUTH_PERMERROR, "twice.example" },
	{ "the record that kills libspf2 is permanent", "192.0.2.1", "h.example", "a@killer.example", AUTH_PERMERROR,
	    "killer.example" },
	{ "SERVFAIL is temporary", "192.0.2.1", "h.example", "a@sick.example", AUTH_TEMPERROR, "sick.example" },
	{ "SERVFAIL for an include is temporary", "192.0.2.1", "h.example", "a@sickness.example", AUTH_TEMPERROR,
	    "sickness.example" },
	{ "a time-out for a host is temporary", "192.0.2.1", "h.example", "a@sickhost.example", AUTH_TEMPERROR,
	    "sickhost.example" },
	{ "what is not reached does not matter", "192.0.2.1", "h.example", "a@early.example", AUTH_PASS, "early.example" },
	{ "an include of nothing is permanent", "192.0.2.1", "h.example", "a@nowhere.example", AUTH_PERMERROR,
	    "nowhere.example" },
	{ "a loop is permanent", "192.0.2.1", "h.example", "a@loop.example", AUTH_PERMERROR, "loop.example" },
	{ "redirect comes last", "203.0.113.1", "h.example", "a@redirect.example", AUTH_PASS, "redirect.example" },
	{ "redirect decides if nothing matches", "203.0.113.2", "h.example", "a@redirect.example", AUTH_FAIL,
	    "redirect.example" },
	{ "a prefix of 0 passes every client", "203.0.113.9", "h.example", "a@any.example", AUTH_PASS, "any.example" },
	{ "but not of the other family", "2001:db8::1", "h.example", "a@any.example", AUTH_NEUTRAL, "any.example" },

	{ "the null sender is checked by HELO", "192.0.2.9", "vendor.example", "", AUTH_PASS, "vendor.example" },
	{ "and fails by it", "203.0.113.9", "Vendor.Example", "", AUTH_FAIL, "vendor.example" },
	{ "its local part is postmaster", "192.0.2.9", "local.example", "", AUTH_PASS, "local.example" },
	{ "so is an empty one", "192.0.2.9", "h.example", "@local.example", AUTH_PASS, "local.example" },
	{ "a HELO name of one label is none", "192.0.2.9", "localhost", "", AUTH_NONE, "localhost" },
	{ "a literal is none", "192.0.2.9", "[192.0.2.9]", "", AUTH_NONE, "[192.0.2.9]" },
	{ "no HELO name is none", "192.0.2.9", "", "", AUTH_NONE, "" },
	{ "no HELO name does not matter for a sender", "192.0.2.9", "", "a@vendor.example", AUTH_PASS, "vendor.example" },
	{ "a sender without a domain is none", "192.0.2.9", "h.example", "a@", AUTH_NONE, "" },
	{ "an empty label is none", "192.0.2.9", "h.example", "a@b..example", AUTH_NONE, "b..example" },
	{ "no client is none", NULL, "h.example", "a@vendor.example", AUTH_NONE, "vendor.example" },

	{ "the local part is expanded", "192.0.2.1", "h.example", "alice@local.example", AUTH_PASS, "local.example" },
	{ "its last @ ends it", "192.0.2.1", "h.example", "alice@x@local.example", AUTH_FAIL, "local.example" },
	{ "its dots are labels", "192.0.2.1", "h.example", "k.o@local.example", AUTH_PASS, "local.example" },
	{ "and never part of one", "192.0.2.1", "h.example", "o.k@local.example", AUTH_FAIL, "local.example" },
	{ "a backslash in it is a byte", "192.0.2.1", "h.example", "back\\slash@local.example", AUTH_PASS,
	    "local.example" },
	{ "a percent in it is not a macro", "192.0.2.1", "h.example", "%{d}@local.example", AUTH_FAIL, "local.example" },
	{ "blanks and slashes do no harm", "192.0.2.1", "h.example", "a b/0 all@local.example", AUTH_FAIL,
	    "local.example" },
	{ "an odd local part is checked with its domain", "192.0.2.9", "h.example", "b..s@vendor.example", AUTH_PASS,
	    "vendor.example" },
	{ "so is one that opens a comment", "192.0.2.9", "h.example", "b(ss@vendor.example", AUTH_PASS, "vendor.example" },
	{ "and one of controls", "192.0.2.9", "h.example", "b\x01\x7f@vendor.example", AUTH_PASS, "vendor.example" },
	{ "a comment after the domain hides no other", "203.0.113.1", "h.example", "a@vendor.example(@any.example",
	    AUTH_FAIL, "vendor.example" },
	{ "an empty label of the local part is not a name", "192.0.2.1", "h.example", "b..s@local.example", AUTH_FAIL,
	    "local.example" },
	{ "a dot after it is not one either", "192.0.2.1", "h.example", "alice.@local.example", AUTH_FAIL,
	    "local.example" },
	{ "a quoted local part is expanded without its quotes", "192.0.2.1", "h.example", "\"alice\"@local.example",
	    AUTH_PASS, "local.example" },
	{ "other scripts match nothing", "192.0.2.1", "h.example", "\xe3\x81\x82@local.example", AUTH_FAIL,
	    "local.example" },
	{ "the HELO name is expanded", "192.0.2.1", "mx.sender.example", "a@helo.example", AUTH_PASS, "helo.example" },
	{ "bytes in it do no harm", "192.0.2.1", "\xff\x01 %{h}", "a@helo.example", AUTH_FAIL, "helo.example" },
	{ "the last two labels of two are both", "192.0.2.1", "h.example", "a@two.example", AUTH_PASS, "two.example" },
	{ "%{p} prefers a name below the domain", "192.0.2.1", "h.example", "a@named.example", AUTH_PASS, "named.example" },
	{ "%{p} without a name is unknown", "192.0.2.7", "h.example", "a@named.example", AUTH_PASS, "named.example" },
	{ "ptr matches a validated name", "192.0.2.1", "h.example", "a@ptr.example", AUTH_PASS, "ptr.example" },
	{ "and nothing else", "192.0.2.7", "h.example", "a@ptr.example", AUTH_FAIL, "ptr.example" },
	{ "ptr under an internationalised top-level domain", "192.0.2.4", "h.example", "a@idn-ptr.example", AUTH_PASS,
	    "idn-ptr.example" },
	{ "a neighbour under it", "192.0.2.5", "h.example", "a@idn-ptr.example", AUTH_FAIL, "idn-ptr.example" },
	{ "a domain's own ptr under one", "192.0.2.4", "h.example", "a@vendor.xn--p1ai", AUTH_PASS, "vendor.xn--p1ai" },
	{ "a neighbour of the domain", "192.0.2.5", "h.example", "a@vendor.xn--p1ai", AUTH_FAIL, "vendor.xn--p1ai" },
	{ "ptr with a macro under a long one", "192.0.2.6", "h.example", "a@vendor.xn--vermgensberater-ctb", AUTH_PASS,
	    "vendor.xn--vermgensberater-ctb" },
	{ "other terms under one, the first", "192.0.2.4", "h.example", "a@idn-terms.example", AUTH_PASS,
	    "idn-terms.example" },
	{ "other terms under one, the second", "192.0.2.6", "h.example", "a@idn-terms.example", AUTH_PASS,
	    "idn-terms.example" },
	{ "three voids are permanent", "192.0.2.7", "h.example", "a@big.example", AUTH_PERMERROR, "big.example" },
	{ "a name in another script is checked by its A-labels", "192.0.2.1", "h.example",
	    "a@b\xc3\xbc"
	    "cher.example",
	    AUTH_PASS, "xn--bcher-kva.example" },

	{ "a loopback client is not passed unasked", "127.0.0.1", "h.example", "a@lo-all.example", AUTH_FAIL,
	    "lo-all.example" },
	{ "nor one of IPv6", "::1", "h.example", "a@lo-all.example", AUTH_FAIL, "lo-all.example" },
	{ "nor without a record", "127.0.0.1", "h.example", "a@gone.example", AUTH_NONE, "gone.example" },
	{ "but passes when listed", "127.0.0.1", "h.example", "a@lo.example", AUTH_PASS, "lo.example" },
	{ "so does one of IPv6", "::1", "h.example", "a@lo.example", AUTH_PASS, "lo.example" },
	{ "another loopback address is not listed", "127.0.0.2", "h.example", "a@lo.example", AUTH_FAIL, "lo.example" },
	{ "a loopback client passes by its host", "127.0.0.1", "h.example", "a@lo-a.example", AUTH_PASS, "lo-a.example" },
	{ "and by its IPv6 host", "::1", "h.example", "a@lo-a.example", AUTH_PASS, "lo-a.example" },
	{ "the stand-in's address does not", "255.0.0.1", "h.example", "a@lo-a.example", AUTH_NEUTRAL, "lo-a.example" },
	{ "a loopback client is expanded as it is", "127.0.0.1", "h.example", "a@lo-i.example", AUTH_PASS, "lo-i.example" },
	{ "and has its own PTR", "127.0.0.1", "h.example", "a@lo-ptr.example", AUTH_PASS, "lo-ptr.example" },
	{ "ip6 never matches IPv4", "192.0.2.1", "h.example", "a@mapped.example", AUTH_FAIL, "mapped.example" },
};

static struct spf_query
query_of(const struct row *row)
{
	struct spf_query query = { .helo = row->helo, .mail_from = row->mail_from };

	if (row->client != NULL && !address_read(row->client, &query.client))
		ok(false, "'%s' is an address", row->client);
	return query;
}

static void
test_rows(struct resolver *resolver)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *arena = arena_open(ARENA);
		struct spf_query query = query_of(&rows[i]);
		struct spf_fact fact;

		check_spf(resolver, NULL, arena, &query, &fact, NULL);
		if (!ok(fact.result == rows[i].result && strcmp(fact.domain, rows[i].domain) == 0 &&
			    fact.by_helo == (*rows[i].mail_from == '\0'),
			"%s", rows[i].name))
			note("%s of '%s', wanted %s of '%s'", auth_word(fact.result), fact.domain,
			    auth_word(rows[i].result), rows[i].domain);
		arena_close(arena);
	}
}

/* The reason for a permanent error, and where it is. */
static void
test_why(struct resolver *resolver)
{
	static const struct {
		const char *name, *mail_from, *why; /* NULL: no error */
	} list[] = {
		{ "two records", "a@why-two.example", "why-two.example: it has more than one SPF record" },
		{ "an unknown mechanism", "a@why-term.example", "why-term.example: unknown mechanism: 'ipp4:192.0.2.1'" },
		{ "a byte that is not allowed", "a@why-byte.example",
		    "why-byte.example: byte 255 at position 9 is not allowed in an SPF record" },
		{ "a broken record that is included", "a@why-in.example",
		    "why-term.example: unknown mechanism: 'ipp4:192.0.2.1'" },
		{ "something that is not a network", "a@why-net.example",
		    "why-net.example: not a network: ':192.0.2.999'" },
		{ "an include without a record", "a@why-gone.example",
		    "gone.example: an include or redirect names it, but it has no SPF record" },
		{ "an include of a name with other records", "a@why-bare.example",
		    "other-texts.example: an include or redirect names it, but it has no SPF record" },
		{ "a third void", "a@why-void.example",
		    "v3.example: it is the third name that DNS knows nothing about, and two are allowed" },
		{ "an eleventh term", "a@why-many.example",
		    "h11.example: the eleventh term that needs DNS asks for it, and ten are allowed" },
		{ "a correct record", "a@ptr.example", NULL },
		{ "no answer", "a@sick.example", NULL },
	};

	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		struct arena *arena = arena_open(ARENA);
		struct spf_query query = { .client = { ADDRESS_V4, { 203, 0, 113, 9 } },
			.helo = "h.example",
			.mail_from = list[i].mail_from };
		struct spf_fact fact;
		struct spf_detail detail = { NULL, false };

		check_spf(resolver, NULL, arena, &query, &fact, &detail);
		is(detail.why, list[i].why, "why: %s", list[i].name);
		ok((fact.result == AUTH_PERMERROR) == (list[i].why != NULL), "why: %s is an error or not", list[i].name);
		arena_close(arena);
	}
}

/* A mapped client that was not converted yet. */
static void
test_mapped(struct resolver *resolver)
{
	struct spf_query query = { .helo = "h.example",
		.mail_from = "a@vendor.example",
		.client = { ADDRESS_V6, { [10] = 0xff, 0xff, 192, 0, 2, 9 } } };
	struct arena *arena = arena_open(ARENA);
	struct spf_fact fact;

	check_spf(resolver, NULL, arena, &query, &fact, NULL);
	is(auth_word(fact.result), "pass", "a mapped client is IPv4");
	arena_close(arena);
}

/* A resolver that counts, and lowers the budget. */
struct slow {
	struct resolver interface;
	struct resolver *inner;
	unsigned asked;
	int64_t each_ms;
};

static void
slow_ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	struct slow *slow = (struct slow *)resolver;

	slow->asked++;
	if (budget->left_ms < slow->each_ms) {
		budget->left_ms = 0;
		*out = (struct dns_answer){ .status = DNS_TEMPORARY };
		return;
	}
	budget->left_ms -= slow->each_ms;
	resolver_ask(slow->inner, question, NULL, arena, out);
}

static void
test_budget(struct resolver *resolver)
{
	static const struct {
		const char *name, *result;
		int64_t budget, left;
		unsigned asked;
	} cases[] = {
		{ "a check lowers the budget by the time it waited", "pass", 1000, 700, 3 },
		{ "a budget that is just enough is enough", "pass", 300, 0, 3 },
		{ "a budget that runs out is temporary, and nothing more is asked", "temperror", 150, 0, 2 },
		{ "so is one that was spent before", "temperror", 0, 0, 1 },
	};
	struct slow slow = { .interface = { .ask = slow_ask }, .inner = resolver, .each_ms = 100 };
	struct spf_query query = { .helo = "h.example", .mail_from = "a@vendor.example" };

	if (!address_read("198.51.100.1", &query.client))
		ok(false, "the client is an address");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct arena *arena = arena_open(ARENA);
		struct budget budget = { cases[i].budget };
		struct spf_fact fact;

		slow.asked = 0;
		check_spf(&slow.interface, &budget, arena, &query, &fact, NULL);
		if (!ok(strcmp(auth_word(fact.result), cases[i].result) == 0 && budget.left_ms == cases[i].left &&
			    slow.asked == cases[i].asked,
			"%s", cases[i].name))
			note("%s, %lld ms left, %u asked", auth_word(fact.result), (long long)budget.left_ms, slow.asked);
		arena_close(arena);
	}
}

static bool
add_mx_hosts(struct canned_zone *zone, const char *domain, int hosts)
{
	char line[128];
	bool done;

	snprintf(line, sizeof line, "%s TXT v=spf1 mx -all", domain);
	done = canned_zone_line(zone, line, NULL);
	for (int i = 1; i <= hosts; i++) {
		snprintf(line, sizeof line, "%s MX %d h%d.%s", domain, i, i, domain);
		done = canned_zone_line(zone, line, NULL) && done;
		snprintf(line, sizeof line, "h%d.%s A 192.0.2.%d", i, domain, i);
		done = canned_zone_line(zone, line, NULL) && done;
	}
	return done;
}

/* The client is the last host of the mx term. */
static void
test_mx_hosts(struct resolver *resolver, struct canned_zone *zone)
{
	struct spf_query at = { .helo = "h.example", .mail_from = "a@ten.example" };
	struct spf_query past = { .helo = "h.example", .mail_from = "a@eleven.example" };
	struct arena *arena = arena_open(ARENA);
	struct budget budget = { 1000 };
	struct spf_fact fact;

	if (!add_mx_hosts(zone, "ten.example", SPF_MX_LIMIT) || !add_mx_hosts(zone, "eleven.example", SPF_MX_LIMIT + 1) ||
	    !address_read("192.0.2.10", &at.client) || !address_read("192.0.2.11", &past.client))
		ok(false, "the zone is read");
	check_spf(resolver, &budget, arena, &at, &fact, NULL);
	ok(fact.result == AUTH_PASS, "the tenth host of an mx term passes");
	check_spf(resolver, &budget, arena, &past, &fact, NULL);
	ok(fact.result == AUTH_PERMERROR, "eleven hosts of one are permanent");
	arena_close(arena);
}

/* The most that one record can cause: ten terms, each with ten names. */
static void
test_amplification(struct resolver *resolver, struct canned_zone *zone)
{
	struct slow slow = { .interface = { .ask = slow_ask }, .inner = resolver };
	struct spf_query query = { .helo = "h.example", .mail_from = "a@many.example" };
	struct arena *arena = arena_open(ARENA);
	struct budget budget = { 1000 };
	struct spf_fact fact;
	struct text record;
	char line[128];

	text_open(&record, 4096);
	text_put(&record, "many.example TXT v=spf1");
	for (int i = 0; i < 20; i++) {
		text_format(&record, " mx:m%d.example", i);
		for (int j = 0; j < 10; j++) {
			snprintf(line, sizeof line, "m%d.example MX %d t%d-%d.example", i, j, i, j);
			if (!canned_zone_line(zone, line, NULL))
				ok(false, "%s", line);
		}
	}
	if (!canned_zone_line(zone, record.bytes, NULL) || !address_read("192.0.2.1", &query.client))
		ok(false, "%s", record.bytes);
	check_spf(&slow.interface, &budget, arena, &query, &fact, NULL);
	ok(fact.result == AUTH_PERMERROR, "twenty MX terms are permanent");
	is_number(slow.asked, 1 + 10 + 100, "and ask for ten of them, with ten names each");
	text_close(&record);
	arena_close(arena);
}

static const char *const silent_zone[] = {
	"dead.example * SERVFAIL",
	"s-self.example TXT SERVFAIL",
	"s-include.example TXT v=spf1 include:dead.example -all",
	"s-mx.example TXT v=spf1 mx -all",
	"s-mx.example MX 10 dead.example",
	"s-ptr.example TXT v=spf1 ptr:dead.example ?all",
	"s-address.example TXT v=spf1 exists:%{ir}.s-list.example -all",
	"9.2.0.192.s-list.example * SERVFAIL",
	"s-helo.example TXT v=spf1 exists:%{h}.s-list.example -all",
	"mail.client.example.s-list.example * SERVFAIL",
	"s-odd.example TXT v=spf1 exists:%{l}+x.s-list.example -all",
	"bob+x.s-list.example * SERVFAIL",
	"s-sender.example TXT v=spf1 include:%{S}.s-list.example -all",
	"bob%40s-sender.example.s-list.example * SERVFAIL",
	"s-local.example TXT v=spf1 include:%{l}.s-list.example -all",
	"bob.s-list.example TXT v=spf1 a:dead.example -all",
	"s-local-mx.example TXT v=spf1 mx:%{l}.s-mx-list.example -all",
	"bob.s-mx-list.example MX 10 dead.example",
	"s-behind.example TXT v=spf1 include:%{l}.s-none.example include:dead.example -all",
	"bob.s-none.example TXT v=spf1 -all",
	"s-percent.example TXT v=spf1 exists:x%%-%_h.s-none.example include:dead.example -all",
	"s-domain.example TXT v=spf1 include:%{d}.dead.example -all",
	"s-domain.example.dead.example * SERVFAIL",
};

static const struct {
	const char *name, *from, *silent;
	bool lured;
} silences[] = {
	{ "the name itself", "bob@s-self.example", "s-self.example", false },
	{ "one that its record includes", "bob@s-include.example", "dead.example", false },
	{ "one of its mail hosts", "bob@s-mx.example", "dead.example", false },
	{ "no trouble with ptr", "bob@s-ptr.example", "-", false },
	{ "one made of the client's address", "bob@s-address.example", "9.2.0.192.s-list.example", false },
	{ "one made of the domain", "bob@s-domain.example", "s-domain.example.dead.example", false },
	{ "one made of the HELO name", "bob@s-helo.example", "mail.client.example.s-list.example", true },
	{ "one made of the local part, and no host name", "bob@s-odd.example", "bob+x.s-list.example", true },
	{ "one made of the whole sender", "bob@s-sender.example", "bob%40s-sender.example.s-list.example", true },
	{ "one after a record that the local part led to", "bob@s-local.example", "dead.example", true },
	{ "a mail host of a name of the local part", "bob@s-local-mx.example", "dead.example", true },
	{ "one beside a sign that is no macro", "bob@s-percent.example", "dead.example", false },
	{ "one that follows such a term in the record", "bob@s-behind.example", "dead.example", false },
};

/* Which name caused the temperror, and did the sender's own data lead there? */
static void
test_silence(struct resolver *resolver, struct canned_zone *zone)
{
	for (size_t i = 0; i < sizeof silent_zone / sizeof silent_zone[0]; i++)
		if (!canned_zone_line(zone, silent_zone[i], NULL))
			ok(false, "%s", silent_zone[i]);
	for (size_t i = 0; i < sizeof silences / sizeof silences[0]; i++) {
		struct spf_query query = { .helo = "mail.client.example", .mail_from = silences[i].from };
		struct arena *arena = arena_open(ARENA);
		struct silence silence = { NULL, false };
		struct spf_fact fact;

		if (address_read("192.0.2.9", &query.client))
			silence = check_spf(resolver, NULL, arena, &query, &fact, NULL);
		is(silence.name == NULL ? "-" : silence.name, silences[i].silent, "silent: %s", silences[i].name);
		is_number(silence.lured, silences[i].lured, "lured: %s", silences[i].name);
		arena_close(arena);
	}
}

/* libspf2 ignores what follows 64 terms; we do not. */
static void
test_long_record(struct resolver *resolver, struct canned_zone *zone)
{
	struct arena *arena = arena_open(ARENA);
	struct spf_query query = { .helo = "h.example", .mail_from = "a@long.example" };
	struct spf_fact fact;
	struct text record;

	text_open(&record, 16384);
	text_put(&record, "v=spf1");
	for (int i = 0; i < 450; i++)
		text_format(&record, " ip4:10.%d.%d.0/24", i / 200, i % 200);
	if (!canned_zone_add(zone, "long.example", DNS_TXT, 0, 0, record.bytes, record.length) ||
	    !address_read("10.2.49.7", &query.client))
		ok(false, "a record of %zu bytes is added", record.length);
	check_spf(resolver, NULL, arena, &query, &fact, NULL);
	is(auth_word(fact.result), "pass", "the last of 450 networks is found");
	canned_zone_drop(zone, "long.example", 0);
	if (!canned_zone_line(zone, "long.example TXT v=spf1 a -all", NULL))
		ok(false, "a record is added");
	for (uint8_t i = 0; i < 250; i++)
		if (!canned_zone_add(zone, "long.example", DNS_A, 0, 0, (uint8_t[]){ 10, 2, 49, i }, 4) ||
		    !canned_zone_add(zone, "long.example", DNS_A, 0, 0, (uint8_t[]){ 10, 2, 50, i }, 4))
			ok(false, "an address is added");
	query.client.bytes[2] = 50;
	query.client.bytes[3] = 249;
	check_spf(resolver, NULL, arena, &query, &fact, NULL);
	is(auth_word(fact.result), "pass", "and the last of 500 addresses of a host");
	text_close(&record);
	arena_close(arena);
}

/* The record of CVE-2023-42118: 127 macros and more than 4000 bytes in one domain-spec. */
static void
killer_add(struct canned_zone *zone)
{
	struct text record;

	text_open(&record, 16384);
	text_put(&record, "v=spf1 exists:");
	for (int i = 0; i < 127; i++)
		text_put(&record, "%{d}");
	for (int i = 0; i < 4100; i++)
		text_char(&record, 'a');
	text_put(&record, ".example +all");
	if (!canned_zone_add(zone, "killer.example", DNS_TXT, 0, 0, record.bytes, record.length))
		ok(false, "the record that kills is added");
	text_close(&record);
}

/* With every memory limit the result is right or temporary. */
static void
test_memory(struct resolver *resolver)
{
	const struct row *row = &rows[7]; /* fails after an include */
	unsigned right = 0, temporary = 0, wrong = 0;

	for (size_t ceiling = 0; ceiling < 20000; ceiling += 100) {
		struct arena *arena = arena_open(ceiling);
		struct spf_query query = query_of(row);
		struct spf_fact fact;

		check_spf(resolver, NULL, arena, &query, &fact, NULL);
		right += fact.result == row->result;
		temporary += fact.result == AUTH_TEMPERROR;
		wrong += fact.result != row->result && fact.result != AUTH_TEMPERROR;
		arena_close(arena);
	}
	ok(right > 0 && temporary > 0, "little memory is temporary, enough is right");
	is_number(wrong, 0, "and nothing else");
}

static void *
thread_run(void *context)
{
	struct resolver *resolver = context;
	size_t wrong = 0;

	for (size_t i = 0; i < CHECKS; i++) {
		const struct row *row = &rows[i % (sizeof rows / sizeof rows[0])];
		struct arena *arena = arena_open(ARENA);
		struct spf_query query = { .helo = row->helo, .mail_from = row->mail_from };
		struct spf_fact fact;

		if (row->client == NULL || address_read(row->client, &query.client)) {
			check_spf(resolver, NULL, arena, &query, &fact, NULL);
			wrong += fact.result != row->result;
		}
		arena_close(arena);
	}
	return (void *)wrong;
}

static void
test_threads(struct resolver *resolver)
{
	pthread_t threads[THREADS];
	size_t wrong = 0;
	void *result;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread_run, resolver) != 0)
			ok(false, "thread %d starts", i);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		wrong += (size_t)result;
	}
	is_number((long long)wrong, 0, "checks of several threads do not disturb each other");
}

/* ---- the standing of questions ---- */

struct noted {
	struct resolver interface;
	struct resolver *inner;
	struct text list; /* "NAME TYPE STANDING" a question */
};

static void
note_ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	static const char *const words[] = { "stranger", "below", "selector", "listed" };
	struct noted *noted = (struct noted *)resolver;

	text_format(&noted->list, "%s %s %s\n", question->name, dns_type_name(question->type), words[question->standing]);
	resolver_ask(noted->inner, question, budget, arena, out);
}

static const char *const standing_zone[] = {
	"s.example TXT \"v=spf1 include:i.s.example mx ptr include:%{l}.m.s.example include:j.s.example -all\"",
	"i.s.example TXT \"v=spf1 exists:%{i}.x.s.example a:h.s.example -all\"",
	"h.s.example A 192.0.2.9",
	"j.s.example TXT \"v=spf1 exists:%{p}.y.s.example ip4:192.0.2.77 -all\"",
	"s.example MX 10 mx.s.example",
	"mx.s.example A 192.0.2.8",
	"77.2.0.192.in-addr.arpa PTR host.evil.example",
	"host.evil.example A 192.0.2.9",
	"bob.m.s.example TXT \"v=spf1 a:k.s.example -all\"",
	"k.s.example A 192.0.2.7",
};

static const struct {
	const char *name;
	enum standing standing;
	const char *wanted;
} standing_rows[] = {
	{ "what a listed name publishes is listed, but not names that the mail shapes", STANDING_LISTED,
	    "s.example TXT listed\ni.s.example TXT listed\n192.0.2.77.x.s.example A below\nh.s.example A listed\n"
	    "s.example MX listed\nmx.s.example A listed\n77.2.0.192.in-addr.arpa PTR stranger\n"
	    "host.evil.example A stranger\nbob.m.s.example TXT below\nk.s.example A below\n"
	    "j.s.example TXT below\n77.2.0.192.in-addr.arpa PTR stranger\nhost.evil.example A stranger\n"
	    "unknown.y.s.example A below\n" },
	{ "everything a stranger's name leads to is a stranger's", STANDING_STRANGER,
	    "s.example TXT stranger\ni.s.example TXT stranger\n192.0.2.77.x.s.example A stranger\n"
	    "h.s.example A stranger\ns.example MX stranger\nmx.s.example A stranger\n"
	    "77.2.0.192.in-addr.arpa PTR stranger\nhost.evil.example A stranger\nbob.m.s.example TXT stranger\n"
	    "k.s.example A stranger\nj.s.example TXT stranger\n77.2.0.192.in-addr.arpa PTR stranger\n"
	    "host.evil.example A stranger\nunknown.y.s.example A stranger\n" },
};

static void
test_standings(struct canned_zone *zone, struct resolver *resolver)
{
	struct noted noted = { .interface = { .ask = note_ask }, .inner = resolver };
	struct spf_query query = { .helo = "h.example", .mail_from = "bob@s.example" };
	struct fault why;

	for (size_t i = 0; i < sizeof standing_zone / sizeof standing_zone[0]; i++)
		if (!canned_zone_line(zone, standing_zone[i], &why))
			ok(false, "%s: %s", standing_zone[i], why.text);
	if (!address_read("192.0.2.77", &query.client))
		ok(false, "the client is an address");
	for (size_t i = 0; i < sizeof standing_rows / sizeof standing_rows[0]; i++) {
		struct arena *arena = arena_open(ARENA);
		struct budget budget = { 1000 };
		struct spf_fact fact;

		text_open(&noted.list, 8192);
		query.standing = standing_rows[i].standing;
		check_spf(&noted.interface, &budget, arena, &query, &fact, NULL);
		is(noted.list.bytes, standing_rows[i].wanted, "%s", standing_rows[i].name);
		text_close(&noted.list);
		arena_close(arena);
	}
}

int
main(void)
{
	struct canned_zone *zone = canned_zone_open();
	struct resolver *resolver = resolver_canned(zone, NULL);
	struct fault why;

	for (size_t i = 0; i < sizeof zone_text / sizeof zone_text[0]; i++)
		if (!canned_zone_line(zone, zone_text[i], &why))
			ok(false, "%s: %s", zone_text[i], why.text);
	killer_add(zone);
	test_rows(resolver);
	test_why(resolver);
	test_mapped(resolver);
	test_budget(resolver);
	test_mx_hosts(resolver, zone);
	test_amplification(resolver, zone);
	test_silence(resolver, zone);
	test_long_record(resolver, zone);
	test_memory(resolver);
	test_threads(resolver);
	test_standings(zone, resolver);
	resolver_close(resolver);
	canned_zone_close(zone);
	return done();
}
