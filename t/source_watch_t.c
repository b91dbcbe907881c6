#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/state/source_files.h"
#include "milter/state/source_watch.h"
#include "milter/system/clock.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { HOUR = 3600, DAY = 24 * HOUR, WEEK = 7 * DAY, START = 1700000000 };

/* ---- a clock that the test sets, a journal that counts ---- */

static int64_t second;   /* since START */
static int64_t set_back; /* seconds by which the wall clock was set back */

int64_t
clock_ticks(void)
{
	return second * 1000000;
}

int64_t
clock_now(void)
{
	return START + second - set_back;
}

/* Weeks of refreshes pass here, each one written: this does not test the disk. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

static char said[256 * 1024];

void
journal_say(struct journal *journal, int level, const char *fmt, ...)
{
	size_t length = strlen(said);
	va_list args;

	(void)journal;
	(void)level;
	va_start(args, fmt);
	vsnprintf(said + length, sizeof said - length, fmt, args);
	va_end(args);
	length = strlen(said);
	snprintf(said + length, sizeof said - length, "\n");
}

void
journal_fault(struct journal *journal, int level, const struct fault *fault)
{
	journal_say(journal, level, "%s:%u: %s", fault->file, fault->line, fault->text);
}

static long long
said_times(const char *words)
{
	long long count = 0;

	for (const char *at = strstr(said, words); at != NULL; at = strstr(at + 1, words))
		count++;
	return count;
}

/* ---- a fixture of one source ---- */

struct fixture {
	char folder[64];
	struct canned_zone *zone;
	struct resolver *resolver;
	atomic_uint calls;
	struct source_watch_context with;
	struct source_watch *watch;
	unsigned asked; /* unfoldings */
};

static struct source
source_make(const char *domain)
{
	static char text[300];

	snprintf(text, sizeof text, "spf:%s", domain);
	return (struct source){ .kind = SOURCE_SPF, .name = domain, .text = text };
}

/* A process starts with whatever is in state_dir. */
static void
begin(struct fixture *fixture, const char *domain, bool exclusive, int64_t max_stale)
{
	struct source source = source_make(domain);

	said[0] = '\0';
	fixture->watch = source_watch_open(&source);
	if (fixture->watch == NULL)
		abort();
	snprintf(fixture->watch->vendors, sizeof fixture->watch->vendors, "acme");
	fixture->watch->max_stale = max_stale;
	fixture->watch->source.exclusive = exclusive;
	source_watch_restore(fixture->watch, &fixture->with);
}

static void
end(struct fixture *fixture)
{
	source_watch_free(fixture->watch);
	fixture->watch = NULL;
}

static struct fixture *
fixture_open(void)
{
	static const char *const shared[] = { "bulk.example" };
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct fault why;

	snprintf(fixture->folder, sizeof fixture->folder, "/tmp/source_watch.XXXXXX");
	if (!scratch_make(fixture->folder) || !source_files_prepare(fixture->folder, &why))
		abort();
	fixture->zone = canned_zone_open();
	fixture->resolver = resolver_canned(fixture->zone, &why);
	fixture->with = (struct source_watch_context){ .resolver = fixture->resolver,
		.state_dir = fixture->folder,
		.limits = { 12, 28, 1000, 50 },
		.shared = { shared, 1 },
		.least = 60,
		.most = DAY,
		.calls = &fixture->calls };
	second = set_back = 0;
	return fixture;
}

static void
fixture_close(struct fixture *fixture)
{
	char command[128];

	source_watch_free(fixture->watch);
	resolver_close(fixture->resolver);
	canned_zone_close(fixture->zone);
	snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
	if (system(command) != 0)
		note("%s is left behind", fixture->folder);
	free(fixture);
}

/* Replaces all records of the name; one record a line. */
static void
zone_set(struct fixture *fixture, const char *name, const char *lines)
{
	canned_zone_drop(fixture->zone, name, 0);
	canned_zone_text(fixture->zone, lines == NULL ? "" : lines);
}

static void
outage(struct fixture *fixture)
{
	zone_set(fixture, "acme.example", "acme.example * SERVFAIL");
}

static bool
unfold(struct fixture *fixture)
{
	struct budget budget = { 1000 };

	fixture->asked++;
	return source_watch_unfold(&fixture->watch, 1, &fixture->with, &budget);
}

