/*
 * iprev.h - the names of a client, confirmed forward and back (RFC 8601, section 3: "iprev").
 *
 * Whoever holds an address may publish any name for it (PTR). The name says something only where its own zone leads
 * back to that address. A name that the MTA confirmed is taken from it; the MTA looks at one name and may not look at
 * all, so where its word is not enough we look ourselves, at every name. Ask and answer: the shell asks DNS. All
 * names are the client's choice: whatever they lead to is a silence that he brought (patience.h).
 */
#ifndef IPREV_H
#define IPREV_H

#include <stdbool.h>

#include "policy/mail/facts.h"
#include "policy/util/arena.h"
#include "policy/util/domain.h"

/*
 * The name that the MTA confirmed, in normal form; "" where it did not. `name` is {client_name} or what it gives at
 * CONNECT, `resolve` is {client_resolve}: OK, FAIL, FORGED or TEMP (Sendmail and Postfix). "unknown", "[192.0.2.1]" and
 * names without a dot are no names, whatever is said of them.
 */
void iprev_of_mta(const char *name, const char *resolve, char out[DOMAIN_TEXT]);

/*
 * One look-up: begin; then iprev_next returns the question to ask and iprev_answer takes its answer, until there is
 * none; then finish. At most 1 + IPREV_NAMES_MAX questions.
 */
struct iprev_check {
	struct arena *arena;
	struct address client;
	const char *asked; /* the name of the PTR record, until it is answered; NULL then */
	bool has_names;    /* DNS holds names for the address */
	const char *names[IPREV_NAMES_MAX];
	size_t count, at;
	const char *confirmed[IPREV_NAMES_MAX];
	size_t confirmed_count;
	const char *silent; /* the first name that did not answer; NULL: none */
};

/* The client has an address. The arena is kept. */
void iprev_begin(struct iprev_check *, struct arena *, const struct address *client);
/* The question has the standing of a stranger. The same question until it is answered; false: there is none. */
bool iprev_next(const struct iprev_check *, struct dns_question *out);
/* The question after the one that iprev_next returns, to be asked at the same time: `ahead` counts from 1. */
bool iprev_ahead(const struct iprev_check *, size_t ahead, struct dns_question *out);
void iprev_answer(struct iprev_check *, const struct dns_answer *);

/*
 * Fills result, names and silence; by_mta is left alone. PASS: a name leads back. FAIL: there are names, none does.
 * PERMERROR: there is no name. TEMPERROR: none does, and one did not answer, or memory ran out.
 */
void iprev_finish(const struct iprev_check *, struct iprev_fact *out);

/* May a result be one of a look-up, or of none? */
bool iprev_is_result(enum auth_result);

/* Has the client a confirmed name? UNKNOWN until it was looked for, or where DNS did not answer. */
enum tri iprev_confirmed(const struct iprev_fact *);
/* Is one of its confirmed names below this one (normal form; not the name itself)? */
enum tri iprev_is_below(const struct iprev_fact *, const char *name);

#endif
