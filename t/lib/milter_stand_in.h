/*
 * milter_stand_in.h - does libmilter's work without sockets and threads: packets in, callbacks, replies out.
 *
 * Linked in place of the library, it defines the smfi_ functions that session.c calls, and calls its callbacks in
 * the library's own order, whose rules are lax: a command that may not come now ends the message and is tried again as
 * if after HELO; after an unknown command nearly everything may follow. As in libmilter 8.17.1, built with its worker
 * pool. One difference: a list of macros with an odd word loses it here, where the library reads past its end.
 */
#ifndef MILTER_STAND_IN_H
#define MILTER_STAND_IN_H

#include <stdbool.h>
#include <stddef.h>

/* A connection of a milter client. */
struct stand_in;

/* on_reply gets the letter and the data of each reply. Ends the test without memory. Given. */
struct stand_in *stand_in_open(void (*on_reply)(void *context, char letter, const char *data, size_t length),
    void *context);

/* One packet. False: the library has hung up and closed the session; the rest is ignored. */
bool stand_in_packet(struct stand_in *, char command, const char *data, size_t length);

/* The client hangs up. */
void stand_in_close(struct stand_in *);

/* The address that the connect callback last saw; "": none yet, or it had none. */
const char *stand_in_address(const struct stand_in *);

#endif
