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
	{ "the first of all", "1 Jan 0000 00:00:00 +0000", -62167219200 },
	{ "its leap day", "29 Feb 0000 00:00:00 +0000", -62162121600 },
	{ "the day behind that", "1 Mar 0000 00:00:00 +0000", -62162035200 },
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
	{ "a year of three digits", "0713-12-31T23:59:59Z", -39635568001 },
	{ "the first of all", "0000-01-01T00:00:00Z", -62167219200 },
	{ "a year before it", "an unknown time", -62167219201 },
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

static const struct {
	const char *what, *text;
	int64_t milliseconds; /* NONE: not a time */
} times[] = {
	{ "what date_write writes", "2026-11-20T10:00:00Z", 1795168800000 },
	{ "what date_write_ms writes", "2026-11-20T10:00:00.123Z", 1795168800123 },
	{ "more digits than milliseconds", "2026-11-20T10:00:00.123456+00:00", 1795168800123 },
	{ "an offset as systemd writes it", "2026-11-20T12:30:00+0230", 1795168800000 },
	{ "an offset to the west", "2026-11-19 23:00:00-11:00", 1795168800000 },
	{ "the last day of February", "2026-02-28T00:00:00Z", 1772236800000 },
	{ "a day that this year does not have", "2026-02-29T00:00:00Z", NONE },
	{ "one that a leap year has", "2028-02-29T00:00:00Z", 1835395200000 },
	{ "one that 1900 did not have", "1900-02-29T00:00:00Z", NONE },
	{ "the first of all", "0000-01-01T00:00:00Z", -62167219200000 },
	{ "its leap day", "0000-02-29T00:00:00Z", -62162121600000 },
	{ "one that year 0 did not have", "0000-02-30T00:00:00Z", NONE },
	{ "one that no month has", "2026-01-32T00:00:00Z", NONE },
	{ "the 31st of a month of 30 days", "2026-11-31T00:00:00Z", NONE },
	{ "the last day of a year", "2026-12-31T23:59:59Z", 1798761599000 },
	{ "no day at all", "2026-11-00T00:00:00Z", NONE },
	{ "a thirteenth month", "2026-13-01T00:00:00Z", NONE },
	{ "no offset", "2026-11-20T10:00:00", NONE },
	{ "something behind it", "2026-11-20T10:00:00Zz", NONE },
};

static void
test_rfc3339(void)
{
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		int64_t milliseconds = NONE;
		bool read = date_read_rfc3339(span_of(times[i].text), &milliseconds);

		ok(read == (times[i].milliseconds != NONE), "%s: a time or not", times[i].what);
		is_number(milliseconds, times[i].milliseconds, "%s: milliseconds", times[i].what);
	}
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
	test_rfc3339();
	return done();
}
