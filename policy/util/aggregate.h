/*
 * aggregate.h - the fewest networks that hold just the same addresses.
 *
 * What another network holds is dropped, neighbours that make up a larger network are
 * joined; never wider than what was given.
 */
#ifndef AGGREGATE_H
#define AGGREGATE_H

#include <stddef.h>

#include "policy/util/address.h"

/* In place; the result is sorted, IPv4 first. Returns how many are left. Host bits must be clear. */
size_t aggregate_networks(struct prefix *list, size_t count);

#endif
