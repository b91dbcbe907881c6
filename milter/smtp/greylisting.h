/*
 * greylisting.h - asks and keeps the greylist for one message, and the tuples that were unsure.
 *
 * greylist.h decides; a store that fails means no greylisting, said in the log.
 */
#ifndef GREYLISTING_H
#define GREYLISTING_H

#include <stdbool.h>

struct judge;
struct message;
struct reply;

/* Can RCPT be refused at all under this policy? */
bool greylisting_may_refuse_rcpt(const struct judge *);

/* Asks at RCPT where the policy says so. False: this recipient is to come again. */
bool greylisting_at_rcpt(struct message *, const char *rcpt, struct reply *out);

/* Turns the verdict's action into what is done: one reply serves all recipients. Judges again
 * when the tuple has been unsure before. */
void greylisting_at_end(struct message *);

void greylisting_write(struct message *); /* the log line of the message */

#endif
