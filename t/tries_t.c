/*
 * tries_t.c - which verdicts `greenlane log` is asked for: by address, domain, handle, vendor, client and time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/tries.h"
#include "t/lib/tap.h"

/* Of 2026-11-27T19:00:00Z. */
static const char line[] =
    "greenlaned: id=6b088e70.1.2 qid=4ABC outcome=vouched action=pass vendor=acme reason=proven stage=eom client=192.0.2.7 "
    "listed=- mail_from=b@bounce.acme.example from=tickets@acme.example rcpts=Ann@rx.example,bob@sub.ry.example helo=h.example "
    "spf=pass dkim=- dmarc=pass greylist=off ms=1 tries=- waited=- msgid=<m1@acme.example>";

#define CLIENT(a, b, c, d, n) .client = { { ADDRESS_V4, { a, b, c, d } }, n }

static const struct {
	const char *what;
	struct tries_query query;
	bool holds;
} rows[] = {
	{ "everything, where nothing is asked", { .rcpt = NULL }, true },
	{ "a recipient, in another case", { .rcpt = "ann@RX.example" }, true },
	{ "the second recipient", { .rcpt = "bob@sub.ry.example" }, true },
	{ "another recipient", { .rcpt = "eve@rx.example" }, false },
	{ "one whose end it is", { .rcpt = "nn@rx.example" }, false },
	{ "a recipient's domain", { .rcpt = "rx.example" }, true },
	{ "a domain above it", { .rcpt = "ry.example" }, true },
	{ "the end of its domain alone", { .rcpt = "x.example" }, false },
	{ "a domain below it", { .rcpt = "a.rx.example" }, false },
	{ "an author", { .from = "tickets@acme.example" }, true },
	{ "the envelope's sender", { .from = "b@bounce.acme.example" }, true },
	{ "the domain of both", { .from = "acme.example" }, true },
	{ "another author", { .from = "x@acme.example" }, false },
	{ "the end of an author", { .from = "ickets@acme.example" }, false },
	{ "id", { .handle = "6b088e70.1.2" }, true },
	{ "queue id", { .handle = "4ABC" }, true },
	{ "Message-ID in brackets", { .handle = "<m1@acme.example>" }, true },
	{ "Message-ID without them", { .handle = "m1@acme.example" }, true },
	{ "a part of the id", { .handle = "6b088e70.1" }, false },
	{ "a vendor", { .vendor = "acme" }, true },
	{ "another vendor", { .vendor = "acm" }, false },
	{ "a client", { CLIENT(192, 0, 2, 7, 32) }, true },
	{ "its network", { CLIENT(192, 0, 2, 0, 24) }, true },
	{ "another network", { CLIENT(192, 0, 3, 0, 24) }, false },
	{ "since before", { .since = 1795719600000 }, true },
	{ "since after", { .since = 1895719600000 }, false },
	{ "until after", { .until = 1895719600000 }, true },
	{ "until before", { .until = 1695719600000 }, false },
	{ "two of which one is another's", { .rcpt = "rx.example", .vendor = "globex" }, false },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *arena = arena_open(RECORD_ARENA);
		struct recorded recorded;
		struct fault why;

		if (arena == NULL || log_line_read(arena, span_of(line), &recorded, &why) != LOG_FORM_LINE) {
			ok(false, "%s: a line: %s", rows[i].what, why.text);
		} else {
			ok(tries_query_holds(&rows[i].query, &recorded) == rows[i].holds, "%s", rows[i].what);
		}
		arena_close(arena);
	}
	return done();
}
