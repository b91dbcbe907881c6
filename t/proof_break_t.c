/* When does a missing proof mean that something broke? Hours that are added up, runs of them, and that the alert and the report
 * say the same of the same messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/alert_rates.h"
#include "policy/review/report_view.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

enum { BEGIN = 0x6a000000 - 0x6a000000 % 86400 /* a midnight */, HOUR = 3600, MOST = 4096 };

static struct policy *policy;
static const struct suffix_list suffixes = { NULL };

/* ---- what an id says ---- */

static void
test_time(void)
{
	static const struct {
		const char *id;
		long long when;
	} ids[] = { { "6b0a0000.1.2", 0x6b0a0000 }, { "0.1.2", 0 }, { "", 0 }, { "x", 0 }, { "6b0a0000", 0 },
		{ "6b0a0000-1", 0 }, { "ffffffffffffffff.1.2", 0 } };

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		is_number(proof_time(ids[i].id), ids[i].when, "the time of id '%s'", ids[i].id);
}

/* ---- an hour ---- */

/* Messages of one hour, a minute after the other: g has the proof, b has not. Lead, run, and minutes of what it remembers. */
static const struct {
	const char *messages;
	unsigned lead, run, good_first, good_last, bad_after;
} hours[] = {
	{ "g", 0, 0, 1, 1, 0 },
	{ "b", 0, 1, 0, 0, 1 },
	{ "bbb", 0, 3, 0, 0, 1 },
	{ "bbg", 2, 0, 3, 3, 0 },
	{ "gbb", 0, 2, 1, 1, 2 },
	{ "bgbgbb", 1, 2, 2, 4, 5 },
	{ "gbbbg", 0, 0, 1, 5, 0 },
};

static unsigned
minute(uint32_t when)
{
	return when == 0 ? 0 : (when - BEGIN) / 60 + 1;
}

static void
check_hour(const struct proof_hour *hour, size_t i, const char *how)
{
	is_number(hour->lead, hours[i].lead, "%s, %s: before the first good one", hours[i].messages, how);
	is_number(hour->run, hours[i].run, "%s, %s: after the last", hours[i].messages, how);
	is_number(minute(hour->good_first), hours[i].good_first, "%s, %s: the first good one", hours[i].messages, how);
	is_number(minute(hour->good_last), hours[i].good_last, "%s, %s: the last", hours[i].messages, how);
	is_number(minute(hour->bad_after), hours[i].bad_after, "%s, %s: the run began", hours[i].messages, how);
}

static void
note_at(struct proof_hour *hour, const char *messages, size_t at)
{
	proof_hour_note(hour, messages[at] == 'g', BEGIN + (uint32_t)at * 60);
}

static void
test_hours(void)
{
	for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++) {
		size_t length = strlen(hours[i].messages);
		struct proof_hour whole = { .good = 0 };

		for (size_t at = 0; at < length; at++)
			note_at(&whole, hours[i].messages, at);
		check_hour(&whole, i, "in order");
		for (size_t cut = 0; cut <= length; cut++) {
			struct proof_hour first = { .good = 0 }, second = { .good = 0 };

			for (size_t at = 0; at < length; at++)
				note_at(at < cut ? &first : &second, hours[i].messages, at);
			proof_hour_join(&second, &first);
			check_hour(&second, i, "in two parts");
		}
	}
}

static void
test_hours_in_another_order(void)
{
	for (size_t i = 0; i < 5; i++) { /* those of one change: of more the order tells */
		struct proof_hour hour = { .good = 0 };

		for (size_t at = strlen(hours[i].messages); at-- > 0;)
			note_at(&hour, hours[i].messages, at);
		check_hour(&hour, i, "from the last to the first");
	}
}

/* ---- a run ---- */

/* Hours, each of several messages: "/" ends one. */
static const struct {
	const char *what, *hours;
	unsigned ended, failed, since; /* failed and since (an hour) of what is a break, ended or not; 0: none */
} runs[] = {
	{ "no break", "gggggggggg/gggg", 0, 0, 0 },
	{ "one that lasts", "gggggggggggggggggggg/bbbb/bbbb", 0, 8, 1 },
	{ "that begins within an hour", "ggggggggggggggggggggbbb/bbbb", 0, 7, 0 },
	{ "that ends within an hour", "gggggggggggggggggggg/bbb/bbbbggg", 1, 7, 1 },
	{ "hours without mail between", "gggggggggggggggggggg////bbbb///bbbb", 0, 8, 4 },
	{ "that is mended, with one that is not", "gggggggggggggggggggg/bbbbbbbbg/gbgbb", 1, 8, 1 },
	{ "within one hour", "gggggggggggggggggggg/gbbbbbbbbbbg/gg", 1, 10, 1 },
	{ "of several in one hour the longest", "gggggggggggggggggggg/gbbgbbbbbbbbbbg/gg", 1, 10, 1 },
	{ "of a vendor's first hour", "ggggggggggggggggggggbbbbbbbbg", 1, 8, 0 },
	{ "one that goes on and one of the hour",
	    "gggggggggggggggggggg/bbbbbbb/bgggggggggggggggggggggggggggggggggggggggggbbbbbbbbbbbbg", 2, 12, 2 },
};

