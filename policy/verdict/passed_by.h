/*
 * passed_by.h - may a setting of the greylist let this message past it before its time?
 *
 * Never one that claims a vendor's name or ours, by an author or by the envelope, proven or not; nor one whose author fails
 * DMARC under quarantine or reject, for that is somebody's name as well. Asks no greylist.
 */
#ifndef PASSED_BY_H
#define PASSED_BY_H

#include <stdbool.h>

#include "policy/verdict/claim.h"

/* Is there such a setting? */
bool passed_by_is_set(const struct greylist_settings *);

/* As far as the facts go: at RCPT no author is known yet, so that the end must ask again. The verdict is theirs. */
bool passed_by_may(const struct facts *, const struct verdict *);

#endif
