/*
 * resolv_conf.h - which name servers a resolv.conf(5) names.
 *
 * Reads a text. Never opens the file.
 */
#ifndef RESOLV_CONF_H
#define RESOLV_CONF_H

#include <stddef.h>

enum { DNS_SERVERS_MAX = 32, DNS_SERVER_TEXT = 80 };

/* "192.0.2.1", "fe80::1%eth0", and "127.0.0.1@53" where the configuration says so. */
struct dns_servers {
	size_t count;
	char list[DNS_SERVERS_MAX][DNS_SERVER_TEXT];
};

/* All servers in their order, each once. What is no address is left out, as libc does; so is what is too much. */
void resolv_conf_read(const char *text, size_t length, struct dns_servers *out);

#endif
