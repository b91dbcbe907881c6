/*
 * authres.h - Authentication-Results: ours written, forged ones recognised (RFC 8601).
 *
 * Every byte from the network is checked or quoted before it enters the field.
 */
#ifndef AUTHRES_H
#define AUTHRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/mail/facts.h"
#include "policy/util/text.h"

enum { AUTHRES_MAX = 8 * 1024 };

/* Is `name` (any case, trailing blanks ignored) the field Authentication-Results? */
bool authres_is_field(const char *name);

/* Does a received field body bear this id? By grammar: CFWS, comments, quoted-string, version,
 * case folded, IDN; a body that starts with our id but breaks the grammar later bears it, too. */
bool authres_bears(const char *value, size_t length, const char *authserv_id);

/* Adds the body (folded with LF + tab, ready for smfi_insheader without its leading blank): spf,
 * every dkim signature, dmarc for each author's domain asked; "none" when nothing was asked. Whole results
 * only, at most AUTHRES_MAX. A signature that verifies but does not count is dkim=policy, its
 * reason the slug of facts.h (RFC 8601, 2.7.1: passed, but not acceptable here). Text that was cut
 * (out of memory) must not be used as a field. */
void authres_write(const struct facts *, const char *authserv_id, struct text *out);

/* Writes our own: "x-greenlane=unproven policy.vendor=nable-rmm policy.waited=312 policy.action=tag"; vendor "", waited
 * (seconds) -1 and what is not tagged leave their properties out. */
void authres_write_outcome(const char *outcome, const char *vendor, int64_t waited, bool tagged,
    const char *authserv_id, struct text *out);

#endif
