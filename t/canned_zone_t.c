/* The canned zone of the tests, through the canned resolver. */
#include <string.h>

#include "t/lib/resolver_canned.h"
#include "t/lib/tap.h"

static const char *const zone_text[] = {
	"# a remark",
	"",
	"example.com 300 A 192.0.2.1",
	"Example.COM. 60 A 192.0.2.2",
	"example.com AAAA ::ffff:192.0.2.9",
	"example.com 30 MX 10 Mx1.example.com.",
	"example.com 30 MX 20 .",
	"example.com TXT v=spf1  mx -all",
	"quoted.example TXT \"a \\\"b\\\" \" \"c\\\\\\032\\255\"",
	"7.2.0.192.in-addr.arpa PTR mail.example.com",
	"alias.example 50 CNAME Example.com",
	"alias2.example 500 CNAME alias.example",
	"dangling.example CNAME gone.example",
	"loop-a.example CNAME loop-b.example",
	"loop-b.example CNAME loop-a.example",
	"sick.example TXT SERVFAIL",
	"sick.example A 192.0.2.3",
	"dead.example * TIMEOUT",
	"half.example A 192.0.2.4",
	"half.example * TIMEOUT",
	"forged.example A BOGUS",
	"a.b.deep.example A 192.0.2.5",
	"small.example aaaa 2001:db8::1",
	"never.deep.example * NXDOMAIN",
	"words.example TXT \"TIMEOUT\"",
};

static const struct {
	const char *name, *asked;
	enum dns_type type;
	enum dns_status status;
	size_t count;
	uint32_t ttl;
	const char *text; /* of the first record: an address by its bytes */
} answers[] = {
	{ "two records of a name are one answer, with the smaller TTL", "example.com", DNS_A, DNS_FOUND, 2, 60,
	    "\xc0\0\2\1" },
	{ "a mapped address keeps its 16 bytes", "example.com", DNS_AAAA, DNS_FOUND, 1, 0, NULL },
	{ "an MX name keeps its capitals and loses its dot", "example.com", DNS_MX, DNS_FOUND, 2, 30, "Mx1.example.com" },
	{ "text without quotes keeps its blanks", "example.com", DNS_TXT, DNS_FOUND, 1, 0, "v=spf1  mx -all" },
	{ "strings are joined and their escapes read", "quoted.example", DNS_TXT, DNS_FOUND, 1, 0, "a \"b\" c\\ \xff" },
	{ "PTR answers a name", "7.2.0.192.in-addr.arpa", DNS_PTR, DNS_FOUND, 1, 0, "mail.example.com" },
	{ "another type of a known name is empty", "example.com", DNS_PTR, DNS_EMPTY, 0, 0, NULL },
	{ "CNAME is followed", "alias.example", DNS_MX, DNS_FOUND, 2, 30, "Mx1.example.com" },
	{ "the TTL is the smallest of the chain", "alias2.example", DNS_A, DNS_FOUND, 2, 50, "\xc0\0\2\1" },
	{ "CNAME asked for is answered itself", "alias2.example", DNS_CNAME, DNS_FOUND, 1, 500, "alias.example" },
	{ "CNAME to nowhere is no such name", "dangling.example", DNS_A, DNS_NXDOMAIN, 0, 0, NULL },
	{ "a CNAME loop is temporary", "loop-a.example", DNS_A, DNS_TEMPORARY, 0, 0, NULL },
	{ "SERVFAIL is temporary", "sick.example", DNS_TXT, DNS_TEMPORARY, 0, 0, NULL },
	{ "SERVFAIL of one type leaves the others", "sick.example", DNS_A, DNS_FOUND, 1, 0, "\xc0\0\2\3" },
	{ "and a type without a line is empty", "sick.example", DNS_MX, DNS_EMPTY, 0, 0, NULL },
	{ "a name that times out does so for every type", "dead.example", DNS_MX, DNS_TEMPORARY, 0, 0, NULL },
	{ "* spares the types that have a line", "half.example", DNS_A, DNS_FOUND, 1, 0, "\xc0\0\2\4" },
	{ "* holds for the types that have none", "half.example", DNS_TXT, DNS_TEMPORARY, 0, 0, NULL },
	{ "bogus is temporary", "forged.example", DNS_A, DNS_TEMPORARY, 0, 0, NULL },
	{ "a name with one below it exists", "deep.example", DNS_A, DNS_EMPTY, 0, 0, NULL },
	{ "a name that only ends alike does not make one exist", "eep.example", DNS_A, DNS_NXDOMAIN, 0, 0, NULL },
	{ "a name without a line does not exist", "nobody.example", DNS_A, DNS_NXDOMAIN, 0, 0, NULL },
	{ "NXDOMAIN can be said outright", "never.deep.example", DNS_A, DNS_NXDOMAIN, 0, 0, NULL },
	{ "a type is read in any case", "small.example", DNS_AAAA, DNS_FOUND, 1, 0, NULL },
	{ "a failure's word in quotes is text", "words.example", DNS_TXT, DNS_FOUND, 1, 0, "TIMEOUT" },
};

