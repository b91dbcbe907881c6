#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpsl.h>
#include <pthread.h>

#include "milter/checks/check_dkim.h"
#include "policy/util/text.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/sign.h"
#include "t/lib/tap.h"

enum { TESTKEY = SIGN_TESTING, STRICT = SIGN_STRICT, REVOKED = SIGN_REVOKED, DAY = 86400, MAX_AGE = 7 * DAY };

static const struct sign_field message[] = { { "From", " Support <support@vendor.example>" },
	{ "To", " one@rx.example,\n\ttwo@rx.example" }, { "Subject", " Ticket  4711 \n is open" },
	{ "Date", " Fri, 20 Nov 2026 10:00:00 +0000" }, { "Message-ID", " <1@vendor.example>" } };
enum { FIELDS = sizeof message / sizeof message[0] };

static const char body[] = "Dear  customer, \r\n\r\nyour ticket\tis open.\r\n-- \r\n\r\n\r\n";
static const char usual[] = "from:to:subject:date:message-id";

/* A resolver that counts its questions, on top of the canned one. */
struct counter {
	struct resolver interface;
	struct resolver *below;
	size_t asked, prefetched;
	size_t asked_as[STANDINGS], prefetched_as[STANDINGS];
	char last[DNS_NAME_TEXT];
};

static void
counter_ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	struct counter *counter = (struct counter *)resolver;

	counter->asked++;
	counter->asked_as[question->standing]++;
	snprintf(counter->last, sizeof counter->last, "%s", question->name);
	resolver_ask(counter->below, question, budget, arena, out);
}

static void
counter_prefetch(struct resolver *resolver, const struct dns_question *question)
{
	((struct counter *)resolver)->prefetched++;
	((struct counter *)resolver)->prefetched_as[question->standing]++;
}

/* The fixture of one test: a zone, a library, one message and its facts. */
struct fixture {
	struct canned_zone *zone;
	struct counter counter;
	struct suffix_list suffixes;
	struct dkim_verifier *verifier;
	struct arena *arena;
	struct facts facts;
	const char *first; /* d= of the vendor */
	int64_t now;       /* 0: before every date */
	bool body_wanted, fine;
};

static void
fixture_open(struct fixture *fixture)
{
	struct fault why;

	memset(fixture, 0, sizeof *fixture);
	fixture->zone = canned_zone_open();
	fixture->counter.interface = (struct resolver){ .ask = counter_ask, .prefetch = counter_prefetch };
	fixture->counter.below = resolver_canned(fixture->zone, &why);
	fixture->suffixes.psl = psl_builtin();
	fixture->verifier = dkim_verifier_open(&fixture->counter.interface, &fixture->suffixes, &why);
	fixture->arena = arena_open(1 << 20);
	if (fixture->verifier == NULL || fixture->arena == NULL)
		abort();
}

static void
fixture_close(struct fixture *fixture)
{
	dkim_verifier_close(fixture->verifier);
	resolver_close(fixture->counter.below);
	canned_zone_close(fixture->zone);
	arena_close(fixture->arena);
}

static void
publish_text(struct fixture *fixture, const char *s, const char *d, const void *bytes, size_t length)
{
	char name[512];

	snprintf(name, sizeof name, "%.100s._domainkey.%.300s", s, d);
	if (!canned_zone_add(fixture->zone, name, DNS_TXT, 300, 0, bytes, length))
		abort();
}

static void
publish(struct fixture *fixture, const char *s, const char *d, enum sign_kind kind, unsigned options)
{
	char *record = sign_record(sign_key(kind), options);

	publish_text(fixture, s, d, record, strlen(record));
	free(record);
}

static enum standing
standing_of(const void *context, const char *d)
{
	const struct fixture *fixture = context;

	return fixture->first != NULL && strcmp(d, fixture->first) == 0 ? STANDING_SELECTOR : STANDING_STRANGER;
}

/* Runs a message through a check, with the body in pieces of `piece` bytes (0: one piece). */
static void
verify(struct fixture *fixture, const struct sign_field *fields, size_t count, const char *text, size_t length,
    size_t piece)
{
	struct dkim_check *check = dkim_check_open(fixture->verifier, fixture->arena, "test", standing_of, fixture);
	struct budget budget = { 5000 };

	fixture->counter.asked = fixture->counter.prefetched = 0;
	fixture->fine = true;
	memset(&fixture->facts, 0, sizeof fixture->facts);
	fixture->facts.now = fixture->now;
	for (size_t i = 0; i < count; i++)
		fixture->fine = dkim_check_header(check, fields[i].name, fields[i].value) && fixture->fine;
	fixture->body_wanted = dkim_check_headers_end(check);
	for (size_t at = 0, n; at < length; at += n) {
		n = piece == 0 || length - at < piece ? length - at : piece;
		fixture->fine = dkim_check_body(check, (const unsigned char *)text + at, n) && fixture->fine;
	}
	fixture->fine = dkim_check_end(check, &budget, MAX_AGE, &fixture->facts) && fixture->fine;
	dkim_check_close(check);
}

static void
verdict_is(const struct fixture *fixture, size_t n, enum auth_result result, const char *why, const char *name)
{
	const struct dkim_fact *fact = &fixture->facts.dkim[n];

	if (!ok(n < fixture->facts.dkim_count, "%s: it is in the facts", name))
		return;
	is(auth_word(fact->result), auth_word(result), "%s: result", name);
	is(fact->why, why, "%s: why", name);
	ok(fact->counts == (fact->why[0] == '\0') && fact->counts == (fact->result == AUTH_PASS),
	    "%s: it counts, passes and has no why, or none of that", name);
}

enum twist {
	ASIS,
	BODY_CHANGED,
	BODY_APPENDED,
	BODY_REPLACED,
	SUBJECT_CHANGED,
	FROM_PREPENDED,
	SUBJECT_PREPENDED,
	TO_PREPENDED
};

struct row {
	const char *name;
	enum sign_kind key;
	unsigned record;
	struct sign_order order; /* without key; t and x are seconds from now */
	enum twist twist;
	enum auth_result result;
	const char *why;
	bool weak;
};

#define V .d = "vendor.example", .s = "s1"

