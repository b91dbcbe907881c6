/*
 * relayed_client.h - finds out which relay passes a message on to us, and the client that it came from.
 *
 * A gateway's client is hidden until the headers are complete, and stays hidden if the Received fields do not
 * tell, as it does behind a private address that belongs to no relay. Logged-in clients and local submission
 * never count as relayed.
 */
#ifndef RELAYED_CLIENT_H
#define RELAYED_CLIENT_H

struct message;

/* Call at MAIL, before anything is asked: sets peer, client, via. */
void relayed_client_begin(struct message *);

/* Call for each header field, in order. */
void relayed_client_header(struct message *, const char *name, const char *value);

/* Call when the headers are complete: finds the gateway's client. */
void relayed_client_settle(struct message *);

/* Call at the end: notes for status, and logs once per address, a peer that hides where mail comes from. */
void relayed_client_note(const struct message *);

#endif
