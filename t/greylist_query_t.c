/* Tuples of the greylist as an administrator sees them, and which of them what he writes finds. */
#include <stdio.h>
#include <string.h>

#include "policy/rules/greylist_query.h"
#include "policy/rules/policy.h"
#include "t/lib/tap.h"

enum { T = 1000000, DELAY = 300, WINDOW = 172800, LIFE = 3110400 };
static const struct greylist_settings settings = { .on = true,
	.delay = DELAY,
	.retry_window = WINDOW,
	.lifetime = LIFE,
	.auto_pass = 5,
	.ipv4_prefix = 24,
	.ipv6_prefix = 64 };

/* ---- states ---- */

static const struct {
	const char *name;
	struct greylist_record record;
	int64_t now;
	const char *state;
	int64_t due, expires;
} states[] = {
	{ "one that waits", { T, T, 0, 1, false }, T + 10, "waiting", T + DELAY, T + WINDOW },
	{ "one whose delay is over", { T, T + 9, 0, 2, false }, T + DELAY, "due", T + DELAY, T + WINDOW },
	{ "one whose window is over", { T, T + 9, 0, 2, false }, T + WINDOW + 1, "expired", 0, 0 },
	{ "one that was let pass", { T, T + 9, 0, 2, true }, T + 10, "pass", 0, T + 9 + LIFE },
	{ "one that passed", { T, T + 400, 1, 1, false }, T + 500, "known", 0, T + 400 + LIFE },
	{ "one that passed often", { T, T + 400, 5, 1, false }, T + 500, "free", 0, T + 400 + LIFE },
	{ "one that passed long ago", { T, T + 400, 5, 1, false }, T + 401 + LIFE, "expired", 0, 0 },
	{ "a clock that was set back: one delay by the new clock", { T, T, 0, 1, false }, T - 3600, "waiting",
	    T - 3600 + DELAY, T + WINDOW },
	{ "times at the end do not overflow", { INT64_MAX, INT64_MAX, 1, 1, false }, T, "known", 0, INT64_MAX },
};

static bool
read_key(const char *key, const struct greylist_record *record, int64_t now, struct greylist_tuple *out)
{
	return greylist_tuple_read(&settings, key, strlen(key), record, now, out);
}

static void
test_states(void)
{
	struct greylist_settings off = settings;
	struct greylist_record blank = { 0 };
	struct greylist_tuple tuple;
	enum greylist_tuple_state state;

	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		ok(read_key("g a@b.example c@d.example 192.0.2.0/24", &states[i].record, states[i].now, &tuple), "%s",
		    states[i].name);
		is(greylist_tuple_word(tuple.state), states[i].state, "its state");
		is_number(tuple.due, states[i].due, "when it is due");
		is_number(tuple.expires, states[i].expires, "when it expires");
	}
	off.on = false;
	ok(greylist_tuple_read(&off, "g a b c", 7, &states[0].record, T, &tuple) && tuple.state == TUPLE_WAITING,
	    "what is stored has its state also while nobody is greylisted");
	ok(!read_key("g a@b.example c@d.example -", &blank, T, &tuple), "what was forgotten is no tuple");
	ok(!read_key("u a@b.example c@d.example -", &states[0].record, T, &tuple), "nor what is unsure");
	ok(greylist_tuple_state_read(span_of("free"), &state) && state == TUPLE_FREE &&
		!greylist_tuple_state_read(span_of("fre"), &state),
	    "a word is read as its state, no other word is");
}

/* ---- queries ---- */

#define KEY "g bounce-#-x@news.acme.example Anna@rx.example 192.0.2.0/24"

