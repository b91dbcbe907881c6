/*
 * milter_connection.h - one connection of an MTA under libmilter: bytes read ahead, packets checked, replies kept together.
 *
 * libmilter gets a byte only when the whole packet has passed milter_packet.h (a body as soon as its head has). Used by
 * one thread at a time: libmilter hands a connection from thread to thread under a lock of its own.
 */
#ifndef MILTER_CONNECTION_H
#define MILTER_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct milter_connection;

/* Of an accepted, blocking socket, which stays the caller's. NULL: out of memory. Given; free takes NULL, sends nothing. */
struct milter_connection *milter_connection_open(int fd);
void milter_connection_free(struct milter_connection *);

/* Would a read return at once: data, or the end of the connection? Asks nobody. */
bool milter_connection_is_ready(const struct milter_connection *);

/* Sends what was written, as far as the client takes it: one that does not is at its end. */
void milter_connection_send(struct milter_connection *);

/* Waits until a read would return at once: poll's return value. Up to SHORT_WAIT_MS it waits as
 * long as it sees fit, since that is libmilter's way to ask whether a thread may go elsewhere. */
int milter_connection_wait(struct milter_connection *, int timeout_ms);
enum { SHORT_WAIT_MS = 1 };

/* As read and writev. What is written leaves with the next send, or when it has become much. After a fault of the
 * client's, read returns what came before it, then 0. */
ssize_t milter_connection_read(struct milter_connection *, void *out, size_t length);
ssize_t milter_connection_write(struct milter_connection *, const struct iovec *, int count);

/* How long the client may take for what is written to it; -1: for ever. */
void milter_connection_be_patient(struct milter_connection *, int patience_ms);

/* Sends what was written, waiting for the client for so long. False: it did not take it, or is gone. */
bool milter_connection_flush(struct milter_connection *, int patience_ms);

/* Notes whether a packet of it is being worked on; returns what was noted before. Meant for whoever counts them. */
bool milter_connection_set_busy(struct milter_connection *, bool busy);

/* What the client did wrong, once: NULL until then and afterwards. */
const char *milter_connection_fault(struct milter_connection *);

#endif
