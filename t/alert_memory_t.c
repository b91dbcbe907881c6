/* What is ill is told once, what is well again once; what blinks is told rarely. A second is a look. */
#include <stdio.h>
#include <string.h>

#include "policy/review/alert_memory.h"
#include "t/lib/tap.h"

enum { NOW = 1795910969, LOOKS = 200 };

static struct alert_memory *memory;
static char told[8192];
static int64_t moment;

static void
tell(void *unused, const struct alert_change *change)
{
	size_t length = strlen(told);

	(void)unused;
	snprintf(told + length, sizeof told - length, "%lld %s %s%s\n", (long long)moment, change->ill ? "ill" : "well",
	    change->text, change->others ? " +" : "");
}

static struct status_alert
alert_of(const char *slug, const char *subject, const char *text)
{
	return (struct status_alert){ slug, 0, text, "mend it", subject, false };
}

/* A look at one state, then what is told. */
static void
look(bool ill, const char *text)
{
	struct status_alert alert = alert_of("dns-trouble", "", text);
	struct alert_time time = { NOW + moment, moment };

	alert_memory_see(memory, STATUS_DAEMON, &alert, ill, time);
	alert_memory_tell(memory, time, tell, NULL);
	moment++;
}

static void
begin(void)
{
	alert_memory_close(memory);
	memory = alert_memory_open();
	told[0] = '\0';
	moment = 0;
}

/* Each letter is so many looks: i ill, w well. */
static const struct {
	const char *name, *looks, *told;
} rows[] = {
	{ "nothing", "w9", "" },
	{ "what lasts is told once", "i90", "4 ill it\n" },
	{ "what is gone is told once, after a while", "i10w90", "4 ill it\n25 well it\n" },
	{ "what blinks is not told", "i3w2i3w2i3w2i3w2i3w9", "" },
	{ "what is gone for a moment is not well", "i9w9i9w9i9w9i9w9i9", "4 ill it\n" },
	{ "what returns must be gone for twice as long", "i9w20i9w90", "4 ill it\n24 well it\n33 ill it\n68 well it\n" },
	{ "and again twice", "i9w20i9w35i9w90", "4 ill it\n24 well it\n33 ill it\n68 well it\n77 ill it\n142 well it\n" },
};

static void
play(const char *looks)
{
	unsigned count;
	int used;
	char letter;

	for (; sscanf(looks, "%c%u%n", &letter, &count, &used) == 2; looks += used)
		for (unsigned i = 0; i < count; i++)
			look(letter == 'i', "it");
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		begin();
		play(rows[i].looks);
		is(told, rows[i].told, "%s", rows[i].name);
	}
}

static void
test_forgotten(void)
{
	begin();
	play("i9w20");
	moment += ALERT_FORGET;
	play("w1");
	told[0] = '\0';
	moment = 10000;
	play("i9w20");
	is(told, "10004 ill it\n10024 well it\n", "after an hour it is a new one");
}

/* Two of one slug, and a part that is not looked at. */
static void
test_subjects(void)
{
	struct status_alert both[] = { alert_of("source-trouble", "a", "A"), alert_of("source-trouble", "b", "B") };

	begin();
	for (moment = 0; moment < 60; moment++) {
		struct alert_time time = { NOW + moment, moment };

		if (moment < 10)
			alert_memory_see(memory, STATUS_SOURCES, both, 2, time);
		else
			alert_memory_see(memory, STATUS_SOURCES, both, moment < 30 ? 1 : 0, time);
		alert_memory_see(memory, STATUS_DAEMON, NULL, 0, time);
		alert_memory_tell(memory, time, tell, NULL);
	}
	is(told, "4 ill A\n4 ill B +\n25 well B +\n45 well A\n",
	    "each subject is told, and whether another of the slug is ill; looking at other parts changes nothing");
}

static void
test_is_ill(void)
{
	begin();
	play("i2");
	ok(!alert_memory_is_ill(memory, "dns-trouble"), "what was not told yet is not ill");
	play("i9");
	ok(alert_memory_is_ill(memory, "dns-trouble"), "once it was told, it is");
	ok(!alert_memory_is_ill(memory, "disk-full"), "and nothing else");
	play("w9");
	ok(alert_memory_is_ill(memory, "dns-trouble"), "gone for a moment it still is");
	play("w20");
	ok(!alert_memory_is_ill(memory, "dns-trouble"), "well again it is not");
}

static void
test_since(void)
{
	struct status_alert alerts[] = { alert_of("dns-trouble", "", "it"), alert_of("disk-full", "", "it"),
		alert_of("store-failed", "", "it") };

	begin();
	play("i2");
	alerts[2].since = NOW - 7;
	alert_memory_date(memory, alerts, 3, NOW + 50);
	is_number(alerts[0].since, NOW, "it is ill since it was first seen");
	is_number(alerts[1].since, NOW + 50, "what was not seen yet: since now");
	is_number(alerts[2].since, NOW - 7, "unless it says so itself");
	play("w5i1");
	alert_memory_date(memory, alerts, 1, NOW + 99);
	is_number(alerts[0].since, NOW + 7, "what was gone before it was told began anew");
	begin();
	play("i9w5i1");
	alert_memory_date(memory, alerts, 1, NOW + 99);
	is_number(alerts[0].since, NOW, "what blinks is ill since the beginning");
}

static void
test_full(void)
{
	char subjects[ALERT_STATES_MAX + 1][8];
	static struct status_alert many[ALERT_STATES_MAX + 1];
	struct alert_time time = { NOW, 0 };
	size_t lines = 0;

	begin();
	for (size_t i = 0; i <= ALERT_STATES_MAX; i++) {
		snprintf(subjects[i], sizeof subjects[i], "%zu", i);
		many[i] = alert_of("source-trouble", subjects[i], "");
	}
	alert_memory_see(memory, STATUS_SOURCES, many, ALERT_STATES_MAX + 1, time);
	moment = time.moment = 5;
	alert_memory_tell(memory, time, tell, NULL);
	for (const char *at = told; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	is_number((long long)lines, ALERT_STATES_MAX, "there is an end to what is remembered");
	told[0] = '\0';
	time.moment = 200;
	alert_memory_see(memory, STATUS_SOURCES, many, ALERT_STATES_MAX - 1, time);
	time.moment = 300;
	alert_memory_tell(memory, time, tell, NULL);
	moment = time.moment = 301;
	told[0] = '\0';
	alert_memory_see(memory, STATUS_DAEMON, &(struct status_alert){ "disk-full", 0, "D", "", "", false }, 1, time);
	moment = time.moment = 310;
	alert_memory_tell(memory, time, tell, NULL);
	is(told, "310 ill D\n", "a state that is well again makes room for another");
}

int
main(void)
{
	test_rows();
	test_forgotten();
	test_subjects();
	test_is_ill();
	test_since();
	test_full();
	alert_memory_close(memory);
	return done();
}
