/*
 * record_read_t.c - a record is read whole or not at all: what is cut, edited, out of range or of another kind is broken, and
 * every byte that was written comes back, of both versions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/record_read.h"
#include "t/lib/tap.h"

static const char good[] =
    "{\"v\":2,\"time\":\"2026-03-01T10:00:00.123Z\",\"policy\":\"00c0ffee00c0ffee\",\"sources\":\"-\",\"id\":\"69a40e20.c.1\","
    "\"qid\":\"4bX1\",\"outcome\":\"unsure\",\"action\":\"greylist\",\"would\":\"defer\",\"vendor\":\"acme\","
    "\"reason\":\"dns-trouble\",\"stage\":\"eom\",\"mode\":\"vouch\",\"client\":\"192.0.2.7\",\"port\":4321,\"listed\":\"-\","
    "\"via\":\"-\",\"helo\":\"out.acme.example\",\"mail_from\":\"a@acme.example\",\"from\":\"b@acme.example\","
    "\"rcpts\":[\"c@rx.example\"],\"spf\":\"pass\",\"dkim\":[{\"d\":\"acme.example\",\"s\":\"s1\",\"a\":\"rsa-sha256\","
    "\"result\":\"pass\",\"counts\":true,\"weak\":false,\"secure\":false,\"passes\":true,\"reply_open\":false,"
    "\"signed_at\":7}],\"dmarc\":\"pass\",\"greylist\":\"new\",\"msgid\":\"<1@acme>\",\"ms\":12,\"tries\":3,\"waited\":312,"
    "\"facts\":{\"now\":1772359200,\"stage\":\"eom\",\"client_name\":\"x.example\",\"peer\":\"192.0.2.7\","
    "\"client_hidden\":false,\"perhaps_relayed\":false,\"auth\":\"\",\"daemon_name\":\"\",\"null_sender\":false,"
    "\"sender_local\":\"a\",\"sender_domain\":\"acme.example\",\"spf_by_helo\":false,\"spf_domain\":\"acme.example\","
    "\"from_state\":\"read\",\"from_raw\":\"\",\"from_too_long\":false,\"from_fields\":1,\"from_stopped\":0,"
    "\"authors\":[{\"local\":\"b\",\"domain\":\"acme.example\",\"spf_from\":\"-\",\"dmarc\":\"pass\",\"policy\":\"reject\","
    "\"testing\":false,\"record\":\"acme.example\",\"tag\":\"p\",\"organisation\":\"acme.example\","
    "\"walk\":[{\"domain\":\"acme.example\",\"found\":\"record\",\"psd\":\"u\"}],\"spf_aligned\":true,\"dkim_aligned\":true,"
    "\"by\":\"proof\",\"signed_by\":\"proof\",\"said\":\"pass\"}],"
    "\"replies\":[{\"local\":\"r\",\"domain\":\"x.example\",\"near_author\":true}],\"replies_unclear\":false,"
    "\"dkim_done\":true,\"live\":[{\"vendor\":\"acme\",\"source\":\"spf:acme.example\",\"answer\":\"unknown\","
    "\"silent\":\"x.acme.example\",\"lured\":true}],\"sources\":[{\"vendor\":\"acme\",\"source\":\"a:acme.example\","
    "\"client\":true,\"known\":false}],\"vendors\":{},\"tuple_known\":\"yes\",\"unsure_since\":1772359100,"
    "\"names\":[{\"name\":\"acme.example\",\"answered\":true}],\"answered_since\":1772359200,\"failed\":false}}";

enum { LINE_MAX = 256 * 1024 };

struct read {
	struct arena *arena;
	struct recorded recorded;
	struct fault why;
	bool done;
};

static struct read
read_line(const char *line, size_t length)
{
	struct read read = { .arena = arena_open(RECORD_ARENA) };

	if (read.arena == NULL)
		abort();
	read.done = record_read(read.arena, (struct span){ line, length }, &read.recorded, &read.why);
	return read;
}

/* The good record with the first `from` replaced. */
static void
edit(const char *from, const char *to, char out[LINE_MAX])
{
	const char *at = strstr(good, from);

	if (at == NULL) {
		fprintf(stderr, "the record has no %s\n", from);
		abort();
	}
	snprintf(out, LINE_MAX, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
}

/* ---- what is written is read ---- */

static void
all_is_read(void)
{
	struct read read = read_line(good, strlen(good));
	const struct recorded *got = &read.recorded;

	ok(read.done, "a record is read") || (note("%s", read.why.text), true);
	is_number(got->version, 2, "its version");
	is_number(got->when, 1772359200123, "its time");
	is(got->policy, "00c0ffee00c0ffee", "the fingerprint of its policy");
	is(got->ranges, "", "none is none");
	is_number(got->outcome, OUTCOME_UNSURE, "its outcome");
	is_number(got->action, ACTION_GREYLIST, "its action");
	is_number(got->would, ACTION_DEFER, "what would have been done");
	is_number(got->mode, MODE_VOUCH, "its mode");
	is_number(got->greylist, GREYLIST_NEW, "what the greylist said");
	is_number(got->tries.count, 3, "how many tries");
	is_number(got->tries.waited, 312, "how long");
	is_number(got->facts.port, 4321, "the port");
	is_number((long long)got->facts.rcpt_count, 1, "the recipients");
	is(got->facts.rcpt_mailboxes[0].domain, "rx.example", "taken apart");
	is_number((long long)got->facts.author_count, 1, "the authors");
	is_number((long long)got->facts.authors[0].dmarc.step_count, 1, "the walk to their DMARC record");
	is_number(got->facts.authors[0].dmarc.steps[0].psd, 'u', "what it said of the suffix");
	is_number((long long)got->facts.reply_count, 1, "whom a reply reaches");
	is_number((long long)got->facts.dkim_count, 1, "the signatures");
	is_number((long long)got->answer_count, 1, "what was asked");
	is(got->answers[0].silence.name, "x.acme.example", "who was silent");
	is_number((long long)got->source_count, 1, "the sources");
	ok(got->sources[0].client && !got->sources[0].state.known, "and what they said");
	is_number((long long)got->facts.name_count, 1, "the names");
	ok(got->facts.tuple_asked && got->facts.tuple_new == NO, "whether the tuple was known");
	arena_close(read.arena);
}

/* ---- edited records ---- */

#define A10(x) x "," x "," x "," x "," x "," x "," x "," x "," x "," x
#define NAME "{\"name\":\"acme.example\",\"answered\":true}"

static const struct {
	const char *name, *from, *to;
	const char *broken; /* what the fault names; NULL: it is read */
} rows[] = {
	/* ranges */
	{ "the last port", "4321", "65535", NULL },
	{ "a port above it", "4321", "65536", "port" },
	{ "a port that would wrap to a good one", "4321", "69857", "port" },
	{ "a negative port", "4321", "-1", "port" },
	{ "a port that is no integer", "4321", "25.0", "port" },
	{ "a port that is a string", "4321", "\"25\"", "port" },
	{ "more tries than any", "\"tries\":3", "\"tries\":4294967296", "tries" },
	{ "as many as can be", "\"tries\":3", "\"tries\":4294967295", NULL },
	{ "no tries", "\"tries\":3,\"waited\":312", "\"tries\":null,\"waited\":null", NULL },
	{ "a number beyond 64 bits", "\"ms\":12", "\"ms\":9223372036854775808", "no JSON" },
	{ "the second before 1970", "\"now\":1772359200", "\"now\":-1", "now" },
	{ "the last second of the year 9999", "\"now\":1772359200", "\"now\":253402300799", NULL },
	{ "a second whose milliseconds overflow", "\"now\":1772359200", "\"now\":9223372036854775807", "now" },
	{ "a wait since before the clock", "\"unsure_since\":1772359100", "\"unsure_since\":-9223372036854775808",
	    "unsure_since" },
	{ "an answer after all time", "\"answered_since\":1772359200", "\"answered_since\":9223372036854775807",
	    "answered_since" },
	{ "a signature of any time", "\"signed_at\":7", "\"signed_at\":-9223372036854775808", NULL },
	{ "fewer than no From fields", "\"from_fields\":1", "\"from_fields\":-1", "from_fields" },
	{ "a From that ends before it begins", "\"from_stopped\":0", "\"from_stopped\":-1", "from_stopped" },
	{ "a version that wraps to ours", "\"v\":2", "\"v\":4294967298", "no record" },
	{ "a version to come", "\"v\":2", "\"v\":3", "no record" },
	{ "no version", "\"v\":2,", "", "no record" },
	{ "a version that is a word", "\"v\":2", "\"v\":\"2\"", "no record" },
	/* lists */
	{ "as many names as can be", NAME, A10(NAME) "," A10(NAME) "," A10(NAME) "," NAME "," NAME, NULL },
	{ "one name more", NAME, A10(NAME) "," A10(NAME) "," A10(NAME) "," NAME "," NAME "," NAME, "names" },
	{ "names that are no list", "[" NAME "]", NAME, "names" },
	{ "a name that is no object", NAME, "\"acme.example\"", "names" },
	{ "a recipient that is no string", "\"c@rx.example\"", "7", "rcpts" },
	{ "recipients as a string", "[\"c@rx.example\"]", "\"c@rx.example\"", "rcpts" },
	{ "a signature that is null", "\"dkim\":[{", "\"dkim\":[null,{", "dkim" },
	{ "an author that is null", "\"authors\":[{", "\"authors\":[null,{", "authors" },
	{ "a step that is null", "\"walk\":[{", "\"walk\":[null,{", "walk" },
	{ "a reply that is a list", "\"replies\":[{", "\"replies\":[[],{", "replies" },
	{ "a source that is a list", "\"sources\":[{", "\"sources\":[[],{", "sources" },
	{ "an answer that is a list", "\"live\":[{", "\"live\":[[],{", "live" },
	{ "not given in part", "\"facts\":", "\"not_given\":[\"helo\"],\"facts\":", NULL },
	{ "not given what is nothing", "\"facts\":", "\"not_given\":[\"hello\"],\"facts\":", "not_given" },
	{ "not given as a word", "\"facts\":", "\"not_given\":\"helo\",\"facts\":", "not_given" },
	/* words */
	{ "an outcome of no version", "\"outcome\":\"unsure\"", "\"outcome\":\"fine\"", "outcome" },
	{ "an outcome in capitals", "\"outcome\":\"unsure\"", "\"outcome\":\"Unsure\"", "outcome" },
	{ "an outcome that is a number", "\"outcome\":\"unsure\"", "\"outcome\":4", "outcome" },
	{ "an action of no version", "\"action\":\"greylist\"", "\"action\":\"drop\"", "action" },
	{ "a would of no version", "\"would\":\"defer\"", "\"would\":\"drop\"", "would" },
	{ "a reason of another version", "\"reason\":\"dns-trouble\"", "\"reason\":\"other\"", NULL },
	{ "a result of no RFC", "\"spf\":\"pass\"", "\"spf\":\"passed\"", "spf" },
	{ "a word about a suffix", "\"psd\":\"u\"", "\"psd\":\"x\"", "psd" },
	{ "two of them", "\"psd\":\"u\"", "\"psd\":\"un\"", "psd" },
	{ "a yes that is a word", "\"failed\":false", "\"failed\":\"no\"", "failed" },
	{ "a yes that is a number", "\"counts\":true", "\"counts\":1", "counts" },
	{ "a yes that is null", "\"dkim_done\":true", "\"dkim_done\":null", "dkim_done" },
	{ "known as a word", "\"known\":false", "\"known\":\"false\"", "known" },
	{ "a tuple of no kind", "\"tuple_known\":\"yes\"", "\"tuple_known\":true", "tuple_known" },
	/* addresses, times, strings */
	{ "a client of IPv6", "\"client\":\"192.0.2.7\"", "\"client\":\"2001:db8::7\"", NULL },
	{ "no client", "\"client\":\"192.0.2.7\"", "\"client\":\"-\"", NULL },
	{ "a client that is none", "\"client\":\"192.0.2.7\"", "\"client\":\"192.0.2.777\"", "client" },
	{ "a peer that is a network", "\"peer\":\"192.0.2.7\"", "\"peer\":\"192.0.2.0/24\"", "peer" },
	{ "a day that is none", "2026-03-01T", "2026-02-30T", "time" },
	{ "a time that is a number", "\"2026-03-01T10:00:00.123Z\"", "1772359200", "time" },
	{ "a HELO name that is a list", "\"out.acme.example\"", "[]", "helo" },
	{ "a domain with a NUL, which would end it", "\"sender_domain\":\"acme", "\"sender_domain\":\"acme\\u0000",
	    "sender_domain" },
	{ "a recipient with a NUL", "\"c@rx", "\"c\\u0000@rx", "rcpts" },
	{ "a From field with a NUL", "\"from_raw\":\"\"", "\"from_raw\":\"a\\u0000b\"", NULL },
	/* the client's names */
	{ "a name that the MTA confirmed", "\"peer\":\"192",
	    "\"iprev\":{\"by_mta\":\"a.example\",\"result\":\"-\",\"names\":[]},\"peer\":\"192", NULL },
	{ "names that we confirmed", "\"peer\":\"192",
	    "\"iprev\":{\"result\":\"pass\",\"names\":[\"a.example\",\"b.example\"]},\"peer\":\"192", NULL },
	{ "a pass without a name", "\"peer\":\"192", "\"iprev\":{\"result\":\"pass\",\"names\":[]},\"peer\":\"192",
	    "iprev" },
	{ "a name without a pass", "\"peer\":\"192",
	    "\"iprev\":{\"result\":\"fail\",\"names\":[\"a.example\"]},\"peer\":\"192", "iprev" },
	{ "a result that is none of a look-up", "\"peer\":\"192",
	    "\"iprev\":{\"result\":\"softfail\",\"names\":[]},\"peer\":\"192", "iprev" },
	{ "no list of names", "\"peer\":\"192", "\"iprev\":{\"result\":\"fail\"},\"peer\":\"192", "iprev" },
	{ "eleven names", "\"peer\":\"192",
	    "\"iprev\":{\"result\":\"pass\",\"names\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\"]},\"peer\":\"192",
	    "iprev" },
	{ "a name that is a number", "\"peer\":\"192", "\"iprev\":{\"result\":\"pass\",\"names\":[1]},\"peer\":\"192",
	    "names" },
	{ "names of a list", "\"peer\":\"192", "\"iprev\":[\"a.example\"],\"peer\":\"192", "iprev" },
	/* what is missing */
	{ "without outcome", "\"outcome\":\"unsure\",", "", "outcome" },
	{ "without time", "\"time\":\"2026-03-01T10:00:00.123Z\",", "", "time" },
	{ "without client", "\"client\":\"192.0.2.7\",", "", "client" },
	{ "without recipients", "\"rcpts\":[\"c@rx.example\"],", "", "rcpts" },
	{ "without the second", "\"now\":1772359200,", "", "now" },
	{ "without authors", "\"authors\":", "\"writers\":", "authors" },
	{ "without the walk", "\"walk\":", "\"way\":", "walk" },
	{ "without sources", "\"sources\":[", "\"wells\":[", "sources" },
	{ "without names", "\"names\":", "\"called\":", "names" },
	{ "without facts", "\"facts\":", "\"fact\":", "no record" },
	{ "with facts that are a list", "\"facts\":{", "\"facts\":[],\"fact\":{", "no record" },
	{ "without what is written only where it is so", "\"would\":\"defer\",", "", NULL },
	{ "with a key of a version to come", "\"v\":2", "\"v\":2,\"colour\":\"green\"", NULL },
	/* JSON */
	{ "cut off", "}}", "}", "no JSON" },
	{ "with something behind it", "\"failed\":false}}", "\"failed\":false}} {}", "no JSON" },
	{ "with a key twice", "\"v\":2", "\"v\":2,\"port\":25", "no JSON" },
	{ "with an outcome twice in its facts", "\"failed\":false", "\"failed\":false,\"failed\":true", "no JSON" },
	{ "with half a surrogate pair, which is version 1's", "out.acme", "\\udcff.acme", "no JSON" },
	{ "with blanks", "\"v\":2,", " \"v\" : 2 , ", NULL },
	{ "with version 1 in a string", "out.acme", "\\\"v\\\":1,", NULL },
	{ "as a list", "{\"v\":2", "[{\"v\":2", "no JSON" },
};

static void
edited_records_are_broken(void)
{
	char *line = malloc(LINE_MAX);

	if (line == NULL)
		abort();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct read read;

		edit(rows[i].from, rows[i].to, line);
		read = read_line(line, strlen(line));
		if (rows[i].broken == NULL)
			ok(read.done, "%s is read", rows[i].name) || (note("%s", read.why.text), true);
		else
			ok(!read.done && strstr(read.why.text, rows[i].broken) != NULL, "%s is broken", rows[i].name) ||
			    (note("%s", read.done ? "it is read" : read.why.text), true);
		arena_close(read.arena);
	}
	free(line);
}

