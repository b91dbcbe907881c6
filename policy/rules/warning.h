/*
 * warning.h - the warnings that greenlane.conf can settle, by slugs that never change their meaning.
 *
 * One table. `accept` beside a vendor's name, or in `own`, names those that somebody has weighed. A warning that is
 * not in it is settled only by doing what it says. Never decides what is worth a warning: lint.h does.
 */
#ifndef WARNING_H
#define WARNING_H

#include "policy/rules/vendor.h"
#include "policy/util/fault.h"

enum warning {
	WARNING_SHARED_SOURCE,
	WARNING_SHARED_PROOF,
	WARNING_SHARED_EXCLUSIVE,
	WARNING_SHARED_LIST,
	WARNING_FORWARDING,
	WARNING_PUBLIC_SUFFIX,
	WARNING_SPECIAL_NETWORK,
	WARNING_REVIEW_DUE,
	WARNING_REVIEW_LAPSED,
	WARNING_EVIDENCE_NEWER,
	WARNING_VOUCH_UNREACHABLE,
	WARNING_SAME_NAME,
	WARNING_SAME_NETWORK,
	WARNING_OWN_NAME,
	WARNING_DELEGATION_UNREACHABLE,
	WARNING_DELEGATION_TRIAL,
	WARNING_DELEGATION_KEY,
	WARNING_RELAY_OVERLAP,
	WARNING_NO_VENDORS,
	WARNING_ROOT_USER,
	WARNING_DMARC_UNCHECKED,
	WARNING_HOLD_QUEUE,
	WARNING_DMARC_UNGREYLISTED,
	WARNING_OPEN_METRICS
};
enum { WARNINGS = WARNING_OPEN_METRICS + 1 };

/* Where all of them are described. */
#define WARNING_MANUAL "WARNINGS in greenlane.conf(5)"

/* In the order of the enum, NULL at the end. */
extern const char *const warning_slugs[WARNINGS + 1];

/* Warns, unless the vendor (or policy->own) accepts this; what to write to accept it follows the text. file and line as
 * for faults_warn. */
void warning_add(struct faults *, const struct vendor *, enum warning, const char *file, unsigned line, const char *fmt,
    ...) PRINTF_LIKE(6, 7);

#endif
