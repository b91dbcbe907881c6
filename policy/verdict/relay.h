/*
 * relay.h - hosts that hand us other people's mail: is this one, and whose mail is it?
 *
 * Believes only Received fields that a relay of ours wrote: from the topmost down to the first
 * client that is no relay of ours. Never guesses: what they do not say stays unknown.
 */
#ifndef RELAY_H
#define RELAY_H

#include "policy/mail/received.h"
#include "policy/verdict/claim.h"

/* Which relay has this address? *out is set for YES. UNKNOWN: a vendor's sources would say, but are not
 * known yet. */
enum tri relay_find(const struct judge *, const struct address *, const struct relay **out);

/* The relay of facts->via; NULL. */
const struct relay *relay_of(const struct policy *, const struct facts *);

/* Is it a private address that is not ours, and so hides the client: a load balancer's, a container network's, or that
 * of a hop that is not configured? */
bool relay_hides_client(const struct policy *, const struct address *);

/* Did a forwarder send it on? It sends on whatever it gets: neither its address nor SPF says whose mail that is. */
bool relay_forwards(const struct policy *, const struct facts *);

/*
 * Who handed this mail to a gateway? fields are the bodies of its Received fields, topmost first. True:
 * *out is the hop and *via the relay next to it, which is another one where several relays follow each other. A
 * forwarder behind the gateway is itself the client: what is behind it does not matter.
 */
bool relay_client(const struct judge *, const struct relay *gateway, const char *const *fields, size_t count,
    struct received *out, const struct relay **via);

#endif
