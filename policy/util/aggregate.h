/*
 * aggregate.h - the fewest networks that hold exactly the same addresses.
 *
 * Drops networks that lie in another, joins neighbours that make up a larger one. Never covers more
 * than it was given.
 */
#ifndef AGGREGATE_H
#define AGGREGATE_H

#include <stddef.h>

#include "policy/util/address.h"

/* In place; the result is sorted, IPv4 first. Returns how many are left. Host bits must be clear. */
size_t aggregate_networks(struct prefix *list, size_t count);

#endif
