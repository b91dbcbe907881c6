/*
 * gather.h - finds out what the verdict wants to know: SPF, sources that must be asked about each client, DMARC.
 *
 * Asks until the verdict wants nothing more at this stage; every question ends in a fact.
 */
#ifndef GATHER_H
#define GATHER_H

#include <stdbool.h>

#include "policy/rules/greylist.h"

struct message;

void gather(struct message *);

/* The setting of the greylist that lets the message pass by what is known of its sender, asked for where it must be. The verdict
 * is known. */
enum passed_by gather_passed_by(struct message *);

/* Call after an unsure verdict: asks the names of the policy that must answer before we give up a name that
 * the message brought (patience.h). Returns whether some were asked and all of them answered. */
bool gather_names(struct message *);

/* Starts the DNS questions that the end of the message will ask. */
void gather_ahead(struct message *);

#endif
