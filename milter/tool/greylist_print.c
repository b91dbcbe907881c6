#include <stdio.h>
#include <string.h>
#include <time.h>

#include "milter/tool/daemon.h"
#include "milter/tool/greylist_print.h"
#include "policy/util/json_read.h"

enum {
	CELL_MAX = 4096,
	WIDTH_MAX = 44 /* a longer cell pushes its own row */
};

const char *
greylist_age(int64_t seconds, char out[AGE_TEXT])
{
	long long days = seconds / 86400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60, rest = seconds % 60;

	if (seconds < 0)
		snprintf(out, AGE_TEXT, "-%llds", -(long long)seconds);
	else if (days > 0)
		snprintf(out, AGE_TEXT, "%lldd%lldh", days, hours);
	else if (hours > 0)
		snprintf(out, AGE_TEXT, "%lldh%lldm", hours, minutes);
	else if (minutes > 0)
		snprintf(out, AGE_TEXT, "%lldm%llds", minutes, rest);
	else
		snprintf(out, AGE_TEXT, "%llds", rest);
	return out;
}

const char *
greylist_time(int64_t when, char out[AGE_TEXT])
{
	time_t at = (time_t)when;
	struct tm local;

	if (when == 0)
		snprintf(out, AGE_TEXT, "never");
	else if (localtime_r(&at, &local) == NULL || strftime(out, AGE_TEXT, "%Y-%m-%d %H:%M:%S", &local) == 0)
		snprintf(out, AGE_TEXT, "%lld", (long long)when);
	return out;
}

static int64_t
number_of(struct span tuple, const char *key)
{
	return json_read_integer(json_read_member(tuple, key));
}

static void
widen(int *width, struct span tuple, const char *key)
{
	int length = (int)json_read_member(tuple, key).length - 2; /* without quotes; escapes make it a little too wide */

	if (length > *width)
		*width = length < WIDTH_MAX ? length : WIDTH_MAX;
}

static void
print_cell(struct span tuple, const char *key, int width, const char *after)
{
	struct text cell;

	text_open(&cell, CELL_MAX);
	daemon_plain(json_read_member(tuple, key), &cell);
	printf("%-*s%s", width, cell.length == 0 ? "(too long)" : cell.bytes, after);
	text_close(&cell);
}

static void
print_row(const struct greylist_table *table, struct span tuple, int64_t now)
{
	int64_t first = number_of(tuple, "first"), due = number_of(tuple, "due");
	char since[AGE_TEXT], age[AGE_TEXT], left[AGE_TEXT] = "-";

	if (due > now)
		greylist_age(due - now, left);
	print_cell(tuple, "state", 7, "  ");
	printf("%-19s  %-7s  %-7s  %5lld  ", greylist_time(first, since), greylist_age(now - first, age), left,
	    (long long)number_of(tuple, "tries"));
	print_cell(tuple, "sender", table->sender, "  ");
	print_cell(tuple, "rcpt", table->rcpt, "  ");
	print_cell(tuple, "network", 0, "\n");
}

void
greylist_print_rows(struct greylist_table *table, struct span tuples, int64_t now)
{
	struct span rest = tuples, tuple;
	bool head = table->sender == 0;

	table->sender = table->sender == 0 ? (int)strlen("SENDER") : table->sender;
	table->rcpt = table->rcpt == 0 ? (int)strlen("RECIPIENT") : table->rcpt;
	while (json_read_next(&rest, &tuple)) {
		widen(&table->sender, tuple, "sender");
		widen(&table->rcpt, tuple, "rcpt");
	}
	if (head)
		printf("%-7s  %-19s  %-7s  %-7s  %5s  %-*s  %-*s  %s\n", "STATE", "FIRST TRY", "AGE", "WAITS", "TRIES",
		    table->sender, "SENDER", table->rcpt, "RECIPIENT", "NETWORK");
	for (rest = tuples; json_read_next(&rest, &tuple);)
		print_row(table, tuple, now);
}

/* ---- one tuple ---- */

static void
print_network(struct span tuple)
{
	struct span network = json_read_member(tuple, "network");
	const char *what = "";

	if (network.length > 2 && network.at[1] == '@')
		what = ": SPF passed, so any address of that domain";
	else if (span_is(network, "\"-\""))
		what = ": the client's address was not known";
	print_cell(tuple, "network", 0, what);
	putchar('\n');
}

static void
print_state(struct span tuple, int64_t now)
{
	static const struct {
		const char *state, *means;
	} rows[] = { { "\"due\"", "its next try passes" }, { "\"pass\"", "it was let pass: its next try passes" },
		{ "\"known\"", "it passes" }, { "\"free\"", "it passes, and is not asked again" },
		{ "\"expired\"", "its next try would be the first one" } };
	int64_t due = number_of(tuple, "due");
	char when[AGE_TEXT], left[AGE_TEXT];

	print_cell(tuple, "state", 0, ": ");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (span_is(json_read_member(tuple, "state"), rows[i].state))
			puts(rows[i].means);
	if (due > now)
		printf("a try passes in %s, from %s on\n", greylist_age(due - now, left), greylist_time(due, when));
	else if (span_is(json_read_member(tuple, "state"), "\"waiting\""))
		puts("a try passes now");
}

static void
print_when(const char *name, int64_t when, int64_t now)
{
	char text[AGE_TEXT], age[AGE_TEXT];

	printf("%s%s", name, greylist_time(when, text));
	if (when > now)
		printf(", in %s", greylist_age(when - now, age));
	else if (when != 0)
		printf(", %s ago", greylist_age(now - when, age));
	putchar('\n');
}

void
greylist_print_tuple(struct span tuple, int64_t now)
{
	print_cell(tuple, "sender", 0, "\n");
	fputs("  recipient  ", stdout);
	print_cell(tuple, "rcpt", 0, "\n  network    ");
	print_network(tuple);
	fputs("  state      ", stdout);
	print_state(tuple, now);
	print_when("  first try  ", number_of(tuple, "first"), now);
	print_when("  last try   ", number_of(tuple, "last"), now);
	printf("  tries      %lld deferred, %lld passed\n", (long long)number_of(tuple, "tries"),
	    (long long)number_of(tuple, "passed"));
	print_when("  expires    ", number_of(tuple, "expires"), now);
}
