/*
 * check_spf.h - checks SPF with libspf2, behind spf_gate and over our resolver (RFC 7208).
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
	const char *helo;       /* borrowed; any bytes */
	const char *mail_from;  /* "local@domain" or "domain"; "" checks postmaster@helo (RFC 7208, 2.4) */
	enum standing standing; /* of the domain and the names it leads to, except names that the mail shapes */
};

/* What else is known of a check. */
struct spf_detail {
	const char *why; /* of a PERMERROR: what is wrong, and in whose record; in the arena, and may hold bytes that strangers wrote */
	bool narrow; /* of a PASS: by a record that spf_gate_is_narrow calls so */
};

/* check_host(). out->domain is in the arena. Our own failures (memory) give TEMPERROR and mark the arena as failed. A
 * name that is not a fully qualified domain gives NONE (4.3). *detail is filled where it has something to say; NULL:
 * nobody wants it. Returns the name that caused a TEMPERROR, in the arena. */
struct silence check_spf(struct resolver *, struct budget *, struct arena *, const struct spf_query *,
    struct spf_fact *out, struct spf_detail *detail);

#endif
