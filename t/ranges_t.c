/*
 * ranges_t.c - what sources list, and what is known of each: one source a row, then many together.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/sources/ranges.h"
#include "policy/util/arena.h"
#include "t/lib/tap.h"

enum { MEMORY = 1024 * 1024, NETWORKS_MAX = 8, SOURCES_MAX = 5 };

/* ---- sources and beliefs from words ---- */

struct fixture {
	struct arena *arena;
	struct source sources[SOURCES_MAX];
	struct source_belief beliefs[SOURCES_MAX];
	struct source_copy copies[SOURCES_MAX];
	size_t count;
};

static bool
has(const char *words, const char *word)
{
	return strstr(words, word) != NULL;
}

static struct prefix
prefix_of(const char *text)
{
	struct prefix prefix;
	struct fault why;

	if (!prefix_read(text, &prefix, &why)) {
		ok(false, "the network '%s' of the test can be read", text);
		exit(1);
	}
	return prefix;
}

/* "cidr 192.0.2.0/24" or "spf": its kind and what its file writes out; "login" and "unselected" do not count. */
static void
add_source(struct fixture *fixture, const char *words)
{
	struct source *source = &fixture->sources[fixture->count];
	struct prefix *prefixes = arena_take(fixture->arena, NETWORKS_MAX * sizeof *prefixes);
	struct span rest = span_of(words);

	*source = (struct source){ .number = (uint32_t)fixture->count,
		.text = words,
		.prefixes = prefixes,
		.kind = has(words, "file") ? SOURCE_FILE
		    : has(words, "spf")    ? SOURCE_SPF
		    : has(words, "a ")     ? SOURCE_A
		    : has(words, "mx ")    ? SOURCE_MX
					   : SOURCE_CIDR,
		.use = has(words, "login") ? USE_LOGIN : USE_MX,
		.selected = !has(words, "unselected") };
	while (rest.length > 0) {
		struct span word = span_cut(&rest, ' ');

		if (memchr(word.at, '/', word.length) != NULL)
			prefixes[source->prefix_count++] = prefix_of(arena_copy(fixture->arena, word.at, word.length));
	}
	fixture->count++;
}

/* "serves asked wrong gone 192.0.2.0/24"; NULL: it was never asked. Of the last source. */
static void
believe(struct fixture *fixture, const char *words)
{
	struct source_copy *copy = &fixture->copies[fixture->count - 1];
	struct copied_network *networks = arena_take(fixture->arena, NETWORKS_MAX * sizeof *networks);
	struct span rest = span_of(words == NULL ? "" : words);

	if (words == NULL)
		return;
	*copy = (struct source_copy){ .asked = has(words, "asked"),
		.wrong = has(words, "wrong"),
		.gone = has(words, "gone"),
		.networks = networks };
	while (rest.length > 0) {
		struct span word = span_cut(&rest, ' ');

		if (memchr(word.at, '/', word.length) != NULL)
			networks[copy->count++].prefix = prefix_of(arena_copy(fixture->arena, word.at, word.length));
	}
	fixture->beliefs[fixture->count - 1] = (struct source_belief){ copy, has(words, "serves") };
}

static const char *
state_words(struct arena *arena, const struct source_state *state)
{
	return arena_format(arena, "%s%s%s%s", state->known ? " known" : "", state->asked ? " asked" : "",
	    state->wrong ? " wrong" : "", state->empty ? " empty" : "");
}

/* " 0 3": whose the address is. */
static const char *
numbers_of(struct arena *arena, const struct ranges *ranges, const char *text)
{
	struct address address;
	struct prefix_hits hits;
	const char *made = "";

	if (!address_read(text, &address))
		return "no address";
	hits = prefix_table_find(ranges->table, &address);
	for (size_t i = 0; i < hits.count; i++)
		made = arena_format(arena, "%s %u", made, hits.numbers[i]);
	return made;
}

/* ---- one source ---- */

