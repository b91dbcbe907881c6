#include <stdio.h>
#include <string.h>

#include "policy/rules/greylist_network.h"
#include "policy/rules/policy.h"
#include "t/lib/tap.h"

static const struct suffix_list suffixes = { NULL };

enum { T = 1000000000, DELAY = 300, DAY = 86400, LIFE = 36 * DAY, KNOWN_AT = 3 };

static const struct greylist_settings settings = {
	.on = true,
	.delay = DELAY,
	.retry_window = 2 * DAY,
	.lifetime = LIFE,
	.auto_pass = 5,
	.auto_pass_network = KNOWN_AT,
};

/* ---- keys ---- */

static const struct {
	const char *name, *client, *domain, *network, *counted;
} keys[] = {
	{ "IPv4 goes by the address", "192.0.2.7", "a.example", "n 192.0.2.7", "d 192.0.2.7 a.example" },
	{ "IPv6 by the /64", "2001:db8:1:2:3::4", "a.example", "n 2001:db8:1:2::/64", "d 2001:db8:1:2::/64 a.example" },
	{ "names below one domain are one sender", "192.0.2.7", "x1.bulk.a.example", "n 192.0.2.7",
	    "d 192.0.2.7 a.example" },
	{ "so is the null sender", "192.0.2.7", "", "n 192.0.2.7", "d 192.0.2.7 <>" },
	{ "a client without an address has no network", "-", "a.example", "", "" },
};

static void
test_keys(void)
{
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct facts facts = { .sender = { "x", keys[i].domain, "" }, .null_sender = keys[i].domain[0] == '\0' };
		struct greylist_keys got = { .network = "", .domain = "" };

		if (!address_read(keys[i].client, &facts.client))
			facts.client.family = ADDRESS_NONE;
		greylist_network_keys(&suffixes, &facts, &got);
		is(got.network, keys[i].network, "network: %s", keys[i].name);
		is(got.domain, keys[i].counted, "domain: %s", keys[i].name);
		is_number((long long)(got.network_length + got.domain_length),
		    (long long)(strlen(keys[i].network) + strlen(keys[i].counted)), "lengths: %s", keys[i].name);
	}
}

static void
test_long_keys(void)
{
	struct facts facts = { .sender = { "x", "", "" } };
	struct greylist_keys one, other;
	char domain[300];

	memset(domain, '\1', sizeof domain - 1); /* written as four bytes each */
	domain[sizeof domain - 1] = '\0';
	facts.sender.domain = domain;
	facts.client = (struct address){ .family = ADDRESS_V6, .bytes = { 0x20, 1, 0xd, 0xb8, 0x11, 0x11, 0x22 } };
	greylist_network_keys(&suffixes, &facts, &one);
	facts.client.bytes[6] = 0x33;
	greylist_network_keys(&suffixes, &facts, &other);
	is_number((long long)one.domain_length, GREYLIST_KEY_MAX, "a long name fills a key");
	ok(strcmp(one.domain, other.domain) != 0, "and does not push the network out of it");
	facts.client_hidden = true;
	greylist_network_keys(&suffixes, &facts, &one);
	is_number((long long)one.network_length, 0, "a hidden client has no network");
}

/* ---- histories ---- */

/* What the store has of one network. */
struct fixture {
	struct greylist_record tuples[26], network, domains[26];
	int64_t now;
};

/* One try of tuple 'a' to 'z' in the name of a domain 'A' to 'Z'. */
static enum greylist_state
try_once(struct fixture *fixture, char tuple, char domain)
{
	struct greylist_record *record = &fixture->tuples[tuple - 'a'];
	struct greylist_network network = { .network = fixture->network, .domain = fixture->domains[domain - 'A'] };
	struct greylist_decision decision = greylist_decide(&settings, record, fixture->now);

	greylist_network_decide(&settings, record, fixture->now, &decision, &network);
	if (decision.write)
		*record = decision.record;
	if (network.write_network)
		fixture->network = network.network;
	if (network.write_domain)
		fixture->domains[domain - 'A'] = network.domain;
	return decision.state;
}

/*
 * Tries, in words: "aA" a try of tuple a for domain A, "+n" n seconds later, "-n" the clock is set back, "!a" an administrator
 * lets a pass. What came of each try is compared with `states`: n(ew) e(arly) d(ue) k(nown) f(ree) N(etwork).
 */
