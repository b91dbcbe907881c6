#include <ctype.h>
#include <string.h>

#include "policy/advise/vendor_age.h"
#include "policy/util/date.h"

enum { DAY = 24 * 3600 };

/* That many digits at the text; -1: there are not. */
static int
digits(const char *text, size_t count)
{
	int number = 0;

	for (size_t i = 0; i < count; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

/* Reads "-MM" or "-DD"; *at moves behind it. */
static int
part(const char **at, int most)
{
	int number = **at == '-' ? digits(*at + 1, 2) : -1;

	if (number < 1 || number > most)
		return 1;
	*at += 3;
	return number;
}

/* A year with what follows it; what goes on like a version number ("2023.3") or a longer number is none. */
static bool
read_day(const char *at, int64_t *day)
{
	int year = digits(at, 4), month, first;

	if (year < 1990 || year > 2199)
		return false;
	at += 4;
	month = part(&at, 12);
	first = part(&at, 31);
	if (isalnum((unsigned char)*at) || *at == '-' || (*at == '.' && isdigit((unsigned char)at[1])))
		return false;
	*day = date_days(year, month, first);
	return true;
}

bool
vendor_seen(const char *seen, int64_t *day)
{
	bool found = false;
	int64_t one;

	for (const char *at = seen; *at != '\0'; at++) {
		if (at > seen && (isalnum((unsigned char)at[-1]) || strchr(".-", at[-1]) != NULL))
			continue;
		if (read_day(at, &one) && (!found || one > *day)) {
			*day = one;
			found = true;
		}
	}
	return found;
}

static void
note_review(struct vendor_age *age, const struct source *source, int64_t now)
{
	bool passed = source_review_ends(source) < now;
	const struct source **known = passed ? &age->oldest_overdue : &age->next_review;

	age->overdue += passed;
	if (*known == NULL || strcmp(source->review_by, (*known)->review_by) < 0)
		*known = source;
}

struct vendor_age
vendor_age(const struct vendor *vendor, int64_t now)
{
	struct vendor_age age = { .dated = 0 };
	int64_t day;

	for (size_t i = 0; i < vendor->evidence_count; i++) {
		if (!vendor_seen(vendor->evidence[i].seen, &day)) {
			age.undated++;
			continue;
		}
		if (age.dated == 0 || day > age.newest)
			age.newest = day;
		if (age.dated == 0 || day < age.oldest)
			age.oldest = day;
		age.dated++;
	}
	for (size_t i = 0; i < vendor->source_count; i++)
		if (vendor->sources[i].selected && vendor->sources[i].review_by[0] != '\0')
			note_review(&age, &vendor->sources[i], now);
	return age;
}

void
vendor_age_write(int64_t days, struct text *out)
{
	static const struct {
		int64_t size;
		const char *name;
	} units[] = { { 365, "year" }, { 30, "month" }, { 1, "day" } };
	size_t i = days >= 2 * 365 ? 0 : days >= 60 ? 1 : 2;
	int64_t count = days / units[i].size;

	if (days < 1)
		text_put(out, "today");
	else
		text_format(out, "%lld %s%s", (long long)count, units[i].name, text_s((size_t)count));
}
