/*
 * undrawn.h - what mail readers draw for a character: nothing, a blank, a mark that is not part of a name, or a letter.
 *
 * Beyond ASCII by tables from Unicode's own data (undrawn_table.c), so that nobody has to keep a list of tricks.
 */
#ifndef UNDRAWN_H
#define UNDRAWN_H

#include <stddef.h>
#include <stdint.h>

enum drawn {
	DRAWN_NOT,   /* default ignorable, or a mark of direction */
	DRAWN_BLANK, /* white space, or a control: some reader somewhere drops each of them */
	DRAWN_MARK,  /* punctuation and symbols: a name ends there */
	DRAWN_LETTER /* letters, digits, the marks on them, and unassigned characters */
};

enum drawn undrawn_kind(uint32_t point);

/* For undrawn_table.c: ranges in rising order, both ends included. */
struct undrawn_set {
	const struct range {
		uint32_t first, last;
	} * ranges;
	size_t count;
};
extern const struct undrawn_set undrawn_sets[];

#endif