static const struct row rows[] = {
	{ "rsa 2048", SIGN_RSA_2048, 0, { V }, ASIS, AUTH_PASS, "", false },
	{ "rsa 2048 in simple/simple", SIGN_RSA_2048, 0, { V, .simple = true }, ASIS, AUTH_PASS, "", false },
	{ "rsa 1024", SIGN_RSA_1024, 0, { V }, ASIS, AUTH_PASS, "", false },
	{ "ed25519", SIGN_ED25519, 0, { V }, ASIS, AUTH_PASS, "", false },
	{ "ed25519 in simple/simple", SIGN_ED25519, 0, { V, .simple = true }, ASIS, AUTH_PASS, "", false },
	{ "d= in capitals", SIGN_RSA_1024, 0, { .d = "Vendor.EXAMPLE", .s = "s1" }, ASIS, AUTH_PASS, "", false },
	{ "rsa 768 is too weak", SIGN_RSA_768, 0, { V }, ASIS, AUTH_POLICY, "short-key", false },
	{ "rsa-sha1 verifies but is weak", SIGN_RSA_1024, 0, { V, .a = "rsa-sha1" }, ASIS, AUTH_POLICY, "sha1", true },
	{ "rsa-sha1 over another body", SIGN_RSA_1024, 0, { V, .a = "rsa-sha1" }, BODY_CHANGED, AUTH_FAIL,
	    "body-changed", false },
	{ "body changed", SIGN_RSA_1024, 0, { V }, BODY_CHANGED, AUTH_FAIL, "body-changed", false },
	{ "body appended to", SIGN_RSA_1024, 0, { V }, BODY_APPENDED, AUTH_FAIL, "body-changed", false },
	{ "subject changed", SIGN_RSA_1024, 0, { V }, SUBJECT_CHANGED, AUTH_FAIL, "header-changed", false },
	{ "l= over all the body", SIGN_RSA_1024, 0, { V, .partial = true, .l = 44 }, ASIS, AUTH_PASS, "", false },
	{ "l= over all the body, simple", SIGN_RSA_1024, 0, { V, .simple = true, .partial = true, .l = 47 }, ASIS,
	    AUTH_PASS, "", false },
	{ "l= and text appended", SIGN_RSA_1024, 0, { V, .partial = true, .l = 44 }, BODY_APPENDED, AUTH_POLICY,
	    "partial-body", false },
	{ "l= and text appended, simple", SIGN_RSA_1024, 0, { V, .simple = true, .partial = true, .l = 47 },
	    BODY_APPENDED, AUTH_POLICY, "partial-body", false },
	{ "l= one byte short", SIGN_RSA_1024, 0, { V, .partial = true, .l = 43 }, ASIS, AUTH_POLICY, "partial-body",
	    false },
	{ "l=0 and an entirely different body", SIGN_RSA_1024, 0, { V, .partial = true, .l = 0 }, BODY_REPLACED,
	    AUTH_POLICY, "partial-body", false },
	{ "l= beyond the body", SIGN_RSA_1024, 0, { V, .partial = true, .l = 4000 }, ASIS, AUTH_NEUTRAL, "body-changed",
	    false },
	{ "x= past", SIGN_RSA_1024, 0, { V, .t = -3 * DAY, .x = -2 * DAY }, ASIS, AUTH_POLICY, "expired", false },
	{ "x= past, but within clock drift", SIGN_RSA_1024, 0, { V, .t = -DAY, .x = -60 }, ASIS, AUTH_PASS, "", false },
	{ "x= in the future", SIGN_RSA_1024, 0, { V, .t = -60, .x = DAY }, ASIS, AUTH_PASS, "", false },
	{ "t= in the future", SIGN_RSA_1024, 0, { V, .t = 2 * DAY }, ASIS, AUTH_POLICY, "not-yet-valid", false },
	{ "second From prepended", SIGN_RSA_1024, 0, { V }, FROM_PREPENDED, AUTH_POLICY, "repeated-field", false },
	{ "second From prepended to one signed twice", SIGN_RSA_1024, 0, { V, .h = "from:from:subject" },
	    FROM_PREPENDED, AUTH_FAIL, "header-changed", false },
	{ "From signed twice", SIGN_RSA_1024, 0, { V, .h = "from:from:subject:subject:to" }, ASIS, AUTH_PASS, "", false },
	{ "second Subject prepended", SIGN_RSA_1024, 0, { V }, SUBJECT_PREPENDED, AUTH_POLICY, "repeated-field", false },
	{ "second To prepended where To is not signed", SIGN_RSA_1024, 0, { V, .h = "From:Subject" }, TO_PREPENDED,
	    AUTH_PASS, "", false },
	{ "second From before a test key's signature", SIGN_RSA_1024, TESTKEY, { V }, FROM_PREPENDED, AUTH_POLICY,
	    "repeated-field", false },
	{ "From is not in h=", SIGN_RSA_1024, 0, { V, .h = "subject:to" }, ASIS, AUTH_PERMERROR, "no-from", false },
	{ "Subject is not in h=", SIGN_RSA_1024, 0, { V, .h = "from:to" }, ASIS, AUTH_POLICY, "no-subject", true },
	{ "revoked key", SIGN_RSA_1024, REVOKED, { V }, ASIS, AUTH_PERMERROR, "revoked-key", false },
	{ "test key", SIGN_RSA_1024, TESTKEY, { V }, ASIS, AUTH_POLICY, "test-key", true },
	{ "test key over another body", SIGN_RSA_1024, TESTKEY, { V }, BODY_CHANGED, AUTH_FAIL, "body-changed", false },
	{ "i= below d=", SIGN_RSA_1024, 0, { V, .i = "x@mail.vendor.example" }, ASIS, AUTH_PASS, "", false },
	{ "i= below d= and t=s", SIGN_RSA_1024, STRICT, { V, .i = "x@mail.vendor.example" }, ASIS, AUTH_PERMERROR,
	    "wrong-identity", false },
	{ "i= equal to d= and t=s", SIGN_RSA_1024, STRICT, { V, .i = "@vendor.example" }, ASIS, AUTH_PASS, "", false },
	{ "i= of another domain", SIGN_RSA_1024, 0, { V, .i = "x@evil.example" }, ASIS, AUTH_PERMERROR,
	    "wrong-identity", false },
	{ "d= with junk characters", SIGN_RSA_1024, 0, { .d = "vendor.example'a.evil.example", .s = "s1" }, ASIS,
	    AUTH_NEUTRAL, "malformed", false },
	{ "s= with junk characters", SIGN_RSA_1024, 0, { .d = "vendor.example", .s = "a(b" }, ASIS, AUTH_NEUTRAL,
	    "malformed", false },
	{ "q=dns/txt", SIGN_RSA_1024, 0, { V, .tag = "q=dns/txt" }, ASIS, AUTH_PASS, "", false },
	{ "q= with dns/txt among others", SIGN_RSA_1024, 0, { V, .tag = "q=x-http/json : DNS/TXT" }, ASIS, AUTH_PASS,
	    "", false },
	{ "q= without dns/txt", SIGN_RSA_1024, 0, { V, .tag = "q=x-http/json" }, ASIS, AUTH_POLICY, "query-method", false },
	{ "q= of another kind of record", SIGN_RSA_1024, 0, { V, .tag = "q=dns/cert" }, ASIS, AUTH_POLICY,
	    "query-method", false },
	{ "q=dns alone", SIGN_RSA_1024, 0, { V, .tag = "q=dns" }, ASIS, AUTH_POLICY, "query-method", false },
	{ "d=net", SIGN_RSA_1024, 0, { .d = "net", .s = "s1" }, ASIS, AUTH_POLICY, "public-suffix", false },
	{ "d=co.uk", SIGN_RSA_1024, 0, { .d = "co.uk", .s = "s1" }, ASIS, AUTH_POLICY, "public-suffix", false },
	{ "d= of the list's private part", SIGN_RSA_1024, 0, { .d = "myfritz.net", .s = "s1" }, ASIS, AUTH_PASS, "",
	    false },
	{ "no key", SIGN_RSA_1024, 0, { .d = "other.example", .s = "nobody" }, ASIS, AUTH_PERMERROR, "no-key", false },
	{ "unknown algorithm", SIGN_RSA_1024, 0, { V, .a = "rsa-sha512" }, ASIS, AUTH_NEUTRAL, "unknown-algorithm", false },
	{ "tag given twice", SIGN_RSA_1024, 0, { V, .tag = "d=vendor.example" }, ASIS, AUTH_NEUTRAL, "malformed", false },
	{ "tag given twice in different case", SIGN_RSA_1024, 0, { V, .tag = "H=from" }, ASIS, AUTH_NEUTRAL,
	    "malformed", false },
	{ "unknown tag", SIGN_RSA_1024, 0, { V, .tag = "zz=1" }, ASIS, AUTH_PASS, "", false },
	{ "h= naming our own extra field", SIGN_RSA_1024, 0, { V, .h = "from:subject:greenlane-pad" }, ASIS,
	    AUTH_NEUTRAL, "malformed", false },
	{ "h= naming more fields than there are", SIGN_RSA_1024, 0,
	    { V, .h = "from:subject:to:date:message-id:dkim-signature:a:b:c:d:e:f:g:h:i:j" }, ASIS, AUTH_FAIL,
	    "header-changed", false },
};

