/*
 * sources.h - unfolds what a vendor publishes into networks, one DNS question and answer at a time.
 *
 * The limits of RFC 7208, 4.6.4 apply to unfolding too; a loop, an eleventh look-up, an over-long
 * answer, "+all", an "exists" of a plain name that has an address, or a network wider than /8 (IPv6: /16), also by a
 * name that a macro makes, is a fault that names the include path. In SPF
 * the first match wins, so nothing is listed after a term that may end the search without a pass: the
 * source must then be asked for each client. Never asks DNS itself.
 */
#ifndef SOURCES_H
#define SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/rules/vendor.h"
#include "policy/util/address.h"
#include "policy/util/fault.h"

enum { SOURCE_NETWORKS_MAX = 100000, SOURCE_PATH_MAX = 1024 };

/* One network, and the path that led to it: "autotask.net > _spf.example > ip4". */
struct source_network {
	struct prefix prefix;
	const char *path;
};

struct unfolding; /* one source being unfolded */

/* Begins; the source is kept. cidr and file sources have no questions. Given; NULL without memory. */
struct unfolding *unfolding_open(const struct source *) MUST_USE;
void unfolding_close(struct unfolding *);

/* The next question to ask; false if there is none: done or failed. */
bool unfolding_next(struct unfolding *, struct dns_question *out);
/* Takes its answer; copied where needed. */
void unfolding_answer(struct unfolding *, const struct dns_answer *);

enum unfolding_state {
	UNFOLDING_ASKS, /* a question is open */
	UNFOLDING_DONE,
	UNFOLDING_TEMPORARY, /* DNS trouble: try again later */
	UNFOLDING_BROKEN     /* what is published is wrong: no such name, no address, no SPF record, a loop, too much */
};
enum unfolding_state unfolding_state(const struct unfolding *, struct fault *why);

/* Borrowed; without duplicates; in the order found. None until it is done. */
const struct source_network *unfolding_networks(const struct unfolding *, size_t *count);
/* Must the source be asked for the connecting address too? True for an SPF record with terms that cannot be listed
 * (exists, ptr, macros, qualifiers other than + before the end). */
bool unfolding_is_asked(const struct unfolding *);
const char *unfolding_asked_why(const struct unfolding *); /* the first such term and its path; "" */
uint32_t unfolding_ttl(const struct unfolding *);          /* smallest seen; UINT32_MAX if nothing was asked */

#endif
