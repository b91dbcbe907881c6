/*
 * date_t.c - the Date field of a mail as seconds.
 */
#include "policy/util/date.h"
#include "t/lib/tap.h"

enum { NONE = -1 };

static const struct {
	const char *what, *text;
	int64_t seconds; /* NONE: not a date */
} rows[] = {
	{ "the usual form", " Fri, 20 Nov 2026 10:00:00 +0000", 1795168800 },
	{ "east of UTC", "Fri, 20 Nov 2026 12:30:00 +0230", 1795168800 },
	{ "west of UTC, over midnight", "Thu, 19 Nov 2026 23:00:00 -1100", 1795168800 },
	{ "without a day of the week", "20 Nov 2026 10:00:00 +0000", 1795168800 },
	{ "without seconds", "Fri, 20 Nov 2026 10:00 +0000", 1795168800 },
	{ "with comments", "Fri (a \\) (b)), 20 Nov (11) 2026 10:00:00 +0000 (UTC)", 1795168800 },
	{ "folded", "Fri,\r\n 20 Nov\n\t2026 10:00:00 +0000", 1795168800 },
	{ "the name of a zone", "Fri, 20 Nov 2026 05:00:00 EST", 1795168800 },
	{ "GMT", "Fri, 20 Nov 2026 10:00:00 GMT", 1795168800 },
	{ "a zone that nobody knows is UTC", "Fri, 20 Nov 2026 10:00:00 Z", 1795168800 },
	{ "no zone is UTC", "Fri, 20 Nov 2026 10:00:00", 1795168800 },
	{ "a year of two digits", "20 Nov 26 10:00:00 +0000", 1795168800 },
	{ "a year of three digits", "20 Nov 126 10:00:00 +0000", 1795168800 },
	{ "a leap day", "29 Feb 2024 00:00:00 +0000", 1709164800 },
	{ "the first second", "1 Jan 1970 00:00:00 +0000", 0 },
	{ "months in capitals", "20 NOV 2026 10:00:00 +0000", 1795168800 },
	{ "nothing", "", NONE },
	{ "only a day of the week", "Fri,", NONE },
	{ "no month", "20 Foo 2026 10:00:00 +0000", NONE },
	{ "day 0", "0 Nov 2026 10:00:00 +0000", NONE },
	{ "day 32", "32 Nov 2026 10:00:00 +0000", NONE },
	{ "hour 24", "20 Nov 2026 24:00:00 +0000", NONE },
	{ "a year of five digits", "20 Nov 20260 10:00:00 +0000", NONE },
	{ "no time", "20 Nov 2026", NONE },
	{ "an ISO date", "2026-11-20T10:00:00Z", NONE },
	{ "an open comment", "(((((((((20 Nov 2026 10:00:00", NONE },
	{ "a backslash at the end of a comment", "20 Nov 2026 10:00:00 +0000 (\\", 1795168800 },
};

static const struct {
	const char *what, *text;
	int64_t seconds;
} written[] = {
	{ "a time", "2026-11-20T10:00:00Z", 1795168800 },
	{ "the first second", "1970-01-01T00:00:00Z", 0 },
	{ "before 1970", "1969-12-31T23:59:59Z", -1 },
	{ "the last year of four digits", "9999-12-31T23:59:59Z", 253402300799 },
	{ "a year of five digits", "an unknown time", 253402300800 },
	{ "no year of any calendar", "an unknown time", INT64_MAX },
};

static void
test_written(void)
{
	char text[DATE_TEXT];

	for (size_t i = 0; i < sizeof written / sizeof *written; i++)
		is(date_write(written[i].seconds, text), written[i].text, "%s is written", written[i].what);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t seconds = NONE;
		bool read = date_read(span_of(rows[i].text), &seconds);

		ok(read == (rows[i].seconds != NONE), "%s: a date or not", rows[i].what);
		is_number(seconds, rows[i].seconds, "%s: seconds", rows[i].what);
	}
	test_written();
	return done();
}
