/*
 * server_health.h - which name servers are asked, whether any of them answers, and the log lines about both.
 *
 * Never asks them, and has no thread: the dispatcher thread calls (resolver_unbound.c), but for what says otherwise.
 */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "milter/checks/name_servers.h"
#include "milter/checks/resolver.h"

struct server_health {
	struct dns_servers servers; /* in use */
	const char *resolv_conf;    /* NULL: the configuration names the servers */
	struct journal *journal;
	_Atomic int64_t unanswered_since; /* microseconds: the first question since a server last answered; 0: none is open */
	size_t in_flight;
	bool failing; /* and said */
};

/* Finds the servers, and says which. Keeps journal and path. Called before the thread starts. */
bool server_health_open(struct server_health *, const struct resolver_settings *, struct fault *why) MUST_USE;

/* A question is sent; it has ended. Times are monotonic microseconds. */
void server_health_asked(struct server_health *, int64_t now_us);
void server_health_ended(struct server_health *, bool answered, int64_t now_us);

/* How long questions have been open without an answer, in microseconds; 0: none is. Any thread. */
int64_t server_health_silent(const struct server_health *, int64_t now_us);

/* Says once that no server answers, when that has lasted RESOLVER_TROUBLE_MS. */
void server_health_say(struct server_health *, int64_t silent_us);

/* Does resolv.conf name other servers than those in use? Then they are in *out, and why says why there is only the default
 * one. A file that cannot be read says nothing: it may be about to be replaced. */
bool server_health_look(const struct server_health *, struct dns_servers *out, struct fault *why) MUST_USE;

/* Other servers are in use from now on; why is server_health_look's. */
void server_health_replaced(struct server_health *, const struct fault *why);

#endif
