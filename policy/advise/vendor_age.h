/*
 * vendor_age.h - how old the evidence of a vendor's file is, and which of its sources are due for review.
 *
 * Reads dates out of free text ("2025 to 2026", "2020-02-05", "undated copy"). Never asks a clock.
 */
#ifndef VENDOR_AGE_H
#define VENDOR_AGE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/rules/vendor.h"
#include "policy/util/text.h"

/* Days since 1970; a year or month alone is its first day. */
struct vendor_age {
	size_t dated, undated; /* entries of evidence */
	int64_t newest, oldest;
	size_t overdue; /* selected sources whose review_by has passed */
	const struct source *oldest_overdue,
	    *next_review; /* of the earliest review_by that has passed, and has not; NULL */
};

/* The newest day that the text of `seen` names; false: none. */
bool vendor_seen(const char *seen, int64_t *day);

struct vendor_age vendor_age(const struct vendor *, int64_t now);

/* "today", "12 days", "5 months", "3 years" */
void vendor_age_write(int64_t days, struct text *out);

#endif
