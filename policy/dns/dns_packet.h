/*
 * dns_packet.h - reads a raw DNS response into an answer.
 *
 * The bytes are hostile: every length is checked, what is malformed is TEMPORARY.
 * Never asks anybody and never looks at a clock.
 */
#ifndef DNS_PACKET_H
#define DNS_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/util/arena.h"

/* Aliases followed inside one answer. */
enum { DNS_ALIASES_MAX = 8 };

/* What the response says to the question: the records of the type asked, found at the end of
 * the aliases. ttl is the shortest of all that were used (RFC 1034, 3.6.2; RFC 2308, 5). The memory
 * is the arena's. Never sets secure or bogus. */
void dns_packet_read(const uint8_t *packet, size_t length, const struct dns_question *, struct arena *,
    struct dns_answer *out);

#endif
