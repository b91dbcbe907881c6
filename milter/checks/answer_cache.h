/*
 * answer_cache.h - keeps DNS answers for as long as their TTL allows, within a limit of bytes.
 *
 * Any thread may call. The caller passes the time in monotonic milliseconds, so that a
 * clock set back keeps no answer alive. Never asks DNS.
 */
#ifndef ANSWER_CACHE_H
#define ANSWER_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/util/arena.h"

enum {
	ANSWER_LIFE_MAX = 24 * 3600,    /* seconds, whatever the TTL says */
	ANSWER_NEGATIVE_MAX = 3 * 3600, /* RFC 2308, 5 */
	ANSWER_TEMPORARY_MAX = 1        /* failures are forgotten soon: outages end (RFC 2308, 7) */
};

struct answer_cache;

/* Holds at most about `ceiling` bytes; the least recently used answers are dropped first. Given. */
struct answer_cache *answer_cache_open(size_t ceiling) MUST_USE;
void answer_cache_close(struct answer_cache *); /* NULL is fine */

/* Is a fresh answer known? Then it is copied into the arena, with the rest of its TTL; if memory runs out, *out is
 * TEMPORARY. */
bool answer_cache_get(struct answer_cache *, const struct dns_question *, int64_t now_ms, struct arena *,
    struct dns_answer *out) MUST_USE;

bool answer_cache_has(struct answer_cache *, const struct dns_question *, int64_t now_ms);

/* Keeps a copy, replacing an older answer. An answer with TTL 0, or one too large, is not kept. */
void answer_cache_put(struct answer_cache *, const struct dns_question *, const struct dns_answer *, int64_t now_ms);

size_t answer_cache_bytes(struct answer_cache *);

/* The hash of a question in this cache. It differs in every process, so that nobody can choose names that collide. */
uint64_t answer_cache_hash(const struct answer_cache *, const struct dns_question *);

#endif
