/*
 * redis_link.h - one connection to a Redis or a Sentinel: opened within a time, asked within a time.
 *
 * Never names a password in a fault. After any fault that is no reply of the server the connection is of no use: a late reply
 * would answer the next command. Belongs to one thread at a time.
 */
#ifndef REDIS_LINK_H
#define REDIS_LINK_H

#include <hiredis/hiredis.h>

#include "milter/store/store.h"
#include "milter/system/secret.h"
#include "policy/rules/policy.h"
#include "policy/rules/store_name.h"
#include "policy/util/address.h"

/* Where a server listens: a Unix socket, or an address. */
struct redis_place {
	const char *path; /* NULL: there is an address */
	char address[ADDRESS_TEXT];
	unsigned port;
	char host[STORE_HOST_TEXT]; /* how it was named: TLS expects that name */
};
bool redis_place_is(const struct redis_place *, const struct redis_place *);
/* "192.0.2.1:6379", "[2001:db8::1]:6379", "/run/redis.sock" */
void redis_place_write(const struct redis_place *, char *out, size_t size);

/* What went wrong, and what to do. */
struct redis_trouble {
	enum store_state state;
	bool lasting;   /* it was said by the server, or nothing listens: asking again soon does not help */
	bool no_script; /* the server does not know the script of EVALSHA */
	struct fault why;
};

struct redis_link;

/* Logs in and chooses the database. A Sentinel is asked without both. Settings are kept; the password is borrowed, "": none;
 * NULL: there is no memory for it.
 * Given; NULL with the trouble. */
struct redis_link *redis_link_open(const struct redis_place *, const struct redis_settings *, struct secret *password,
    struct redis_trouble *) MUST_USE;
struct redis_link *redis_link_open_sentinel(const struct redis_place *, const struct redis_settings *,
    struct redis_trouble *) MUST_USE;
void redis_link_close(struct redis_link *); /* NULL is fine */

/* Puts a command behind those that wait; its words may hold any bytes, and are copied. lengths NULL: they are text. */
void redis_link_add(struct redis_link *, int count, const char *const *words, const size_t *lengths);
/* Sends what waits. That it failed is told by who takes a reply. */
void redis_link_send(struct redis_link *);
/* Waits for the next reply: given (freeReplyObject). NULL with the trouble, also for an error that the server replies. */
redisReply *redis_link_take(struct redis_link *, struct redis_trouble *) MUST_USE;

/* All three: sends a command and waits for its reply. */
redisReply *redis_link_ask(struct redis_link *, int count, const char *const *words, const size_t *lengths,
    struct redis_trouble *) MUST_USE;
/* The same for words that are text. */
redisReply *redis_link_say(struct redis_link *, int count, const char *const *words, struct redis_trouble *) MUST_USE;

/* Did the server end the connection while it was idle, so that another one may do? */
bool redis_link_is_stale(const struct redis_link *);

/* Is the server a master (ROLE)? */
bool redis_link_is_master(struct redis_link *, struct redis_trouble *) MUST_USE;

#endif
