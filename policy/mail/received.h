/*
 * received.h - who handed the mail over, as the host that took it says in its Received field.
 *
 * For fields that a host of ours wrote: it puts the client's address into a comment, among words that
 * the client chose itself (HELO, reverse name, ident). Never guesses: when those words could have made the
 * address, it reports nothing. Never decides which fields are ours.
 */
#ifndef RECEIVED_H
#define RECEIVED_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/address.h"
#include "policy/util/domain.h"

enum { RECEIVED_MAX = 8 * 1024 }; /* of one field; longer ones are not read */

/* One hop, as the host that took the mail over wrote it (RFC 5321, 4.4). */
struct received {
	bool told; /* it holds exactly one address of the client */
	struct address client;
	char helo[DOMAIN_TEXT]; /* what the client called itself, normal form; "" when that is not a host name */
	char by[DOMAIN_TEXT];   /* who wrote it, normal form; "" when it does not say */
};

/* Reads the body of one Received field, folds and leading blank included. Never fails: leaves out what is not clear. */
void received_read(const char *value, size_t length, struct received *out);

#endif
