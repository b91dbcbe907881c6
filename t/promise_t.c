/*
 * promise_t.c - what one protocol found out about a session is known to the other; and forgotten in time.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/smtp/promise.h"
#include "t/lib/tap.h"

enum { NOW = 1772359200 };

static struct facts
session(const char *client, uint16_t port, const char *sender, const char *helo)
{
	struct facts facts = { .stage = STAGE_MAIL,
		.now = NOW,
		.port = port,
		.mail_from = sender,
		.helo = helo,
		.spf = { AUTH_NOT_ASKED, false, "" } };

	if (!address_read(client, &facts.client))
		exit(99);
	return facts;
}

static void
test_spf(void)
{
	struct promises *promises = promises_open(100, NULL);
	struct facts first = session("192.0.2.1", 25, "b@vendor.example", "mx.vendor.example"), other;
	struct arena *arena = arena_open(4096);

	ok(!promise_find_spf(promises, &first, arena), "at first nothing is known");
	first.spf = (struct spf_fact){ AUTH_PASS, true, "vendor.example" };
	promise_keep_spf(promises, &first);
	static const struct {
		const char *name, *client, *sender, *helo;
		uint16_t port;
		int later;
		bool found;
	} rows[] = {
		{ "the same session", "192.0.2.1", "b@vendor.example", "mx.vendor.example", 25, 0, true },
		{ "its client as a mapped address", "::ffff:192.0.2.1", "b@vendor.example", "mx.vendor.example", 25, 0,
		    true },
		{ "at the end of its life", "192.0.2.1", "b@vendor.example", "mx.vendor.example", 25, PROMISE_LIFE, true },
		{ "after its life", "192.0.2.1", "b@vendor.example", "mx.vendor.example", 25, PROMISE_LIFE + 1, false },
		{ "a clock that was set back far", "192.0.2.1", "b@vendor.example", "mx.vendor.example", 25,
		    -PROMISE_LIFE - 1, false },
		{ "another client", "192.0.2.2", "b@vendor.example", "mx.vendor.example", 25, 0, false },
		{ "another port", "192.0.2.1", "b@vendor.example", "mx.vendor.example", 26, 0, false },
		{ "an unknown port", "192.0.2.1", "b@vendor.example", "mx.vendor.example", 0, 0, false },
		{ "another sender", "192.0.2.1", "c@vendor.example", "mx.vendor.example", 25, 0, false },
		{ "another HELO", "192.0.2.1", "b@vendor.example", "mx2.vendor.example", 25, 0, false },
		{ "the null sender", "192.0.2.1", "", "mx.vendor.example", 25, 0, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		other = session(rows[i].client, rows[i].port, rows[i].sender, rows[i].helo);
		other.now += rows[i].later;
		ok(promise_find_spf(promises, &other, arena) == rows[i].found, "SPF of %s", rows[i].name);
	}
	other = session("192.0.2.1", 25, "b@vendor.example", "mx.vendor.example");
	ok(promise_find_spf(promises, &other, arena) && other.spf.result == AUTH_PASS && other.spf.by_helo &&
		strcmp(other.spf.domain, "vendor.example") == 0,
	    "it is found as kept");
	is_number((long long)promise_counts(promises).spf_shared, 4, "saved checks are counted");
	first.spf.result = AUTH_TEMPERROR;
	first.mail_from = "later@vendor.example";
	promise_keep_spf(promises, &first);
	ok(!promise_find_spf(promises, &first, arena), "DNS trouble is not kept: it may be over");
	arena_close(arena);
	promises_close(promises);
}

static void
test_passage(void)
{
	struct promises *promises = promises_open(100, NULL);
	struct facts facts = session("192.0.2.1", 25, "b@vendor.example", "mx.vendor.example");
	char vendor[VENDOR_NAME_TEXT];

	ok(!promise_settle(promises, &facts, true, vendor), "nothing was promised");
	promise_make(promises, &facts, "acme");
	promise_make(promises, &facts, "acme");
	ok(promise_settle(promises, &facts, true, vendor), "a promise, asked for two recipients, is kept");
	is(vendor, "acme", "and names the vendor");
	ok(!promise_settle(promises, &facts, true, vendor), "once");
	promise_make(promises, &facts, "acme");
	facts.spf = (struct spf_fact){ AUTH_FAIL, false, "vendor.example" };
	promise_keep_spf(promises, &facts);
	facts.helo = "another.example";
	ok(promise_settle(promises, &facts, false, vendor),
	    "SPF kept beside it and another HELO change nothing: it is revoked");
	promise_make(promises, &facts, "acme");
	promise_drop(promises, &facts);
	ok(!promise_settle(promises, &facts, false, vendor), "the last answer counts: it promised nothing");
	promise_make(promises, &facts, "acme");
	facts.now += PROMISE_LIFE + 1;
	ok(!promise_settle(promises, &facts, false, vendor), "an old promise is forgotten");
	facts.port = 0;
	promise_make(promises, &facts, "acme");
	ok(promise_settle(promises, &facts, false, vendor), "without a port it is found by client and sender");
	is_number((long long)promise_counts(promises).made, 5, "promises made");
	is_number((long long)promise_counts(promises).kept, 1, "promises kept");
	is_number((long long)promise_counts(promises).revoked, 2, "promises revoked");
	promises_close(promises);
	promise_make(NULL, &facts, "acme");
	ok(!promise_settle(NULL, &facts, true, vendor), "without a delegate nothing is promised");
}

static void
test_bounds(void)
{
	struct promises *promises = promises_open(64, NULL);
	static char endless[3000], sender[64];
	struct facts facts;
	char vendor[VENDOR_NAME_TEXT];
	unsigned held = 0;

	for (unsigned i = 0; i < 10000; i++) {
		snprintf(sender, sizeof sender, "b%u@vendor.example", i);
		facts = session("192.0.2.1", 25, sender, "mx.vendor.example");
		facts.now += i / 100;
		promise_make(promises, &facts, "acme");
	}
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(sender, sizeof sender, "b%u@vendor.example", i);
		facts = session("192.0.2.1", 25, sender, "mx.vendor.example");
		facts.now += 100;
		held += promise_settle(promises, &facts, true, vendor);
		if (i == 9999)
			is(vendor, "acme", "the newest is kept");
	}
	ok(held <= 64 && held > 32, "of ten thousand as many are kept as there are slots: %u", held);
	memset(endless, 'x', sizeof endless - 1);
	facts = session("192.0.2.1", 25, endless, "mx.vendor.example");
	promise_make(promises, &facts, "acme");
	ok(!promise_settle(promises, &facts, true, vendor), "a name that is far too long is not kept");
	promises_close(promises);
}

static void *
hammer(void *context)
{
	struct promises *promises = context;
	char sender[64], vendor[VENDOR_NAME_TEXT];

	for (unsigned i = 0; i < 5000; i++) {
		struct arena *arena = arena_open(4096);
		struct facts facts;

		snprintf(sender, sizeof sender, "b%u@vendor.example", i % 97);
		facts = session("192.0.2.1", 25, sender, "mx.vendor.example");
		facts.spf = (struct spf_fact){ AUTH_PASS, false, "vendor.example" };
		promise_keep_spf(promises, &facts);
		promise_make(promises, &facts, "acme");
		if (promise_find_spf(promises, &facts, arena) && promise_settle(promises, &facts, i % 2 == 0, vendor))
			memset(vendor, 0, sizeof vendor);
		arena_close(arena);
	}
	return NULL;
}

static void
test_threads(void)
{
	struct promises *promises = promises_open(64, NULL);
	pthread_t threads[4];
	struct promise_counts counts;

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, hammer, promises);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	counts = promise_counts(promises);
	ok(counts.made >= counts.kept + counts.revoked && counts.kept > 0 && counts.revoked > 0,
	    "four threads at once: %lu made, %lu kept, %lu revoked", counts.made, counts.kept, counts.revoked);
	promises_close(promises);
}

int
main(void)
{
	test_spf();
	test_passage();
	test_bounds();
	test_threads();
	return done();
}
