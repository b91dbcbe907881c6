/*
 * iprev_t.c - the names of a client: what the MTA says of them, and what DNS says forward and back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mail/iprev.h"
#include "policy/util/text.h"
#include "t/lib/canned_zone.h"
#include "t/lib/tap.h"

/* ---- what the MTA says ---- */

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *name, *resolve, *confirmed, *what;
} words[] = {
	{ "mx1.out.vendor.example", "OK", "mx1.out.vendor.example", "confirmed" },
	{ "MX1.Out.Vendor.Example.", "OK", "mx1.out.vendor.example", "in its normal form" },
	{ "mx1.out.vendor.example", "FORGED", "", "Sendmail and Postfix: it does not lead back" },
	{ "mx1.out.vendor.example", "TEMP", "", "DNS did not answer" },
	{ "mx1.out.vendor.example", "FAIL", "", "no name" },
	{ "mx1.out.vendor.example", "", "", "an MTA that does not say" },
	{ "mx1.out.vendor.example", "ok", "", "no word of theirs" },
	{ "unknown", "OK", "", "Postfix's word for none, whatever is said beside it" },
	{ "[192.0.2.1]", "OK", "", "Sendmail's form for none" },
	{ "192.0.2.1", "OK", "", "an address is no name" },
	{ "localhost", "OK", "", "a name without a dot" },
	{ "", "OK", "", "nothing" },
	{ "evil.example (mx1.out.vendor.example)", "OK", "", "no host name" },
	{ "mx1..vendor.example", "OK", "", "an empty label" },
	{ L63 "x.vendor.example", "OK", "", "a label of 64 (RFC 1035, 2.3.4)" },
	{ L63 "." L63 "." L63 "." L63 ".x", "OK", "", "a name over 253 (RFC 1035, 2.3.4)" },
};

static void
test_words(void)
{
	char out[DOMAIN_TEXT];

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		iprev_of_mta(words[i].name, words[i].resolve, out);
		is(out, words[i].confirmed, "the MTA says: %s", words[i].what);
	}
}

/* ---- looking ourselves ---- */

#define ONE "1.2.0.192.in-addr.arpa"
#define SIX "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
#define ELEVEN                                                                                          \
	ONE " PTR k.example\n" ONE " PTR j.example\n" ONE " PTR i.example\n" ONE " PTR h.example\n" ONE \
	    " PTR g.example\n" ONE " PTR f.example\n" ONE " PTR e.example\n" ONE " PTR d.example\n" ONE \
	    " PTR c.example\n" ONE " PTR b.example\n" ONE " PTR a.example\n"

static const struct {
	const char *what, *client, *zone, *wanted; /* result, names, the one that was silent, questions */
} lookups[] = {
	{ "a name that leads back", "192.0.2.1", ONE " PTR mx.v.example\nmx.v.example A 192.0.2.1",
	    "pass mx.v.example - 2" },
	{ "by IPv6", "2001:db8::1", SIX " PTR mx.v.example\nmx.v.example AAAA 2001:db8::1", "pass mx.v.example - 2" },
	{ "the other family leads nowhere", "2001:db8::1", SIX " PTR mx.v.example\nmx.v.example A 192.0.2.1", "fail - 2" },
	{ "one of several addresses", "192.0.2.1",
	    ONE " PTR mx.v.example\nmx.v.example A 192.0.2.9\nmx.v.example A 192.0.2.1", "pass mx.v.example - 2" },
	{ "through an alias, both ways", "192.0.2.1",
	    ONE " CNAME 1.0-63.2.0.192.in-addr.arpa\n1.0-63.2.0.192.in-addr.arpa PTR mx.v.example\n"
		"mx.v.example CNAME h.v.example\nh.v.example A 192.0.2.1",
	    "pass mx.v.example - 2" },
	{ "a capital and a final dot", "192.0.2.1", ONE " PTR MX.V.Example.\nmx.v.example A 192.0.2.1",
	    "pass mx.v.example - 2" },
	{ "no name", "192.0.2.1", "v.example A 192.0.2.1", "permerror - 1" },
	{ "an address without PTR", "192.0.2.1", ONE " TXT hello", "permerror - 1" },
	{ "a name that leads elsewhere", "192.0.2.1", ONE " PTR mx.v.example\nmx.v.example A 192.0.2.2", "fail - 2" },
	{ "a name that does not exist", "192.0.2.1", ONE " PTR mx.v.example", "fail - 2" },
	{ "a name that is no host's", "192.0.2.1", ONE " PTR a\\032b.v.example", "fail - 1" },
	{ "an address, or a name without a dot", "192.0.2.1", ONE " PTR 192.0.2.1\n" ONE " PTR localhost", "fail - 1" },
	{ "the root", "192.0.2.1", ONE " PTR .", "fail - 1" },
	{ "no answer for the address", "192.0.2.1", ONE " PTR SERVFAIL", "temperror " ONE " 1" },
	{ "no answer for the name", "192.0.2.1", ONE " PTR mx.v.example\nmx.v.example A TIMEOUT",
	    "temperror mx.v.example 2" },
	{ "a bogus answer is none", "192.0.2.1", ONE " PTR mx.v.example\nmx.v.example A BOGUS",
	    "temperror mx.v.example 2" },
	{ "two names, both lead back", "192.0.2.1",
	    ONE " PTR b.example\n" ONE " PTR a.example\na.example A 192.0.2.1\nb.example A 192.0.2.1",
	    "pass a.example b.example - 3" },
	{ "two names, one leads back", "192.0.2.1",
	    ONE " PTR a.example\n" ONE " PTR b.example\na.example A 192.0.2.9\nb.example A 192.0.2.1",
	    "pass b.example - 3" },
	{ "one leads back, one does not answer", "192.0.2.1",
	    ONE " PTR a.example\n" ONE " PTR b.example\na.example A SERVFAIL\nb.example A 192.0.2.1",
	    "pass b.example a.example 3" },
	{ "the same name twice is asked once", "192.0.2.1",
	    ONE " PTR a.example\n" ONE " PTR A.example\na.example A 192.0.2.1", "pass a.example - 2" },
	{ "of eleven names the ten lowest are asked", "192.0.2.1", ELEVEN "k.example A 192.0.2.1", "fail - 11" },
	{ "in whatever order they come", "192.0.2.1", ELEVEN "a.example A 192.0.2.1", "pass a.example - 11" },
};