static const struct {
	const char *key, *element;
	int most;
} lists[] = { { "rcpts", "\"a@rx.example\"", RCPTS_MAX }, { "dkim", "{}", DKIM_MAX },
	{ "authors", "{\"walk\":[]}", AUTHORS_MAX }, { "walk", "{}", DMARC_STEPS_MAX }, { "replies", "{}", REPLIES_MAX },
	{ "live", "{}", ASKED_MAX }, { "sources", "{}", RECORD_SOURCES_MAX }, { "names", "{}", NAME_FACTS_MAX } };

/* Every list at its bound, and with one more. */
static void
lists_have_bounds(void)
{
	char *line = malloc(LINE_MAX), key[32];

	if (line == NULL)
		abort();
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		for (int count = lists[i].most; count <= lists[i].most + 1; count++) {
			size_t length;
			struct read read;

			snprintf(key, sizeof key, "\"%s\":[", lists[i].key);
			snprintf(line, LINE_MAX, "%.*s%s", (int)(strstr(good, key) - good), good, key);
			length = strlen(line);
			for (int j = 0; j < count; j++)
				length += (size_t)sprintf(line + length, "%s%s", j > 0 ? "," : "", lists[i].element);
			/* what the list held goes to another one that nobody reads */
			snprintf(line + length, LINE_MAX - length, "],\"rest\":[%s", strstr(good, key) + strlen(key));
			read = read_line(line, strlen(line));
			if (count == lists[i].most)
				ok(read.done, "%d of %s are read", count, lists[i].key) ||
				    (note("%s", read.why.text), true);
			else
				ok(!read.done && strstr(read.why.text, lists[i].key) != NULL,
				    "one more of %s is broken", lists[i].key);
			arena_close(read.arena);
		}
	free(line);
}

