#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy/util/date.h"

enum { HOUR = 3600, MINUTE = 60, DAY = 24 * HOUR };

int64_t
date_days(int64_t year, int64_t month, int64_t day)
{
	/* counted from the first of March of the year -400: a leap day ends its year, and no January is before that */
	int64_t years = (month > 2 ? year : year - 1) + 400;
	int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return years * 365 + years / 4 - years / 100 + years / 400 + in_year - 719468 - 146097;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Skips the comment that *rest begins with. */
static void
comment_skip(struct span *rest)
{
	size_t depth = 0;

	while (rest->length > 0) {
		char c = rest->at[0];
		size_t step = c == '\\' && rest->length > 1 ? 2 : 1;

		rest->at += step;
		rest->length -= step;
		depth += c == '(';
		if (c == ')' && --depth == 0)
			return;
	}
}

static bool
is_between(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
}

/* The next word; blanks, commas and comments divide words. Empty at the end. */
static struct span
word_take(struct span *rest)
{
	struct span word;

	while (rest->length > 0 && (is_between(rest->at[0]) || rest->at[0] == '(')) {
		if (rest->at[0] == '(') {
			comment_skip(rest);
			continue;
		}
		rest->at++;
		rest->length--;
	}
	word = (struct span){ rest->at, 0 };
	while (rest->length > 0 && !is_between(rest->at[0]) && rest->at[0] != '(') {
		rest->at++;
		rest->length--;
		word.length++;
	}
	return word;
}

/* Digits only, at most four. */
static bool
number_read(struct span word, int64_t least, int64_t most, int64_t *out)
{
	*out = 0;
	if (word.length == 0 || word.length > 4)
		return false;
	for (size_t i = 0; i < word.length; i++) {
		if (!is_digit(word.at[i]))
			return false;
		*out = *out * 10 + (word.at[i] - '0');
	}
	return *out >= least && *out <= most;
}

static bool
month_read(struct span word, int64_t *out)
{
	static const char *const names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
		"nov", "dec" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_is_nocase(word, names[i])) {
			*out = (int64_t)i + 1;
			return true;
		}
	return false;
}

/* RFC 5322, 4.3: two digits mean 1950 to 2049, three count from 1900. */
static bool
year_read(struct span word, int64_t *out)
{
	if (!number_read(word, 0, 9999, out))
		return false;
	if (word.length <= 2)
		*out += *out < 50 ? 2000 : 1900;
	else if (word.length == 3)
		*out += 1900;
	return true;
}

static bool
time_read(struct span word, int64_t *out)
{
	struct span hours = span_cut(&word, ':'), minutes = span_cut(&word, ':');
	int64_t hour, minute, second = 0;

	if (!number_read(hours, 0, 23, &hour) || !number_read(minutes, 0, 59, &minute) ||
	    (word.length > 0 && !number_read(word, 0, 60, &second)))
		return false;
	*out = hour * HOUR + minute * MINUTE + second;
	return true;
}

/* Seconds east of UTC. */
static int64_t
zone_read(struct span word)
{
	static const struct {
		const char *name;
		int hours;
	} names[] = { { "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 }, { "MST", -7 }, { "MDT", -6 },
		{ "PST", -8 }, { "PDT", -7 } };
	struct span digits = { word.at + 1, word.length - 1 };
	int64_t number;

	if (word.length == 5 && (word.at[0] == '+' || word.at[0] == '-') && number_read(digits, 0, 9999, &number)) {
		number = number / 100 * HOUR + number % 100 * MINUTE;
		return word.at[0] == '-' ? -number : number;
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_is_nocase(word, names[i].name))
			return names[i].hours * HOUR;
	return 0;
}

bool
date_read(struct span text, int64_t *out)
{
	struct span word = word_take(&text);
	int64_t day, month, year, time;

	if (word.length > 0 && !is_digit(word.at[0])) /* the day of the week */
		word = word_take(&text);
	if (!number_read(word, 1, 31, &day) || !month_read(word_take(&text), &month) ||
	    !year_read(word_take(&text), &year) || !time_read(word_take(&text), &time))
		return false;
	*out = date_days(year, month, day) * DAY + time - zone_read(word_take(&text));
	return true;
}

const char *
date_write(int64_t when, char out[DATE_TEXT])
{
	enum { YEAR = 4 }; /* strftime's %Y has no zeros in front */
	time_t seconds = (time_t)when;
	char year[16];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900 ||
	    strftime(out + YEAR, DATE_TEXT - YEAR, "-%m-%dT%H:%M:%SZ", &tm) == 0) {
		snprintf(out, DATE_TEXT, "an unknown time");
		return out;
	}
	snprintf(year, sizeof year, "%04d", tm.tm_year + 1900);
	memcpy(out, year, YEAR);
	return out;
}

