/*
 * relay.h - hosts that hand us other people's mail: is this one, and whose mail is it?
 *
 * Believes only Received fields that a relay of ours wrote: from the topmost down to the first
 * client that is no relay of ours. Never guesses: what is not told stays unknown.
 */
#ifndef RELAY_H
#define RELAY_H

#include "policy/mail/received.h"
#include "policy/verdict/claim.h"

/* Which relay has this address? *out is set for YES. UNKNOWN: a vendor's sources would tell, but are not
 * known yet. */
enum tri relay_find(const struct judge *, const struct address *, const struct relay **out);

/* The relay of facts->via; NULL. */
const struct relay *relay_of(const struct policy *, const struct facts *);

/* A private address that is not ours stands before the client: a load balancer, a container network, a hop that
 * nobody named. */
bool relay_hides_client(const struct policy *, const struct address *);

/* Did a forwarder send it on? It re-sends whatever it was sent: neither its address nor SPF tells whose that is. */
bool relay_forwards(const struct policy *, const struct facts *);

/*
 * Who handed this mail to a gateway: fields are the bodies of its Received fields, topmost first. True:
 * *out is the hop and *via the relay next to it, which is another one where they stand in a row. A
 * forwarder behind the gateway is the client itself: what lies behind it is its own affair.
 */
bool relay_client(const struct judge *, const struct relay *gateway, const char *const *fields,
    size_t count, struct received *out, const struct relay **via);

#endif
