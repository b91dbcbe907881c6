/*
 * dnswl.h - what a DNS whitelist (RFC 5782) says of an address.
 *
 * Only a clear word counts: 127.0.x.1 to 127.0.x.3, x for any category. A list that is out, refuses to answer, or says
 * that we ask too much (127.0.0.255) has said nothing; so has a zone that was lost and answers with anything else.
 * Never asks DNS.
 */
#ifndef DNSWL_H
#define DNSWL_H

#include <stdbool.h>

#include "policy/dns/dns.h"
#include "policy/util/address.h"

/* False: the zone is too long for an address below it, or there is no address. */
bool dnswl_question(const char *zone, const struct address *, struct dns_question *out) MUST_USE;

bool dnswl_lists(const struct dns_answer *);

#endif