/* Does what refresh does, up to a second; returns how often anything changed. */
static unsigned
run_until(struct fixture *fixture, int64_t until)
{
	unsigned changes = 0;

	for (;;) {
		int64_t next = (source_watch_next(fixture->watch) + 999999) / 1000000;

		if (next > until)
			break;
		second = next > second ? next : second;
		if (fixture->watch->due <= clock_ticks())
			changes += unfold(fixture);
		changes += source_watch_age(fixture->watch, &fixture->with);
	}
	second = until;
	return changes;
}

/* "192.0.2.0/24 198.51.100.1", or why there is nothing. */
static const char *
lists(const struct fixture *fixture)
{
	static char text[4096];
	const struct source_watch *watch = fixture->watch;
	char prefix[PREFIX_TEXT];

	if (!watch->known || watch->stale)
		return watch->known ? "stale" : "unknown";
	text[0] = '\0';
	for (size_t i = 0; i < watch->copy.count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "",
		    prefix_write(&watch->copy.networks[i].prefix, prefix));
	return text;
}

static const char *
load(struct fixture *fixture, enum copy_kind kind, struct source_copy *out, struct arena **arena)
{
	static struct fault why;

	*arena = arena_open(1024 * 1024);
	if (source_files_load(fixture->folder, kind, fixture->watch->source.text, *arena, out, &why))
		return "there";
	return why.text[0] == '\0' ? "not there" : "damaged";
}

static const char *
stands(struct fixture *fixture, enum copy_kind kind)
{
	struct source_copy copy;
	struct arena *arena;
	const char *state = load(fixture, kind, &copy, &arena);

	arena_close(arena);
	return state;
}

static const char plain[] = "acme.example 600 TXT \"v=spf1 include:_spf.acme.example -all\"";
static const char list[] = "_spf.acme.example 600 TXT \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\"";

static struct fixture *
acme_open(int64_t max_stale)
{
	struct fixture *fixture = fixture_open();

	zone_set(fixture, "acme.example", plain);
	zone_set(fixture, "_spf.acme.example", list);
	begin(fixture, "acme.example", false, max_stale);
	(void)unfold(fixture);
	return fixture;
}

/* ---- outages ---- */

static void
outage_of_a_day(void)
{
	struct fixture *fixture = acme_open(WEEK);
	bool same = true;
	unsigned changes = 0;

	outage(fixture);
	for (int64_t minute = 0; minute < DAY / 60; minute++) {
		changes += run_until(fixture, minute * 60);
		same = same && strcmp(lists(fixture), "192.0.2.0/24 2001:db8::/32") == 0;
	}
	ok(same && changes == 0, "an outage of 24 hours: the list is the same in every minute of it");
	is_number(said_times("stays in use"), 1, "and it is logged once");
	ok(fixture->asked > DAY / 600 && fixture->asked < DAY / 600 + 20,
	    "it is asked again the whole time, once per TTL");
	zone_set(fixture, "acme.example", plain);
	run_until(fixture, DAY + 601);
	is_number(said_times("answers again, unchanged"), 1, "its end is logged");
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "and leaves the same table");
	fixture_close(fixture);
}

static void
outage_beyond_max_stale(void)
{
	struct fixture *fixture = acme_open(DAY);

	outage(fixture);
	is_number(run_until(fixture, DAY), 0, "until max_stale ends nothing changes");
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "and the list is used");
	is_number(run_until(fixture, DAY + 2), 1, "then it changes, at once");
	is(lists(fixture), "stale", "its addresses are no longer known");
	is_number(said_times("older than max_stale"), 1, "which is logged");
	run_until(fixture, 2 * DAY);
	is_number(said_times("older than max_stale"), 1, "and once");
	zone_set(fixture, "acme.example", plain);
	run_until(fixture, 2 * DAY + 601);
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "with DNS back it lists again");
	fixture_close(fixture);
}

static void
outage_with_the_clock_set_back(void)
{
	struct fixture *fixture = acme_open(DAY);

	outage(fixture);
	run_until(fixture, HOUR);
	set_back = 30 * DAY;
	run_until(fixture, DAY);
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "a clock that is set back makes no list older");
	run_until(fixture, HOUR + DAY + 602);
	is(lists(fixture), "stale", "nor keeps it young for as long as it was set back");
	fixture_close(fixture);
}

