/*
 * date.h - calendar days, and the Date field of a mail, as seconds since 1970; a time in RFC 3339.
 *
 * Pure arithmetic in the Gregorian calendar. Never reads a clock.
 */
#ifndef DATE_H
#define DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/util/fault.h"
#include "policy/util/text.h"

/* Days since 1970-01-01; year from 0, month from 1. */
int64_t date_days(int64_t year, int64_t month, int64_t day);
int64_t date_days_in(int64_t year, int64_t month); /* how many the month has */

/* Reads a date-time (RFC 5322, 3.3, and what 4.3 allows: comments, short years, zone names; an unknown zone
 * is UTC). False when it is not one; *out is then untouched. */
bool date_read(struct span text, int64_t *out) MUST_USE;

enum { DATE_TEXT = 32 };

/* "2026-11-20T10:00:00Z" (RFC 3339), into out, which is returned; "an unknown time" for a year over 9999 or before 0. */
const char *date_write(int64_t when, char out[DATE_TEXT]);
/* The same of milliseconds since 1970: "2026-11-20T10:00:00.123Z". */
const char *date_write_ms(int64_t when, char out[DATE_TEXT]);

/* A length of time for a person: "2 h 5 min", "3 min 20 s", "7 s". */
void date_put_span(int64_t seconds, struct text *out);

/* Reads what these two write, and any date-time of RFC 3339 (offsets, any number of digits behind the second, a blank
 * or "t" in place of "T"), as milliseconds since 1970. False when it is not one; *out is then untouched. */
bool date_read_rfc3339(struct span text, int64_t *out) MUST_USE;

#endif
