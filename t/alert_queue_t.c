/* What alert.command is told, when, and how often. */
#include <stdio.h>
#include <string.h>

#include "policy/review/alert_queue.h"
#include "t/lib/tap.h"

static struct alert_queue *queue;
static char ran[4096];
static bool fails;

static void
put(int64_t moment, const char *slug, bool ill, bool others, const char *text)
{
	struct alert_change change = { slug, text, "mend it", ill, false, 1, others };

	alert_queue_put(queue, &change, moment);
}

/* Runs all that is due. */
static const char *
run(int64_t moment)
{
	struct alert_run next;

	ran[0] = '\0';
	while (alert_queue_take(queue, moment, &next)) {
		size_t length = strlen(ran);

		snprintf(ran + length, sizeof ran - length, "[%s %s: %s]", next.ill ? "ill" : "well", next.slug,
		    next.text);
		alert_queue_done(queue, &next, !fails, moment);
	}
	return ran;
}

static void
begin(void)
{
	alert_queue_close(queue);
	queue = alert_queue_open();
	fails = false;
}

static void
test_once(void)
{
	begin();
	is(run(0), "", "nothing is owed");
	put(1, "no-mta", true, false, "none came");
	is(run(1), "[ill no-mta: none came; mend it]", "ill is told");
	is(run(1000), "", "once");
	put(1001, "no-mta", false, false, "none came");
	is(run(1001), "[well no-mta: none came]", "well is told");
	is(run(2000), "", "once");
	put(2001, "no-mta", true, false, "a\tb\n");
	is(run(2001), "[ill no-mta: a?b?; mend it]", "the text is one line");
}

static void
test_many(void)
{
	begin();
	put(1, "source-trouble", true, false, "A");
	put(1, "source-trouble", true, true, "B");
	put(1, "source-trouble", true, true, "C");
	put(1, "dns-trouble", true, false, "D");
	is(run(1), "[ill source-trouble: A; mend it (and 2 more, see greenlane status)][ill dns-trouble: D; mend it]",
	    "those of one slug make one run");
	put(2, "source-trouble", true, true, "E");
	put(3, "source-trouble", true, true, "F");
	is(run(59), "", "further ones wait for a minute");
	is(run(61), "[ill source-trouble: E; mend it (and 1 more, see greenlane status)]", "and are told together");
	put(62, "source-trouble", false, true, "A");
	is(run(62), "", "one of several that is well is not told");
	put(63, "source-trouble", false, false, "F");
	is(run(63), "[well source-trouble: F]", "the last one is");
}

static void
test_quick(void)
{
	begin();
	put(1, "disk-full", true, false, "A");
	put(1, "disk-full", false, false, "A");
	is(run(1), "", "who was not told that it is ill is not told that it is well");
}

static void
test_failure(void)
{
	begin();
	fails = true;
	put(1, "no-mta", true, false, "A");
	is(run(1), "[ill no-mta: A; mend it]", "a run that fails");
	is(run(60), "", "is not repeated at once");
	is(run(61), "[ill no-mta: A; mend it]", "but after a minute");
	for (int64_t moment = 121; moment <= 241; moment += 60)
		is(run(moment), "[ill no-mta: A; mend it]", "and again");
	is(run(301), "", "then it is given up");
	is(run(9000), "", "for good");
	fails = false;
	alert_queue_retry(queue, 9001);
	is(run(9001), "[ill no-mta: A; mend it]", "until somebody has corrected it");
	is(run(9999), "", "which is all");
	begin();
	fails = true;
	put(1, "no-mta", true, false, "A");
	is(run(1), "[ill no-mta: A; mend it]", "one that fails may have told somebody");
	put(2, "no-mta", false, false, "A");
	is(run(2), "[well no-mta: A]", "so that it is well is told");
}

/* While the command runs, other things happen. */
static void
test_meanwhile(void)
{
	struct alert_run first;

	begin();
	put(1, "source-trouble", true, false, "A");
	ok(alert_queue_take(queue, 1, &first), "a run begins");
	put(2, "source-trouble", true, true, "B");
	alert_queue_done(queue, &first, true, 3);
	is(run(3), "", "what came meanwhile waits");
	is(run(61), "[ill source-trouble: B; mend it]", "and is not forgotten");
	put(62, "source-trouble", true, false, "C");
	ok(!alert_queue_take(queue, 62, &first), "(not yet)");
	ok(alert_queue_take(queue, 121, &first), "another run begins");
	put(122, "source-trouble", false, false, "C");
	alert_queue_done(queue, &first, true, 123);
	is(run(123), "[well source-trouble: C]", "well meanwhile is told, too");
}

int
main(void)
{
	test_once();
	test_many();
	test_quick();
	test_failure();
	test_meanwhile();
	alert_queue_close(queue);
	return done();
}