static struct canned_zone *
zone_of(const char *const *lines, size_t count)
{
	struct canned_zone *zone = canned_zone_open();
	struct fault why;

	for (size_t i = 0; i < count; i++)
		if (!canned_zone_line(zone, lines[i], &why))
			ok(false, "zone line '%s': %s", lines[i], why.text);
	return zone;
}

static void
ask(struct resolver *resolver, struct arena *arena, const char *name, enum dns_type type, struct dns_answer *out)
{
	struct dns_question question;

	if (!dns_question_make(&question, name, type))
		ok(false, "'%s' cannot be asked", name);
	resolver_prefetch(resolver, &question);
	resolver_ask(resolver, &question, NULL, arena, out);
}

static void
test_answers(struct resolver *resolver, struct arena *arena)
{
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct dns_answer answer;
		bool good;

		ask(resolver, arena, answers[i].asked, answers[i].type, &answer);
		good = answer.status == answers[i].status && answer.count == answers[i].count &&
		    answer.ttl == answers[i].ttl;
		if (good && answers[i].text != NULL)
			good = answers[i].type == DNS_A
			    ? answer.records[0].length == 4 && memcmp(answer.records[0].bytes, answers[i].text, 4) == 0
			    : answer.records[0].length == strlen(answers[i].text) &&
				strcmp((const char *)answer.records[0].bytes, answers[i].text) == 0;
		if (!ok(good, "%s", answers[i].name))
			note("status %d, %zu records, ttl %u, first '%s'", answer.status, answer.count, answer.ttl,
			    answer.count > 0 ? (const char *)answer.records[0].bytes : "");
	}
}

static void
test_details(struct resolver *resolver, struct arena *arena)
{
	struct dns_answer answer;

	ask(resolver, arena, "example.com", DNS_AAAA, &answer);
	ok(answer.count == 1 && answer.records[0].length == 16 && answer.records[0].bytes[10] == 0xff,
	    "a mapped address is an AAAA record as it stands");
	ask(resolver, arena, "example.com", DNS_MX, &answer);
	ok(answer.count == 2 && answer.records[1].preference == 20 && answer.records[1].length == 0,
	    "a null MX is the empty name with its preference");
	ask(resolver, arena, "forged.example", DNS_A, &answer);
	ok(answer.bogus, "bogus is said");
}

static const struct {
	const char *line, *said;
} faults[] = {
	{ "a.example A 192.0.2.256", "'192.0.2.256' is not the data of a record of type A" },
	{ "a.example A", "'' is not the data of a record of type A" },
	{ "a.example AAAA 192.0.2.1", "'192.0.2.1' is not the data of a record of type AAAA" },
	{ "a.example MX mx.example", "'mx.example' is not the data of a record of type MX" },
	{ "a.example MX 65536 mx.example", "'65536 mx.example' is not the data of a record of type MX" },
	{ "a.example CNAME two words", "'two words' is not the data of a record of type CNAME" },
	{ "a.example TXT \"open", "'\"open' is not the data of a record of type TXT" },
	{ "a.example TXT \"shut\" open", "'\"shut\" open' is not the data of a record of type TXT" },
	{ "a.example SPF x", "'SPF' is not a record type; write A, AAAA, CNAME, MX, PTR or TXT" },
	{ "a.example 12x A 192.0.2.1", "the TTL of 'a.example' is not a number of seconds" },
	{ "a.example * 192.0.2.1", "'*' of 'a.example' takes SERVFAIL, TIMEOUT, NXDOMAIN or BOGUS only" },
	{ "a..example A 192.0.2.1", "'a..example' is not a name that DNS can carry, or memory ran out" },
	{ "a..example A SERVFAIL", "'a..example' is not a name that DNS can carry" },
};

