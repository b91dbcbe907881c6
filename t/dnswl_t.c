/*
 * dnswl_t.c - which answers of a DNS whitelist count.
 */
#include <string.h>

#include "policy/dns/dnswl.h"
#include "policy/util/fault.h"
#include "t/lib/tap.h"

static const struct {
	const char *client, *zone, *name;
} questions[] = {
	{ "192.0.2.7", "list.example", "7.2.0.192.list.example" },
	{ "2001:db8::f1", "list.example", "1.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example" },
	{ "-", "list.example", "" },
};

static void
test_questions(void)
{
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		struct dns_question question = { .name = "" };
		struct address client;

		if (!address_read(questions[i].client, &client))
			client.family = ADDRESS_NONE;
		is(dnswl_question(questions[i].zone, &client, &question) ? question.name : "", questions[i].name,
		    "question for %s", questions[i].client);
	}
}

static const struct {
	const char *name;
	enum dns_status status;
	uint8_t addresses[3][4];
	size_t count;
	bool lists;
} answers[] = {
	{ "the least trust", DNS_FOUND, { { 127, 0, 0, 1 } }, 1, true },
	{ "the most, of any category", DNS_FOUND, { { 127, 0, 255, 3 } }, 1, true },
	{ "two categories", DNS_FOUND, { { 127, 0, 5, 2 }, { 127, 0, 6, 1 } }, 2, true },
	{ "no trust", DNS_FOUND, { { 127, 0, 5, 0 } }, 1, false },
	{ "more than the most", DNS_FOUND, { { 127, 0, 5, 4 } }, 1, false },
	{ "we ask too much", DNS_FOUND, { { 127, 0, 0, 255 } }, 1, false },
	{ "we ask too much, said beside something else", DNS_FOUND, { { 127, 0, 5, 2 }, { 127, 0, 0, 255 } }, 2, false },
	{ "a refusal in words of other lists", DNS_FOUND, { { 127, 255, 255, 254 } }, 1, false },
	{ "a zone that was lost", DNS_FOUND, { { 192, 0, 2, 2 } }, 1, false },
	{ "another network of loopback", DNS_FOUND, { { 127, 1, 5, 2 } }, 1, false },
	{ "not listed", DNS_NXDOMAIN, { { 0 } }, 0, false },
	{ "no address", DNS_EMPTY, { { 0 } }, 0, false },
	{ "found, and yet nothing", DNS_FOUND, { { 0 } }, 0, false },
	{ "an outage, whatever it brings", DNS_TEMPORARY, { { 127, 0, 5, 2 } }, 1, false },
};

static void
test_answers(void)
{
	static const uint8_t six[16] = { 127, 0, 5, 2 };
	struct dns_record odd = { .bytes = six, .length = sizeof six };

	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		struct dns_record records[3];

		for (size_t j = 0; j < 3; j++)
			records[j] = (struct dns_record){ .bytes = answers[i].addresses[j], .length = 4 };
		ok(dnswl_lists(&(struct dns_answer){ .status = answers[i].status,
		       .count = answers[i].count,
		       .records = records }) == answers[i].lists,
		    "%s", answers[i].name);
	}
	ok(!dnswl_lists(&(struct dns_answer){ .status = DNS_FOUND, .count = 1, .records = &odd }),
	    "a record of another length");
}

int
main(void)
{
	test_questions();
	test_answers();
	return done();
}
