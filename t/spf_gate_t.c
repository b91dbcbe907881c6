/* What the gate lets libspf2 ask and see (RFC 7208, 4.6.4). Each script is one check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/dns/spf_gate.h"
#include "t/lib/canned_zone.h"
#include "t/lib/tap.h"

enum { ARENA = 1024 * 1024, STEPS = 16, REPEAT_MAX = 16 };

/*
 * One step: what libspf2 asks, what the DNS says, what libspf2 sees. says: a status word, or records
 * joined by '|'. sees: a status word, records joined by '|', or "blocked" when it may not be asked.
 */
struct step {
	const char *name;
	enum dns_type type;
	const char *says, *sees;
	unsigned times; /* 0 is once */
};

static const struct script {
	const char *name, *client;
	bool permerror, temperror; /* in the end */
	struct step steps[STEPS];
} scripts[] = {
	{ "no record is no error", "192.0.2.1", false, false, { { "d.example", DNS_TXT, "NXDOMAIN", "NXDOMAIN", 0 } } },
	{ "other texts do not matter", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "x|v=spf1 -all|v=spf10|\xff", "v=spf1 -all", 0 } } },
	{ "texts without a record are not a record", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "x|v=spf10", "EMPTY", 0 } } },
	{ "two records are an error", "192.0.2.1", true, false,
	    { { "d.example", DNS_TXT, "v=spf1 -all|v=spf1 -all", "EMPTY", 0 } } },
	{ "a broken record is an error, and nothing is asked any more", "192.0.2.1", true, false,
	    { { "d.example", DNS_TXT, "v=spf1 moo -all", "EMPTY", 0 }, { "a.example", DNS_A, "192.0.2.1", "blocked", 0 } } },
	{ "SERVFAIL of the first record is temporary", "192.0.2.1", false, true,
	    { { "d.example", DNS_TXT, "TEMPORARY", "TEMPORARY", 0 }, { "a.example", DNS_A, "192.0.2.1", "blocked", 0 } } },
	{ "SERVFAIL of a term is temporary", "192.0.2.1", false, true,
	    { { "d.example", DNS_TXT, "v=spf1 a", "v=spf1 a:d.example", 0 },
		{ "d.example", DNS_A, "TEMPORARY", "TEMPORARY", 0 } } },
	{ "ten terms may be asked", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 a", "v=spf1 a:d.example", 0 },
		{ "a.example", DNS_A, "192.0.2.1", "192.0.2.1", 10 } } },
	{ "the eleventh is an error", "192.0.2.1", true, false,
	    { { "d.example", DNS_TXT, "v=spf1 a", "v=spf1 a:d.example", 0 },
		{ "a.example", DNS_A, "192.0.2.1", "192.0.2.1", 10 }, { "b.example", DNS_A, "192.0.2.1", "blocked", 0 } } },
	{ "two voids are allowed", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 a", "v=spf1 a:d.example", 0 },
		{ "a.example", DNS_A, "NXDOMAIN", "NXDOMAIN", 0 }, { "b.example", DNS_MX, "EMPTY", "EMPTY", 0 },
		{ "c.example", DNS_A, "192.0.2.1", "192.0.2.1", 0 } } },
	{ "the third is an error", "192.0.2.1", true, false,
	    { { "d.example", DNS_TXT, "v=spf1 a", "v=spf1 a:d.example", 0 },
		{ "a.example", DNS_A, "NXDOMAIN", "NXDOMAIN", 0 }, { "b.example", DNS_MX, "EMPTY", "EMPTY", 0 },
		{ "c.example", DNS_PTR, "EMPTY", "EMPTY", 0 } } },
	{ "an include without a record is an error", "192.0.2.1", true, false,
	    { { "d.example", DNS_TXT, "v=spf1 include:i.example", "v=spf1 include:i.example", 0 },
		{ "i.example", DNS_TXT, "x", "EMPTY", 0 } } },
	{ "so is one without a name", "192.0.2.1", true, false,
	    { { "d.example", DNS_TXT, "v=spf1 redirect=i.example", "v=spf1 redirect=i.example", 0 },
		{ "i.example", DNS_TXT, "NXDOMAIN", "NXDOMAIN", 0 } } },
	{ "the record of an include knows its own domain", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 include:i.example", "v=spf1 include:i.example", 0 },
		{ "i.example", DNS_TXT, "v=spf1 mx a:%{o}", "v=spf1 mx:i.example a:sender.example", 0 } } },
	{ "addresses of MX names cost nothing", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 mx", "v=spf1 mx:d.example", 0 },
		{ "d.example", DNS_MX, "m1.example|M2.example|m3.example", "m1.example|M2.example|m3.example", 0 },
		{ "m1.example", DNS_A, "NXDOMAIN", "NXDOMAIN", 0 }, { "m2.example", DNS_A, "EMPTY", "EMPTY", 0 },
		{ "m3.example", DNS_A, "NXDOMAIN", "NXDOMAIN", 0 }, { "a.example", DNS_A, "192.0.2.1", "192.0.2.1", 9 } } },
	{ "but other names do", "192.0.2.1", true, false,
	    { { "d.example", DNS_TXT, "v=spf1 mx", "v=spf1 mx:d.example", 0 },
		{ "d.example", DNS_MX, "m1.example|m2.example", "m1.example|m2.example", 0 },
		{ "m2.example", DNS_A, "192.0.2.1", "192.0.2.1", 0 }, { "m1.example", DNS_A, "192.0.2.1", "192.0.2.1", 9 },
		{ "m2.example", DNS_A, "192.0.2.1", "blocked", 0 } } },
	{ "the answer of an MX name that fails is temporary", "192.0.2.1", false, true,
	    { { "d.example", DNS_TXT, "v=spf1 mx", "v=spf1 mx:d.example", 0 },
		{ "d.example", DNS_MX, "m.example", "m.example", 0 },
		{ "m.example", DNS_A, "TEMPORARY", "TEMPORARY", 0 } } },
	{ "ten MX names may be asked for", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 mx", "v=spf1 mx:d.example", 0 },
		{ "d.example", DNS_MX, "m|m|m|m|m|m|m|m|m|m|m|m", "m|m|m|m|m|m|m|m|m|m|m", 0 },
		{ "m", DNS_A, "192.0.2.1", "192.0.2.1", 10 } } },
	{ "the eleventh is an error even so", "192.0.2.1", true, false,
	    { { "d.example", DNS_TXT, "v=spf1 mx", "v=spf1 mx:d.example", 0 },
		{ "d.example", DNS_MX, "m|m|m|m|m|m|m|m|m|m|m|m", "m|m|m|m|m|m|m|m|m|m|m", 0 },
		{ "m", DNS_A, "192.0.2.1", "192.0.2.1", 10 }, { "m", DNS_A, "192.0.2.1", "blocked", 0 } } },
	{ "null MX and odd names are left out", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 mx", "v=spf1 mx:d.example", 0 },
		{ "d.example", DNS_MX, "|.|a..b|a\\032b|m.example", "m.example", 0 } } },
	{ "null MX alone is no data", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 mx", "v=spf1 mx:d.example", 0 }, { "d.example", DNS_MX, ".", "EMPTY", 0 } } },
	{ "a failure of PTR only does not match", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 ptr", "v=spf1 ptr:d.example", 0 },
		{ "1.2.0.192.in-addr.arpa", DNS_PTR, "TEMPORARY", "EMPTY", 3 } } },
	{ "so does one of a PTR's name", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 ptr", "v=spf1 ptr:d.example", 0 },
		{ "1.2.0.192.in-addr.arpa", DNS_PTR, "p.example", "p.example", 0 },
		{ "p.example", DNS_A, "TEMPORARY", "EMPTY", 0 } } },
	{ "PTR answers end with the tenth", "192.0.2.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 ptr", "v=spf1 ptr:d.example", 0 },
		{ "1.2.0.192.in-addr.arpa", DNS_PTR, "p|p|p|p|p|p|p|p|p|p|p|p", "p|p|p|p|p|p|p|p|p|p", 0 } } },
	{ "a stand-in for %{p} is two look-ups the first time", "192.0.2.1", true, false,
	    { { "d.example", DNS_TXT, "v=spf1 exists:%{p}", "v=spf1 exists:0.macro.invalid", 0 },
		{ "0.macro.invalid", DNS_A, "192.0.2.1", "192.0.2.1", 9 },
		{ "0.macro.invalid", DNS_A, "192.0.2.1", "blocked", 0 } } },
	{ "a loopback client sees addresses with the top bit flipped", "127.0.0.1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 a ip4:127.0.0.2", "v=spf1 a:d.example", 0 },
		{ "d.example", DNS_A, "127.0.0.1|192.0.2.1", "255.0.0.1|64.0.2.1", 0 } } },
	{ "IPv6 addresses pass", "2001:db8::1", false, false,
	    { { "d.example", DNS_TXT, "v=spf1 a", "v=spf1 a:d.example", 0 },
		{ "d.example", DNS_AAAA, "2001:db8::1|::ffff:192.0.2.1", "2001:db8::1|192.0.2.1", 0 } } },
};

