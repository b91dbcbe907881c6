/*
 * worst.c - what the dearest messages known cost beside an ordinary one, with 4,096 vendors, in one run.
 *
 * Usage: worst [VENDORS]. CPU of one message from MAIL to its end, in process, DNS answered from memory, the best of
 * several. The goal: no message costs more than 50 ms.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "milter/smtp/message.h"
#include "policy/config/policy_text.h"
#include "policy/util/text.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/sign.h"

enum { ROUNDS = 5, GOAL_US = 50 * 1000, FIELD_ROOM = 7900 };

static struct services services;
static struct suffix_list suffixes;
static const struct smtp_client client = { .name = "unknown",
	.helo = "mail.vendor7.example",
	.daemon_name = "",
	.mta_name = "mx.rx.example",
	.replies_at_rcpt = true };
static char *signature;

static void
die(const char *what)
{
	fprintf(stderr, "worst: %s\n", what);
	exit(99);
}

/* ---- the services ---- */

static const char *
find_vendor(void *context, const struct strings *vendor_path, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	static char text[512];

	(void)context, (void)vendor_path, (void)why;
	*length = (size_t)snprintf(text, sizeof text,
	    "vendor = { name = \"%s\"; domains = [ \"%s.example\", \"%s.test\"%s ]; envelope = [ \"b.%s.test\" ];"
	    " sources = ( { cidr = [ \"192.0.2.0/24\" ]; } ); vouch = [ \"listed+spf\", \"dkim\", \"listed+spf_from\" ]; };",
	    name, name, name, strcmp(name, "vendor7") == 0 ? ", \"desk@shared.example\"" : "", name);
	*path = name;
	return text;
}

static struct policy *
load(unsigned vendors)
{
	struct policy_files files = { .vendor = find_vendor };
	struct faults *faults = faults_open();
	struct text text;
	struct policy *policy;

	text_open(&text, 1 << 22);
	text_put(&text,
	    "own = { domains = [ \"rx.example\" ]; }; delegations = ( { vendor = \"vendor1\"; domains = [ \"rx.example\" ]; } );\n"
	    "vendors = ( ");
	for (unsigned i = 0; i < vendors; i++)
		text_format(&text, "%s{ name = \"vendor%u\"; }", i > 0 ? ", " : "", i);
	text_put(&text, " );\n");
	policy = policy_text_load("worst.conf", text.bytes, text.length, &files, faults);
	if (policy == NULL)
		die(faults->kept > 0 ? faults->list[0].fault.text : "the policy does not load");
	text_close(&text);
	faults_close(faults);
	return policy;
}

static struct ranges *
ranges_of(const struct policy *policy)
{
	struct ranges *ranges = ranges_build(policy->sources, policy->source_count, NULL, NULL);

	if (ranges == NULL)
		die("out of memory");
	return ranges;
}

static void
services_make(unsigned vendors)
{
	struct canned_zone *zone = canned_zone_open();
	char *record = sign_record(sign_key(SIGN_RSA_2048), 0);
	struct text line;
	struct fault why;
	struct policy *policy = load(vendors);

	text_open(&line, 4096);
	text_format(&line, "s1._domainkey.vendor7.example TXT \"%.200s\" \"%s\"", record, record + 200);
	if (zone == NULL || !canned_zone_line(zone, "vendor7.example TXT \"v=spf1 ip4:192.0.2.0/24 -all\"", &why) ||
	    !canned_zone_line(zone, line.bytes, &why))
		die("no zone");
	services = (struct services){ .resolver = resolver_canned(zone, &why),
		.suffixes = &suffixes,
		.snapshots = snapshots_open(&why) };
	services.dkim = dkim_verifier_open(services.resolver, &suffixes, &why);
	if (services.snapshots == NULL || services.dkim == NULL ||
	    !snapshot_publish(services.snapshots, policy, ranges_of(policy), NULL, &why))
		die("no services");
	text_close(&line);
	free(record);
}

/* ---- the messages ---- */

struct letter {
	const char *name;
	unsigned fields, rcpts;
	bool sign;
	const char *head, *part; /* part is repeated, with %u for its number */
};

