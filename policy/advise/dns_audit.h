/*
 * dns_audit.h - what a domain of ours publishes (SPF, DKIM, DMARC) against the delegations, and what to publish.
 *
 * Ask and answer: the audit is repeated with the answers at hand until it asks for nothing new.
 * Never takes what DNS could not say for missing: that part is not judged.
 */
#ifndef DNS_AUDIT_H
#define DNS_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/dns/dns.h"
#include "policy/mail/facts.h"
#include "policy/rules/policy.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"
#include "policy/util/text.h"

enum { DNS_AUDIT_TEXT_MAX = 256 * 1024 };

/* All kept until dns_audit_close. */
struct dns_audit_request {
	const char *domain; /* normal form */
	const struct policy *policy;
	const struct vendor *const *known; /* with a file, but not enabled */
	size_t known_count;
	const struct suffix_list *suffixes;
};

enum dns_audit_part { DNS_AUDIT_SPF, DNS_AUDIT_DKIM, DNS_AUDIT_DMARC };
enum { DNS_AUDIT_PARTS = DNS_AUDIT_DMARC + 1 };

struct dns_audit_finding {
	enum dns_audit_part part;
	bool wrong;       /* false: advice */
	const char *text; /* one line of ASCII: what is wrong; what to do instead */
};

/* One term of the published SPF record, for the table of look-ups (RFC 7208, 4.6.4). */
struct dns_audit_row {
	const char *term, *whose; /* fit to be shown; whose "": ours */
	bool sound;               /* false: not a term, so it asks nothing */
	unsigned lookups;
};

/* One name of the walk up the tree that finds the DMARC record (RFC 9989, 4.10). */
struct dns_audit_step {
	const char *domain; /* "_dmarc." was before it */
	const char *what;
};

struct dns_audit_report {
	const char *domain;
	const struct dns_audit_finding *findings;
	size_t finding_count, wrong_count;
	const struct dns_audit_row *rows;
	size_t row_count;
	unsigned lookups; /* of the published record */
	bool spf_ignored; /* it is a permanent error: to receivers it is as if there were none */
	const char *spf;  /* the record to publish; "": what is there may stay */
	unsigned spf_lookups;
	const char *dmarc_name, *dmarc; /* a record to start with; "": what is there may stay */
	struct dns_audit_step steps[DMARC_STEPS_MAX];
	size_t step_count;
	const char *organisation;                    /* by that walk */
	const char *policy, *policy_tag, *policy_of; /* the DMARC policy that applies, and where it stands; of "": none */
	bool testing;                                /* and it is a step milder than that, for a test */
	const char *const *keys;                     /* names where a vendor's key belongs */
	size_t key_count;
	const char *trouble[DNS_AUDIT_PARTS]; /* what DNS did not answer, so that the part is not judged; "": it did */
};

struct dns_audit;
struct dns_audit *dns_audit_open(const struct dns_audit_request *) MUST_USE; /* given; NULL when out of memory */
void dns_audit_close(struct dns_audit *);

/* The next question to ask, or false when there is none. */
bool dns_audit_next(struct dns_audit *, struct dns_question *out);
void dns_audit_answer(struct dns_audit *, const struct dns_answer *);

/* When there is nothing left to ask; borrowed. NULL: memory ran out. */
const struct dns_audit_report *dns_audit_report(const struct dns_audit *);

/* For a person; records begin at the start of a line, as a zone file takes them. */
void dns_audit_write(const struct dns_audit_report *, struct text *out);

#endif
