/*
 * dmarc.h - a DMARC record and what it makes of SPF and DKIM (RFC 7489).
 *
 * An evaluator of our own: libopendmarc ignores strict alignment and aligns with "com".
 * Ask and answer: the shell asks DNS. Only signatures that count (facts.h) count here.
 */
#ifndef DMARC_H
#define DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/dns/dns.h"
#include "policy/mail/facts.h"
#include "policy/util/suffix.h"

struct dmarc_record {
	enum dmarc_policy p, sp; /* sp is p when absent */
	bool strict_spf, strict_dkim;
	bool testing; /* t=y (RFC 9989), or pct=0, which meant the same (RFC 7489, 6.3) */
};

enum { DMARC_RECORD_MAX = 4096 };

/*
 * Reads one TXT record (RFC 7489, 6.3, 6.4). Returns
 * NONE: not a DMARC record (v=DMARC1 not first, no usable p and no rua); PASS: *out is filled.
 */
enum auth_result dmarc_record_read(const char *text, size_t length, struct dmarc_record *out);

/* Relaxed: same organisational domain; strict: same name. Never by a registry's suffix; a name of the list's private
 * part aligns only with itself. */
bool dmarc_aligned(const struct suffix_list *, const char *a, const char *b, bool strict);

/*
 * One evaluation: dmarc_next returns the question to ask (at most two: the author's domain,
 * then its organisational domain, RFC 7489, 6.6.3), dmarc_answer takes the answer.
 */
struct dmarc_check {
	const struct suffix_list *suffixes;
	const char *domain; /* the author's, borrowed */
	unsigned step;
	bool found, by_organisation;
	const char *silent; /* of the domains asked, the last that did not answer; NULL: none */
	struct dmarc_record record;
	char record_domain[DNS_NAME_TEXT];
};
void dmarc_begin(struct dmarc_check *, const struct suffix_list *, const char *author_domain);
bool dmarc_next(struct dmarc_check *, struct dns_question *out);
void dmarc_answer(struct dmarc_check *, const struct dns_answer *);

/* The result for an author, from facts->spf and facts->dkim. fact->domain is copied into the
 * arena. A temporary error of SPF or of an aligned signature that could have made it pass gives
 * TEMPERROR, not FAIL. Domains that are public suffixes or "" have no record: NONE. */
void dmarc_finish(const struct dmarc_check *, const struct facts *, struct arena *, struct dmarc_fact *out);

#endif
