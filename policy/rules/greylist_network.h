/*
 * greylist_network.h - does a stranger's network pass at once, because its mail waited and came again often enough
 * (greylist.auto_pass_network)?
 *
 * A network is one IPv4 address, or an IPv6 /64. One tuple a sender domain and day counts, so that neither many recipients of
 * a message nor many messages of a day make it known. Never reads a store. Its caller leaves out mail that claims
 * somebody's name: that is neither let past nor counted.
 */
#ifndef GREYLIST_NETWORK_H
#define GREYLIST_NETWORK_H

#include "policy/rules/greylist.h"

/*
 * Adds the keys of the network of a tuple whose own key is there: "n NETWORK", and "d NETWORK DOMAIN" for the organisational
 * domain of the sender ("<>" where it has none). Without a network, as for a hidden client, they stay empty.
 */
void greylist_network_keys(const struct suffix_list *, const struct facts *, struct greylist_keys *);

/* What the store has under these keys, blank where it has nothing; and what it is to have, where write is set. */
struct greylist_network {
	struct greylist_record network; /* passed: how many tuples counted */
	struct greylist_record domain;  /* last: when one of this domain counted */
	bool write_network, write_domain;
};

/*
 * The second half of greylist_decide, whose decision and `found` these are: a tuple that would wait passes (GREYLIST_NETWORK)
 * and is not stored, if its network is known; one that waited and is due now may count. What an administrator let pass
 * did not wait. A network is forgotten after a lifetime without either. A clock set back neither counts a domain twice
 * nor stops counting it for more than a day.
 */
void greylist_network_decide(const struct greylist_settings *, const struct greylist_record *found, int64_t now,
    struct greylist_decision *, struct greylist_network *);

#endif