/* As at a boot without a clock of its own, when the time is learnt. */
static void
clock_set_forward(void)
{
	struct fixture *fixture = fixture_open();

	zone_set(fixture, "acme.example", "acme.example 86400 TXT \"v=spf1 ip4:192.0.2.0/24 -all\"");
	begin(fixture, "acme.example", false, 30 * (int64_t)DAY);
	(void)unfold(fixture);
	run_until(fixture, HOUR);
	set_back = -60 * DAY;
	is_number(source_watch_age(fixture->watch, &fixture->with), false,
	    "a clock that is set forward changes nothing by itself");
	ok(source_watch_next(fixture->watch) <= clock_ticks(), "but the source is asked at once");
	run_until(fixture, HOUR + 1);
	is(lists(fixture), "192.0.2.0/24", "and where DNS answers it is known all the time");
	outage(fixture);
	set_back = -120 * DAY;
	(void)source_watch_age(fixture->watch, &fixture->with);
	run_until(fixture, HOUR + 2);
	is(lists(fixture), "stale", "where it does not, the list is too old");
	fixture_close(fixture);
}

/* TTL, and the seconds at which it is asked while DNS fails. */
static const struct {
	int ttl;
	const char *times, *name;
} retries[] = {
	{ 60, " 5 15 35 75 135 195 255", "5 seconds after a failure, then after twice as long, up to the TTL" },
	{ 2, " 5 10 15 20 25 30 35", "a TTL below 5 seconds makes it every 5 seconds" },
	{ 100000, " 5 15 35 75 155 315 635", "a long TTL lets it grow" },
};

static void
retries_double(void)
{
	for (size_t i = 0; i < sizeof retries / sizeof *retries; i++) {
		struct fixture *fixture = fixture_open();
		char line[200], times[200] = "";
		int64_t from;

		fixture->with.least = 1;
		snprintf(line, sizeof line, "acme.example %d TXT \"v=spf1 ip4:192.0.2.1 -all\"", retries[i].ttl);
		zone_set(fixture, "acme.example", line);
		begin(fixture, "acme.example", false, 365 * (int64_t)DAY);
		(void)unfold(fixture);
		outage(fixture);
		second = from = retries[i].ttl + 2;
		(void)unfold(fixture);
		for (int turn = 0; turn < 7; turn++) {
			second = (source_watch_next(fixture->watch) + 999999) / 1000000;
			snprintf(times + strlen(times), sizeof times - strlen(times), " %lld", (long long)(second - from));
			(void)unfold(fixture);
		}
		is(times, retries[i].times, "%s", retries[i].name);
		fixture_close(fixture);
	}
}

static void
max_stale_is_no_trap(void)
{
	struct fixture *fixture = fixture_open();

	zone_set(fixture, "acme.example", "acme.example 86400 TXT \"v=spf1 ip4:192.0.2.1 -all\"");
	begin(fixture, "acme.example", false, HOUR);
	is_number(unfold(fixture), 1, "a new source changes what is listed");
	is_number(run_until(fixture, DAY), 0, "a TTL beyond max_stale makes no source stale while DNS works");
	is(lists(fixture), "192.0.2.1", "it is asked in time");
	fixture_close(fixture);
}

/* ---- copies ---- */

static void
source_files_serve(void)
{
	struct fixture *fixture = acme_open(WEEK);
	int64_t since;

	second = 700;
	zone_set(fixture, "_spf.acme.example",
	    "_spf.acme.example 600 TXT \"v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 ip6:2001:db8::/32 -all\"");
	is_number(unfold(fixture), 1, "what is published changes");
	is_number(
	    said_times(
		"drift: source spf:acme.example of acme: came 198.51.100.0/24 via acme.example > _spf.acme.example > ip4"),
	    1, "the log names source, vendor, path and what came");
	end(fixture);
	second = 2 * DAY;
	outage(fixture);
	begin(fixture, "acme.example", false, WEEK);
	is(lists(fixture), "192.0.2.0/24 198.51.100.0/24 2001:db8::/32", "a start without DNS uses the last good copy");
	since = fixture->watch->copy.networks[0].since;
	ok(since == START && fixture->watch->copy.networks[1].since == START + 700,
	    "it knows since when each network is listed");
	ok(fixture->watch->due <= clock_ticks(), "and is asked at once");
	is_number(unfold(fixture), 0, "in vain");
	is(lists(fixture), "192.0.2.0/24 198.51.100.0/24 2001:db8::/32", "and stays in use");
	end(fixture);
	second = 9 * DAY;
	begin(fixture, "acme.example", false, WEEK);
	is(lists(fixture), "stale", "a copy older than max_stale is not believed at a start");
	fixture_close(fixture);
}

