#include <assert.h>

#include "reason.h"

static const struct row {
	const char *slug, *sentence;
} rows[] = {
	[REASON_NONE] = { "-", "it is not judged yet" },
	[REASON_EXEMPT_AUTHENTICATED] = { "authenticated", "the client logged in" },
	[REASON_EXEMPT_LOCAL] = { "local", "it was submitted on this host" },
	[REASON_EXEMPT_LOOPBACK] = { "loopback", "the client is this host" },
	[REASON_EXEMPT_NETWORK] = { "own-network", "the client is in own.networks" },
	[REASON_EXEMPT_DAEMON] = { "own-daemon", "it came in by a port named in own.daemon_names" },
	[REASON_NO_CLAIM] = { "no-claim", "it names no vendor" },
	[REASON_PROVEN] = { "proven", "what the vendor's policy asks for is proven" },
	[REASON_PROVEN_GATEWAY] = { "proven-gateway",
	    "a gateway sent it and SPF passes for its author's domain" },
	[REASON_PARTLY_PROVEN] = { "partly-proven",
	    "something speaks for the vendor, but not what its policy asks for" },
	[REASON_REVIEW_LAPSED] = { "review-lapsed",
	    "it is listed, but nobody has reviewed that list for too long" },
	[REASON_WEAK_SIGNATURE] = { "weak-signature",
	    "the vendor's signature is by a test key or SHA-1, which proves nothing" },
	[REASON_NOTHING_PROVEN] = { "nothing-proven",
	    "neither address, SPF, DKIM nor DMARC proves that it is the vendor's" },
	[REASON_SHARED_RANGE_DMARC_FAILS] = { "shared-range-dmarc-fails",
	    "only a range that others share speaks for it, and DMARC fails" },
	[REASON_STRANGER_BESIDE_VENDOR] = { "stranger-beside-vendor",
	    "its From field names a stranger beside the vendor" },
	[REASON_UNREADABLE_FROM] = { "unreadable-from",
	    "its From field names the vendor but cannot be read as RFC 5322 says" },
	[REASON_TOO_MANY_VENDORS] = { "too-many-vendors",
	    "it claims more vendors than any honest mail does" },
	[REASON_DNS_TROUBLE] = { "dns-trouble", "DNS did not answer and the answer decides" },
	[REASON_DNS_TROUBLE_TOO_LONG] = { "dns-trouble-too-long",
	    "DNS has not answered for longer than unsure_max" },
	[REASON_FROM_TOO_LONG] = { "from-too-long", "its From field is longer than 8 KiB" },
	[REASON_OWN_FAILURE] = { "own-failure", "greenlane itself is in trouble" },
};
static_assert(sizeof rows / sizeof rows[0] == REASONS, "a reason lacks its row");

const char *
reason_slug(enum reason reason)
{
	return rows[reason].slug;
}

const char *
reason_sentence(enum reason reason)
{
	return rows[reason].sentence;
}
