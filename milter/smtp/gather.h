/*
 * gather.h - finds out what the verdict wants to know: SPF, sources that are asked for each client, DMARC.
 *
 * Asks until nothing is wanted at this stage; every question ends in a fact.
 */
#ifndef GATHER_H
#define GATHER_H

#include <stdbool.h>

struct message;

void gather(struct message *);

/* After the verdict, where it is unsure: asks the names of the policy that must have answered before a name that
 * the message brought is given up (patience.h). Returns whether some were asked and all answered. */
bool gather_names(struct message *);

/* Starts the questions that the end of the message will ask. */
void gather_ahead(struct message *);

#endif