static const char *const words[] = {
	[DNS_FOUND] = "FOUND", [DNS_EMPTY] = "EMPTY", [DNS_NXDOMAIN] = "NXDOMAIN", [DNS_TEMPORARY] = "TEMPORARY"
};

static void
record_add(struct canned_zone *zone, const char *name, enum dns_type type, struct span word)
{
	uint8_t bytes[16];
	char text[256];

	snprintf(text, sizeof text, "%.*s", (int)word.length, word.at);
	if (type == DNS_A || type == DNS_AAAA) {
		struct address address;

		if (!address_read(text, &address))
			ok(false, "'%s' is an address", text);
		memcpy(bytes, address.bytes, 16);
		if (type == DNS_AAAA && address.family == ADDRESS_V4) {
			memset(bytes, 0, 10);
			memset(bytes + 10, 0xff, 2);
			memcpy(bytes + 12, address.bytes, 4);
		}
		if (!canned_zone_add(zone, name, type, 0, 0, bytes, type == DNS_A ? 4 : 16))
			ok(false, "an address is added");
	} else if (!canned_zone_add(zone, name, type, 0, 0, text, strlen(text))) {
		ok(false, "'%s' is added", text);
	}
}

/* The answer that the words mean, from a zone that is kept until the end. */
static void
answer_make(struct canned_zone *zone, const struct step *step, struct dns_answer *out)
{
	struct dns_question question = { .type = step->type };
	struct span rest = span_of(step->says), word;
	bool more = true;

	for (size_t i = DNS_EMPTY; i <= DNS_TEMPORARY; i++)
		if (strcmp(step->says, words[i]) == 0) {
			*out = (struct dns_answer){ .status = (enum dns_status)i };
			return;
		}
	canned_zone_drop(zone, "answer.example", 0);
	for (; more;) {
		more = memchr(rest.at, '|', rest.length) != NULL;
		word = span_cut(&rest, '|');
		record_add(zone, "answer.example", step->type, word);
	}
	strcpy(question.name, "answer.example");
	canned_zone_answer(zone, &question, out);
}

