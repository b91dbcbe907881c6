/*
 * milter_io.h - what stands between libmilter and its sockets: packets are read ahead and checked.
 *
 * Only where libmilter is linked from a copy of its archive, whose system calls are renamed to those of
 * milter_io_parts.h (Makefile.am); with the shared library milter_io_none.c says that there is none of this.
 */
#ifndef MILTER_IO_H
#define MILTER_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "milter/system/journal.h"

/* Is it there? With the shared library packets reach libmilter unchecked. */
bool milter_io_is_on(void);

/* Where it says that a connection was closed, once a minute at most. Kept until the next call; NULL: nowhere. */
void milter_io_log(struct journal *);

/* For libmilter's thread that accepts, which would end the program after sixteen connections without memory: waits a
 * little and is true, up to a minute long, while it should try again. Any other thread is told false: its session ends.
 * *tries: 0 at first. */
bool milter_io_try_again(unsigned *tries);

/* Connections closed because of what they sent. */
uint64_t milter_io_refused(void);

/* Connections of which a packet is being worked on, or whose reply has not left yet. */
unsigned milter_io_busy(void);

/* Connections that are open; each is closed, and its replies are sent, before it leaves the count. */
unsigned milter_io_connections(void);

#endif