static size_t
twist_fields(const struct row *row, const struct sign_field *signature, struct sign_field *out)
{
	static const struct sign_field added[] = { [FROM_PREPENDED] = { "From", " evil@evil.example" },
		[SUBJECT_PREPENDED] = { "SUBJECT", " Pay now" },
		[TO_PREPENDED] = { "To", " x@rx.example" } };
	size_t count = 0;

	if (row->twist >= FROM_PREPENDED)
		out[count++] = added[row->twist];
	out[count++] = *signature;
	for (size_t i = 0; i < FIELDS; i++) {
		out[count] = message[i];
		if (row->twist == SUBJECT_CHANGED && strcmp(message[i].name, "Subject") == 0)
			out[count].value = " Ticket 4712 is open";
		count++;
	}
	return count;
}

static const char *
twist_body(enum twist twist)
{
	switch (twist) {
	case BODY_CHANGED:
		return "Dear  customer, \r\n\r\nyour ticket\tis shut.\r\n-- \r\n";
	case BODY_APPENDED:
		return "Dear  customer, \r\n\r\nyour ticket\tis open.\r\n-- \r\n\r\n\r\nPay here\r\n";
	case BODY_REPLACED:
		return "Quite another text\r\n";
	default:
		return body;
	}
}

static void
test_row(struct fixture *fixture, const struct row *row)
{
	struct sign_order order = row->order;
	struct sign_field fields[FIELDS + 2], signature = { .name = "DKIM-Signature" };
	const char *text = twist_body(row->twist);
	char *value;
	size_t count;

	order.key = sign_key(row->key);
	order.t = order.t == 0 ? 0 : time(NULL) + order.t;
	order.x = order.x == 0 ? 0 : time(NULL) + order.x;
	canned_zone_drop(fixture->zone, "s1._domainkey.vendor.example", 0);
	publish(fixture, "s1", "vendor.example", row->key, row->record);
	canned_zone_drop(fixture->zone, "s1._domainkey.myfritz.net", 0);
	publish(fixture, "s1", "myfritz.net", row->key, row->record);
	signature.value = value = sign_message(&order, message, FIELDS, body, sizeof body - 1);
	count = twist_fields(row, &signature, fields);
	for (size_t piece = 0; piece < 3; piece++) {
		verify(fixture, fields, count, text, strlen(text), piece);
		verdict_is(fixture, 0, row->result, row->why, row->name);
		ok(fixture->facts.dkim[0].weak == row->weak && fixture->fine && fixture->facts.dkim_count == 1,
		    "%s: weak as expected", row->name);
	}
	free(value);
}

static void
test_rows(void)
{
	struct fixture fixture;

	fixture_open(&fixture);
	ok(dkim_verifier_has_ed25519(fixture.verifier), "libopendkim knows Ed25519");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		test_row(&fixture, &rows[i]);
	fixture_close(&fixture);
}

/* A signature by d over the usual message. */
static char *
sign(const char *s, const char *d, enum sign_kind kind, const char *h)
{
	struct sign_order order = { .key = sign_key(kind), .d = d, .s = s, .h = h };

	return sign_message(&order, message, FIELDS, body, sizeof body - 1);
}

/* The signatures, then the usual message. */
static void
verify_with(struct fixture *fixture, char *const *values, size_t count)
{
	struct sign_field fields[100 + FIELDS];

	for (size_t i = 0; i < count; i++)
		fields[i] = (struct sign_field){ "DKIM-Signature", values[i] };
	memcpy(fields + count, message, sizeof message);
	verify(fixture, fields, count + FIELDS, body, sizeof body - 1, 0);
}

static void
values_free(char **values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(values[i]);
}

static void
test_two(void)
{
	struct fixture fixture;
	char *values[2];

	fixture_open(&fixture);
	publish(&fixture, "rsa", "vendor.example", SIGN_RSA_1024, 0);
	publish(&fixture, "ed", "vendor.example", SIGN_ED25519, 0);

	values[0] = sign("rsa", "vendor.example", SIGN_RSA_1024, usual);
	values[1] = sign("ed", "vendor.example", SIGN_ED25519, usual);
	verify_with(&fixture, values, 2);
	verdict_is(&fixture, 0, AUTH_PASS, "", "rsa and ed25519 together, rsa");
	verdict_is(&fixture, 1, AUTH_PASS, "", "rsa and ed25519 together, ed25519");
	is(fixture.facts.dkim[0].a, "rsa-sha256", "the algorithm of the first is recorded");
	is(fixture.facts.dkim[1].a, "ed25519-sha256", "the algorithm of the second is recorded");
	is(fixture.facts.dkim[1].s, "ed", "the selector is recorded");
	is_number((long long)strlen(fixture.facts.dkim[1].b), 8, "eight characters of b= are recorded");
	ok(strstr(values[1], fixture.facts.dkim[1].b) != NULL, "they are those of its own b=");
	is_number((long long)fixture.counter.prefetched, 2, "both keys are asked for when the header ends");
	values_free(values, 2);

	values[0] = sign("rsa", "evil.example", SIGN_RSA_1024, usual);
	values[1] = sign("rsa", "vendor.example", SIGN_RSA_1024, usual);
	verify_with(&fixture, values, 2);
	verdict_is(&fixture, 0, AUTH_PERMERROR, "no-key", "a broken one before a good one");
	verdict_is(&fixture, 1, AUTH_PASS, "", "a good one after a broken one");
	is(fixture.facts.dkim[1].d, "vendor.example", "each keeps its own signer");
	values_free(values, 2);
	fixture_close(&fixture);
}

