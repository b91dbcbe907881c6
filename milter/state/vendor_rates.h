/*
 * vendor_rates.h - keeps policy/review/alert_rates.h for each vendor, by name.
 *
 * Also in state_dir, so that a restart need not learn anew what is usual. Any thread may call. Decides nothing.
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

/* Writes and reads state_dir/rates. vendor_rates_save does nothing when nothing changed; a failure is reported once, until a save
 * succeeds. A damaged file is a fault, and its sound lines are kept; what is of a later time than now is damage, and what nothing
 * came of for 90 days is left out. NULL is fine. */
bool vendor_rates_save(struct vendor_rates *, const char *state_dir, struct fault *why) MUST_USE;
bool vendor_rates_load(struct vendor_rates *, const char *state_dir, int64_t now, struct fault *why) MUST_USE;

/* Fills in `rates` with what is found of the policy's vendors, in the arena. False without memory. */
bool vendor_rates_tell(struct vendor_rates *, const struct policy *, struct status *, struct arena *) MUST_USE;

#endif