static void
seen_write(enum dns_type type, const struct dns_answer *seen, struct text *out)
{
	char written[ADDRESS_TEXT];
	struct address address;

	if (seen->status != DNS_FOUND)
		text_put(out, words[seen->status]);
	for (size_t i = 0; i < seen->count; i++) {
		const uint8_t *bytes = seen->records[i].bytes;

		address = type == DNS_A ? address_of_v4(bytes)
		    : type == DNS_AAAA  ? address_of_v6(bytes)
					: (struct address){ 0 };
		text_put(out, i > 0 ? "|" : "");
		text_put(out, address.family != ADDRESS_NONE ? address_write(&address, written) : (const char *)bytes);
	}
}

static bool
step_run(struct spf_gate *gate, const struct step *step, struct text *out)
{
	struct canned_zone *zone = canned_zone_open();
	struct dns_question question = { .type = step->type };
	struct dns_answer answer, seen;

	text_clear(out);
	/* only names of the table: a stand-in may hold bytes that a question escapes */
	snprintf(question.name, sizeof question.name, "%s", spf_gate_name(gate, step->name));
	if (!spf_gate_ask(gate, &question)) {
		text_put(out, "blocked");
	} else {
		answer_make(zone, step, &answer);
		if (spf_gate_wants_name(gate, &question, &answer))
			spf_gate_give_name(gate, "p.example");
		spf_gate_answer(gate, &question, &answer, &seen);
		seen_write(step->type, &seen, out);
	}
	canned_zone_close(zone);
	return strcmp(out->bytes, step->sees) == 0;
}

static void
script_run(const struct script *script)
{
	struct spf_view view = { .local = "local", .sender_domain = "sender.example", .helo = "helo.example" };
	struct arena *arena = arena_open(ARENA);
	struct spf_gate *gate;
	struct text out;
	bool good = address_read(script->client, &view.client);

	text_open(&out, SPF_RECORD_MAX);
	gate = spf_gate_open(arena, &view);
	for (const struct step *step = script->steps; good && step->name != NULL; step++)
		for (unsigned i = 0; good && i < (step->times == 0 ? 1 : step->times); i++) {
			good = step_run(gate, step, &out);
			if (!good)
				note("step %td of %s: sees '%s', wanted '%s'", step - script->steps + 1, step->name,
				    out.bytes, step->sees);
		}
	ok(good && spf_gate_is_permerror(gate) == script->permerror && spf_gate_is_temperror(gate) == script->temperror,
	    "%s", script->name);
	text_close(&out);
	arena_close(arena);
}

/* At every place where memory can run out the check ends as temporary, and nothing passes. */
static void
test_memory(void)
{
	static const char text[] = "v=spf1 a:%{l}.example mx -all";
	struct dns_record record = { .bytes = (const uint8_t *)text, .length = sizeof text - 1 };
	struct dns_answer answer = { .status = DNS_FOUND, .count = 1, .records = &record }, seen;
	struct dns_question question = { .name = "d.example", .type = DNS_TXT };
	struct spf_view view = { .local = "local", .sender_domain = "d.example", .helo = "h", .name = "unknown" };
	unsigned wrong = 0, whole = 0;

	if (!address_read("192.0.2.1", &view.client))
		ok(false, "the client is an address");
	for (size_t ceiling = 0; ceiling < 2000; ceiling += 8) {
		struct arena *arena = arena_open(ceiling);
		struct spf_gate *gate = spf_gate_open(arena, &view);

		if (gate != NULL) {
			bool asked = spf_gate_ask(gate, &question);

			spf_gate_answer(gate, &question, &answer, &seen);
			whole += seen.count == 1;
			wrong += !asked || (seen.count == 1) == spf_gate_is_temperror(gate) ||
			    spf_gate_is_permerror(gate);
		}
		arena_close(arena);
	}
	is_number(wrong, 0, "without memory a record is a temporary error, never half a record");
	ok(whole > 0, "with enough of it there is none");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
		script_run(&scripts[i]);
	test_memory();
	return done();
}