static void
spoil(struct fixture *fixture)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/sources/spf:acme.example.copy", fixture->folder);
	file = fopen(path, "r+");
	if (file == NULL || fseek(file, -20, SEEK_END) != 0 || fputc('\7', file) == EOF || fclose(file) != 0)
		abort();
}

static void
damaged_copy(void)
{
	struct fixture *fixture = acme_open(WEEK);

	end(fixture);
	spoil(fixture);
	outage(fixture);
	begin(fixture, "acme.example", false, WEEK);
	is(lists(fixture), "unknown", "a damaged copy counts as missing");
	is_number(said_times("/sources/spf:acme.example.copy:"), 1, "and is reported by its name");
	zone_set(fixture, "acme.example", plain);
	is_number(unfold(fixture), 1, "the next unfolding is believed");
	is(stands(fixture, COPY_BELIEVED), "there", "and stored as a sound copy");
	fixture_close(fixture);
}

static void
folder_that_takes_nothing(void)
{
	struct fixture *fixture = fixture_open();
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/sources", fixture->folder);
	if (rmdir(path) != 0 || (file = fopen(path, "w")) == NULL || fclose(file) != 0)
		abort();
	zone_set(fixture, "acme.example", "acme.example 60 TXT \"v=spf1 ip4:192.0.2.1 -all\"");
	begin(fixture, "acme.example", false, WEEK);
	run_until(fixture, HOUR);
	is(lists(fixture), "192.0.2.1", "a directory that cannot be written does not stop the use");
	is_number(said_times("would be lost at a restart"), 1, "it is logged, once");
	is_number(said_times("would be lost at a restart"), 1, "with its consequence");
	if (unlink(path) != 0 || mkdir(path, 0700) != 0)
		abort();
	run_until(fixture, HOUR + 100);
	is(stands(fixture, COPY_BELIEVED), "there", "when it can be written again the copy is written");
	fixture_close(fixture);
}

/* ---- belief ---- */

static const struct {
	const char *record; /* after "v=spf1 ip4:192.0.2.0/24 " unless it begins with "v=" */
	bool exclusive;
	const char *trouble; /* NULL: it is believed */
	const char *name;
} doubts[] = {
	{ "ip4:20.0.0.0/11", false, "lists the whole of 20.0.0.0/11 through acme.example > ip4; the limit is /12",
	    "an IPv4 network wider than /12" },
	{ "ip4:20.0.0.0/12", false, NULL, "a /12" },
	{ "ip6:2a00::/27", false, "lists the whole of 2a00::/27 through acme.example > ip6; the limit is /28",
	    "an IPv6 network wider than /28" },
	{ "ip6:2a00::/28", false, NULL, "an IPv6 /28" },
	{ "ip4:20.0.0.0/12 ip4:21.0.0.0/12 ip4:22.0.0.0/12 ip4:23.0.0.0/12 ip4:24.0.0.0/12", false, "of IPv4",
	    "networks of a large share of the address space together" },
	{ "+all", false, "published wrongly: ", "+all" },
	{ "include:bulk.example", true, "bulk.example through acme.example > bulk.example > ip4",
	    "a shared sender in an exclusive source" },
	{ "include:bulk.example", false, NULL, "a shared sender in a source that is not exclusive" },
	{ "v=spf1 ip4:192.0.2.0/26 -all", false, "75 % fewer", "a fall by more than half" },
	{ "v=spf1 ip4:192.0.2.0/25 -all", false, NULL, "a fall by half" },
	{ "v=spf1 ip4:198.51.100.0/24 -all", false, NULL, "a move to other addresses of the same number" },
	{ "include:acme.example", false, "published wrongly: ", "a loop" },
	{ "include:nowhere.example", false, "published wrongly: ", "an include of what is not there" },
};