/* Empty: not asked for. A wanted answer is one of enum greylist_match. */
static const struct {
	const char *name, *sender, *rcpt, *client, *key;
	enum greylist_match wanted;
} queries[] = {
	{ "nothing asked for", NULL, NULL, NULL, KEY, MATCH_YES },
	{ "a sender as it is sent", "bounce-77-x+tag@News.Acme.Example", NULL, NULL, KEY, MATCH_YES },
	{ "one in SRS", "SRS0=HH=TT=news.acme.example=bounce-1-x@fwd.example", NULL, NULL, KEY, MATCH_YES },
	{ "one in angle brackets", "<bounce-5-x@news.acme.example>", NULL, NULL, KEY, MATCH_YES },
	{ "one as it is listed", "bounce-#-x@news.acme.example", NULL, NULL, KEY, MATCH_YES },
	{ "another sender", "bounce-5-y@news.acme.example", NULL, NULL, KEY, MATCH_NO },
	{ "the beginning of a sender", "bounce", NULL, NULL, KEY, MATCH_NO },
	{ "the domain of the sender", "news.acme.example", NULL, NULL, KEY, MATCH_YES },
	{ "one above it, in capitals", "@ACME.example", NULL, NULL, KEY, MATCH_YES },
	{ "a top level", "@example", NULL, NULL, KEY, MATCH_YES },
	{ "a part of a label", "cme.example", NULL, NULL, KEY, MATCH_NO },
	{ "the domain of the recipient", "rx.example", NULL, NULL, KEY, MATCH_NO },
	{ "a recipient", NULL, "Anna@RX.example", NULL, KEY, MATCH_YES },
	{ "its local part in small letters is another", NULL, "anna@rx.example", NULL, KEY, MATCH_NO },
	{ "its domain", NULL, "rx.example", NULL, KEY, MATCH_YES },
	{ "a recipient without a domain", NULL, "postmaster", NULL, "g a@b.example postmaster -", MATCH_YES },
	{ "both", "acme.example", "rx.example", NULL, KEY, MATCH_YES },
	{ "one of both", "acme.example", "other.example", NULL, KEY, MATCH_NO },
	{ "a client of the network", NULL, NULL, "192.0.2.77", KEY, MATCH_YES },
	{ "as IPv6 shows it", NULL, NULL, "::ffff:192.0.2.77", KEY, MATCH_YES },
	{ "one of another", NULL, NULL, "192.0.3.77", KEY, MATCH_NO },
	{ "the network", NULL, NULL, "192.0.2.0/24", KEY, MATCH_YES },
	{ "a wider one", NULL, NULL, "192.0.0.0/16", KEY, MATCH_YES },
	{ "one of IPv6", NULL, NULL, "2001:db8:1:2::9", "g a@b.example c@d.example 2001:db8:1:2::/64", MATCH_YES },
	{ "a network of before, when prefixes were other", NULL, NULL, "192.0.2.77", "g a b 192.0.2.77", MATCH_YES },
	{ "a client, where SPF passed", NULL, NULL, "192.0.2.77", "g a@b.example c@d.example @b.example",
	    MATCH_BUT_CLIENT },
	{ "and another sender", "x@b.example", NULL, "192.0.2.77", "g a@b.example c@d.example @b.example", MATCH_NO },
	{ "the domain that SPF passed for", NULL, NULL, "@B.example", "g a@b.example c@d.example @b.example", MATCH_YES },
	{ "a hidden client", NULL, NULL, "-", "g a@b.example c@d.example -", MATCH_YES },
	{ "is in no network", NULL, NULL, "192.0.2.77", "g a@b.example c@d.example -", MATCH_NO },
	{ "the null sender", "<>", NULL, NULL, "g <> c@d.example 192.0.2.0/24", MATCH_YES },
	{ "as nothing", "", NULL, NULL, "g <> c@d.example 192.0.2.0/24", MATCH_YES },
	{ "is nobody else", "", NULL, NULL, KEY, MATCH_NO },
	{ "odd bytes as they are sent", "we\001ird 7@b.example", NULL, NULL,
	    "g we\\x01ird\\x20#@b.example c@d.example -", MATCH_YES },
	{ "and as they are listed", "we\\x01ird\\x20#@b.example", NULL, NULL,
	    "g we\\x01ird\\x20#@b.example c@d.example -", MATCH_YES },
	{ "nonsense as it is sent", "not an address", NULL, NULL, "g not\\x20an\\x20address c@d.example -", MATCH_YES },
};

static void
ask_for(struct greylist_query *query, const char *sender, const char *rcpt, const char *client)
{
	struct fault why = { .text = "" };

	greylist_query_open(query);
	if (sender != NULL)
		greylist_query_sender(query, sender);
	if (rcpt != NULL)
		greylist_query_rcpt(query, rcpt);
	if (client != NULL && !greylist_query_client(query, client, &why))
		note("%s", why.text);
}

/* Where a query begins to look must not be behind what it finds. */
static bool
seek_finds(const struct greylist_query *query, const char *key)
{
	char out[GREYLIST_KEY_MAX + 1];
	size_t length = greylist_query_seek(query, "", 0, out);

	if (length == 0 || span_compare((struct span){ out, length }, span_of(key)) > 0)
		return false;
	length = greylist_query_seek(query, key, strlen(key), out);
	return length == strlen(key) && memcmp(out, key, length) == 0;
}

static void
test_queries(void)
{
	struct greylist_record record = { T, T, 0, 1, false };
	struct greylist_query query;
	struct greylist_tuple tuple;

	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		ask_for(&query, queries[i].sender, queries[i].rcpt, queries[i].client);
		if (!read_key(queries[i].key, &record, T, &tuple))
			return;
		is_number(greylist_query_matches(&query, &tuple), queries[i].wanted, "%s", queries[i].name);
		if (queries[i].wanted != MATCH_NO)
			ok(seek_finds(&query, queries[i].key), "%s: it is looked for where it is", queries[i].name);
	}
}

static void
test_faults(void)
{
	static const char *const clients[] = { "192.0.2.300", "host", "192.0.2.1/24", "" };
	struct fault why;
	struct greylist_query query;

	for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
		greylist_query_open(&query);
		why.text[0] = '\0';
		ok(!greylist_query_client(&query, clients[i], &why) && why.text[0] != '\0', "no client: %s", why.text);
	}
}

