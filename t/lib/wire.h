/*
 * wire.h - the connection between a player and the filter; link it with one of two files.
 *
 * wire_library.c is a Unix socket to libmilter, wire_stand_in.c the stand-in, in the caller's own thread.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/smtp/message.h"

/* Starts the filter; call once per process. The services are kept. */
void wire_start(const struct services *);

/* One connection at a time. */
void wire_dial(void);
void wire_hang_up(void); /* the session is closed when it returns */

void wire_send(char command, const void *data, size_t length);

/* The next reply; data is terminated and lasts until the next one. If the filter has hung up, this returns
 * SMFIR_TEMPFAIL, like an MTA that then defers, or ends the test: each file says which. */
char wire_read(char **data, size_t *length);

/* MAIL and RSET may have no reply: waits until they are done, when this many messages are open. */
void wire_await_messages(unsigned count);

#endif
