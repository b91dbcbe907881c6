/*
 * greylist_copy.h - copies the tuples of one greylist store into another, while mail flows at both.
 *
 * The first one is only read. The other keeps what it has that is as new; where it is the LMDB store of a running daemon, that
 * daemon takes the tuples. All of it is done as greenlaned's user where root asks, so that what is made belongs to that user.
 */
#ifndef GREYLIST_COPY_H
#define GREYLIST_COPY_H

#include <stdbool.h>

/* Stores are named as in greylist.store; greylist.redis of the configuration holds for both. Prints what was copied. An exit
 * status. */
int greylist_copy(const char *config, const char *from, const char *to, bool json);

#endif
