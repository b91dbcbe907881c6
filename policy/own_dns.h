/*
 * own_dns.h - what a domain of ours publishes (SPF, DKIM, DMARC) against the delegations, and what to publish.
 *
 * Floor 6. Ask and answer: the examination is made over and over with the answers at hand until it
 * asks for nothing new. What DNS could not say is never taken for missing: that part is not judged.
 */
#ifndef OWN_DNS_H
#define OWN_DNS_H

#include <stdbool.h>
#include <stddef.h>

#include "dns.h"
#include "fault.h"
#include "policy.h"
#include "suffix.h"
#include "text.h"

enum { OWN_DNS_TEXT_MAX = 256 * 1024 };

/* All kept until own_dns_close. */
struct own_dns_request {
	const char *domain; /* normal form */
	const struct policy *policy;
	const struct vendor *const *known; /* with a file, but not enabled */
	size_t known_count;
	const struct suffix_list *suffixes;
};

enum own_dns_part { OWN_DNS_SPF, OWN_DNS_DKIM, OWN_DNS_DMARC };
enum { OWN_DNS_PARTS = OWN_DNS_DMARC + 1 };

struct own_dns_finding {
	enum own_dns_part part;
	bool wrong;       /* false: advice */
	const char *text; /* one line of ASCII: what is wrong; what to do instead */
};

/* One term of the published SPF record, for the table of look-ups (RFC 7208, 4.6.4). */
struct own_dns_row {
	const char *term, *whose; /* fit to be shown; whose "": ours */
	bool sound;               /* false: no term, so it asks nothing */
	unsigned lookups;
};

struct own_dns_report {
	const char *domain;
	const struct own_dns_finding *findings;
	size_t finding_count, wrong_count;
	const struct own_dns_row *rows;
	size_t row_count;
	unsigned lookups;        /* of the published record */
	bool spf_ignored;        /* it is a permanent error: receivers do as if there were none */
	const char *spf;         /* the record to publish; "": what is there may stay */
	unsigned spf_lookups;
	const char *dmarc_name, *dmarc; /* a record to start with; "": what is there may stay */
	const char *const *keys; /* names where a vendor's key belongs */
	size_t key_count;
	const char *trouble[OWN_DNS_PARTS]; /* what DNS did not answer, so that the part is not judged; "": it did */
};

struct own_dns;
struct own_dns *own_dns_open(const struct own_dns_request *) MUST_USE; /* given; NULL without memory */
void own_dns_close(struct own_dns *);

/* The next question to ask, or false when there is none. */
bool own_dns_next(struct own_dns *, struct dns_question *out);
void own_dns_answer(struct own_dns *, const struct dns_answer *);

/* Once nothing is asked any more; borrowed. NULL: memory ran out. */
const struct own_dns_report *own_dns_report(const struct own_dns *);

/* For a person; records stand at the begin of a line, as a zone file takes them. */
void own_dns_write(const struct own_dns_report *, struct text *out);

#endif
