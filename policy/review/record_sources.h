/*
 * record_sources.h - what every source said of one client: written into the record, and taken from it again.
 *
 * A record must be judged again without DNS, long after the sources have changed. Only what differs from the
 * rule is written: a source that is not there was known and did not list the client.
 */
#ifndef RECORD_SOURCES_H
#define RECORD_SOURCES_H

#include "policy/mail/facts.h"
#include "policy/sources/ranges.h"
#include "policy/util/text.h"
#include "policy/verdict/claim.h"

enum { RECORD_SOURCES_MAX = 256 }; /* in one record */

/* One source as a record has it. */
struct recorded_source {
	const char *vendor, *text; /* whose, and its kind and name, as struct source has them */
	bool client, peer;         /* it lists the client's address, or that of the host that connected */
	struct source_state state; /* asked: it also had to be asked for the address */
};

/* Writes the member "sources", an array; "sources_cut" beside it where there were more than RECORD_SOURCES_MAX. */
void record_sources_write(struct text *, const struct judge *, const struct facts *);

/* Sources that were not in force when a record was written answer as they do today. */
struct sources_today {
	const struct ranges *ranges; /* of the whole policy */
	const bool *is_new;          /* by number */
};

/*
 * Ranges that answer for these two addresses as the sources answered then. A source of the policy that the list does
 * not have is known and lists neither; one with networks in the policy itself (cidr) is asked there. list is borrowed;
 * today NULL: no source is new. Given; NULL with why: no memory.
 */
struct ranges *record_sources_recall(const struct policy *, const struct recorded_source *list, size_t count,
    const struct sources_today *today, const struct address *client, const struct address *peer,
    struct fault *why) MUST_USE;

#endif
