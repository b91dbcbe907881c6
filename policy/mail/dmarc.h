/*
 * dmarc.h - what DMARC makes of SPF and DKIM (RFC 9989).
 *
 * An evaluator of our own: no library knows that RFC. Ask and answer: the shell asks DNS. Two results: what the RFC
 * says, and what may prove or refuse something here, for which only signatures that count or are weak (facts.h) do, and
 * for which nobody meets at a name of the public suffix list, whatever is published there.
 */
#ifndef DMARC_H
#define DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/mail/dmarc_walk.h"
#include "policy/util/suffix.h"

enum {
	DMARC_WALKS_MAX = 10,                   /* of one message */
	DMARC_IDENTIFIERS_MAX = DMARC_WALKS_MAX /* whose organisation is looked for */
};

/* The organisational domain of a name that SPF or DKIM proves. */
struct dmarc_identifier {
	const char *domain;
	const char *organisation; /* part of domain */
	const char *silent;       /* the walk met a name that did not answer; NULL: none */
};

/*
 * One evaluation: begin; then dmarc_next returns the question to ask and dmarc_answer takes its answer, until there is
 * none; then finish. Nothing is asked that cannot change the result: where the author's own name is proven, only
 * its own record.
 */
struct dmarc_check {
	const struct suffix_list *suffixes;
	const struct facts *facts; /* spf and dkim, whose results are final */
	const char *domain;        /* the author's */
	unsigned *walks;           /* that this message may still make */
	struct dmarc_walk author;
	struct dmarc_walk other; /* of one identifier; its start is NULL where none is under way */
	struct dmarc_identifier known[DMARC_IDENTIFIERS_MAX];
	size_t known_count;
	enum tri exists; /* does the author's domain exist? UNKNOWN: not asked, or no answer */
	bool exists_asked;
};

/* All is borrowed until dmarc_finish; *walks is lowered. Without one left nothing is asked. */
void dmarc_begin(struct dmarc_check *, const struct suffix_list *, const struct facts *, const char *author_domain,
    unsigned *walks);
/* The question has the standing of a stranger; *start is the domain whose walk, or existence, it is about. The same
 * question until it is answered; false: there is none. */
bool dmarc_next(struct dmarc_check *, struct dns_question *out, const char **start);
void dmarc_answer(struct dmarc_check *, const struct dns_answer *);

/* After dmarc_next: once in each walk, when it is certain to go on, the domains that it will ask if nothing ends it,
 * so that the shell can ask them at the same time. */
size_t dmarc_ahead(const struct dmarc_check *, const char *out[DMARC_STEPS_MAX]);

/*
 * The result for the author. Strings are borrowed from its domain and the facts; the walk is in the arena, and missing
 * when that is full. What did not answer gives TEMPERROR, not FAIL, where it could have made it pass: a record, SPF, a
 * key. The author's own record is enough where the rest is not needed (4.10).
 */
void dmarc_finish(const struct dmarc_check *, struct arena *, struct dmarc_fact *out);

#endif
