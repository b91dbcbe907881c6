/*
 * canned_zone.h - for tests: DNS answers from lines of text, instead of from a name server.
 *
 * Lines are
 *     NAME [TTL] TYPE DATA        TXT data: "string" "string" ... with \" \\ \DDD; without a quote first
 *                                 the rest of the line as written; MX data: PREFERENCE NAME
 *     NAME TYPE SERVFAIL|TIMEOUT|NXDOMAIN|BOGUS
 *     # or ; and a comment; an empty line
 * TYPE may be * before SERVFAIL and its like: every type of the name. A name that has no line
 * is NXDOMAIN unless a name below it has one (then EMPTY). CNAME is followed, at most DNS_ALIASES_MAX deep.
 */
#ifndef CANNED_ZONE_H
#define CANNED_ZONE_H

#include "policy/dns/dns.h"
#include "policy/util/fault.h"

struct canned_zone;

struct canned_zone *canned_zone_open(void) MUST_USE; /* given; NULL without memory */
void canned_zone_close(struct canned_zone *);        /* NULL is fine */

/* False with why (or NULL) for a line that cannot be read, and without memory. */
bool canned_zone_line(struct canned_zone *, const char *line, struct fault *why) MUST_USE;

/* Every line of a text; one that cannot be read ends the test. */
void canned_zone_text(struct canned_zone *, const char *lines);

/* Adds one record directly: bytes as struct dns_record holds them; copied. */
bool canned_zone_add(struct canned_zone *, const char *name, enum dns_type, uint32_t ttl, uint16_t preference,
    const void *bytes, size_t length) MUST_USE;

/* Every later question for this name (and type; 0 is all types that have no line) ends with this status. */
bool canned_zone_fail(struct canned_zone *, const char *name, int type, enum dns_status) MUST_USE;

/* Removes every line of a name, or of one type of it (0: all). */
void canned_zone_drop(struct canned_zone *, const char *name, int type);

/* Answers from the zone; the memory belongs to the zone and lasts until it changes. */
void canned_zone_answer(const struct canned_zone *, const struct dns_question *, struct dns_answer *out);

#endif
