/* room: message */
/*
 * gather.h - finds out what the verdict wants to know: SPF, live sources, DMARC.
 *
 * Floor 10. Asks until nothing is wanted at this stage; every question ends in a fact.
 */
#ifndef GATHER_H
#define GATHER_H

struct message;

void gather(struct message *);

/* Starts the questions that the end of the message will ask. */
void gather_ahead(struct message *);

#endif