static struct canned_zone *
zone_of(const char *text)
{
	struct canned_zone *zone = canned_zone_open();

	canned_zone_text(zone, text);
	return zone;
}

static unsigned
look_up(struct arena *arena, const char *client, const char *text, struct iprev_fact *out)
{
	struct canned_zone *zone = zone_of(text);
	struct iprev_check check;
	struct dns_question question;
	struct dns_answer answer;
	struct address address;
	unsigned asked = 0;

	if (!address_read(client, &address))
		printf("Bail out! no address: %s\n", client);
	iprev_begin(&check, arena, &address);
	for (; iprev_next(&check, &question); asked++) {
		canned_zone_answer(zone, &question, &answer);
		iprev_answer(&check, &answer);
	}
	iprev_finish(&check, out);
	canned_zone_close(zone);
	return asked;
}

static void
test_lookups(void)
{
	for (size_t i = 0; i < sizeof lookups / sizeof lookups[0]; i++) {
		struct arena *arena = arena_open(64 * 1024);
		struct iprev_fact fact = { .by_mta = "kept" };
		unsigned asked = look_up(arena, lookups[i].client, lookups[i].zone, &fact);
		struct text got;

		text_open(&got, 1024);
		text_format(&got, "%s", auth_word(fact.result));
		for (size_t j = 0; j < fact.count; j++)
			text_format(&got, " %s", fact.names[j]);
		text_format(&got, " %s %u", fact.silence.name == NULL ? "-" : fact.silence.name, asked);
		is(got.bytes, lookups[i].wanted, "%s", lookups[i].what);
		if (fact.silence.name != NULL)
			ok(fact.silence.lured, "%s: the client chose the silent name", lookups[i].what);
		text_close(&got);
		arena_close(arena);
	}
}

static void
test_ahead(void)
{
	struct arena *arena = arena_open(64 * 1024);
	struct canned_zone *zone = zone_of(ONE " PTR a.example\n" ONE " PTR b.example");
	struct address address;
	struct iprev_check check;
	struct dns_question question, ahead;
	struct dns_answer answer;

	ok(address_read("192.0.2.1", &address), "an address");
	iprev_begin(&check, arena, &address);
	ok(!iprev_ahead(&check, 1, &ahead), "nothing is known to come after the first question");
	ok(iprev_next(&check, &question), "the first question");
	is(question.name, ONE, "it is for the address");
	canned_zone_answer(zone, &question, &answer);
	iprev_answer(&check, &answer);
	ok(iprev_next(&check, &question) && iprev_ahead(&check, 1, &ahead), "two names");
	is(question.name, "a.example", "one is next");
	is(ahead.name, "b.example", "the other is ahead");
	ok(!iprev_ahead(&check, 2, &ahead), "nothing is further ahead");
	canned_zone_close(zone);
	arena_close(arena);
}

/* ---- what it says ---- */

static const struct {
	const char *what;
	struct iprev_fact fact;
	enum tri confirmed, below; /* below "v.example" */
} facts[] = {
	{ "nothing is known", { .result = AUTH_NOT_ASKED }, UNKNOWN, UNKNOWN },
	{ "by the MTA", { .by_mta = "a.v.example" }, YES, YES },
	{ "by the MTA, another name: we have not looked", { .by_mta = "a.x.example" }, YES, UNKNOWN },
	{ "by the MTA, another name, and we found none", { .by_mta = "a.x.example", .result = AUTH_FAIL }, YES, NO },
	{ "the name itself is not below it", { .result = AUTH_PASS, .names = { "v.example" }, .count = 1 }, YES, NO },
	{ "a name that only ends like it", { .result = AUTH_PASS, .names = { "a.ev.v-example" }, .count = 1 }, YES, NO },
	{ "a label that only ends like it", { .result = AUTH_PASS, .names = { "a.xv.example" }, .count = 1 }, YES, NO },
	{ "far below", { .result = AUTH_PASS, .names = { "a.b.c.v.example" }, .count = 1 }, YES, YES },
	{ "the second", { .result = AUTH_PASS, .names = { "a.a.example", "a.v.example" }, .count = 2 }, YES, YES },
	{ "none leads back", { .result = AUTH_FAIL }, NO, NO },
	{ "there is none", { .result = AUTH_PERMERROR }, NO, NO },
	{ "no answer", { .result = AUTH_TEMPERROR, .silence = { "a.v.example", true } }, UNKNOWN, UNKNOWN },
	{ "another leads back, and one is silent",
	    { .result = AUTH_PASS, .names = { "a.x.example" }, .count = 1, .silence = { "a.v.example", true } }, YES,
	    UNKNOWN },
};

static void
test_facts(void)
{
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		is(tri_word(iprev_confirmed(&facts[i].fact)), tri_word(facts[i].confirmed), "confirmed: %s",
		    facts[i].what);
		is(tri_word(iprev_is_below(&facts[i].fact, "v.example")), tri_word(facts[i].below), "below: %s",
		    facts[i].what);
	}
}

int
main(void)
{
	test_words();
	test_lookups();
	test_ahead();
	test_facts();
	return done();
}
