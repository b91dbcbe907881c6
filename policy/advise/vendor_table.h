/*
 * vendor_table.h - the table of vendor files: who is in each, what proves it, how old that knowledge is, what is missing.
 *
 * policy/vendors/README and `greenlane vendor list --shipped` show it. It has dates and no ages, so that it is the same on every
 * day. Never asks a clock.
 */
#ifndef VENDOR_TABLE_H
#define VENDOR_TABLE_H

#include "policy/rules/vendor.h"
#include "policy/util/text.h"

/* The names of the columns, as a line. */
void vendor_table_head(struct text *out);

/* One vendor as its file has it: a line, and one more for each further fact that is not known. */
void vendor_table_row(const struct vendor *, struct text *out);

#endif