static void
test_many(void)
{
	struct fixture fixture;
	char *values[70];
	const size_t bogus = 60;

	fixture_open(&fixture);
	publish(&fixture, "rsa", "vendor.example", SIGN_RSA_1024, 0);
	for (size_t i = 0; i < bogus; i++)
		values[i] = sign("rsa", i % 2 ? "evil.example" : "other.example", SIGN_RSA_1024, usual);
	values[bogus] = sign("rsa", "vendor.example", SIGN_RSA_1024, usual);
	fixture.first = "vendor.example";
	verify_with(&fixture, values, bogus + 1);
	is_number((long long)fixture.counter.asked_as[STANDING_SELECTOR], 1,
	    "the vendor's key is asked with its own standing");
	is_number((long long)fixture.counter.prefetched_as[STANDING_SELECTOR], 1, "ahead too");
	is_number((long long)(fixture.counter.asked - fixture.counter.asked_as[STANDING_STRANGER]), 1,
	    "all others with a stranger's");
	verdict_is(&fixture, bogus, AUTH_PASS, "", "a vendor's after sixty bogus ones");
	verdict_is(&fixture, bogus - 1, AUTH_POLICY, "not-looked-up", "the sixtieth bogus one");
	ok(fixture.counter.asked <= DKIM_LOOKUPS_MAX && fixture.counter.asked > 1, "at most five questions are asked");
	is_number((long long)fixture.facts.dkim_count, (long long)bogus + 1, "all are in the facts");
	fixture.first = NULL;
	verify_with(&fixture, values, bogus + 1);
	verdict_is(&fixture, bogus, AUTH_POLICY, "not-looked-up", "a stranger's after sixty bogus ones");

	for (size_t i = bogus + 1; i < 70; i++)
		values[i] = sign("rsa", "vendor.example", SIGN_RSA_1024, usual);
	verify_with(&fixture, values, 70);
	is_number((long long)fixture.facts.dkim_count, DKIM_MAX, "a list that is too long is cut");
	values_free(values, 70);
	fixture_close(&fixture);
}

struct key_row {
	const char *name, *record;
	enum auth_result result;
};

static void
test_keys(void)
{
	char *good = sign_record(sign_key(SIGN_RSA_1024), 0), *value = sign("k", "vendor.example", SIGN_RSA_1024, usual);
	char padded[2000], other[2000], sha1[2000];
	const struct key_row list[] = { { "empty key record", "", AUTH_PERMERROR },
		{ "key record of blanks", "   ", AUTH_PERMERROR },
		{ "SPF record instead of a key", "v=spf1 -all", AUTH_PERMERROR },
		{ "key of another version", "v=DKIM2; p=AAAA", AUTH_PERMERROR },
		{ "key that is not a key", "v=DKIM1; p=AAAA", AUTH_PERMERROR },
		{ "key that is not base64", "v=DKIM1; p=\"(!", AUTH_PERMERROR },
		{ "key of an unknown kind", other, AUTH_PERMERROR },
		{ "key record with notes of 500 bytes", padded, AUTH_PASS },
		{ "key for SHA-1 alone", sha1, AUTH_PERMERROR } };
	struct fixture fixture;

	snprintf(padded, sizeof padded, "v=DKIM1; n=%0500d; %s", 7, good + strlen("v=DKIM1; "));
	snprintf(other, sizeof other, "v=DKIM1; k=dsa; %s", good + strlen("v=DKIM1; k=rsa; "));
	snprintf(sha1, sizeof sha1, "v=DKIM1; h=sha1; %s", good + strlen("v=DKIM1; "));
	fixture_open(&fixture);
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		canned_zone_drop(fixture.zone, "k._domainkey.vendor.example", 0);
		publish_text(&fixture, "k", "vendor.example", list[i].record, strlen(list[i].record));
		verify_with(&fixture, &value, 1);
		verdict_is(&fixture, 0, list[i].result, list[i].result == AUTH_PASS ? "" : "bad-key", list[i].name);
	}
	free(good);
	free(value);
	fixture_close(&fixture);
}

static void
zone_line(struct fixture *fixture, const char *line)
{
	struct fault why;

	if (!canned_zone_line(fixture->zone, line, &why))
		note("%s", why.text);
}

static const char key_name[] = "k._domainkey.vendor.example";

static void
test_no_answer(void)
{
	char *value = sign("k", "vendor.example", SIGN_RSA_2048, usual);
	struct fixture fixture;

	fixture_open(&fixture);
	zone_line(&fixture, "k._domainkey.vendor.example TXT SERVFAIL");
	verify_with(&fixture, &value, 1);
	verdict_is(&fixture, 0, AUTH_TEMPERROR, "key-unanswered", "SERVFAIL for the key");
	ok(fixture.fine, "SERVFAIL is not our own failure");
	is(fixture.counter.last, key_name, "the key is asked by its name");
	canned_zone_drop(fixture.zone, key_name, 0);
	zone_line(&fixture, "k._domainkey.vendor.example TXT TIMEOUT");
	verify_with(&fixture, &value, 1);
	verdict_is(&fixture, 0, AUTH_TEMPERROR, "key-unanswered", "no answer for the key");
	free(value);
	fixture_close(&fixture);
}

/* A record that is too long for one string. */
static void
publish_in_two(struct fixture *fixture, const char *name, const char *record)
{
	char line[2000];

	snprintf(line, sizeof line, "%s TXT \"%.200s\" \"%s\"", name, record, record + 200);
	zone_line(fixture, line);
}

static void
test_answers(void)
{
	char *good = sign_record(sign_key(SIGN_RSA_2048), 0), *value = sign("k", "vendor.example", SIGN_RSA_2048, usual);
	struct fixture fixture;

	fixture_open(&fixture);
	publish_in_two(&fixture, key_name, good);
	verify_with(&fixture, &value, 1);
	verdict_is(&fixture, 0, AUTH_PASS, "", "key in two strings");
	ok(!fixture.facts.dkim[0].secure, "it is not marked secure");

	publish_text(&fixture, "k", "vendor.example", "google-site-verification=x", 26);
	verify_with(&fixture, &value, 1);
	verdict_is(&fixture, 0, AUTH_PASS, "", "key next to a record that is not one");
	publish_text(&fixture, "k", "vendor.example", "v=DKIM1; p=", 11);
	verify_with(&fixture, &value, 1);
	verdict_is(&fixture, 0, AUTH_PERMERROR, "bad-key", "two keys");

	canned_zone_drop(fixture.zone, key_name, 0);
	zone_line(&fixture, "k._domainkey.vendor.example CNAME key.esp.example");
	publish_in_two(&fixture, "key.esp.example", good);
	verify_with(&fixture, &value, 1);
	verdict_is(&fixture, 0, AUTH_PASS, "", "key behind a CNAME");
	free(good);
	free(value);
	fixture_close(&fixture);
}