static void
disbelief(void)
{
	for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++) {
		struct fixture *fixture = fixture_open();
		bool whole = strncmp(doubts[i].record, "v=", 2) == 0;
		char line[400];

		zone_set(fixture, "bulk.example", "bulk.example 600 TXT \"v=spf1 ip4:203.0.113.0/24 -all\"");
		zone_set(fixture, "acme.example", "acme.example 600 TXT \"v=spf1 ip4:192.0.2.0/24 -all\"");
		begin(fixture, "acme.example", doubts[i].exclusive, WEEK);
		(void)unfold(fixture);
		snprintf(line, sizeof line, "acme.example 600 TXT \"%s%s%s\"", whole ? "" : "v=spf1 ip4:192.0.2.0/24 ",
		    doubts[i].record, whole ? "" : " -all");
		zone_set(fixture, "acme.example", line);
		second = 700;
		if (doubts[i].trouble == NULL) {
			ok(unfold(fixture) && fixture->watch->trouble[0] == '\0', "%s is believed", doubts[i].name);
		} else {
			bool wrong = strncmp(doubts[i].trouble, SOURCE_WATCH_WRONGLY, strlen(SOURCE_WATCH_WRONGLY)) == 0;

			ok(unfold(fixture) == wrong && strcmp(lists(fixture), "192.0.2.0/24") == 0,
			    "%s is not believed", doubts[i].name);
			ok((fixture->watch->copy.wrong != 0) == wrong, "%s: %s", doubts[i].name,
			    wrong ? "of other addresses nothing is known any more"
				  : "other addresses are not listed, as before");
			ok(strstr(fixture->watch->trouble, doubts[i].trouble) != NULL &&
				said_times(doubts[i].trouble) == 1,
			    "%s: that is logged, with what and where", doubts[i].name) ||
			    (note("trouble: %s", fixture->watch->trouble), true);
		}
		fixture_close(fixture);
	}
}

/* ---- gone, or wrong ---- */

static const char nobody[] = "acme.example 600 TXT \"v=spf1 -all\"";
static const char both[] = "acme.example 600 TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\nacme.example 600 TXT \"v=spf1 -all\"";

/* Asks another name, which exists: the resolver still reaches DNS. */
static void
others_answer(struct fixture *fixture)
{
	struct arena *arena = arena_open(64 * 1024);
	struct budget budget = { 1000 };
	struct dns_question question;
	struct dns_answer answer;

	zone_set(fixture, "other.example", "other.example TXT hello");
	if (!dns_question_make(&question, "other.example", DNS_TXT))
		abort();
	resolver_ask(fixture->resolver, &question, &budget, arena, &answer);
	arena_close(arena);
}

/* Hour after hour, up to a second. */
static void
pass_until(struct fixture *fixture, int64_t until, bool others)
{
	for (int64_t hour = second / HOUR * HOUR; hour <= until; hour += HOUR) {
		if (others)
			others_answer(fixture);
		(void)run_until(fixture, hour);
	}
	(void)run_until(fixture, until);
}

static void
with_absent_after(struct fixture *fixture, int64_t seconds)
{
	fixture->with.absent_after = seconds;
}

static const struct {
	const char *line; /* NULL: no such name */
	const char *said, *name;
} wrongs[] = {
	{ NULL, "acme.example: no SPF record, the name does not exist", "a name that does not exist" },
	{ "acme.example 600 TXT hello", "acme.example: no SPF record", "a name without an SPF record" },
	{ nobody, "acme.example: its SPF record passes no address", "a record that passes nobody" },
	{ both, "acme.example: two SPF records", "two SPF records" },
	{ "acme.example 600 TXT \"v=spf1 ip4:192.0.2 -all\"", "acme.example: ", "a broken term" },
};

static void
gone_after_a_week(void)
{
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		struct fixture *fixture = acme_open(30 * (int64_t)DAY);

		with_absent_after(fixture, WEEK);
		zone_set(fixture, "acme.example", wrongs[i].line);
		if (wrongs[i].line == NULL)
			zone_set(fixture, "_spf.acme.example", NULL);
		pass_until(fixture, WEEK, true);
		is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "%s: what it listed stays in use for a week",
		    wrongs[i].name);
		ok(fixture->watch->copy.wrong != 0 && !fixture->watch->copy.gone, "%s: and other addresses are unknown",
		    wrongs[i].name);
		ok(said_times(wrongs[i].said) == 1 && said_times("no answer") == 0, "%s: the log says what is broken",
		    wrongs[i].name) ||
		    (note("said: %s", said), true);
		pass_until(fixture, WEEK + HOUR, true);
		is(lists(fixture), "", "%s: then it lists nothing", wrongs[i].name);
		ok(fixture->watch->known && fixture->watch->copy.gone, "%s: and is not unknown", wrongs[i].name);
		is_number(said_times("source-wrong: source spf:acme.example of acme: "), 1, "%s: and logged",
		    wrongs[i].name);
		pass_until(fixture, 9 * WEEK, true);
		is(lists(fixture), "", "%s: it does not grow stale while DNS says so", wrongs[i].name);
		zone_set(fixture, "acme.example", plain);
		zone_set(fixture, "_spf.acme.example", list);
		pass_until(fixture, 9 * WEEK + HOUR, true);
		is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "%s: once repaired it lists again", wrongs[i].name);
		is_number(fixture->watch->copy.wrong, 0, "%s: and the trouble is forgotten", wrongs[i].name);
		fixture_close(fixture);
	}
}

