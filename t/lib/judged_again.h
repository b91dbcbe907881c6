/*
 * judged_again.h - holds a record against what becomes of it when it is read back and judged again.
 */
#ifndef T_JUDGED_AGAIN_H
#define T_JUDGED_AGAIN_H

#include "policy/review/verdict_record.h"

/* "" when the record, judged again under the policy of its day, says the same, and with its local parts hidden (log.privacy) the same or
 * that these are lacking; else the difference. */
void judged_again_compare(const struct verdict_record *, const char *json, char *out, size_t size);

/* "" when the record, judged again by this draft as replay would, says what was said beside its verdict; else the
 * difference. */
void judged_again_compare_draft(const struct verdict_record *, const struct judge *draft, const char *json, char *out,
    size_t size);

#endif
