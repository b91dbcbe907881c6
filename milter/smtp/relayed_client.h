/*
 * relayed_client.h - a relay hands us a message: which relay it is, and whose client is behind it.
 *
 * Until the headers are complete a gateway's client is hidden; where its Received fields do not
 * tell, it stays so, as it does behind a private address that is nobody's. Logged-in clients and local
 * submission are no relay's.
 */
#ifndef RELAYED_CLIENT_H
#define RELAYED_CLIENT_H

struct message;

/* At MAIL, before anything is asked: sets peer, client, via. */
void relayed_client_begin(struct message *);

/* One header field, in order. */
void relayed_client_header(struct message *, const char *name, const char *value);

/* The headers are complete: who was the client of the gateway? */
void relayed_client_settle(struct message *);

/* At the end: keeps for status, and says once an address, whose mail cannot be seen to come from anywhere. */
void relayed_client_note(const struct message *);

#endif
