/*
 * wire.h - the line between a player and the filter: linked with one of two files.
 *
 * wire_library.c is a Unix socket with libmilter behind it, wire_stand_in.c the stand-in, in the caller's own thread.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/smtp/message.h"

/* Makes the filter serve, once a process; the services are kept. */
void wire_start(const struct services *);

/* One connection at a time. */
void wire_dial(void);
void wire_hang_up(void); /* when it comes back the session is closed */

void wire_send(char command, const void *data, size_t length);

/* The next reply; data is terminated and lasts until the next one. A filter that has hung up is answered for as an
 * MTA does that defers then (SMFIR_TEMPFAIL), or ends the test: each says which. */
char wire_read(char **data, size_t *length);

/* MAIL and RSET may have no reply, yet the story goes on only when they are through: so many messages are open. */
void wire_await_messages(unsigned count);

#endif
