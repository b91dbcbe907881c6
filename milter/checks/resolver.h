/*
 * resolver.h - answers DNS questions within a deadline.
 *
 * A struct of functions, so that tests can answer instead: resolver_unbound.c is libunbound on one
 * dispatcher thread behind our own answer cache. Any thread may ask. Never fails: what cannot be
 * answered is TEMPORARY. How many questions of one standing are under way at once has bounds
 * (admission.h); what finds no room waits for it as for its answer, and is TEMPORARY where that takes too long.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"

/* The waiting that one message may still do; lookups in cache cost nothing. */
struct budget {
	int64_t left_ms;
};

struct resolver {
	void (*ask)(struct resolver *, const struct dns_question *, struct budget *, struct arena *,
	    struct dns_answer *);
	void (*prefetch)(struct resolver *, const struct dns_question *);
	void (*close)(struct resolver *);
	atomic_uint found; /* answers with records so far; wraps */
};

/* Waits at most until the question's time-out or the end of the budget (which it lowers by the
 * time waited; never below 0). The answer's memory is the arena's. budget NULL: the time-out alone. */
void resolver_ask(struct resolver *, const struct dns_question *, struct budget *, struct arena *,
    struct dns_answer *out);

/* A count that moves with every answer that holds records: while it stands still, "there is no such name" may
 * be a resolver's that has lost its way. */
unsigned resolver_found(const struct resolver *);

/* Starts the question without waiting, so that a later ask finds it under way or answered; nothing where its
 * standing has little room left. */
void resolver_prefetch(struct resolver *, const struct dns_question *);

/* NULL is fine. Who still waits gets TEMPORARY at once; nobody may ask any more. */
void resolver_close(struct resolver *);

struct resolver_settings {
	const char *const *servers; /* "127.0.0.1@53", "::1@53"; "127.0.0.1" is port 53 */
	size_t server_count;        /* 0: the host's resolv.conf */
	int64_t timeout_ms;
	const char *trust_anchor;   /* "": no DNSSEC */
	size_t cache_bytes;         /* ceiling of our answer cache; 0: a default of 16 MiB */
	const struct suffix_list *suffixes; /* kept; what a stranger's name belongs to. NULL: the last two labels */
};

/* Creates threads: call after daemonising, with signals blocked. NULL with why. Given. */
struct resolver *resolver_unbound(const struct resolver_settings *, struct fault *why) MUST_USE;

#endif
