/*
 * store_name.h - reads where the greylist is kept, as greylist.store names it.
 *
 * "lmdb:PATH", "redis:HOST:PORT", "redis:unix:PATH", "redis-sentinel:NAME@HOST:PORT,HOST:PORT", "none". An IPv6 address stands
 * in brackets. Never looks a host up.
 */
#ifndef STORE_NAME_H
#define STORE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/fault.h"

enum store_kind { STORE_NONE, STORE_LMDB, STORE_REDIS, STORE_SENTINEL };
enum {
	STORE_HOSTS_MAX = 9,
	STORE_HOST_TEXT = 254,
	STORE_SOCKET_MAX = 107 /* bytes of a Unix socket's path */,
	STORE_PATH_MAX = 1024
};

struct store_host {
	char host[STORE_HOST_TEXT]; /* a name or an address, without brackets */
	unsigned port;
};

struct store_name {
	enum store_kind kind;
	const char *path; /* LMDB's directory, Redis' Unix socket; borrowed from the text; NULL: there is none */
	char master[STORE_HOST_TEXT];
	struct store_host hosts[STORE_HOSTS_MAX]; /* Redis, or the sentinels */
	size_t host_count;
};

/* False with a fault that says what to write. */
bool store_name_read(const char *text, struct store_name *out, struct fault *why) MUST_USE;

#endif