static struct proof_run
play(const char *text, unsigned *ended)
{
	struct proof_run run = { .since = 0 }, over[PROOF_ENDED], found = { .since = 0 };
	struct proof_hour hour = { .good = 0 };
	uint32_t when = BEGIN;

	*ended = 0;
	for (;; text++) {
		if (*text == '/' || *text == '\0') {
			for (unsigned i = proof_run_add(&run, &hour, over); i-- > 0;)
				if (proof_run_is_break(&over[i], 5)) {
					found = over[i].since > found.since ? over[i] : found;
					++*ended;
				}
			hour = (struct proof_hour){ .good = 0 };
			when += HOUR - (when - BEGIN) % HOUR;
		} else {
			proof_hour_note(&hour, *text == 'g', when++);
		}
		if (*text == '\0')
			return proof_run_is_break(&run, 5) ? run : found;
	}
}

static void
test_runs(void)
{
	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
		unsigned ended;
		struct proof_run found = play(runs[i].hours, &ended);

		is_number(ended, runs[i].ended, "%s: so many are over", runs[i].what);
		is_number((long long)found.failed, runs[i].failed, "%s: messages", runs[i].what);
		if (found.failed > 0)
			is_number((found.since - BEGIN) / HOUR, runs[i].since, "%s: since that hour", runs[i].what);
	}
}

static void
test_least(void)
{
	const struct proof_run run = { .good = 1000, .failed = 7, .since = BEGIN };

	ok(proof_run_is_break(&run, 7), "as many as are asked for");
	ok(!proof_run_is_break(&run, 8), "one fewer");
	ok(!proof_run_is_break(&(struct proof_run){ .good = 4, .failed = 1000 }, 5), "too few good ones before");
	ok(!proof_run_is_break(&(struct proof_run){ .good = 9 }, 0), "a run without messages is none");
}

/* ---- the alert and the report ---- */

static uint64_t random_state = 88172645463325252u;

static unsigned
draw(unsigned most)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state % most);
}

struct message {
	uint32_t when;
	bool good;
};

/* A vendor that signs nearly all, whose signatures break now and then for a while. */
static size_t
make(struct message *list, size_t count)
{
	uint32_t when = BEGIN;
	unsigned broken = 0, misses = 5 + draw(200);

	for (size_t i = 0; i < count; i++) {
		when += draw(i % 512 < 256 ? 600 : 4000);
		if (broken == 0 && draw(100) == 0)
			broken = draw(40);
		list[i] = (struct message){ when, broken == 0 && draw(misses) > 0 };
		broken -= broken > 0;
	}
	return count;
}

static void
take(struct report *report, const struct message *message, size_t number)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault why;
	char line[1024];

	snprintf(line, sizeof line,
	    "greenlaned: id=%08lx.1.%zx outcome=vouched action=pass vendor=acme reason=proven stage=eom client=192.0.2.1 listed=-"
	    " mail_from=b@acme.example from=t@acme.example rcpts=a@rx.example spf=pass dkim=%s:acme.example dmarc=pass greylist=off ms=1 tries=- waited=-",
	    (unsigned long)message->when, number, message->good ? "pass" : "fail");
	if (arena == NULL || log_line_read(arena, span_of(line), &recorded, &why) != LOG_FORM_LINE ||
	    !report_take(report, &recorded))
		abort();
	arena_close(arena);
}

/* The report of these messages, in this order of files (each a part of them): since when it is broken now; 0: it is not. */
static int64_t
reported(const struct message *list, size_t count, bool last_file_first)
{
	struct report *report = report_open(policy, &suffixes);
	struct arena *arena = arena_open(REPORT_VIEW_ARENA);
	const struct report_view *view;
	size_t half = count / 2;
	int64_t since = 0;

	if (report == NULL || arena == NULL)
		abort();
	for (size_t i = 0; i < count; i++) {
		size_t at = last_file_first ? (i + half) % count : i;

		take(report, &list[at], at);
	}
	view = report_view_make(report, NULL, arena);
	if (view == NULL)
		abort();
	for (size_t i = 0; i < view->break_count; i++)
		if (view->breaks[i].until == 0 && strcmp(view->breaks[i].what, "dkim") == 0)
			since = view->breaks[i].since / 1000;
	arena_close(arena);
	report_close(report);
	return since;
}

static void
test_alert_and_report(void)
{
	static struct message list[MOST];
	struct settings settings = policy->settings;
	unsigned asked = 0, broken = 0, differ = 0, differ_by_order = 0;

	settings.alert.broken_after = 0;
	for (unsigned round = 0; round < 12; round++) {
		struct alert_rates rates = { .signed_at = 0 };
		struct rate_findings found;
		size_t count = make(list, 400 + draw(800));

		for (size_t i = 0; i < count; i++) {
			alert_rates_note_signature(&rates, list[i].good, list[i].when);
			alert_rates_find(&rates, &settings, list[i].when, &found);
			if (found.broken_since == 0 && draw(200) > 0)
				continue; /* asks whenever it is broken, and now and then when it is not */
			if (draw(4) > 0)
				continue;
			asked++;
			broken += found.broken_since != 0;
			differ += reported(list, i + 1, false) != found.broken_since;
			differ_by_order += reported(list, i + 1, true) != found.broken_since;
		}
	}
	ok(asked > 60 && broken > 30 && broken < asked, "asked %u times, %u of them while it is broken", asked, broken);
	is_number(differ, 0, "alert and report agree each time whether it is, and since when");
	is_number(differ_by_order, 0, "also when the files are read in another order");
}

int
main(void)
{
	static const char conf[] = "authserv_id = \"mx.rx.example\"; vendors = ("
				   "{ name = \"acme\"; inline = true; domains = [ \"acme.example\" ]; } );";

	policy = conf_load(conf, &(struct policy_files){ .suffixes = &suffixes });
	test_time();
	test_hours();
	test_hours_in_another_order();
	test_runs();
	test_least();
	test_alert_and_report();
	policy_free(policy);
	return done();
}
