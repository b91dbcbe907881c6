#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <unbound.h>
#include <unbound-event.h>

#include "milter/checks/unbound_context.h"
#include "milter/system/denied.h"

/* Our own cache is in front, so libunbound's caches are small: low memory at start is a goal. */
static const struct {
	const char *name, *value;
} options[] = {
	{ "do-not-query-localhost:", "no" },
	{ "unblock-lan-zones:", "yes" }, /* with zones_remove: every question goes to the servers */
	{ "aggressive-nsec:", "no" },    /* we probe whether a zone answers with a name that no cache may answer */
	{ "edns-buffer-size:", "1232" }, /* DNS flag day 2020: no fragments */
	{ "rrset-roundrobin:", "no" },   /* records in the order received */
	{ "cache-max-negative-ttl:", "10800" },
	{ "msg-cache-size:", "64k" },
	{ "msg-cache-slabs:", "1" },
	{ "rrset-cache-size:", "512k" },
	{ "rrset-cache-slabs:", "1" },
	{ "key-cache-size:", "256k" },
	{ "key-cache-slabs:", "1" },
	{ "neg-cache-size:", "64k" },
	{ "infra-cache-slabs:", "1" },
	{ "infra-cache-numhosts:", "1000" },
	/* The servers are resolvers: fast when they know the answer, slow when they must ask. By default libunbound
	 * asks a server that was fast again after 50 ms and ignores its answers to earlier packets; and it treats
	 * one that is slow for one name as dead for minutes, for all names. With two servers it must remember
	 * for a while which one fails, so these values are no lower. */
	{ "infra-cache-min-rtt:", "1000" },
	{ "infra-host-ttl:", "10" },
	{ "infra-keep-probing:", "yes" },
	{ "outbound-msg-retry:", "3" }, /* gives up a silent name and frees its socket after 14 s; by default 38 */
	{ "outgoing-range:", "512" },   /* UNBOUND_SOCKETS; by default 16: one silent domain would hold up the others */
	{ "outgoing-num-tcp:", "32" },
};

/* libunbound answers these itself unless they are removed; an option removes those of private networks. */
static const char *const zones[] = {
	"localhost.",
	"127.in-addr.arpa.",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
	"home.arpa.",
	"invalid.",
	"onion.",
	"test.",
};

static bool
servers_set(struct ub_ctx *context, const struct dns_servers *servers, struct fault *why)
{
	for (size_t i = 0; i < servers->count; i++)
		if (ub_ctx_set_fwd(context, servers->list[i]) != 0)
			return fault_set(why, "'%.60s' is not the address of a DNS server; write '127.0.0.1@53'",
			    servers->list[i]);
	return true;
}

static bool
validation_set(struct ub_ctx *context, const char *anchor, struct fault *why)
{
	char hint[DENIED_HINT];

	if (anchor == NULL || anchor[0] == '\0')
		return ub_ctx_set_option(context, "module-config:", "iterator") == 0 ||
		    fault_set(why, "libunbound refuses to work without validation");
	if (access(anchor, R_OK) != 0)
		return fault_set(why,
		    "the trust anchor '%.100s' cannot be read: %s%.270s; install dns-root-data or remove dns.trust_anchor",
		    anchor, strerror(errno), errno == EACCES ? denied_hint(anchor, DENIED_READ, hint) : "");
	if (ub_ctx_set_option(context, "module-config:", "validator iterator") != 0 ||
	    ub_ctx_add_ta_file(context, anchor) != 0)
		return fault_set(why, "libunbound refuses the trust anchor '%.200s'", anchor);
	return true;
}

/* Ends the configuration: from here on libunbound accepts no option. */
static bool
zones_remove(struct ub_ctx *context, const char *anchor, struct fault *why)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < sizeof zones / sizeof zones[0]; i++)
		error = ub_ctx_zone_remove(context, zones[i]);
	if (error == UB_INITFAIL && anchor != NULL && anchor[0] != '\0')
		return fault_set(why, "'%.200s' holds no trust anchor; write the root.key of dns-root-data", anchor);
	return error == 0 || fault_set(why, "libunbound does not start: %s", ub_strerror(error));
}

static bool
context_set(struct ub_ctx *context, const struct dns_servers *servers, const char *anchor, struct fault *why)
{
	ub_ctx_debugout(context, NULL); /* it would write to standard error */
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (ub_ctx_set_option(context, options[i].name, options[i].value) != 0)
			return fault_set(why, "libunbound refuses '%s %s'", options[i].name, options[i].value);
	return servers_set(context, servers, why) && validation_set(context, anchor, why) &&
	    zones_remove(context, anchor, why);
}

struct ub_ctx *
unbound_context(struct event_base *base, const struct dns_servers *servers, const char *anchor, struct fault *why)
{
	struct ub_ctx *context = ub_ctx_create_event(base);

	if (context == NULL)
		fault_set(why, "out of memory for the resolver");
	else if (!context_set(context, servers, anchor, why)) {
		ub_ctx_delete(context);
		context = NULL;
	}
	return context;
}
