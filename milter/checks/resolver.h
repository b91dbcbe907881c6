/*
 * resolver.h - answers DNS questions within a deadline.
 *
 * A struct of functions, so that tests can answer instead: resolver_unbound.c runs libunbound on one
 * dispatcher thread behind our own answer cache. Any thread may ask. Never fails: a question that cannot be
 * answered is TEMPORARY. The number of questions of one standing in progress at once is limited (admission.h);
 * a question beyond that waits for its turn, and is TEMPORARY if that takes too long.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"

/* How long one message may still wait for DNS; answers from the cache cost nothing. */
struct budget {
	int64_t left_ms;
};

struct resolver {
	void (*ask)(struct resolver *, const struct dns_question *, struct budget *, struct arena *, struct dns_answer *);
	void (*prefetch)(struct resolver *, const struct dns_question *);
	void (*close)(struct resolver *);
	atomic_uint found; /* answers with records so far; wraps */
};

/* Waits until the question's time-out or the end of the budget at most; it lowers the budget by the
 * time waited, never below 0. The answer is in the arena. budget NULL: only the time-out applies. */
void resolver_ask(struct resolver *, const struct dns_question *, struct budget *, struct arena *, struct dns_answer *out);

/* Counts the answers that hold records. While the count does not change, "no such name" may come from a resolver that
 * has lost its connection to DNS. */
unsigned resolver_found(const struct resolver *);

/* Starts the question without waiting, so that a later ask finds it in progress or answered. Does nothing when its
 * standing has few free slots left. */
void resolver_prefetch(struct resolver *, const struct dns_question *);

/* NULL is fine. Threads that still wait get TEMPORARY at once; no thread may ask any more. */
void resolver_close(struct resolver *);

struct resolver_settings {
	const char *const *servers; /* "127.0.0.1@53", "::1@53"; "127.0.0.1" is port 53 */
	size_t server_count;        /* 0: the host's resolv.conf */
	int64_t timeout_ms;
	const char *trust_anchor;           /* "": no DNSSEC */
	size_t cache_bytes;                 /* ceiling of our answer cache; 0: a default of 16 MiB */
	const struct suffix_list *suffixes; /* kept; groups strangers' names. NULL: by their last two labels */
};

/* Creates threads: call after daemonising, with signals blocked. NULL with why. Given. */
struct resolver *resolver_unbound(const struct resolver_settings *, struct fault *why) MUST_USE;

#endif
