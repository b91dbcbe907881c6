/*
 * sources.h - unfolds what a vendor publishes into networks, by ask and answer.
 *
 * The limits of RFC 7208, 4.6.4 hold for unfolding too; a loop, an eleventh look-up, an
 * over-long answer, "+all" or a network wider than /8 (IPv6: /16) is a fault that names the include
 * path. First match wins in SPF, so what stands behind a term that may end the search without a
 * pass is not listed: the source is then asked for each client. Never asks DNS itself.
 */
#ifndef SOURCES_H
#define SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/rules/vendor.h"
#include "policy/util/address.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum { SOURCE_NETWORKS_MAX = 100000, SOURCE_PATH_MAX = 1024 };

/* One network found, and by which path: "autotask.net > _spf.example > ip4". */
struct source_network {
	struct prefix prefix;
	const char *path;
};

struct unfolding; /* one source being unfolded */

/* Begins; the source is kept. cidr and file sources ask nothing. NULL without memory. Given. */
struct unfolding *unfolding_open(const struct source *) MUST_USE;
void unfolding_close(struct unfolding *);

/* The next question to ask, or false when there is none: done or failed. */
bool unfolding_next(struct unfolding *, struct dns_question *out);
/* Its answer; copied where needed. */
void unfolding_answer(struct unfolding *, const struct dns_answer *);

enum unfolding_state {
	UNFOLDING_ASKS,    /* a question is open */
	UNFOLDING_DONE,
	UNFOLDING_TEMPORARY, /* DNS trouble: ask again later */
	UNFOLDING_BROKEN   /* what is published is wrong: no such name, no address, no SPF record, a loop, too much */
};
enum unfolding_state unfolding_state(const struct unfolding *, struct fault *why);

/* Borrowed; no doubles; in the order found. None until it is done: half a list is no list. */
const struct source_network *unfolding_networks(const struct unfolding *, size_t *count);
/* spf: terms that cannot be listed (exists, ptr, macros, qualifiers other than + before the end):
 * true means the source must be asked for the connecting address too. */
bool unfolding_is_asked(const struct unfolding *);
const char *unfolding_asked_why(const struct unfolding *); /* the first such term and its path; "" */
uint32_t unfolding_ttl(const struct unfolding *); /* smallest seen; UINT32_MAX when nothing was asked */

#endif
