/*
 * check_spf.h - SPF by libspf2, only through spf_gate, over our resolver (RFC 7208).
 *
 * Keeps nothing between checks. Never asks for explanations (exp=).
 */
#ifndef CHECK_SPF_H
#define CHECK_SPF_H

#include "milter/checks/resolver.h"
#include "policy/mail/facts.h"
#include "policy/util/arena.h"

struct spf_query {
	struct address client;
	const char *helo;      /* borrowed; any bytes */
	const char *mail_from; /* "local@domain" or "domain"; "" checks postmaster@helo (RFC 7208, 2.4) */
	enum standing standing; /* of the domain; what it leads to has the same, but for names that the mail shapes */
};

/* check_host(). out->domain is in the arena. Our own failures (memory) are TEMPERROR, and the arena is told. A name that
 * is no fully qualified domain gives NONE (4.3). Of a PERMERROR *why (NULL: not asked for) becomes what is wrong,
 * and whose record it is: the arena's, with bytes that strangers wrote. Returns which name made it TEMPERROR, in
 * the arena. */
struct silence check_spf(struct resolver *, struct budget *, struct arena *, const struct spf_query *,
    struct spf_fact *out, const char **why);

#endif