static void
test_odd_answers(void)
{
	char *good = sign_record(sign_key(SIGN_RSA_2048), 0), *value = sign("k", "vendor.example", SIGN_RSA_2048, usual);
	char *huge = calloc(1, 60000);
	struct fixture fixture;

	fixture_open(&fixture);
	memset(huge, 'x', 59999);
	memcpy(huge, "v=DKIM1; n=", 11);
	publish_text(&fixture, "k", "vendor.example", huge, 59999);
	verify_with(&fixture, &value, 1);
	verdict_is(&fixture, 0, AUTH_PERMERROR, "bad-key", "huge key record");

	canned_zone_drop(fixture.zone, key_name, 0);
	publish_text(&fixture, "k", "vendor.example", good, strlen(good) + 1);
	verify_with(&fixture, &value, 1);
	verdict_is(&fixture, 0, AUTH_PERMERROR, "bad-key", "key record with a NUL");
	free(huge);
	free(good);
	free(value);
	fixture_close(&fixture);
}

/* Verifies a message whose fields are signed unchanged. */
static void
verify_signed(struct fixture *fixture, struct sign_field *fields, size_t count, const char *text, size_t length,
    const char *h, bool simple)
{
	struct sign_order order = { .key = sign_key(SIGN_RSA_1024), .d = "vendor.example", .s = "k", .h = h, .simple = simple };
	char *value = sign_message(&order, fields + 1, count - 1, text, length);

	fields[0] = (struct sign_field){ "DKIM-Signature", value };
	verify(fixture, fields, count, text, length, 0);
	free(value);
}

struct from_row {
	const char *name, *value;
};

/* Whatever is in From, a signature over it is looked at: whether it can be read is not libopendkim's to say. */
static void
test_authors(void)
{
	static const struct from_row list[] = { { "quoted name with a bracket", " \"[4711] a (b\" <a@vendor.example>" },
		{ "group", " Team: a@vendor.example, b@vendor.example;" },
		{ "two authors", " a@vendor.example, b@other.example" },
		{ "source route", " <@x.example,@y.example:a@vendor.example>" },
		{ "comments", " (a (nested\\) one)) a@vendor.example (x)" },
		{ "quoted local part", " \"a b\"@vendor.example" }, { "domain literal", " <a@[192.0.2.1]>" },
		{ "UTF-8", " J\xc3\xbcrgen <j\xc3\xbcrgen@vendor.example>" },
		{ "name with an address in it", " \"x@evil.example\" <a@vendor.example>" },
		{ "bare address", "a@vendor.example" }, { "obsolete dots", " a . b @ vendor . example" },
		{ "open comment", " Ann (Desk <a@vendor.example>" }, { "open quote", " 5\" disks <a@vendor.example>" },
		{ "open bracket", " <a@vendor.example" }, { "no address", " nobody here" }, { "nothing", "" } };
	struct sign_field fields[4];
	struct fixture fixture;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		fields[1] = (struct sign_field){ "From", list[i].value };
		fields[2] = (struct sign_field){ "Subject", " x" };
		verify_signed(&fixture, fields, 3, "x\r\n", 3, "from:subject", false);
		verdict_is(&fixture, 0, AUTH_PASS, "", list[i].name);
	}
	fields[1] = (struct sign_field){ "Subject", " x" };
	verify_signed(&fixture, fields, 2, "x\r\n", 3, "from:subject", false);
	verdict_is(&fixture, 0, AUTH_PERMERROR, "no-author", "no From at all");
	ok(!fixture.body_wanted && fixture.fine, "no From at all: the body is not wanted");

	fields[1] = (struct sign_field){ "From", " a@vendor.example" };
	fields[2] = (struct sign_field){ " From ", " b@evil.example" };
	fields[3] = (struct sign_field){ "Subject", " x" };
	verify_signed(&fixture, fields, 4, "x\r\n", 3, "from:subject", false);
	verdict_is(&fixture, 0, AUTH_POLICY, "repeated-field", "a From with blanks around its name");
	fixture_close(&fixture);
}

struct body_row {
	const char *name, *text;
};

static void
test_bodies(void)
{
	static const struct body_row list[] = { { "empty body", "" }, { "body of line ends", "\r\n\r\n\r\n" },
		{ "body without a final line end", "abc" }, { "body ending in CR", "abc\r" },
		{ "bare LFs", "a \nb\n\nc\n" }, { "bare LF first", "\na\n" },
		{ "blanks at line ends", "a \t \r\n b\t\r\n \r\n" }, { "one LF", "\n" } };
	struct sign_field fields[3] = { { NULL, NULL }, { "From", " a@vendor.example" }, { "Subject", " x\n\ty\r\n z" } };
	struct fixture fixture;
	char *big = malloc(300001);

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	for (size_t i = 0; i < 2 * sizeof list / sizeof list[0]; i++) {
		const struct body_row *row = &list[i / 2];
		size_t length = strlen(row->text);

		if (length > 0 && row->text[length - 1] == '\r')
			continue; /* the signer treats it as a byte of text; see below */
		verify_signed(&fixture, fields, 3, row->text, length, "from:subject", i % 2);
		verdict_is(&fixture, 0, AUTH_PASS, "", row->name);
		ok(fixture.body_wanted && fixture.fine, "%s: the body is wanted", row->name);
	}
	for (size_t i = 0; i < 300000; i++)
		big[i] = "abc def\r\n\r\n"[i % 11];
	big[300000] = '\0';
	verify_signed(&fixture, fields, 3, big, 300000, "from:subject", false);
	verdict_is(&fixture, 0, AUTH_PASS, "", "large body");
	free(big);
	verify(&fixture, message, FIELDS, body, sizeof body - 1, 0);
	ok(!fixture.body_wanted && fixture.fine && fixture.facts.dkim_count == 0 && fixture.facts.dkim_done &&
		fixture.counter.asked == 0,
	    "an unsigned message needs neither body nor DNS");
	fixture_close(&fixture);
}

static void
test_many_fields(void)
{
	static struct sign_field fields[2100];
	struct fixture fixture;
	size_t count;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	for (count = 1; count < 1900; count++)
		fields[count] = (struct sign_field){ "X-Filler", " x" };
	memcpy(fields + count, message, sizeof message);
	verify_signed(&fixture, fields, count + FIELDS, "x\r\n", 3, "from:subject:x-filler", false);
	verdict_is(&fixture, 0, AUTH_PASS, "",
	    "two thousand fields, one of them signed, doubled and not shown to readers");
	for (; count < 2100; count++)
		fields[count] = (struct sign_field){ "X-Filler", " x" };
	verify_signed(&fixture, fields, 2100, "x\r\n", 3, "from:subject", false);
	verdict_is(&fixture, 0, AUTH_NEUTRAL, "header-too-long", "more than two thousand fields");
	ok(!fixture.body_wanted && fixture.fine, "more than two thousand fields: no body, no failure of ours");
	fixture_close(&fixture);
}

/* So many bytes of one kind. */
static char *
filled(size_t length, char byte)
{
	char *bytes = calloc(1, length + 1);

	memset(bytes, byte, length);
	return bytes;
}

