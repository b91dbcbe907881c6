/*
 * resolver.h - answers DNS questions within a deadline.
 *
 * A struct of functions, so that tests can answer instead: resolver_unbound.c runs libunbound on one
 * dispatcher thread behind our own answer cache. Any thread may ask. Never fails: a question that cannot be
 * answered is TEMPORARY. The number of questions of one standing in progress at once is limited (admission.h);
 * a question beyond that waits for its turn, and is TEMPORARY if that takes too long.
 *
 * The servers of resolv.conf are looked at again while no server answers, and on request; what is under way is then
 * asked again, and the cache stays.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/dns/resolv_conf.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"

struct journal;

/* How long one message may still wait for DNS; answers from the cache cost nothing. */
struct budget {
	int64_t left_ms;
};

/* What resolver_tell says. */
struct resolver_state {
	struct dns_servers servers; /* in use; none: not known */
	const char *resolv_conf;    /* where they come from; NULL: the configuration */
	int64_t failing_since;      /* seconds since 1970; 0: all is well */
};

struct resolver {
	void (*ask)(struct resolver *, const struct dns_question *, struct budget *, struct arena *, struct dns_answer *);
	void (*prefetch)(struct resolver *, const struct dns_question *);
	void (*stop)(struct resolver *); /* NULL: nobody ever waits */
	void (*close)(struct resolver *);
	void (*look_again)(struct resolver *);                         /* NULL: it has no servers */
	void (*tell)(struct resolver *, struct resolver_state *state); /* NULL: the same */
	atomic_uint found;                                             /* answers with records so far; wraps */
	struct resolver_counts {
		atomic_ullong answers[DNS_STATUSES]; /* of name servers */
		atomic_ullong cached;                /* answers without asking them */
	} counts; /* since it was opened; a resolver without servers counts nothing */
};

/* Waits until the question's time-out or the end of the budget at most; it lowers the budget by the
 * time waited, never below 0. The answer is in the arena. budget NULL: only the time-out applies. */
void resolver_ask(struct resolver *, const struct dns_question *, struct budget *, struct arena *, struct dns_answer *out);

/* Counts the answers that hold records. While the count does not change, "no such name" may come from a resolver that
 * has lost its connection to DNS. */
unsigned resolver_found(const struct resolver *);

/* One more, for a resolver that asks servers. */
void resolver_count(atomic_ullong *);

/* Starts the question without waiting, so that a later ask finds it in progress or answered. Does nothing when its
 * standing has few free slots left. */
void resolver_prefetch(struct resolver *, const struct dns_question *);

/* Reads resolv.conf again and asks the servers that it names from now on. Does not wait. Nothing changes where the
 * configuration names the servers, or the file cannot be read. */
void resolver_look_again(struct resolver *);

/* A resolver is failing once no server has given a usable answer for RESOLVER_TROUBLE_MS while one was asked: since the
 * first question without one. Any thread. */
enum { RESOLVER_TROUBLE_MS = 4 * 1000 };
void resolver_tell(struct resolver *, struct resolver_state *);

/* Who waits gets TEMPORARY at once, and so does whoever asks later. Any thread; NULL is fine. */
void resolver_stop(struct resolver *);

/* NULL is fine. Threads that still wait get TEMPORARY at once; no thread may ask any more. */
void resolver_close(struct resolver *);

struct resolver_settings {
	const char *const *servers; /* "127.0.0.1@53", "::1@53"; "127.0.0.1" is port 53 */
	size_t server_count;        /* 0: the host's resolv.conf */
	const char *resolv_conf;    /* its path, kept; NULL: /etc/resolv.conf */
	int64_t timeout_ms;
	const char *trust_anchor;           /* "": no DNSSEC */
	size_t cache_bytes;                 /* ceiling of our answer cache; 0: a default of 16 MiB */
	const struct suffix_list *suffixes; /* kept; groups strangers' names. NULL: by their last two labels */
	struct journal *journal; /* kept; is told which servers are asked, and when none answers. NULL: nobody is */
};

/* Creates threads: call after daemonising, with signals blocked. NULL with why. Given. */
struct resolver *resolver_unbound(const struct resolver_settings *, struct fault *why) MUST_USE;

#endif
