#include "policy/mail/undrawn.h"

#include <stdbool.h>

static bool
set_has(const struct undrawn_set *set, uint32_t point)
{
	size_t from = 0, to = set->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (point > set->ranges[middle].last)
			from = middle + 1;
		else if (point < set->ranges[middle].first)
			to = middle;
		else
			return true;
	}
	return false;
}

static enum drawn
kind_of_ascii(uint32_t point)
{
	bool letter = (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') ||
	    (point >= '0' && point <= '9') || point == '-' || point == '_';

	if (point <= ' ' || point == 0x7f)
		return DRAWN_BLANK;
	return letter ? DRAWN_LETTER : DRAWN_MARK;
}

enum drawn
undrawn_kind(uint32_t point)
{
	if (point < 0x80)
		return kind_of_ascii(point);
	for (int kind = DRAWN_NOT; kind < DRAWN_LETTER; kind++)
		if (set_has(&undrawn_sets[kind], point))
			return (enum drawn)kind;
	return DRAWN_LETTER;
}
