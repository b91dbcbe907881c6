/*
 * passed_by.h - may a setting of the greylist let this message past it before its time?
 *
 * Never one that claims a vendor's name or ours, by an author or by the envelope, proven or not; nor one whose author fails
 * DMARC under quarantine or reject, for that is somebody's name as well. Asks no greylist and no DNS.
 */
#ifndef PASSED_BY_H
#define PASSED_BY_H

#include <stdbool.h>

#include "policy/rules/greylist.h"
#include "policy/verdict/wants.h"

/* Is there such a setting? */
bool passed_by_is_set(const struct greylist_settings *);

/* Does one of them go by the sender's SPF? */
bool passed_by_wants_spf(const struct greylist_settings *);

/* As far as the facts go: at RCPT no author is known yet, so that the end must ask again. The verdict is theirs. */
bool passed_by_may(const struct facts *, const struct verdict *);

/*
 * The setting that lets it pass by what is known of the sender; NOTHING: it has to ask the greylist, where its network
 * may still help it. *missing is what must be known first, and NOTHING is then no answer: IPREV or DNSWL; or SPF, where
 * a record of before does not say how narrow it was.
 */
enum passed_by passed_by_find(const struct greylist_settings *, const struct facts *, const struct verdict *,
    enum want *missing);

#endif
