/*
 * explain.h - a verdict in words: the SMTP reply and the postmaster's explanation.
 *
 * Replies hold nothing from the network: names from the configuration, slugs, numbers.
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
bool explain_reply(const struct verdict *, enum action done, const char *id, const char *contact,
    int64_t wait, struct reply *out);

/* The delegation that would allow what a vendor sent in our own name, as it would stand in greenlane.conf;
 * false where that is not what is wrong. */
bool explain_delegation(const struct verdict *, struct text *out);

/* Several lines for a person: outcome, evidence of each vendor, what would change it. */
void explain_write(const struct judge *, const struct facts *, const struct verdict *, struct text *out);

/* What to write where it is right: the delegation, or what the file of a vendor lacks that is unproven. A line each. */
void explain_remedy(const struct facts *, const struct verdict *, struct text *out);

/* For facts that were told only in part: what each part that was not given would change; nothing for mail. */
void explain_changes(const struct judge *, const struct facts *, const struct verdict *, struct text *out);

#endif
