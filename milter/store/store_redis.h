/*
 * store_redis.h - the greylist in a Redis that several hosts share.
 *
 * A message waits for it at most for a connection and a reply (greylist.redis), and not at all once it is known to be down: a
 * thread of its own then asks until it takes writes again. What it could not store makes nobody wait. Nothing is
 * vouched for or refused by what it holds, so a split between its hosts costs a greylisting, no more.
 */
#ifndef STORE_REDIS_H
#define STORE_REDIS_H

#include "milter/store/store.h"
#include "policy/rules/policy.h"

struct journal;

/* Settings are copied; journal NULL: for a tool, which says itself what fails, and starts no thread. Asks
 * once before it returns. NULL without memory or thread, or where the settings cannot work. Given. */
struct store *store_redis(const struct settings *, struct journal *, struct fault *why) MUST_USE;

/* Could store_redis serve now? Writes one key that expires. Waits for the host's resolver. */
bool store_redis_try(const struct settings *, struct fault *why) MUST_USE;

#endif