/* ---- where to look ---- */

static void
test_seek(void)
{
	char out[GREYLIST_KEY_MAX + 1];
	struct greylist_query query;
	size_t length;

	ask_for(&query, "b-5@x.example", NULL, NULL);
	length = greylist_query_seek(&query, "", 0, out);
	ok(length == 16 && memcmp(out, "g b-#@x.example ", 16) == 0, "the first place is that of the normal sender");
	length = greylist_query_seek(&query, "g b-#@x.example z", 17, out);
	ok(length == 17, "inside it is the place itself");
	length = greylist_query_seek(&query, "g b-#@x.example~", 16, out);
	ok(length == 16 && memcmp(out, "g b-5@x.example ", 16) == 0, "behind it, that of the sender as he was written");
	is_number(greylist_query_seek(&query, "g c", 3, out), 0, "behind both there is none");
	ask_for(&query, "x.example", NULL, NULL);
	is_number(greylist_query_seek(&query, "", 0, out), 2, "a domain can be anywhere");
	is_number(greylist_query_seek(&query, "greenlane", 9, out), 0, "but only among the greylist's");
}

/* ---- keys that were too long ---- */

/* A key as greylist_key makes it of a sender of so many bytes. */
static size_t
long_key(size_t sender, char local[LOCAL_PART_MAX + 1], char out[GREYLIST_KEY_MAX + 1])
{
	struct facts facts = { .spf.domain = "", .helo = "" };

	memset(local, 'q', sender);
	local[sender] = '\0';
	facts.mail_from = local;
	facts.sender = (struct mailbox){ local, "b.example", local };
	facts.client = address_of_v4((const uint8_t[]){ 192, 0, 2, 7 });
	return greylist_key(&settings, NULL, &facts, "anna@rx.example", 'g', out);
}

static void
test_long(size_t sender)
{
	char local[LOCAL_PART_MAX + 1], address[LOCAL_PART_MAX + 32], key[GREYLIST_KEY_MAX + 1];
	struct greylist_record record = { T, T, 0, 1, false };
	size_t length = long_key(sender, local, key);
	struct greylist_query query;
	struct greylist_tuple tuple;

	is_number(length, GREYLIST_KEY_MAX, "a sender of %zu bytes makes a key of all bytes", sender);
	ok(read_key(key, &record, T, &tuple) && tuple.cut, "which is known to be cut");
	snprintf(address, sizeof address, "%s@b.example", local);
	ask_for(&query, address, NULL, NULL);
	is_number(greylist_query_matches(&query, &tuple), MATCH_YES, "its sender finds it");
	ok(seek_finds(&query, key), "where it is");
	address[3] = 'p';
	ask_for(&query, address, NULL, NULL);
	is_number(greylist_query_matches(&query, &tuple), MATCH_NO, "another does not");
	ask_for(&query, NULL, "anna@rx.example", NULL);
	is_number(greylist_query_matches(&query, &tuple), MATCH_NO, "its recipient cannot be seen");
	ask_for(&query, NULL, NULL, "192.0.2.7");
	is_number(greylist_query_matches(&query, &tuple), MATCH_NO, "its client cannot be seen");
	ask_for(&query, NULL, "other@rx.example", NULL);
	is_number(greylist_query_matches(&query, &tuple), MATCH_NO, "nobody else's recipient finds it");
}

/* Of an address of more than LOCAL_PART_MAX bytes nothing may be cut: without its domain it is no address. */
static void
test_long_in_brackets(void)
{
	char local[LOCAL_PART_MAX + 1], address[LOCAL_PART_MAX + 300], key[GREYLIST_KEY_MAX + 1];
	struct facts facts = { .spf.domain = "", .helo = "", .mail_from = local, .sender = { local, "b.example", local } };
	struct greylist_record record = { T, T, 0, 1, false };
	struct greylist_query query;
	struct greylist_tuple tuple;

	memset(local, 'q', LOCAL_PART_MAX - 1);
	local[LOCAL_PART_MAX - 1] = '\0';
	local[3] = '7';
	ok(greylist_key(&settings, NULL, &facts, "anna@rx.example", 'g', key) == GREYLIST_KEY_MAX &&
		read_key(key, &record, T, &tuple),
	    "a sender with a number in %d bytes", LOCAL_PART_MAX - 1);
	snprintf(address, sizeof address, "<%s@b.example>", local);
	address[4] = '8';
	ask_for(&query, address, NULL, NULL);
	is_number(greylist_query_matches(&query, &tuple), MATCH_YES, "is found in brackets, by another number");
	snprintf(address, sizeof address, "<%s@%0290d>", local, 0);
	ask_for(&query, address, NULL, NULL);
	is_number(greylist_query_matches(&query, &tuple), MATCH_NO,
	    "what is longer than any address is not cut to find one");
}

int
main(void)
{
	test_states();
	test_queries();
	test_faults();
	test_seek();
	test_long(600);
	test_long(450);
	test_long(440);
	test_long_in_brackets();
	return done();
}
