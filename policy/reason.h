/*
 * reason.h - why a message was treated as it was: slugs that never change their meaning.
 *
 * Floor 5. One table: the slug of the log, the sentence of the reply and of explain.
 * A new reason is a new row; a slug is never used again for something else.
 */
#ifndef REASON_H
#define REASON_H

enum reason {
	REASON_NONE,
	REASON_EXEMPT_AUTHENTICATED,
	REASON_EXEMPT_LOCAL,
	REASON_EXEMPT_LOOPBACK,
	REASON_EXEMPT_NETWORK,
	REASON_EXEMPT_DAEMON,
	REASON_NO_CLAIM,
	REASON_PROVEN,
	REASON_PROVEN_GATEWAY,
	REASON_PARTLY_PROVEN,
	REASON_REVIEW_LAPSED,
	REASON_WEAK_SIGNATURE,
	REASON_NOTHING_PROVEN,
	REASON_SHARED_RANGE_DMARC_FAILS,
	REASON_STRANGER_BESIDE_VENDOR,
	REASON_UNREADABLE_FROM,
	REASON_TOO_MANY_VENDORS,
	REASON_DNS_TROUBLE,
	REASON_DNS_TROUBLE_TOO_LONG,
	REASON_FROM_TOO_LONG,
	REASON_OWN_FAILURE
};
enum { REASONS = REASON_OWN_FAILURE + 1 };

const char *reason_slug(enum reason);
/* A clause that fits behind "because" and names nothing from the network. */
const char *reason_sentence(enum reason);

#endif
