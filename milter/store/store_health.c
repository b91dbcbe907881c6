#include <string.h>
#include <syslog.h>

#include "milter/store/store_health.h"
#include "milter/system/clock.h"
#include "milter/system/journal.h"
#include "policy/util/text.h"

void
store_health_open(struct store_health *health, const char *name, struct journal *journal)
{
	*health = (struct store_health){ .report = { .state = STORE_STATE_WORKS, .since = clock_now() },
		.name = name,
		.journal = journal };
}

void
store_health_fails(struct store_health *health, enum store_state state, const struct fault *why)
{
	struct store_report *report = &health->report;
	char text[1024];

	if (report->state == state && strcmp(report->why.text, why->text) == 0)
		return;
	if (report->state == STORE_STATE_WORKS) {
		report->since = clock_now();
		report->passed = 0;
	}
	report->state = state;
	report->why = *why;
	fault_write(why, text, sizeof text);
	if (health->journal != NULL)
		journal_say(health->journal, LOG_ERR,
		    "the greylist store does not work (%s): %s; until it works strangers pass without being greylisted",
		    store_state_word(state), text);
}

void
store_health_works(struct store_health *health)
{
	struct store_report *report = &health->report;

	if (report->state == STORE_STATE_WORKS)
		return;
	if (health->journal != NULL)
		journal_say(health->journal, LOG_NOTICE,
		    "the greylist store %s works again; %llu message%s passed without being greylisted meanwhile",
		    health->name, (unsigned long long)report->passed, text_s(report->passed));
	report->state = STORE_STATE_WORKS;
	report->since = clock_now();
	report->passed = 0;
	report->why = (struct fault){ 0 };
}

void
store_health_count_passed(struct store_health *health)
{
	health->report.passed += health->report.state != STORE_STATE_WORKS;
	health->report.passed_ever++;
}
