#include <stdio.h>
#include <string.h>

#include "policy/advise/vendor_age.h"
#include "policy/advise/vendor_table.h"
#include "policy/util/date.h"

enum { DAY = 24 * 3600, DATE = 10, COLUMNS = 8, CELL = 128 };

static const int widths[COLUMNS] = { 23, 31, 7, 8, 7, 10, 10, 7 };

static void
put_cells(struct text *out, const char *const cells[COLUMNS], const char *last)
{
	for (int i = 0; i < COLUMNS; i++)
		text_format(out, "%-*s  ", widths[i], cells[i]);
	text_format(out, "%s\n", last);
}

void
vendor_table_head(struct text *out)
{
	static const char *const names[COLUMNS] = { "VENDOR", "PROVEN BY", "MODE", "FORGED", "SOURCES", "NEWEST",
		"OLDEST", "UNDATED" };

	put_cells(out, names, "NOT KNOWN");
}

/* "2 spf, 1 cidr": each kind by the word before the colon of its text. */
static void
put_sources(const struct vendor *vendor, struct text *out)
{
	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];
		size_t count = 0, before = 0;

		for (size_t j = 0; j < vendor->source_count; j++) {
			bool same = vendor->sources[j].kind == source->kind;

			count += same;
			before += same && j < i;
		}
		if (before == 0)
			text_format(out, "%s%zu %.*s", i == 0 ? "" : ", ", count, (int)strcspn(source->text, ":"),
			    source->text);
	}
	if (vendor->source_count == 0)
		text_put(out, "none");
}

/* "2 of 5": how many of its facts have a source without a date. */
static const char *
undated_text(const struct vendor_age *age, char out[CELL])
{
	snprintf(out, CELL, "%zu of %zu", age->undated, age->dated + age->undated);
	return age->undated == 0 ? "-" : out;
}

static const char *
day_text(const struct vendor_age *age, int64_t day, char out[DATE_TEXT])
{
	if (age->dated == 0)
		return age->undated == 0 ? "none" : "undated";
	date_write(day * DAY, out);
	out[DATE] = '\0';
	return out;
}

void
vendor_table_row(const struct vendor *vendor, struct text *out)
{
	static const char *const blank[COLUMNS] = { "", "", "", "", "", "", "", "" };
	const struct vendor_age age = vendor_age(vendor, 0);
	char newest[DATE_TEXT], oldest[DATE_TEXT], undated[CELL];
	struct text vouch, sources;

	text_open(&vouch, CELL);
	text_open(&sources, CELL);
	vouch_write(vendor->vouch, vendor->vouch_count, &vouch);
	put_sources(vendor, &sources);
	put_cells(out,
	    (const char *const[COLUMNS]){ vendor->name, vouch.bytes, vendor_mode_word(vendor->mode),
		action_word(vendor->on_forged), sources.bytes, day_text(&age, age.newest, newest),
		day_text(&age, age.oldest, oldest), undated_text(&age, undated) },
	    vendor->unknown_count == 0 ? "-" : vendor->unknown[0]);
	for (size_t i = 1; i < vendor->unknown_count; i++)
		put_cells(out, blank, vendor->unknown[i]);
	text_inherit(out, &vouch);
	text_inherit(out, &sources);
	text_close(&sources);
	text_close(&vouch);
}
