/*
 * milter_client.h - an MTA's end of one connection to a filter: what is put is gathered, replies come in packets.
 *
 * Everything that was put is sent before anything is read, as Postfix does it. Knows the frame of a packet, not its
 * meaning. Never waits longer than it may, never prints.
 */
#ifndef MILTER_CLIENT_H
#define MILTER_CLIENT_H

#include <stdint.h>
#include <sys/socket.h>

#include "policy/util/text.h"

struct milter_client {
	int fd;           /* -1: not connected */
	int64_t wait_ns;  /* how long it waits for the other side at a time, */
	int64_t until_ns; /* but never beyond this moment of monotonic_ns */
	struct text out;  /* not sent yet */
	struct text in;   /* received; what stands before `used` is through */
	size_t used;
	struct text data; /* of the packet read last; terminated */
	uint64_t sent, received; /* bytes so far */
	bool late;        /* it waited too long */
	char error[160];  /* what went wrong first; "" before that */
};

/* Not connected, waits as long as it takes. Close it when done. */
void milter_client_open(struct milter_client *);
void milter_client_close(struct milter_client *);

/* What was not sent or used of the last connection is forgotten. A full backlog is waited for, two seconds at most. */
bool milter_client_dial(struct milter_client *, const struct sockaddr *, socklen_t);
void milter_client_hang_up(struct milter_client *);

/* A packet whose data is put into client->out between the two; begin answers what end wants to know. */
size_t milter_client_begin(struct milter_client *, char command);
void milter_client_end(struct milter_client *, size_t begun);
void milter_client_put(struct milter_client *, char command, const void *data, size_t length);

/* False: client->error says why. What was put is gone either way; replies that came before may still be read. */
bool milter_client_flush(struct milter_client *);
bool milter_client_fill(struct milter_client *, size_t length); /* sends, then so many bytes are in `in` behind `used` */
bool milter_client_read(struct milter_client *, char *command); /* sends, then one packet: its letter, and `data` */

/* Keeps the first error. Always false. */
bool milter_client_fail(struct milter_client *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Real time, for durations, whatever clock the test is linked with. */
int64_t monotonic_ns(void);

#endif
