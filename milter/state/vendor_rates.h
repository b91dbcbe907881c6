/*
 * vendor_rates.h - keeps policy/review/alert_rates.h for each vendor, by name.
 *
 * In memory since the start: what is usual is learnt again after a restart. Any thread may call. Decides nothing.
 */
#ifndef VENDOR_RATES_H
#define VENDOR_RATES_H

#include "policy/review/status.h"
#include "policy/review/verdict_record.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum { VENDOR_RATES_MAX = 8192 }; /* vendors; a further one is not watched */

struct vendor_rates;

struct vendor_rates *vendor_rates_open(struct fault *why) MUST_USE; /* given */
void vendor_rates_close(struct vendor_rates *);                     /* NULL is fine */

/* A message at its end. NULL: nothing is noted. */
void vendor_rates_note(struct vendor_rates *, const struct verdict_record *, int64_t now);

/* A recipient that another program deferred. NULL: nothing is noted. */
void vendor_rates_note_delayed(struct vendor_rates *, const char *vendor, int64_t now);

/* Fills in `rates` with what is found of the policy's vendors, in the arena. False without memory. */
bool vendor_rates_tell(struct vendor_rates *, const struct policy *, struct status *, struct arena *) MUST_USE;

#endif