/* No line that ends early is a record. */
static void
every_cut_is_broken(void)
{
	size_t taken = 0;

	for (size_t length = 0; length < strlen(good); length++) {
		struct read read = read_line(good, length);

		taken += read.done;
		arena_close(read.arena);
	}
	is_number((long long)taken, 0, "no beginning of a record is one");
}

/* ---- bytes ---- */

static const struct {
	const char *name;
	int version;
	const char *written, *bytes; /* bytes NULL: broken */
} strings[] = {
	{ "UTF-8", 2, "m\xc3\xbcnch", "m\xc3\xbcnch" },
	{ "a byte that is no UTF-8", 2, "\\uf7ff", "\xff" },
	{ "the same as a character", 2, "\xef\x9f\xbf", "\xff" },
	{ "the first of those bytes", 2, "\\uf780", "\x80" },
	{ "what is below them is a character", 2, "\\uf77f", "\xef\x9d\xbf" },
	{ "and what is above", 2, "\\uf800", "\xef\xa0\x80" },
	{ "a real U+F780, by its bytes", 2, "\\uf7ef\\uf79e\\uf780", "\xef\x9e\x80" },
	{ "a real U+F7FF, by its bytes", 2, "\\uf7ef\\uf79f\\uf7bf", "\xef\x9f\xbf" },
	{ "a whole surrogate pair", 2, "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
	{ "half a pair", 2, "\\udcff", NULL },
	{ "the other half", 2, "\\ud83d", NULL },
	{ "bytes that are no UTF-8 in the file", 2, "\xff", NULL },
	{ "version 1's half a pair is a byte", 1, "\\udcff", "\xff" },
	{ "in capitals", 1, "\\uDCFF", "\xff" },
	{ "the first of them", 1, "\\udc80", "\x80" },
	{ "below it was never written", 1, "\\udc7f", NULL },
	{ "nor above", 1, "\\udd00", NULL },
	{ "two of them", 1, "\\udcc3\\udcbc", "\xc3\xbc" },
	{ "a whole pair stays", 1, "\\ud83d\\udc80", "\xf0\x9f\x92\x80" },
	{ "a byte behind a whole pair", 1, "\\ud83d\\ude00\\udcff", "\xf0\x9f\x98\x80\xff" },
	{ "a real U+F780 of version 1 is itself", 1, "\xef\x9e\x80", "\xef\x9e\x80" },
	{ "as an escape", 1, "\\uf7ff", "\xef\x9f\xbf" },
	{ "a real one beside a byte", 1, "\xef\x9e\x80\\udcff", "\xef\x9e\x80\xff" },
	{ "an escaped backslash before what looks like one", 1, "\\\\udcff", "\\udcff" },
	{ "an escaped quote", 1, "\\\"\\udcff", "\"\xff" },
	{ "two backslashes and a byte", 1, "\\\\\\udcff", "\\\xff" },
	{ "UTF-8 of version 1", 1, "m\xc3\xbcnch", "m\xc3\xbcnch" },
	{ "an escape that is cut off", 1, "\\udc", NULL },
};

static void
bytes_come_back(void)
{
	char *line = malloc(LINE_MAX);

	if (line == NULL)
		abort();
	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
		struct read read;

		edit("out.acme.example", strings[i].written, line);
		line[strlen("{\"v\":")] = (char)('0' + strings[i].version);
		read = read_line(line, strlen(line));
		if (strings[i].bytes == NULL)
			ok(!read.done, "version %d, %s: broken", strings[i].version, strings[i].name);
		else
			is(read.done ? read.recorded.facts.helo : read.why.text, strings[i].bytes, "version %d, %s",
			    strings[i].version, strings[i].name);
		arena_close(read.arena);
	}
	free(line);
}