static const struct {
	const char *name, *source, *belief, *state, *numbers; /* of 192.0.2.7 */
} rows[] = {
	{ "what a configuration writes out is known", "cidr 192.0.2.0/24", NULL, " known", " 0" },
	{ "what a file writes out, too", "file 198.51.100.0/24 192.0.2.0/28", NULL, " known", " 0" },
	{ "other addresses belong to no source", "cidr 198.51.100.0/24", NULL, " known", "" },
	{ "a source of nothing is known, but not called empty: only DNS can say that", "cidr", NULL, " known", "" },
	{ "hosts that mail does not leave from list nothing", "cidr login 192.0.2.0/24", NULL, " known", "" },
	{ "nor do those that no tag selects", "cidr unselected 192.0.2.0/24", NULL, " known", "" },
	{ "a source that was never asked is not known", "spf", NULL, "", "" },
	{ "nor one without an answer yet", "spf", "", "", "" },
	{ "what is believed is known", "spf", "serves 192.0.2.0/24", " known", " 0" },
	{ "of hosts, too", "a ", "serves 192.0.2.7/32", " known", " 0" },
	{ "and of those that take mail", "mx ", "serves 192.0.2.7/32", " known", " 0" },
	{ "what is too old is not known, and lists nothing", "spf", "192.0.2.0/24", "", "" },
	{ "terms that cannot be listed are asked for each client", "spf", "serves asked 192.0.2.0/24", " known asked",
	    " 0" },
	{ "a record without an address is empty", "spf", "serves", " known empty", "" },
	{ "unless some of it must be asked for", "spf", "serves asked", " known asked", "" },
	{ "what is published wrongly since then lists on, but is not known", "spf", "serves wrong 192.0.2.0/24",
	    " wrong", " 0" },
	{ "and is not empty", "spf", "serves wrong", " wrong", "" },
	{ "what was wrong before it was ever believed", "spf", "wrong", " wrong", "" },
	{ "what is gone for long enough is known to be empty", "spf", "serves wrong gone", " known empty", "" },
	{ "a source of DNS that does not count is not looked at", "spf login", "serves asked wrong 192.0.2.0/24", "", "" },
};

static void
test_row(size_t i)
{
	struct fixture fixture = { .arena = arena_open(MEMORY) };
	struct ranges *ranges;
	struct fault why;

	add_source(&fixture, rows[i].source);
	believe(&fixture, rows[i].belief);
	ranges = ranges_build(fixture.sources, fixture.count, fixture.beliefs, &why);
	if (ok(ranges != NULL && ranges->count == 1, "%s", rows[i].name)) {
		is(state_words(fixture.arena, &ranges->states[0]), rows[i].state, "what is known of it");
		is(numbers_of(fixture.arena, ranges, "192.0.2.7"), rows[i].numbers, "whose 192.0.2.7 is");
	}
	ranges_free(ranges);
	arena_close(fixture.arena);
}

/* ---- many ---- */

static void
test_many(void)
{
	struct fixture fixture = { .arena = arena_open(MEMORY) };
	struct ranges *ranges;
	struct fault why;

	add_source(&fixture, "cidr 192.0.2.0/24 2001:db8::/32");
	add_source(&fixture, "spf");
	believe(&fixture, "serves 192.0.2.0/28 198.51.100.0/24");
	add_source(&fixture, "spf");
	add_source(&fixture, "file 192.0.2.0/25");
	ranges = ranges_build(fixture.sources, fixture.count, fixture.beliefs, &why);
	if (ok(ranges != NULL && ranges->count == 4, "the ranges of four sources")) {
		is(numbers_of(fixture.arena, ranges, "192.0.2.7"), " 0 1 3", "an address may be of several sources");
		is(numbers_of(fixture.arena, ranges, "192.0.2.200"), " 0", "or of one of them");
		is(numbers_of(fixture.arena, ranges, "2001:db8::1"), " 0", "IPv6 is there too");
		ok(ranges->states[0].known && ranges->states[1].known && !ranges->states[2].known &&
			ranges->states[3].known,
		    "each source has its own state");
	}
	ranges_free(ranges);
	ranges = ranges_build(fixture.sources, fixture.count, NULL, &why);
	if (ok(ranges != NULL, "without anything known of DNS"))
		is(numbers_of(fixture.arena, ranges, "192.0.2.7"), " 0 3", "what the configuration writes out is listed");
	ranges_free(ranges);
	arena_close(fixture.arena);
}

