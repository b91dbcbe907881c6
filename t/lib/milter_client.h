/*
 * milter_client.h - the MTA's end of one connection to a filter: collects what is put, returns replies as packets.
 *
 * Sends everything that was put before it reads, as Postfix does. Knows the frame of a packet, not its
 * meaning. Never waits longer than allowed, never prints.
 */
#ifndef MILTER_CLIENT_H
#define MILTER_CLIENT_H

#include <stdint.h>
#include <sys/socket.h>

#include "policy/util/text.h"

struct milter_client {
	int fd;           /* -1: not connected */
	int64_t wait_ns;  /* how long to wait for the other side each time, */
	int64_t until_ns; /* but never beyond this time of monotonic_ns */
	struct text out;  /* not sent yet */
	struct text in;   /* received; what is before `used` was handled */
	size_t used;
	struct text data;        /* of the packet read last; terminated */
	uint64_t sent, received; /* bytes so far */
	bool late;               /* it waited too long */
	char error[160];         /* the first error; "": none yet */
};

/* A client that is not connected and waits without limit. Close it when done. */
void milter_client_open(struct milter_client *);
void milter_client_close(struct milter_client *);

/* Drops what was not sent or used of the last connection. Waits for a full backlog, two seconds at most. */
bool milter_client_dial(struct milter_client *, const struct sockaddr *, socklen_t);
void milter_client_hang_up(struct milter_client *);

/* A packet whose data is put into client->out between the two; begin returns what end needs. */
size_t milter_client_begin(struct milter_client *, char command);
void milter_client_end(struct milter_client *, size_t begun);
void milter_client_put(struct milter_client *, char command, const void *data, size_t length);

/* False: client->error says why. What was put is dropped either way; replies that came before may still be read. */
bool milter_client_flush(struct milter_client *);
bool milter_client_fill(struct milter_client *, size_t length); /* sends, then reads until `in` has length after `used` */
bool milter_client_read(struct milter_client *, char *command); /* sends, then reads a packet: its letter, and `data` */

/* Keeps the first error. Always false. */
bool milter_client_fail(struct milter_client *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Real time, for durations, whatever clock the test is linked with. */
int64_t monotonic_ns(void);

#endif