static void
test_faults(void)
{
	struct canned_zone *zone = canned_zone_open();

	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct fault why = { .line = 0 };
		bool good = canned_zone_line(zone, faults[i].line, &why);

		is(good ? "taken" : why.text, faults[i].said, "refused: %s", faults[i].line);
	}
	canned_zone_close(zone);
}

static void
test_changes(struct canned_zone *zone, struct resolver *resolver, struct arena *arena)
{
	struct dns_answer kept, answer;

	ask(resolver, arena, "example.com", DNS_TXT, &kept);
	canned_zone_drop(zone, "EXAMPLE.com", DNS_TXT);
	ask(resolver, arena, "example.com", DNS_TXT, &answer);
	ok(answer.status == DNS_EMPTY, "a type that was dropped is empty");
	ok(kept.count == 1 && strcmp((const char *)kept.records[0].bytes, "v=spf1  mx -all") == 0,
	    "an answer outlives the lines it came from");
	canned_zone_drop(zone, "example.com", 0);
	ask(resolver, arena, "example.com", DNS_A, &answer);
	ok(answer.status == DNS_NXDOMAIN, "a name that was dropped does not exist");
	ok(canned_zone_fail(zone, "example.com", 0, DNS_TEMPORARY), "a name can be made to fail");
	ask(resolver, arena, "alias2.example", DNS_A, &answer);
	ok(answer.status == DNS_TEMPORARY, "a failure behind a CNAME is seen through it");
	ok(canned_zone_add(zone, "example.com", DNS_A, 9, 0, "\1\2\3\4", 4), "a record can be added straight");
	ask(resolver, arena, "example.com", DNS_A, &answer);
	ok(answer.status == DNS_FOUND && answer.ttl == 9, "and comes before the failure of every type");
	ok(!canned_zone_add(zone, "a..b", DNS_A, 9, 0, "\1\2\3\4", 4), "but not under a name that cannot be");
	ok(!canned_zone_fail(zone, "b.example", DNS_A, DNS_FOUND), "found is no failure");
}

static void
test_ceilings(struct canned_zone *zone, struct resolver *resolver, struct arena *arena)
{
	struct arena *small = arena_open(64);
	struct dns_answer answer;
	struct dns_question question;

	for (unsigned i = 0; i <= DNS_RECORDS_MAX; i++)
		if (!canned_zone_add(zone, "many.example", DNS_A, 1, 0, "\1\2\3\4", 4))
			ok(false, "record %u is added", i);
	ask(resolver, arena, "many.example", DNS_A, &answer);
	ok(answer.status == DNS_TEMPORARY && answer.count == DNS_RECORDS_MAX, "an answer too long is cut and temporary");
	ok(dns_question_make(&question, "words.example", DNS_TXT), "a question is made");
	if (arena_take(small, 60) == NULL)
		ok(false, "the small arena holds 60 bytes");
	resolver_ask(resolver, &question, NULL, small, &answer);
	ok(answer.status == DNS_TEMPORARY && answer.count == 0, "without memory an answer is temporary and empty");
	arena_close(small);
}

int
main(void)
{
	struct canned_zone *zone = zone_of(zone_text, sizeof zone_text / sizeof zone_text[0]);
	struct resolver *resolver = resolver_canned(zone, NULL);
	struct arena *arena = arena_open(1024 * 1024);

	test_answers(resolver, arena);
	test_details(resolver, arena);
	test_faults();
	test_changes(zone, resolver, arena);
	test_ceilings(zone, resolver, arena);
	resolver_close(NULL);
	resolver_close(resolver);
	canned_zone_close(zone);
	arena_close(arena);
	return done();
}
