/*
 * redis_tls.h - TLS to a Redis: checks who answers, and shows who asks.
 *
 * The certificate must be issued by greylist.redis.tls.ca and be for the name that was asked for: hiredis by itself compares no
 * names. The files are read for each connection, so that a renewed certificate needs no restart. Where hiredis has no
 * TLS there is redis_tls_none.c.
 */
#ifndef REDIS_TLS_H
#define REDIS_TLS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "policy/rules/policy.h"
#include "policy/util/fault.h"

/* May these settings work, with this library, and with what greylist.store names? */
bool redis_tls_may(const struct redis_settings *, bool unix_socket, struct fault *why) MUST_USE;

/*
 * Makes a connection that was just opened one of TLS, to a server whose certificate is for `name`, a host or an address,
 * or for greylist.redis.tls.name, where there is one. Where the settings name no CA it stays as it is. False with why, but
 * when the server says nothing in time: then errno is EAGAIN. *tls is for redis_tls_send, as long as the connection; NULL:
 * it is not one of TLS.
 */
bool redis_tls_begin(redisContext *, const struct redis_settings *, const char *name, void **tls,
    struct fault *why) MUST_USE;

/* Sends bytes of which hiredis is to keep no copy, while it has nothing to send itself. False as a command that failed. */
bool redis_tls_send(void *tls, const char *bytes, size_t length) MUST_USE;

/* Before a command: forgets what OpenSSL had to say of others. */
void redis_tls_forget(void);
/* After one that failed: did OpenSSL say why? */
bool redis_tls_says(const struct redis_settings *, struct fault *why) MUST_USE;

#endif