static void
test_wide_fields(void)
{
	struct sign_field fields[FIELDS + 2];
	char *long_name = filled(70000, 'n'), *wide = filled(300000, 'w');
	struct fixture fixture;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	memcpy(fields + 1, message, sizeof message);
	fields[FIELDS + 1] = (struct sign_field){ "X-Wide", wide + 240000 };
	verify_signed(&fixture, fields, FIELDS + 2, "x\r\n", 3, "from:subject:x-wide", true);
	verdict_is(&fixture, 0, AUTH_PASS, "", "a signed field of 60,000 bytes");
	fields[FIELDS + 1].value = wide;
	verify_signed(&fixture, fields, FIELDS + 2, "x\r\n", 3, "from:subject", false);
	verdict_is(&fixture, 0, AUTH_NEUTRAL, "header-too-long", "a header of 300,000 bytes");
	fields[FIELDS + 1] = (struct sign_field){ long_name, " x" };
	verify_signed(&fixture, fields, FIELDS + 2, "x\r\n", 3, "from:subject", false);
	verdict_is(&fixture, 0, AUTH_PASS, "", "a field name of 70,000 bytes");
	fields[FIELDS + 1] = (struct sign_field){ "", "" };
	verify_signed(&fixture, fields, FIELDS + 2, "x\r\n", 3, "from:subject", false);
	verdict_is(&fixture, 0, AUTH_PASS, "", "a field without a name");
	free(long_name);
	free(wide);
	fixture_close(&fixture);
}

static void
test_long_h(void)
{
	struct sign_field fields[FIELDS + 1];
	struct fixture fixture;
	struct text h;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	memcpy(fields + 1, message, sizeof message);
	text_open(&h, 1 << 20);
	text_put(&h, "from:subject");
	while (h.length < 5000)
		text_put(&h, ":a-rather-long-name-of-a-field");
	verify_signed(&fixture, fields, FIELDS + 1, "x\r\n", 3, h.bytes, false);
	verdict_is(&fixture, 0, AUTH_NEUTRAL, "malformed", "h= longer than libopendkim reads");
	text_clear(&h);
	text_put(&h, "from:subject");
	for (int i = 0; i < 255; i++)
		text_put(&h, ":a");
	verify_signed(&fixture, fields, FIELDS + 1, "x\r\n", 3, h.bytes, false);
	verdict_is(&fixture, 0, AUTH_NEUTRAL, "malformed", "h= with too many names");
	text_close(&h);
	fixture_close(&fixture);
}

static void
test_wide_signature(void)
{
	char *wide = filled(240000, 'w'), *values[2] = { wide, sign("k", "vendor.example", SIGN_RSA_1024, usual) };
	struct fixture fixture;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	memcpy(wide, " v=1; z=", 8);
	memcpy(wide + 240000 - 11, "; bh=x; b=x", 11);
	verify_with(&fixture, values, 2);
	verdict_is(&fixture, 0, AUTH_NEUTRAL, "malformed", "a signature field of 240,000 bytes");
	verdict_is(&fixture, 1, AUTH_PASS, "", "the good one next to it");
	values_free(values, 2);
	fixture_close(&fixture);
}

/* Old signers sign Received; every hop adds one on top, which is not an attack. */
static void
test_trace(void)
{
	struct sign_order order = { .key = sign_key(SIGN_RSA_1024),
		.d = "vendor.example",
		.s = "k",
		.h = "received:from:subject" };
	struct sign_field fields[5] = { { "Received", " by us" }, { "DKIM-Signature", NULL },
		{ "Received", " by them" }, { "From", " a@vendor.example" }, { "Subject", " x" } };
	struct fixture fixture;
	char *value;

	value = sign_message(&order, fields + 2, 3, "x\r\n", 3);
	fields[1].value = value;
	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	verify(&fixture, fields, 5, "x\r\n", 3, 0);
	verdict_is(&fixture, 0, AUTH_PASS, "", "a hop's Received above a signed one");
	fields[0].value = " x@evil.example";
	fields[0].name = "From";
	verify(&fixture, fields, 5, "x\r\n", 3, 0);
	verdict_is(&fixture, 0, AUTH_POLICY, "repeated-field", "another From above a signed Received");
	free(value);
	fixture_close(&fixture);
}

/* Fields of the message as signed, one per line, and what was on top when it arrived. */
struct shape_row {
	const char *name, *h, *fields, *added;
	const char *why;
	bool weak, reply_open;
};

#define FROM "From: a@vendor.example\n"
#define PLAIN FROM "Subject: x\n"

static const struct shape_row shapes[] = {
	{ "no Subject in the message", "from:to", FROM "To: b@rx.example\n", "", "", false, false },
	{ "no Subject in the message, though it is signed", "from:subject", FROM, "", "", false, false },
	{ "a Subject added where none was signed", "from", FROM, "Subject: pay\n", "no-subject", true, false },
	{ "a Subject that is present but not signed", "from", PLAIN, "", "no-subject", true, false },
	{ "a second From", "from:subject", PLAIN, "From: c@evil.example\n", "repeated-field", false, false },
	{ "a second Subject", "from:subject", PLAIN, "Subject: pay\n", "repeated-field", false, false },
	{ "a second Content-Type", "from:subject:content-type", PLAIN "Content-Type: text/plain\n",
	    "Content-Type: text/html\n", "repeated-field", false, false },
	{ "a second Content-Transfer-Encoding", "from:subject:content-transfer-encoding",
	    PLAIN "Content-Transfer-Encoding: 7bit\n", "content-transfer-encoding: base64\n", "repeated-field", false,
	    false },
	{ "a second Content-Type where it is not signed", "from:subject", PLAIN "Content-Type: text/plain\n",
	    "Content-Type: text/html\n", "", false, false },
	{ "a second From and a second To", "from:subject:to", PLAIN "To: b@rx.example\n",
	    "From: c@evil.example\nTo: d@rx.example\n", "repeated-field", false, false },
	{ "a second To", "from:subject:to", PLAIN "To: b@rx.example\n", "To: d@rx.example\n", "repeated-field", true,
	    false },
	{ "a second Cc", "from:subject:cc", PLAIN "Cc: b@rx.example\n", "CC: d@rx.example\n", "repeated-field", true,
	    false },
	{ "a Cc added where none was", "from:subject:cc", PLAIN, "Cc: d@rx.example\n", "header-changed", false, false },
	{ "a second Date", "from:subject:date", PLAIN "Date: Fri, 20 Nov 2026 10:00:00 +0000\n",
	    "Date: Fri, 20 Nov 2026 10:00:00 +0000\n", "repeated-field", true, false },
	{ "a second Message-ID", "from:subject:message-id", PLAIN "Message-ID: <1@vendor.example>\n",
	    "Message-ID: <2@vendor.example>\n", "repeated-field", true, false },
	{ "a second Sender", "from:subject:sender", PLAIN "Sender: a@vendor.example\n", "Sender: c@evil.example\n",
	    "repeated-field", true, false },
	{ "a second Reply-To", "from:subject:reply-to", PLAIN "Reply-To: a@vendor.example\n",
	    "Reply-To: c@evil.example\n", "repeated-field", true, false },
	{ "a second MIME-Version", "from:subject:mime-version", PLAIN "MIME-Version: 1.0\n", "MIME-Version: 1.0\n",
	    "repeated-field", true, false },
	{ "a second List-Unsubscribe", "from:subject:list-unsubscribe",
	    PLAIN "List-Unsubscribe: <mailto:a@vendor.example>\n", "List-Unsubscribe: <https://evil.example/>\n",
	    "repeated-field", true, false },
	{ "two To fields, both signed", "from:subject:to:to", PLAIN "To: b@rx.example\nTo: d@rx.example\n", "", "",
	    false, false },
	{ "fields of hops doubled", "from:subject:received:x-received:arc-seal:authentication-results:x-google-smtp-source",
	    PLAIN "Received: a\nX-Received: b\nARC-Seal: i=1\nAuthentication-Results: c\nX-Google-Smtp-Source: d\n",
	    "Received: e\nX-Received: f\nARC-Seal: i=2\nAuthentication-Results: g\nX-Google-Smtp-Source: h\n", "",
	    false, false },
	{ "a Reply-To that is signed", "from:subject:reply-to", PLAIN "Reply-To: a@vendor.example\n", "", "", false,
	    false },
	{ "a Reply-To that is not signed", "from:subject", PLAIN "Reply-To: a@vendor.example\n", "", "", false, true },
	{ "a Reply-To added", "from:subject", PLAIN, "Reply-To: c@evil.example\n", "", false, true },
	{ "no Reply-To, and none signed", "from:subject", PLAIN, "", "", false, false },
};