/* Version 1 had fewer keys, in another order; a number in front of them is no version. */
static void
version_1_is_known(void)
{
	static const char *const lines[] = {
		"{\"v\":1,\"id\":\"1.c.1\",\"outcome\":\"stranger\",\"action\":\"pass\",\"reason\":\"no-claim\",\"helo\":\"\\udcff\",\"facts\":{}}",
		"{ \"v\": 1, \"id\": \"1.c.1\", \"outcome\": \"stranger\", \"action\": \"pass\", \"reason\": \"no-claim\", \"helo\": \"\\udcff\", \"facts\": {} }",
		"{\"facts\":{},\"helo\":\"\\udcff\",\"reason\":\"no-claim\",\"action\":\"pass\",\"outcome\":\"stranger\",\"id\":\"1.c.1\",\"v\":1}",
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct read read = read_line(lines[i], strlen(lines[i]));

		ok(read.done && read.recorded.version == 1, "version 1 is read, however it is set (%zu)", i) ||
		    (note("%s", read.why.text), true);
		is(read.done ? read.recorded.facts.helo : "", "\xff", "with its bytes");
		ok(!read.recorded.sources_told, "and it says that it tells no sources");
		arena_close(read.arena);
	}
}

int
main(void)
{
	all_is_read();
	edited_records_are_broken();
	lists_have_bounds();
	every_cut_is_broken();
	bytes_come_back();
	version_1_is_known();
	return done();
}