static const struct {
	const char *name, *tries, *states;
	unsigned counted;
} histories[] = {
	{ "three tuples of three domains that waited make it known, and no two", "aA bB +300 aA bB cC +300 cC dD",
	    "nnddndN", 3 },
	{ "a try does not count, only one that came again", "aA bB cC dD +1 eE", "nnnnn", 0 },
	{ "many users in one message are one", "aA bA cA dA +300 aA bA cA dA eA", "nnnnddddn", 1 },
	{ "many messages of a day are one", "aA +300 aA +40000 bA +300 bA +40000 cA +300 cA", "ndndnd", 1 },
	{ "a day later the domain counts again", "aA +300 aA +86400 bA +300 bA +86400 cA +300 cA +9 dA", "ndndndN", 3 },
	{ "a second before it does not", "aA +300 aA +85799 bA +600 bA", "ndnd", 1 },
	{ "tuples that are known do not count", "aA +300 aA +86400 aA +86400 aA +86400 aA bB", "ndkkkn", 1 },
	{ "what an administrator lets pass did not wait", "aA !a aA +86400 bB !b bB +86400 cC !c cC dD", "ndndndn", 0 },
	{ "what passed by the network is no tuple that came again", "aA bB cC +300 aA bB cC dD +300 dD +86400 dD",
	    "nnndddNNN", 3 },
	{ "an early retry passes once the network is known", "aA bB cC +300 aA bB xX cC +1 xX", "nnnddndN", 3 },
	{ "after a lifetime without mail it is forgotten", "aA bB cC +300 aA bB cC +3110400 dD +1 eE", "nnndddNN", 3 },
	{ "a second later it is", "aA bB cC +300 aA bB cC +3110401 dD", "nnndddn", 3 },
	{ "mail that passes keeps it", "aA bB cC +300 aA bB cC +2000000 dD +2000000 eE +2000000 fF", "nnndddNNN", 3 },
	{ "one that was forgotten begins anew", "aA bB cC +300 aA bB cC +3110401 dD +300 dD eE", "nnndddndn", 1 },
	{ "a clock set back does not count a domain twice", "aA +300 aA -4000 bA +300 bA", "ndnd", 1 },
	{ "nor does it stop it for more than a day", "aA +300 aA -900000 bA +300 bA +86400 cA +300 cA", "ndndnd", 2 },
	{ "a network that is known stays so when the clock is set back", "aA bB cC +300 aA bB cC -900000 dD", "nnndddN",
	    3 },
};

static void
play(const char *tries, char *states, struct fixture *fixture)
{
	static const char letters[GREYLIST_STATES] = { [GREYLIST_NEW] = 'n',
		[GREYLIST_EARLY] = 'e',
		[GREYLIST_DUE] = 'd',
		[GREYLIST_KNOWN] = 'k',
		[GREYLIST_FREE] = 'f',
		[GREYLIST_NETWORK] = 'N' };

	for (const char *at = tries; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " ")) {
		long long seconds = 0;

		if (*at == '!') {
			struct greylist_record *record = &fixture->tuples[at[1] - 'a'];

			*record = greylist_record_let_pass(&settings, record, fixture->now);
		} else if (sscanf(at, "%lld", &seconds) == 1) {
			fixture->now += seconds;
		} else {
			*states++ = letters[try_once(fixture, at[0], at[1])];
		}
	}
	*states = '\0';
}

static void
test_histories(void)
{
	for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
		struct fixture fixture = { .now = T };
		char states[40];

		play(histories[i].tries, states, &fixture);
		is(states, histories[i].states, "%s", histories[i].name);
		is_number(fixture.network.passed, histories[i].counted, "counted: %s", histories[i].name);
	}
}

static void
test_off(void)
{
	struct greylist_network network = { .network = { T, T, 99, 0, false } };
	struct greylist_settings off = settings;
	struct greylist_decision decision;

	off.auto_pass_network = 0;
	decision = greylist_decide(&off, NULL, T);
	greylist_network_decide(&off, NULL, T, &decision, &network);
	ok(decision.state == GREYLIST_NEW && decision.write && !network.write_network && !network.write_domain,
	    "without the setting no network is known");
}

int
main(void)
{
	test_keys();
	test_long_keys();
	test_histories();
	test_off();
	return done();
}
