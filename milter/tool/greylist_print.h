/*
 * greylist_print.h - prints tuples of a greylist for a person: as a table, or one with all that is known.
 *
 * Times are local. Reads the objects of greylist_requests.h, and steers no terminal.
 */
#ifndef GREYLIST_PRINT_H
#define GREYLIST_PRINT_H

#include <stdint.h>

#include "policy/util/text.h"

/* The widths that columns have by now; all zero before the first rows, which have a head. */
struct greylist_table {
	int sender, rcpt, network;
};

/* Rows of a list of tuples; `now` is the clock of whoever answered. */
void greylist_print_rows(struct greylist_table *, struct span tuples, int64_t now);

/* One tuple, a line for each thing. */
void greylist_print_tuple(struct span tuple, int64_t now);

/* "3m7s", "2d4h", "0s" */
enum { AGE_TEXT = 32 };
const char *greylist_age(int64_t seconds, char out[AGE_TEXT]);

/* "2026-11-29 02:01:07", or "never" for 0. */
const char *greylist_time(int64_t when, char out[AGE_TEXT]);

#endif
