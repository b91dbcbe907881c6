/* The line that a host puts into the store of a fleet, odd ones that anybody could, and in what two hosts differ. */
#include <stdlib.h>
#include <string.h>

#include "policy/review/fleet.h"
#include "t/lib/tap.h"

enum { NOW = 1795910969 };

static struct arena *arena;

static bool
reads(const char *line, struct fleet_host *out)
{
	return fleet_host_read(span_of(line), arena, out);
}

static void
test_line(void)
{
	static const struct fleet_source sources[] = { { 0x11, UINT64_MAX, NOW - 9, NOW - 3, "acme a:x.example" },
		{ 0x12, 0, NOW, 0, "acme a:y.example" } };
	static const struct fleet_host host = { "mx1.example.com/0a0b0c0d", "1.0~rc1", UINT64_C(0xfedcba9876543210), 7,
		NOW, sources, 2 };
	struct fleet_host got;
	struct text line;

	text_open(&line, FLEET_LINE_MAX);
	fleet_host_write(&host, &line);
	ok(reads(line.bytes, &got), "a line is read back");
	is(got.name, host.name, "with its name");
	is(got.version, host.version, "its version");
	ok(got.policy == host.policy && got.ranges == host.ranges && got.since == host.since, "its numbers");
	is_number(got.source_count, 2, "its sources");
	ok(got.source_count == 2 && got.sources[0].name == 0x11 && got.sources[0].networks == UINT64_MAX &&
		got.sources[0].changed == NOW - 9 && got.sources[0].before == NOW - 3 && got.sources[1].before == 0,
	    "and what is known of them");
	for (size_t cut = 0; cut < line.length; cut++) {
		struct span part = { line.bytes, cut };

		if (fleet_host_read(part, arena, &got) && got.source_count > 2)
			ok(false, "a line that was cut has no more than it had");
	}
	text_close(&line);
}

static const struct {
	const char *name, *line;
} odd[] = {
	{ "nothing", "" },
	{ "another program's value", "{\"mx\":1}" },
	{ "another version", "greenlane-host 2 mx 1 1 1 1" },
	{ "no version", "greenlane-host 1 mx" },
	{ "a name that steers a terminal", "greenlane-host 1 m\033[2Jx 1 1 1 1" },
	{ "a name of quotes", "greenlane-host 1 \"mx\" 1 1 1 1" },
	{ "a name that is too long",
	    "greenlane-host 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1 1 1 1" },
	{ "a number that is none", "greenlane-host 1 mx 1 xyz 1 1" },
	{ "a number that is too long", "greenlane-host 1 mx 1 11111111111111111 1 1" },
	{ "a time at which sums overflow", "greenlane-host 1 mx 1 1 7fffffffffffffff 1" },
	{ "half a source", "greenlane-host 1 mx 1 1 1 1 11 22" },
};

static void
test_odd(void)
{
	struct fleet_host got;
	struct text line;
	char name[FLEET_NAME_MAX + 1];

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		ok(!reads(odd[i].line, &got), "no line of a host: %s", odd[i].name);
	ok(reads("greenlane-host 1 mx 1 1 1 1", &got), "but this is one");
	text_open(&line, FLEET_LINE_MAX * 2);
	text_put(&line, "greenlane-host 1 mx 1 1 1 1");
	for (size_t i = 0; i <= FLEET_SOURCES_MAX; i++)
		text_put(&line, " 1 1 1 1");
	ok(!reads(line.bytes, &got), "nor is one with too many sources");
	text_close(&line);
	fleet_name("m x\n1", name);
	is(name, "m_x_1", "a name is made of what may stand in one");
	fleet_name("", name);
	is(name, "_", "also of nothing");
}

/* ---- two hosts ---- */

static void
test_policies(void)
{
	struct fleet_host one = { .policy = 1, .since = NOW - 5000 }, other = { .policy = 1, .since = NOW - 30 };

	is_number(fleet_policies_differ(&one, &other), 0, "the same policy is the same, whenever it came");
	other.policy = 2;
	is_number(fleet_policies_differ(&one, &other), NOW - 30, "another one differs since the later of the two");
	is_number(fleet_policies_differ(&other, &one), NOW - 30, "seen from either");
}

static const struct {
	const char *name;
	struct fleet_source ours, theirs;
	bool differ;
} pairs[] = {
	{ "the same networks", { 1, 5, NOW - 90, NOW - 10, "" }, { 1, 5, NOW - 80, NOW - 10, NULL }, false },
	{ "both refreshed it twice since", { 1, 5, NOW - 90, NOW - 10, "" }, { 1, 6, NOW - 80, NOW - 10, NULL }, true },
	{ "we did not", { 1, 5, NOW - 90, NOW - 85, "" }, { 1, 6, NOW - 80, NOW - 10, NULL }, false },
	{ "they did not", { 1, 5, NOW - 90, NOW - 10, "" }, { 1, 6, NOW - 80, NOW - 80, NULL }, false },
	{ "they never did", { 1, 5, NOW - 90, NOW - 10, "" }, { 1, 6, NOW - 80, 0, NULL }, false },
	{ "it has changed here meanwhile", { 1, 5, NOW - 5, NOW - 10, "" }, { 1, 6, NOW - 80, NOW - 10, NULL }, false },
	{ "another source", { 1, 5, NOW - 90, NOW - 10, "" }, { 2, 6, NOW - 80, NOW - 10, NULL }, false },
};

static void
test_sources(void)
{
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct fleet_host ours = { .sources = &pairs[i].ours, .source_count = 1 },
				  other = { .sources = &pairs[i].theirs, .source_count = 1 };
		size_t place = 0;

		ok((fleet_sources_differ(&ours, &other, &place) == &pairs[i].ours) == pairs[i].differ, "%s",
		    pairs[i].name);
		ok(fleet_sources_differ(&ours, &other, &place) == NULL, "and there is no other");
	}
}

static void
test_twice(void)
{
	static const struct fleet_source twice[] = { { 1, 5, NOW - 90, NOW - 10, "" }, { 1, 6, NOW - 90, NOW - 10, "" } };
	struct fleet_host host = { .sources = twice, .source_count = 2 };
	size_t place = 0;

	ok(fleet_sources_differ(&host, &host, &place) == NULL,
	    "a line that names a source twice does not differ from itself");
}

int
main(void)
{
	arena = arena_open(16 * 1024 * 1024);
	if (arena == NULL)
		abort();
	test_line();
	test_odd();
	test_policies();
	test_sources();
	test_twice();
	arena_close(arena);
	return done();
}
