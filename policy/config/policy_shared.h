/*
 * policy_shared.h - what of a greenlane.conf is the same on every host of a fleet, as a number.
 *
 * Left out is what is a host's own: where it listens and logs, its user, its name servers, where the greylist is. Comments,
 * blanks and the path of the file do not count. Never opens a file.
 */
#ifndef POLICY_SHARED_H
#define POLICY_SHARED_H

#include <stdint.h>

#include "policy/config/policy_tree.h"

/* Of a file's tree. Continues from `hash`. */
uint64_t policy_shared_hash(const struct node *root, uint64_t hash);

#endif