static void
gone_over_restarts(void)
{
	struct fixture *fixture = acme_open(30 * (int64_t)DAY);

	with_absent_after(fixture, WEEK);
	zone_set(fixture, "acme.example", NULL);
	for (int64_t day = 1; day <= 7; day++) {
		pass_until(fixture, day * DAY, true);
		end(fixture);
		begin(fixture, "acme.example", false, 30 * (int64_t)DAY);
	}
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "after six restarts in a week it uses its last good copy");
	pass_until(fixture, WEEK + 2 * HOUR, true);
	is(lists(fixture), "", "a restart does not restart the week");
	end(fixture);
	begin(fixture, "acme.example", false, 30 * (int64_t)DAY);
	ok(fixture->watch->known && fixture->watch->copy.gone && strcmp(lists(fixture), "") == 0,
	    "a source that is gone is gone at the next start, before anything is asked");
	outage(fixture);
	pass_until(fixture, 6 * WEEK, false);
	is(lists(fixture), "stale", "but not longer than max_stale without an answer");
	fixture_close(fixture);
}

static void
gone_from_the_start(void)
{
	struct fixture *fixture = fixture_open();

	with_absent_after(fixture, WEEK);
	begin(fixture, "acme.example", false, WEEK);
	ok(unfold(fixture), "a name that never existed changes what is believed: it is wrong, not silent");
	is(lists(fixture), "unknown", "its addresses are not known");
	is(stands(fixture, COPY_BELIEVED), "there", "that it is wrong is stored");
	end(fixture);
	second = 3 * DAY;
	begin(fixture, "acme.example", false, WEEK);
	is(lists(fixture), "unknown", "and is no list at the next start");
	pass_until(fixture, WEEK + HOUR, true);
	is(lists(fixture), "", "after a week from its first answer it lists nothing");
	is(stands(fixture, COPY_ACCEPTED), "not there", "from which drift cannot be measured");
	fixture_close(fixture);
}

static void
gone_only_where_dns_is_well(void)
{
	struct fixture *fixture = acme_open(30 * (int64_t)DAY);

	with_absent_after(fixture, WEEK);
	zone_set(fixture, "acme.example", NULL);
	pass_until(fixture, 2 * WEEK, false);
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "if no other name answers either, nothing is gone");
	outage(fixture);
	pass_until(fixture, 3 * WEEK, true);
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "nor while DNS does not say so");
	is_number(fixture->watch->copy.wrong, START + 602, "an outage does not end the list");
	zone_set(fixture, "acme.example", NULL);
	pass_until(fixture, 3 * WEEK + HOUR, true);
	is(lists(fixture), "", "it is, once DNS says so again while other names answer");
	fixture_close(fixture);
}

static void
gone_begins_anew(void)
{
	struct fixture *fixture = acme_open(30 * (int64_t)DAY);

	with_absent_after(fixture, WEEK);
	zone_set(fixture, "acme.example", NULL);
	pass_until(fixture, 6 * DAY, true);
	zone_set(fixture, "acme.example", plain);
	pass_until(fixture, 6 * DAY + HOUR, true);
	is_number(fixture->watch->copy.wrong, 0, "a name that is back is not wrong");
	zone_set(fixture, "acme.example", NULL);
	pass_until(fixture, 12 * DAY, true);
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "and gets a new week when it is gone again");
	zone_set(fixture, "acme.example", plain);
	zone_set(fixture, "_spf.acme.example", "_spf.acme.example 600 TXT \"v=spf1 ip4:192.0.2.0/28 -all\"");
	pass_until(fixture, 13 * DAY, true);
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "an answer that is not believed does not replace it");
	is_number(fixture->watch->copy.wrong, 0, "but it is not wrong, and other addresses are not listed");
	fixture_close(fixture);
}

