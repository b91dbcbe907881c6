/* Has a vendor's mail changed? What is usual is no news; what jumps is, with its time; and when it ends, so does it. */
#include <stdio.h>
#include <string.h>

#include "policy/review/alert_rates.h"
#include "t/lib/tap.h"

enum { BEGIN = 1795824000 /* a midnight */, HOUR = 3600, DAY = 24 * HOUR, USUAL_DAYS = 20 };

static struct settings settings;
static struct alert_rates rates;
static int64_t now;

static void
come(enum outcome outcome, enum tri dkim, unsigned times)
{
	for (; times > 0; times--) {
		alert_rates_note(&rates, outcome, now);
		if (dkim != UNKNOWN)
			alert_rates_note_signature(&rates, dkim == YES, now);
	}
}

/* Ten vouched messages a day, one of them forged, one without a signature. */
static void
begin(void)
{
	memset(&rates, 0, sizeof rates);
	settings = (struct settings){ .monitor = false };
	settings.alert.jump_percent = 50;
	settings.alert.jump_least = 20;
	settings.alert.broken_least = 5;
	settings.alert.broken_after = HOUR;
	settings.alert.delayed = 3;
	for (now = BEGIN; now < BEGIN + USUAL_DAYS * DAY; now += DAY) {
		come(OUTCOME_VOUCHED, YES, 8);
		come(OUTCOME_VOUCHED, NO, 1);
		come(OUTCOME_FORGED, UNKNOWN, 1);
	}
	come(OUTCOME_VOUCHED, YES, 1);
}

static struct rate_findings
find(void)
{
	struct rate_findings found;

	alert_rates_find(&rates, &settings, now, &found);
	return found;
}

static bool
is_quiet(const struct rate_findings *found)
{
	return found->forged.since == 0 && found->unproven.since == 0 && found->broken_since == 0 && found->delayed == 0;
}

/* ---- shares ---- */

static void
test_forged(void)
{
	struct rate_findings found;
	int64_t since;

	begin();
	found = find();
	ok(is_quiet(&found), "what is usual is quiet");
	now += 5 * HOUR + 100;
	since = now - now % HOUR;
	come(OUTCOME_FORGED, UNKNOWN, 19);
	found = find();
	ok(is_quiet(&found), "fewer than alert.jump_least are no news, whatever their share");
	come(OUTCOME_FORGED, UNKNOWN, 1);
	found = find();
	is_number(found.forged.since, since, "a jump is told, from the hour in which it began");
	is_number(found.forged.count, 20, "with how many were forged");
	is_number(found.forged.all, 21, "of how many");
	is_number(found.forged.usual, 10, "and what is usual");
	ok(found.unproven.since == 0 && found.broken_since == 0, "and it says nothing of proofs");
	now += 20 * HOUR;
	come(OUTCOME_VOUCHED, YES, 10);
	found = find();
	ok(found.forged.since != 0, "a share that falls a little is still told");
	now += 10 * HOUR;
	found = find();
	ok(is_quiet(&found), "it ends when the day is over");
}

static void
test_unproven(void)
{
	struct rate_findings found;

	begin();
	now += HOUR;
	come(OUTCOME_UNPROVEN, UNKNOWN, 30);
	found = find();
	ok(found.unproven.since != 0 && found.forged.since == 0, "unproven mail is another matter");
	for (unsigned day = 0; day < 27; day++) {
		now += DAY;
		come(OUTCOME_UNPROVEN, UNKNOWN, 30);
		found = find();
	}
	ok(found.unproven.since == 0, "what lasts for weeks has become usual");
}

static void
test_beginning(void)
{
	struct rate_findings found;

	begin();
	memset(&rates, 0, sizeof rates);
	come(OUTCOME_FORGED, UNKNOWN, 1000);
	found = find();
	ok(is_quiet(&found), "while nothing is usual yet there is no jump");
	begin();
	settings.alert.jump_least = settings.alert.broken_least = settings.alert.delayed = 0;
	now += HOUR;
	come(OUTCOME_FORGED, UNKNOWN, 1000);
	come(OUTCOME_VOUCHED, NO, 1000);
	alert_rates_note_delayed(&rates, now);
	now += 2 * HOUR;
	found = find();
	ok(is_quiet(&found), "0 is never");
}

/* ---- signatures ---- */

static void
test_broken(void)
{
	struct rate_findings found;
	int64_t since;

	begin();
	since = now += 1234;
	come(OUTCOME_VOUCHED, NO, 1);
	now += 2 * HOUR;
	come(OUTCOME_FORGED, UNKNOWN, 30);
	come(OUTCOME_VOUCHED, NO, 3);
	found = find();
	ok(found.broken_since == 0, "a few failures may be chance, and forged mail says nothing of signatures");
	come(OUTCOME_VOUCHED, NO, 20);
	found = find();
	is_number(found.broken_since, since, "so many in a row are none; the time is the first one's");
	is_number(found.broken, 24, "with their number");
	is_number(found.broken_usual, 88, "and how many were signed before");
	come(OUTCOME_VOUCHED, YES, 1);
	found = find();
	ok(found.broken_since == 0, "one that counts ends it");
}

static void
test_broken_settings(void)
{
	struct rate_findings found;

	begin();
	come(OUTCOME_VOUCHED, NO, 100);
	now += HOUR - 1;
	found = find();
	ok(found.broken_since == 0, "a run must last for alert.broken_after");
	now++;
	found = find();
	ok(found.broken_since != 0, "not a second longer");
	memset(&rates, 0, sizeof rates);
	come(OUTCOME_VOUCHED, NO, 1000);
	now += DAY;
	found = find();
	ok(found.broken_since == 0, "who never signed cannot stop");
	come(OUTCOME_VOUCHED, YES, 20);
	come(OUTCOME_VOUCHED, NO, 30);
	now += DAY;
	found = find();
	ok(found.broken_since == 0, "who hardly ever signs has long runs without");
}

/* ---- others that delay, clocks ---- */

static void
test_delayed(void)
{
	struct rate_findings found;

	begin();
	alert_rates_note_delayed(&rates, now);
	alert_rates_note_delayed(&rates, now);
	found = find();
	is_number(found.delayed, 0, "two recipients are no news");
	alert_rates_note_delayed(&rates, now);
	found = find();
	is_number(found.delayed, 3, "three are");
	now += DAY + HOUR;
	found = find();
	is_number(found.delayed, 0, "for a day");
}

static void
test_clock(void)
{
	struct rate_findings found;

	begin();
	now -= 400 * (int64_t)DAY;
	come(OUTCOME_FORGED, UNKNOWN, 30);
	found = find();
	ok(found.forged.since != 0, "a clock that is set back loses nothing");
	now += 4000 * (int64_t)DAY;
	come(OUTCOME_VOUCHED, YES, 1);
	found = find();
	ok(is_quiet(&found), "one that jumps ahead begins anew");
	now = -5;
	come(OUTCOME_VOUCHED, YES, 1);
	found = find();
	ok(is_quiet(&found), "and none leaves the windows");
}

int
main(void)
{
	test_forged();
	test_unproven();
	test_beginning();
	test_broken();
	test_broken_settings();
	test_delayed();
	test_clock();
	return done();
}