const char *
date_write_ms(int64_t when, char out[DATE_TEXT])
{
	int64_t seconds = when / 1000 - (when % 1000 < 0);
	size_t length = strlen(date_write(seconds, out));

	if (out[length - 1] == 'Z')
		snprintf(out + length - 1, DATE_TEXT - length + 1, ".%03dZ", (int)(when - seconds * 1000));
	return out;
}

/* ---- RFC 3339 ---- */

/* That many digits at the start of *rest. */
static bool
digits_take(struct span *rest, size_t count, int64_t least, int64_t most, int64_t *out)
{
	struct span digits = { rest->at, count };

	if (rest->length < count || !number_read(digits, least, most, out))
		return false;
	rest->at += count;
	rest->length -= count;
	return true;
}

static bool
mark_take(struct span *rest, const char *marks)
{
	if (rest->length == 0 || strchr(marks, rest->at[0]) == NULL || rest->at[0] == '\0')
		return false;
	rest->at++;
	rest->length--;
	return true;
}

/* ".123456": the first three digits count. */
static bool
fraction_take(struct span *rest, int64_t *milliseconds)
{
	int64_t worth = 100;

	*milliseconds = 0;
	if (!mark_take(rest, ".,"))
		return true;
	if (rest->length == 0 || !is_digit(rest->at[0]))
		return false;
	while (rest->length > 0 && is_digit(rest->at[0])) {
		*milliseconds += worth * (rest->at[0] - '0');
		worth /= 10;
		rest->at++;
		rest->length--;
	}
	return true;
}

/* "Z", "+01:00" or, as systemd writes it, "+0100"; in seconds. */
static bool
offset_take(struct span *rest, int64_t *out)
{
	int64_t hours, minutes;
	bool west = rest->length > 0 && rest->at[0] == '-';

	*out = 0;
	if (mark_take(rest, "Zz"))
		return true;
	if (!mark_take(rest, "+-") || !digits_take(rest, 2, 0, 23, &hours))
		return false;
	(void)mark_take(rest, ":");
	if (!digits_take(rest, 2, 0, 59, &minutes))
		return false;
	*out = (hours * HOUR + minutes * MINUTE) * (west ? -1 : 1);
	return true;
}

int64_t
date_days_in(int64_t year, int64_t month)
{
	return date_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - date_days(year, month, 1);
}

bool
date_read_rfc3339(struct span text, int64_t *out)
{
	struct span rest = text;
	int64_t year, month, day, hour, minute, second, milliseconds, offset;

	if (!digits_take(&rest, 4, 0, 9999, &year) || !mark_take(&rest, "-") || !digits_take(&rest, 2, 1, 12, &month) ||
	    !mark_take(&rest, "-") || !digits_take(&rest, 2, 1, date_days_in(year, month), &day) ||
	    !mark_take(&rest, "Tt ") || !digits_take(&rest, 2, 0, 23, &hour) || !mark_take(&rest, ":") ||
	    !digits_take(&rest, 2, 0, 59, &minute) || !mark_take(&rest, ":") || !digits_take(&rest, 2, 0, 60, &second) ||
	    !fraction_take(&rest, &milliseconds) || !offset_take(&rest, &offset) || rest.length > 0)
		return false;
	*out = ((date_days(year, month, day) * DAY) + hour * HOUR + minute * MINUTE + second - offset) * 1000 +
	    milliseconds;
	return true;
}

void
date_put_span(int64_t seconds, struct text *out)
{
	if (seconds >= 3600)
		text_format(out, "%lld h %lld min", (long long)(seconds / 3600), (long long)(seconds % 3600 / 60));
	else if (seconds >= 60)
		text_format(out, "%lld min %lld s", (long long)(seconds / 60), (long long)(seconds % 60));
	else
		text_format(out, "%lld s", (long long)seconds);
}