/* Lines become fields, with their blank; `text` is cut up. */
static size_t
fields_cut(char *text, struct sign_field *out)
{
	size_t count = 0;

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char *colon = strchr(line, ':');

		*colon = '\0';
		out[count++] = (struct sign_field){ line, colon + 1 };
	}
	return count;
}

static void
test_shape(struct fixture *fixture, const struct shape_row *row)
{
	struct sign_order order = { .key = sign_key(SIGN_RSA_1024), .d = "vendor.example", .s = "k", .h = row->h };
	struct sign_field fields[20];
	char added[500], own[500], *value;
	size_t above, count;

	snprintf(added, sizeof added, "%s", row->added);
	snprintf(own, sizeof own, "%s", row->fields);
	above = fields_cut(added, fields);
	count = above + 1 + fields_cut(own, fields + above + 1);
	value = sign_message(&order, fields + above + 1, count - above - 1, "x\r\n", 3);
	fields[above] = (struct sign_field){ "DKIM-Signature", value };
	verify(fixture, fields, count, "x\r\n", 3, 0);
	is(fixture->facts.dkim[0].why, row->why, "%s: why", row->name);
	ok(fixture->facts.dkim[0].counts == (row->why[0] == '\0') && fixture->facts.dkim[0].weak == row->weak &&
		fixture->facts.dkim[0].reply_open == row->reply_open,
	    "%s: counts, is weak, leaves the Reply-To open", row->name);
	free(value);
}

static void
test_shapes(void)
{
	struct fixture fixture;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		test_shape(&fixture, &shapes[i]);
	fixture_close(&fixture);
}

/* 2026-11-20T10:00:00Z, the Date of the usual message. */
enum { DATED = 1795168800 };

static const struct age_row {
	const char *name, *h;
	int64_t t, now;
	const char *why;
} ages[] = {
	{ "t= and a week, no more", usual, 1700000000, 1700000000 + MAX_AGE, "" },
	{ "t= and a second more", usual, 1700000000, 1700000000 + MAX_AGE + 1, "old" },
	{ "t= ahead of our clock", usual, 1700000000, 1700000000 - DAY, "" },
	{ "t= is old where Date is not", usual, 1700000000, DATED, "old" },
	{ "t= is young where Date is not", usual, 1700000000, 1700000060, "" },
	{ "no t=, a signed Date a week ago", usual, 0, DATED + MAX_AGE, "" },
	{ "no t=, a signed Date more than a week ago", usual, 0, DATED + MAX_AGE + 1, "old" },
	{ "no t=, a Date that is not signed", "from:to:subject", 0, DATED + 100 * DAY, "" },
};

static void
test_ages(void)
{
	struct fixture fixture;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
		const struct age_row *row = &ages[i];
		struct sign_order order = { .key = sign_key(SIGN_RSA_1024),
			.d = "vendor.example",
			.s = "k",
			.h = row->h,
			.t = row->t };
		char *value = sign_message(&order, message, FIELDS, body, sizeof body - 1);

		fixture.now = row->now;
		verify_with(&fixture, &value, 1);
		verdict_is(&fixture, 0, row->why[0] == '\0' ? AUTH_PASS : AUTH_POLICY, row->why, row->name);
		ok(fixture.facts.dkim[0].weak == (row->why[0] != '\0'), "%s: weak or not", row->name);
		ok(fixture.facts.dkim[0].passes, "%s: it passes to the standards", row->name);
		free(value);
	}
	fixture_close(&fixture);
}

/* Every field signed and h= going on: libopendkim alone writes past its list here. */
static void
test_all_signed(void)
{
	struct fixture fixture;
	struct sign_field fields[8];

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	for (size_t count = 2; count < 8; count++) {
		for (size_t i = 1; i < count; i++)
			fields[i] = i == 1 ? message[0] : (struct sign_field){ "Subject", " x" };
		verify_signed(&fixture, fields, count, "x\r\n", 3,
		    "from:dkim-signature:subject:subject:subject:subject:subject:subject:subject:a:b:c:d:e:f:g:h", false);
		verdict_is(&fixture, 0, AUTH_FAIL, "header-changed", "every field is signed and h= goes on");
	}
	fixture_close(&fixture);
}

static void
test_rubbish(void)
{
	static const char *const list[] = { "", ";", " ;;;", "=", "v", "v=1", "v=1; v=1",
		"b=", "v=1; a=; d=; s=; h=; b=; bh=",
		" v=1; a=rsa-sha256; d=vendor.example; s=k; h=from:subject; b=x; bh=x; l=-1",
		" v=1; a=rsa-sha256; d=vendor.example; s=k; h=:::; b=x; bh=x",
		" v=1; a=rsa-sha256; d=vendor.example; s=k; h=from:subject; b=!!; bh=x; q=file/x",
		" v=1; a=rsa-sha256; d=vendor.example; s=k; h=from; b=x; bh=x; i=@@@",
		" v=1; a=rsa-sha256; d=vendor.example; s=k; h=from; b=x; bh=x; i===4",
		" v=1; a=rsa-sha256; d=vendor.example; s=k; h=from; bh=x",
		" v=1; a=rsa-sha256; d=vendor.example; s=k; h=from; b=x; t=99999999999999999999999",
		" v=1; a=rsa-sha256; c=relaxed/; d=vendor.example; s=k; h=from; b=x; bh=x",
		" v=1; a=rsa-sha256; c=/; d=vendor.example; s=k; h=from; b=x; bh=x; l=99999999999999999999",
		" v=1; d=a..b; s=k", "\xff=\xff; d=x.example; s=y",
		" v=1; a=ed25519-sha256; d=vendor.example; s=k; h=from:subject; b=AAAA; bh=AAAA" };
	char *good = sign("k", "vendor.example", SIGN_RSA_1024, usual);
	struct fixture fixture;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		char *values[2] = { (char *)list[i], good };

		verify_with(&fixture, values, 2);
		ok(fixture.fine && fixture.facts.dkim_count == 2 && !fixture.facts.dkim[0].counts &&
			fixture.facts.dkim[1].counts,
		    "rubbish %zu counts for nothing and spoils nothing", i);
	}
	free(good);
	fixture_close(&fixture);
}

