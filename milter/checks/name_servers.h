/*
 * name_servers.h - finds the name servers to ask: those of the configuration, else those of the host.
 *
 * Never asks them anything.
 */
#ifndef NAME_SERVERS_H
#define NAME_SERVERS_H

#include <stdbool.h>

#include "policy/dns/resolv_conf.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"

#define NAME_SERVERS_FILE "/etc/resolv.conf"

/* 127.0.0.1, as for libc */
extern const struct dns_servers name_servers_default;

/* False with why when there are more than DNS_SERVERS_MAX, or one is too long for an address. */
bool name_servers_given(const char *const *list, size_t count, struct dns_servers *out, struct fault *why) MUST_USE;

/* Those that the file at path names, 127.0.0.1 if it names none. why tells of that; its text is ""
 * otherwise. False with why when the file cannot be read. */
bool name_servers_of_host(const char *path, struct dns_servers *out, struct fault *why) MUST_USE;

bool name_servers_equal(const struct dns_servers *, const struct dns_servers *) MUST_USE;

/* "192.0.2.1, 192.0.2.2" */
void name_servers_write(const struct dns_servers *, struct text *out);

#endif
