/*
 * milter_packet.h - is what a milter client sends sound, before libmilter reads it?
 *
 * A table-driven check of one packet and of the order of packets, by the protocol as Postfix and Sendmail speak it. It
 * guards libmilter's parsers, which read past the end of some packets. Never reads a socket, never changes a byte.
 */
#ifndef MILTER_PACKET_H
#define MILTER_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MILTER_PACKET_HEAD = 5,              /* four bytes of length, most significant first, and the command */
	MILTER_PACKET_MAX = 4 * 1024 * 1024, /* the length: command and data; MTAs cut bodies, but no header fields */
};

/* Where a connection stands; all zero at its start. */
struct milter_order {
	uint8_t state;
};

/* The start of a packet: a length within bounds, a known command, and one that may come now; moves on. NULL: sound,
 * else what is wrong, in words that end "the connection is closed: ..." */
const char *milter_packet_begin(struct milter_order *, uint32_t length, char command);

/* Must its data be checked whole? Not of a body, which may be any bytes. */
bool milter_packet_has_form(char command);

/* The data behind the command: of the form that the command has. NULL: sound, else what is wrong. */
const char *milter_packet_data(char command, const char *data, size_t length);

#endif
