/* Counting: nothing is lost where many threads count the same, or new, vendors at once; what is beyond the room is nobody's. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/counters.h"
#include "t/lib/tap.h"

enum { THREADS = 4, ROUNDS = 2000, NAMES = 50 };

static struct counters *counters;
static char names[NAMES][16];

static void
note_mail(const char *name, enum outcome outcome, enum action action)
{
	struct vendor vendor = { .name = name };
	struct verdict verdict = { .outcome = outcome, .reason = REASON_PROVEN, .deciding = -1 };
	struct verdict_record record = { .verdict = &verdict, .action = action, .greylist = GREYLIST_KNOWN };

	if (name != NULL) {
		verdict.claims[0].vendor = &vendor;
		verdict.claim_count = 1;
		verdict.deciding = 0;
	}
	counters_note_verdict(counters, &record);
}

static uint64_t
count_of(const struct metrics *metrics, const char *name, enum outcome outcome, enum action action)
{
	for (size_t i = 0; i < metrics->vendor_count; i++)
		if (strcmp(metrics->vendors[i].name, name) == 0)
			return metrics->vendors[i].verdicts[outcome][action];
	return UINT64_MAX;
}

static bool
tell(struct metrics *metrics, struct arena *arena)
{
	*metrics = (struct metrics){ .version = "" };
	return ok(counters_tell(counters, metrics, arena), "there is memory");
}

static void
test_counts(struct arena *arena)
{
	struct metrics metrics;

	note_mail("acme", OUTCOME_VOUCHED, ACTION_PASS);
	note_mail("acme", OUTCOME_FORGED, ACTION_REJECT);
	note_mail(NULL, OUTCOME_STRANGER, ACTION_GREYLIST);
	counters_note_message(counters, 1500);
	counters_note_message(counters, 500);
	counters_know(counters, "quiet");
	if (!tell(&metrics, arena))
		return;
	is_number((long long)count_of(&metrics, "acme", OUTCOME_VOUCHED, ACTION_PASS), 1, "a vendor's");
	is_number((long long)count_of(&metrics, "acme", OUTCOME_FORGED, ACTION_REJECT), 1, "each outcome by itself");
	is_number((long long)count_of(&metrics, "-", OUTCOME_STRANGER, ACTION_GREYLIST), 1, "a stranger's");
	is_number((long long)count_of(&metrics, "quiet", OUTCOME_VOUCHED, ACTION_PASS), 0, "one without mail is known");
	is_number((long long)metrics.vendor_count, 3, "and no other");
	is_number((long long)metrics.reasons[REASON_PROVEN], 3, "the reason");
	is_number((long long)metrics.greylist[GREYLIST_KNOWN], 3, "the greylist's state");
	is_number((long long)metrics.microseconds, 2000, "the time in all");
	ok(metrics.buckets[0] == 1 && metrics.buckets[1] == 1, "and in buckets");
}

static void *
count_on(void *unused)
{
	for (size_t i = 0; i < ROUNDS * NAMES; i++)
		note_mail(names[i % NAMES], OUTCOME_VOUCHED, ACTION_PASS);
	return unused;
}

static void
test_threads(struct arena *arena)
{
	pthread_t threads[THREADS];
	struct metrics metrics;
	unsigned wrong = 0;

	for (size_t i = 0; i < NAMES; i++)
		snprintf(names[i], sizeof names[i], "vendor%zu", i);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, count_on, NULL) != 0)
			exit(99);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (!tell(&metrics, arena))
		return;
	for (size_t i = 0; i < NAMES; i++)
		wrong += count_of(&metrics, names[i], OUTCOME_VOUCHED, ACTION_PASS) != THREADS * ROUNDS;
	is_number(wrong, 0, "four threads that begin with the same new vendors lose no count");
	is_number((long long)metrics.vendor_count, NAMES + 3, "and make each vendor once");
}

static void
test_room(struct arena *arena)
{
	struct metrics metrics;
	char name[32];

	for (size_t i = 0; i < COUNTERS_VENDORS_MAX + 10; i++) {
		snprintf(name, sizeof name, "many%zu", i);
		note_mail(name, OUTCOME_UNSURE, ACTION_DEFER);
	}
	if (!tell(&metrics, arena))
		return;
	is_number((long long)metrics.vendor_count, COUNTERS_VENDORS_MAX + 1, "there is an end");
	is_number((long long)count_of(&metrics, "-", OUTCOME_UNSURE, ACTION_DEFER), NAMES + 2 + 10,
	    "what is beyond it is counted as nobody's");
}

int
main(void)
{
	struct arena *arena = arena_open(64 * 1024 * 1024);
	struct fault why;

	counters = counters_open(&why);
	if (counters == NULL || arena == NULL)
		return 99;
	test_counts(arena);
	test_threads(arena);
	test_room(arena);
	counters_note_verdict(NULL, NULL);
	counters_note_message(NULL, 1);
	counters_close(counters);
	counters_close(NULL);
	arena_close(arena);
	return done();
}