static void
test_vendor(void)
{
	static const struct {
		const char *name, *sources[2], *beliefs[2];
		bool lacks;
	} vendors[] = {
		{ "a vendor whose sources are all empty lacks addresses", { "spf", "a " },
		    { "serves", "serves wrong gone" }, true },
		{ "what does not count is not asked", { "spf", "cidr login 192.0.2.0/24" }, { "serves" }, true },
		{ "one source that holds an address is enough", { "spf", "spf" }, { "serves", "serves 192.0.2.0/24" },
		    false },
		{ "one that is not known may hold some", { "spf", "spf" }, { "serves", "" }, false },
		{ "a vendor without sources that count never had any", { "cidr login" }, { NULL }, false },
	};

	for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++) {
		struct fixture fixture = { .arena = arena_open(MEMORY) };
		struct ranges *ranges;

		for (size_t j = 0; j < 2 && vendors[i].sources[j] != NULL; j++) {
			add_source(&fixture, vendors[i].sources[j]);
			believe(&fixture, vendors[i].beliefs[j]);
		}
		ranges = ranges_build(fixture.sources, fixture.count, fixture.beliefs, NULL);
		ok(ranges != NULL &&
			ranges_lack_addresses(ranges,
			    &(struct vendor){ .sources = fixture.sources, .source_count = fixture.count }) ==
			    vendors[i].lacks,
		    "%s", vendors[i].name);
		ranges_free(ranges);
		arena_close(fixture.arena);
	}
}

static void
test_ends(void)
{
	struct fixture fixture = { .arena = arena_open(MEMORY) };
	struct ranges *ranges = ranges_build(NULL, 0, NULL, NULL);
	struct prefix slip = prefix_of("192.0.2.0/24");
	struct fault why;

	ok(ranges != NULL && ranges->count == 0 && numbers_of(fixture.arena, ranges, "192.0.2.7")[0] == '\0',
	    "no sources list nothing");
	ranges_free(ranges);
	ranges_free(NULL);
	add_source(&fixture, "cidr");
	slip.bits = 16;
	slip.base.bytes[3] = 1;
	fixture.sources[0].prefixes = &slip;
	fixture.sources[0].prefix_count = 1;
	ok(ranges_build(fixture.sources, 1, NULL, &why) == NULL, "what a table does not take makes no ranges");
	is(why.text, "'192.0.2.1/16' has host bits set", "and the fault says why");
	arena_close(fixture.arena);
}

/* Of one source in DNS that lists these, beside a list in a file. */
static uint64_t
fingerprint_of(const char *belief, const char *file)
{
	struct fixture fixture = { .arena = arena_open(MEMORY) };
	struct ranges *ranges;
	uint64_t fingerprint = 0;

	add_source(&fixture, file);
	add_source(&fixture, "spf");
	believe(&fixture, belief);
	ranges = ranges_build(fixture.sources, fixture.count, fixture.beliefs, NULL);
	if (ranges != NULL)
		fingerprint = ranges->fingerprint;
	ranges_free(ranges);
	arena_close(fixture.arena);
	return fingerprint;
}

static void
test_fingerprint(void)
{
	uint64_t is = fingerprint_of("serves 192.0.2.0/24 198.51.100.0/24", "file 203.0.113.0/24");

	ok(is == fingerprint_of("serves 192.0.2.0/24 198.51.100.0/24", "file 203.0.113.0/25"),
	    "the same unfolding has the same fingerprint, whatever a file lists");
	ok(is != fingerprint_of("serves 192.0.2.0/24", "file 203.0.113.0/24"), "a network less has another");
	ok(is != fingerprint_of("serves 192.0.2.0/25 198.51.100.0/24", "file 203.0.113.0/24"), "so has another length");
	ok(is != fingerprint_of(NULL, "file 203.0.113.0/24"), "and what is not known");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		test_row(i);
	test_many();
	test_vendor();
	test_fingerprint();
	test_ends();
	return done();
}
