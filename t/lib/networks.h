/*
 * networks.h - for tests: networks as words of a text.
 */
#ifndef NETWORKS_H
#define NETWORKS_H

#include "policy/util/address.h"

/* "192.0.2.0/24 2001:db8::/32": how many they are; one that cannot be read ends the test. */
size_t networks_read(const char *words, struct prefix *out);

#endif
