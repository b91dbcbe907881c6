/*
 * explain.h - a verdict in words: the SMTP reply and the postmaster's explanation.
 *
 * Replies contain nothing from the network: only names from the configuration, slugs and numbers.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/mail/facts.h"
#include "policy/util/text.h"
#include "policy/verdict/verdict.h"

struct reply {
	const char *code, *enhanced; /* "550", "5.7.26" (RFC 5321, RFC 3463, RFC 7372) */
	char text[480];              /* one line, RFC 5321 4.5.3.1.5 */
};

/* The reply for what is done; false where the message goes on (pass, tag, quarantine).
 * wait: seconds until a greylisted recipient would pass. */
bool explain_reply(const struct verdict *, enum action done, const char *id, const char *contact, int64_t wait,
    struct reply *out);

/* The delegation that would allow what a vendor sent in our own name, as greenlane.conf would have it; false where a
 * delegation is not what is missing. */
bool explain_delegation(const struct verdict *, struct text *out);

/* Several lines for a person: outcome, evidence of each vendor, what would change it. */
void explain_write(const struct judge *, const struct facts *, const struct verdict *, struct text *out);

/* What to write if the mail is genuine: the delegation, or what the file of an unproven vendor lacks. One line each. */
void explain_remedy(const struct facts *, const struct verdict *, struct text *out);

/* For facts that were given only in part: what each missing part would change. Nothing for real mail. */
void explain_changes(const struct judge *, const struct facts *, const struct verdict *, struct text *out);

#endif
