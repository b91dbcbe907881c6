/*
 * wants.h - which fact is worth finding out next: decides every question that the shell asks.
 *
 * Never asks DNS itself, and never wants what cannot change the verdict or the results header.
 */
#ifndef WANTS_H
#define WANTS_H

#include <stddef.h>

#include "policy/verdict/claim.h"

enum want {
	WANT_NOTHING,
	WANT_SPF,      /* check_host of the sender or HELO */
	WANT_SOURCE,   /* check_host(client, postmaster@NAME) of an spf source */
	WANT_IPREV,    /* the client's names, confirmed forward and back, for a host source */
	WANT_SPF_FROM, /* check_host(client, author's domain) */
	WANT_DNSWL, /* does greylist.dnswl list the client? Asked for the greylist (passed_by.h), never by wants_next */
	WANT_DMARC  /* of an author; only at the end, when DKIM is done */
};
struct wanted {
	enum want want;
	const struct source *source; /* SOURCE, IPREV */
	size_t author;               /* SPF_FROM, DMARC: index */
};

/* For a message that is not exempt. */
struct wanted wants_next(const struct judge *, const struct facts *);

#endif
