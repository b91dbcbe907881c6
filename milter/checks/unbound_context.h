/*
 * unbound_context.h - a context of libunbound, set up as we need it.
 *
 * Once set up it accepts no other servers, so whoever wants others opens another one. Never asks anything itself.
 */
#ifndef UNBOUND_CONTEXT_H
#define UNBOUND_CONTEXT_H

#include "policy/dns/resolv_conf.h"
#include "policy/util/fault.h"

struct event_base;

enum { UNBOUND_SOCKETS = 512 }; /* a question holds one until it is answered or given up */

/* Asks these servers through the base, which is kept; anchor "" or NULL: no DNSSEC. NULL with why. Given:
 * ub_ctx_delete. Once the base runs, its thread alone may call. */
struct ub_ctx *unbound_context(struct event_base *, const struct dns_servers *, const char *anchor,
    struct fault *why) MUST_USE;

#endif
