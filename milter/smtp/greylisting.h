/*
 * greylisting.h - reads and writes the greylist records of one message, and the unsure tuples.
 *
 * greylist.h decides; when the store fails, there is no greylisting, and the log says so.
 */
#ifndef GREYLISTING_H
#define GREYLISTING_H

#include <stdbool.h>

struct judge;
struct message;
struct reply;

/* Can any RCPT be greylisted under this policy? */
bool greylisting_may_refuse_rcpt(const struct judge *);

/* Asks the greylist at RCPT if the policy says so. False: this recipient must try again later. */
bool greylisting_at_rcpt(struct message *, const char *rcpt, struct reply *out);

/* When all of a message has come: asks the store, where it is certain that it will be asked, so that it answers while
 * signatures are checked. */
void greylisting_ahead(struct message *);

/* Turns the verdict's action into what is done: one reply for all recipients. Judges again
 * when the tuple was unsure before. */
void greylisting_at_end(struct message *);

void greylisting_write(struct message *); /* the log line of the message */

#endif
