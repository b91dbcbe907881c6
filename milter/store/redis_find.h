/*
 * redis_find.h - finds the Redis to ask: looks up its host, or asks the Sentinels which is the master.
 *
 * May wait for the host's resolver and for each Sentinel, so no thread that judges mail calls it.
 */
#ifndef REDIS_FIND_H
#define REDIS_FIND_H

#include "milter/store/redis_link.h"
#include "policy/rules/store_name.h"

struct redis_find;

enum { PASSWORD_MAX = 1024 };

/* The name is copied but for its path, which is kept, as are the settings. Given; NULL without memory. */
struct redis_find *redis_find_open(const struct store_name *, const struct redis_settings *) MUST_USE;
void redis_find_close(struct redis_find *); /* NULL is fine */

/* The password of the settings' file, as it is now: its first line, through no other memory. "" where the settings name none; out
 * is a new secret. */
bool redis_password_read(const struct redis_settings *, struct secret *out, struct fault *why) MUST_USE;

/*
 * A connection to the server that takes writes now, logged in, and where it is: each address of the host, or the master
 * that a Sentinel names, if it says itself that it is one (Redis' guidelines for Sentinel clients). Given; NULL with
 * the trouble.
 */
struct redis_link *redis_find(struct redis_find *, struct secret *password, struct redis_place *where,
    struct redis_trouble *) MUST_USE;

/* Do the Sentinels name another master than this? Costs a question to one of them; false without Sentinels, and where
 * none of them answers: silent says what is wrong with the last one then, and is "" otherwise. */
bool redis_find_has_moved(struct redis_find *, const struct redis_place *where, struct fault *silent);

#endif