/* The key of sample 002 as everybody publishes it (SubjectPublicKeyInfo). The sample has it as RFC 6376, 3.6.1
 * says (RSAPublicKey), which libopendkim does not read. */
static const char wrapped[] =
    "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC1SOt+XSyuHCSQB9y8erqaN1/y5tbUM95ns3FkwNwVAZ8iLHZ0X+e2g+QbTZoT"
    "62GA5Vpc8N1IJyorCMZLZJOfojEDJRbQEtdCQfC92GnVzSWPiQXG3kouU4CXuFhczYFveRVgwLkk0V0lmXwP/MY35W0yw8dHrhWTjOwuE9BsCwIDAQAB";

/* One file: records, a blank line, a message with LF ends. `key` replaces the records' data. */
static void
test_sample(const char *name, const char *key, size_t count, enum auth_result result, const char *why)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	struct sign_field fields[50];
	size_t field_count = 0;
	static char text[20000];
	char *at, *end;
	struct fixture fixture;
	FILE *file;

	snprintf(path, sizeof path, "%s/t/suites/dkim-stalwart/%s", srcdir == NULL ? "." : srcdir, name);
	file = fopen(path, "r");
	if (!ok(file != NULL, "%s can be opened", name))
		return;
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	fixture_open(&fixture);
	for (at = text; *at != '\n'; at = end + 1) {
		char *blank = strchr(at, ' '), *mark = strstr(at, "._domainkey.");

		end = strchr(at, '\n');
		*end = *blank = *mark = '\0';
		publish_text(&fixture, at, mark + strlen("._domainkey."), key == NULL ? blank + 1 : key,
		    strlen(key == NULL ? blank + 1 : key));
	}
	for (at++; *at != '\n'; at = end + 1) {
		char *colon = strchr(at, ':');

		for (end = strchr(at, '\n'); end[1] == ' ' || end[1] == '\t'; end = strchr(end + 1, '\n'))
			;
		*end = *colon = '\0';
		fields[field_count++] = (struct sign_field){ at, colon + 1 };
	}
	verify(&fixture, fields, field_count, at + 1, strlen(at + 1), 0);
	is_number((long long)fixture.facts.dkim_count, (long long)count, "%s: signatures", name);
	for (size_t i = 0; i < count; i++)
		verdict_is(&fixture, i, result, why, name);
	fixture_close(&fixture);
}

struct run {
	struct fixture *fixture;
	char *value;
	size_t passed;
};

enum { THREADS = 4, ROUNDS = 50 };

static void *
run_many(void *context)
{
	struct run *run = context;
	struct sign_field signature = { "DKIM-Signature", run->value };
	struct budget budget = { 5000 };

	for (int i = 0; i < ROUNDS; i++) {
		struct arena *arena = arena_open(1 << 16);
		struct dkim_check *check = dkim_check_open(run->fixture->verifier, arena, "thread", NULL, NULL);
		struct facts facts = { .now = 0 };
		bool fine = dkim_check_header(check, signature.name, signature.value);

		for (size_t k = 0; k < FIELDS; k++)
			fine = dkim_check_header(check, message[k].name, message[k].value) && fine;
		dkim_check_headers_end(check);
		fine = dkim_check_body(check, (const unsigned char *)body, sizeof body - 1) && fine;
		run->passed += dkim_check_end(check, &budget, MAX_AGE, &facts) && fine && facts.dkim[0].counts;
		dkim_check_close(check);
		arena_close(arena);
	}
	return NULL;
}

static void
test_threads(void)
{
	struct fixture fixture;
	struct fault why;
	pthread_t threads[THREADS];
	struct run runs[THREADS];
	char *value = sign("k", "vendor.example", SIGN_RSA_1024, usual);
	size_t passed = 0;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_1024, 0);
	dkim_verifier_close(fixture.verifier); /* the counter is not for threads */
	fixture.verifier = dkim_verifier_open(fixture.counter.below, &fixture.suffixes, &why);
	for (int i = 0; i < THREADS; i++) {
		runs[i] = (struct run){ &fixture, value, 0 };
		pthread_create(&threads[i], NULL, run_many, &runs[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		passed += runs[i].passed;
	}
	is_number((long long)passed, THREADS * ROUNDS, "four threads share one library");
	free(value);
	fixture_close(&fixture);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Printed, never asserted. */
static void
tell_speed(size_t length, int rounds, const char *what)
{
	struct sign_field fields[FIELDS + 1];
	char *text = malloc(length + 1), *value;
	struct sign_order order = { .key = sign_key(SIGN_RSA_2048), .d = "vendor.example", .s = "k" };
	struct fixture fixture;
	double began;

	fixture_open(&fixture);
	publish(&fixture, "k", "vendor.example", SIGN_RSA_2048, 0);
	for (size_t i = 0; i < length; i++)
		text[i] = "Lorem ipsum dolor sit amet, consectetur adipisici elit, sed\r\n"[i % 61];
	value = sign_message(&order, message, FIELDS, text, length);
	fields[0] = (struct sign_field){ "DKIM-Signature", value };
	memcpy(fields + 1, message, sizeof message);
	began = seconds();
	for (int i = 0; i < rounds; i++) {
		arena_close(fixture.arena);
		fixture.arena = arena_open(1 << 20);
		verify(&fixture, fields, FIELDS + 1, text, length, 65535);
	}
	note("%s: %.0f us of CPU a message, rsa 2048", what, (seconds() - began) * 1e6 / rounds);
	ok(fixture.facts.dkim_count == 1 && fixture.facts.dkim[0].counts, "%s: it counted", what);
	free(value);
	free(text);
	fixture_close(&fixture);
}

int
main(void)
{
	test_rows();
	test_two();
	test_many();
	test_keys();
	test_no_answer();
	test_answers();
	test_odd_answers();
	test_authors();
	test_bodies();
	test_many_fields();
	test_wide_fields();
	test_long_h();
	test_wide_signature();
	test_all_signed();
	test_trace();
	test_shapes();
	test_ages();
	test_rubbish();
	test_sample("001.txt", NULL, 2, AUTH_PASS, "");
	test_sample("002.txt", NULL, 1, AUTH_PERMERROR, "bad-key");
	test_sample("002.txt", wrapped, 1, AUTH_PASS, "");
	test_threads();
	tell_speed(1024, 300, "1 KiB");
	tell_speed(20 * 1024, 100, "20 KiB");
	tell_speed(1024 * 1024, 5, "1 MiB");
	return done();
}
