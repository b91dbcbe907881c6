#include <assert.h>

#include "policy/rules/reason.h"

static const struct row {
	const char *slug, *sentence;
} rows[] = {
	[REASON_NONE] = { "-", "it has not been judged yet" },
	[REASON_EXEMPT_AUTHENTICATED] = { "authenticated", "the client logged in" },
	[REASON_EXEMPT_LOCAL] = { "local", "it was submitted on this host" },
	[REASON_EXEMPT_LOOPBACK] = { "loopback", "the client is this host" },
	[REASON_EXEMPT_NETWORK] = { "own-network", "the client is in own.networks" },
	[REASON_EXEMPT_DAEMON] = { "own-daemon", "it came in on a port named in own.daemon_names" },
	[REASON_NO_CLAIM] = { "no-claim", "it names no vendor" },
	[REASON_DMARC_REJECT] = { "dmarc-reject",
	    "it fails DMARC, its author's domain asks to refuse that, and nothing else speaks for it" },
	[REASON_DMARC_QUARANTINE] = { "dmarc-quarantine", "it fails DMARC, and its author's domain asks to mistrust that" },
	[REASON_PROVEN] = { "proven", "its evidence is enough for the vendor's policy" },
	[REASON_PROVEN_GATEWAY] = { "proven-gateway", "a gateway sent it and SPF passes for its author's domain" },
	[REASON_PROVEN_OWN] = { "proven-own", "our own signature, or our own SPF, proves it" },
	[REASON_OWN_OUTBOUND] = { "authorised-outbound", "it comes from an authorised outbound address" },
	[REASON_PROVEN_DELEGATION] = { "proven-delegation",
	    "a vendor that may send in our name is proven to have sent it" },
	[REASON_PROVEN_PARTNER] = { "proven-partner",
	    "a vendor that may send in its author's name is proven to have sent it" },
	[REASON_PARTLY_PROVEN] = { "partly-proven", "some evidence supports it, but not enough for the vendor's policy" },
	[REASON_REVIEW_LAPSED] = { "review-lapsed",
	    "its address is listed, but nobody has reviewed that list for too long" },
	[REASON_WEAK_SIGNATURE] = { "weak-signature", "the vendor's signature verifies, but is too weak to vouch for it" },
	[REASON_NOTHING_PROVEN] = { "nothing-proven", "neither address, SPF, DKIM nor DMARC supports it" },
	[REASON_SHARED_RANGE_DMARC_FAILS] = { "shared-range-dmarc-fails",
	    "only an address range that others share supports it, and DMARC fails" },
	[REASON_UNRESOLVED_NAME] = { "unresolved-name",
	    "nothing proves it, and a name that its proof depends on has not resolved for too long" },
	[REASON_DMARC_FAILS] = { "dmarc-fails",
	    "what is known does not prove it and fails DMARC, and the rest has not answered for too long" },
	[REASON_STRANGER_BESIDE_VENDOR] = { "stranger-beside-vendor",
	    "its From field names a stranger next to the vendor" },
	[REASON_OWN_UNPROVEN] = { "own-unproven", "it uses our own name, and nothing proves that it may" },
	[REASON_UNDELEGATED] = { "undelegated-vendor", "a vendor sent it in our own name, and no delegation allows that" },
	[REASON_OUTSIDE_SOURCES] = { "outside-sources", "a vendor may send in our name, but not from this address" },
	[REASON_OWN_SPF_LACKS_VENDOR] = { "own-spf-lacks-vendor",
	    "a vendor may send in our name, but our SPF record does not pass its address" },
	[REASON_KNOWN_LIST] = { "known-list", "a known mailing list sent it on" },
	[REASON_FORWARDED] = { "forwarded", "a known forwarder sent it on, so its address and SPF prove nothing" },
	[REASON_HIDDEN_CLIENT] = { "hidden-client", "the real address of its sender cannot be seen here" },
	[REASON_RELAYING] = { "relaying", "this host may send to others in our own names only" },
	[REASON_RECIPIENT_DIFFERS] = { "recipient-differs", "another mode applies to the recipients before this one" },
	[REASON_UNREADABLE_FROM] = { "unreadable-from", "its From field names the vendor but does not follow RFC 5322" },
	[REASON_TOO_MANY_VENDORS] = { "too-many-vendors", "it names more vendors than one message may" },
	[REASON_SOURCE_WRONG] = { "source-wrong", "what the vendor publishes about its addresses is gone or wrong" },
	[REASON_WITHOUT_ADDRESSES] = { "vendor-without-addresses",
	    "what the vendor published about its addresses is gone, so nothing can prove or disprove it" },
	[REASON_DNS_TROUBLE] = { "dns-trouble", "DNS did not answer, and the verdict depends on the answer" },
	[REASON_DNS_TROUBLE_TOO_LONG] = { "dns-trouble-too-long", "DNS has not answered for longer than unsure_max" },
	[REASON_FROM_TOO_LONG] = { "from-too-long",
	    "its From field is longer than 8 KiB or holds too many international names" },
	[REASON_OWN_FAILURE] = { "own-failure", "greenlane itself failed" },
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