static void
gone_too_soon(void)
{
	struct fixture *fixture = acme_open(30 * (int64_t)DAY);

	with_absent_after(fixture, 1);
	zone_set(fixture, "acme.example", NULL);
	for (int turn = 1; turn <= 3; turn++) {
		is_number(fixture->watch->copy.gone, false, "however short refresh.absent_after, asking %d finds it",
		    turn);
		others_answer(fixture);
		second += 700;
		(void)unfold(fixture);
	}
	is(lists(fixture), "", "it takes at least three askings");
	fixture_close(fixture);
}

static void
accept_pending(struct fixture *fixture)
{
	struct source_copy copy;
	struct arena *arena;
	struct fault why;

	if (strcmp(load(fixture, COPY_PENDING, &copy, &arena), "there") != 0 ||
	    !source_files_save(fixture->folder, COPY_ACCEPTED, &copy, &why))
		abort();
	arena_close(arena);
}

static const char wide[] = "_spf.acme.example 600 TXT \"v=spf1 ip4:192.0.2.0/24 ip4:20.0.0.0/10 -all\"";
static const char wider[] = "_spf.acme.example 600 TXT \"v=spf1 ip4:192.0.2.0/24 ip4:20.0.0.0/9 -all\"";

static void
acceptance(void)
{
	struct fixture *fixture = acme_open(WEEK);

	is(stands(fixture, COPY_ACCEPTED), "there", "drift is measured from the first copy that was believed");
	is(stands(fixture, COPY_PENDING), "not there", "then nothing waits for a person");
	zone_set(fixture, "_spf.acme.example", wide);
	run_until(fixture, 700);
	is(stands(fixture, COPY_PENDING), "there", "what is not believed waits for a person");
	is_number(said_times("greenlane sources --accept"), 1, "and the log names the remedy, once");
	accept_pending(fixture);
	zone_set(fixture, "_spf.acme.example", wider);
	run_until(fixture, 1400);
	is(lists(fixture), "192.0.2.0/24 2001:db8::/32", "only what was accepted is accepted, not more");
	zone_set(fixture, "_spf.acme.example", wide);
	run_until(fixture, 2100);
	is(lists(fixture), "20.0.0.0/10 192.0.2.0/24", "what was accepted is believed at the next asking");
	is(stands(fixture, COPY_PENDING), "not there", "nothing waits any longer");
	is_number(run_until(fixture, 2 * DAY), 0, "and it stays so");
	end(fixture);
	begin(fixture, "acme.example", false, WEEK);
	(void)unfold(fixture);
	is(lists(fixture), "20.0.0.0/10 192.0.2.0/24", "across a restart, too");
	fixture_close(fixture);
}

static void
first_unfolding_is_doubted(void)
{
	struct fixture *fixture = fixture_open();

	zone_set(fixture, "acme.example", "acme.example 600 TXT \"v=spf1 ip4:20.0.0.0/10 -all\"");
	begin(fixture, "acme.example", false, WEEK);
	(void)unfold(fixture);
	is(lists(fixture), "unknown", "what is too wide from the start is not believed either: not known, not empty");
	accept_pending(fixture);
	run_until(fixture, 10);
	is(lists(fixture), "20.0.0.0/10", "until a person accepts it");
	fixture_close(fixture);
}

static void
nothing_to_keep_it_in(void)
{
	struct fixture *fixture = fixture_open();

	fixture->with.state_dir = "";
	zone_set(fixture, "acme.example", "acme.example 600 TXT \"v=spf1 ip4:192.0.2.1 -all\"");
	begin(fixture, "acme.example", false, WEEK);
	(void)unfold(fixture);
	is(lists(fixture), "192.0.2.1", "without a state_dir it is unfolded, too");
	is(stands(fixture, COPY_BELIEVED), "not there", "and nothing is stored");
	fixture_close(fixture);
}

int
main(void)
{
	outage_of_a_day();
	outage_beyond_max_stale();
	outage_with_the_clock_set_back();
	clock_set_forward();
	retries_double();
	max_stale_is_no_trap();
	source_files_serve();
	damaged_copy();
	folder_that_takes_nothing();
	disbelief();
	gone_after_a_week();
	gone_over_restarts();
	gone_from_the_start();
	gone_only_where_dns_is_well();
	gone_begins_anew();
	gone_too_soon();
	acceptance();
	first_unfolding_is_doubted();
	nothing_to_keep_it_in();
	return done();
}