static const struct letter letters[] = {
	{ "an ordinary one: signed, 1 KiB", 1, 1, true, " Vendor <orders@vendor7.example>", "" },
	{ "a thousand strangers as authors", 1, 1, false, "", "a@s%u.cc," },
	{ "authors of a thousand vendors", 1, 1, false, "", "a@vendor%u.example," },
	{ "eight fields of such authors", 8, 1, false, "", "a@vendor%u.test," },
	{ "a thousand authors of ours", 1, 1, false, "", "a@x%u.rx.example," },
	{ "eight fields of U-labels, readable", 8, 1, false, "", "a@\303\274%u.cc," },
	{ "eight fields of U-labels that cannot be read", 8, 1, false, " [x] ", "\303\274%u.\303\266.vendor " },
	{ "eight fields of Cyrillic", 8, 1, false, " [x] ", "\320\266\321\203\320\272%u" },
	{ "eight fields of vendors' names", 8, 1, false, " [x] ", "vendor%u.exampl " },
	{ "eight fields of names and open comments", 8, 1, false, " [x] ", "a%u(\342\200\213" },
	{ "eight fields of one-byte labels", 8, 1, false, " [x] ", "b.%.0u" },
	{ "eight fields of U-labels in routes", 8, 1, false, " <", "@\303\274%u," },
	{ "eight fields of invisible characters", 8, 1, false, " [x] v", "\342\200\213%.0u" },
	{ "eight fields of a name of which one mailbox is a vendor's", 8, 1, false, " [x] ", "x@shared.example %.0u" },
	{ "eight fields of controls in labels", 8, 1, false, " [x] ", "a\007%u." },
	{ "eight fields of open brackets", 8, 1, false, " [x] ", "a<%u" },
	{ "eight fields of encoded words", 8, 1, false, " [x] ", "=?u?q?a%u=40b?= " },
	{ "eight fields of encoded words without an end", 8, 1, false, " [x] ", "=?u?q?a%u" },
	{ "eight fields of empty members", 8, 1, false, "", ",%.0u" },
	{ "a thousand recipients", 1, 1000, false, " a@vendor7.example", "" },
};

static void
write_field(const struct letter *letter, unsigned number, struct text *out)
{
	text_clear(out);
	text_put(out, letter->head);
	for (unsigned i = number * 10000; letter->part[0] != '\0' && out->length < FIELD_ROOM; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		text_format(out, letter->part, i % 4000);
#pragma GCC diagnostic pop
	}
}

static int64_t
cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
play(const struct letter *letter, char *const *fields)
{
	static const unsigned char body[] = "a body\r\n";
	struct smtp_client who = client;
	struct message *message;
	struct ending ending;
	struct reply reply;
	char rcpt[64];

	if (!address_read("192.0.2.7", &who.address))
		die("no address");
	message = message_open(&services, &who, "<bounce@vendor7.example>", "");
	if (message == NULL)
		die("no message");
	for (unsigned i = 0; i < letter->rcpts; i++) {
		snprintf(rcpt, sizeof rcpt, "<u%u@rx.example>", i);
		if (!message_rcpt(message, rcpt, &reply))
			die(reply.text);
	}
	if (letter->sign)
		message_header(message, "DKIM-Signature", signature);
	for (unsigned i = 0; i < letter->fields; i++)
		message_header(message, "From", fields[i]);
	message_header(message, "Subject", " a note");
	if (message_headers_end(message))
		message_body(message, body, sizeof body - 1);
	message_end(message, &ending);
	message_close(message);
}

static int64_t
measure(const struct letter *letter)
{
	int64_t best = INT64_MAX, start;
	char *fields[8];
	struct text text;

	text_open(&text, 9000);
	for (unsigned i = 0; i < letter->fields; i++) {
		write_field(letter, i, &text);
		fields[i] = strdup(text.bytes);
	}
	for (int i = 0; i < ROUNDS; i++) {
		start = cpu_us();
		play(letter, fields);
		start = cpu_us() - start;
		best = start < best ? start : best;
	}
	for (unsigned i = 0; i < letter->fields; i++)
		free(fields[i]);
	text_close(&text);
	return best;
}

int
main(int argc, char **argv)
{
	const struct sign_field fields[] = { { "From", letters[0].head }, { "Subject", " a note" } };
	const struct sign_order order = { .key = sign_key(SIGN_RSA_2048),
		.d = "vendor7.example",
		.s = "s1",
		.h = "from:subject" };
	unsigned vendors = argc > 1 ? (unsigned)atoi(argv[1]) : 4096;
	int64_t ordinary = 0, worst = 0;

	signature = sign_message(&order, fields, 2, "a body\r\n", 8);
	services_make(vendors);
	printf("CPU of one message, with %u vendors\n", vendors);
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
		int64_t us = measure(&letters[i]);

		ordinary = i == 0 ? us : ordinary;
		worst = us > worst ? us : worst;
		printf("%8.2f ms  %6.1f times  %s\n", (double)us / 1000,
		    (double)us / (double)(ordinary > 0 ? ordinary : 1), letters[i].name);
	}
	printf("the worst costs %.1f ms (goal %d ms, %s), %.0f times an ordinary one\n", (double)worst / 1000,
	    GOAL_US / 1000, worst > GOAL_US ? "MISSED" : "reached",
	    (double)worst / (double)(ordinary > 0 ? ordinary : 1));
	return 0;
}
