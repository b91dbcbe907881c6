/*
 * kept_sockets.h - puts the listeners' Unix sockets back if somebody removes them.
 *
 * Each has a second name, ".NAME.kept" in the same directory: from that it can be linked again, which works for libmilter's
 * socket, too. Not if the directory itself is gone, or is not ours to write: then `greenlane status` reports it.
 *
 * Sendmail connects to no socket that has two names ("unsafe: Hard links not allowed"), so what it may connect to has none
 * until it is known that another MTA comes.
 */
#ifndef KEPT_SOCKETS_H
#define KEPT_SOCKETS_H

#include "milter/system/journal.h"

struct kept_sockets;

enum { KEPT_PATH = 144 /* a socket's path has at most 107 bytes */ };

/* The directory of a socket, and the second name that it is kept by. False if the path is too long, or has none. */
bool kept_sockets_second(const char *path, char folder[KEPT_PATH], char second[KEPT_PATH]);

/* Given; NULL without memory. */
struct kept_sockets *kept_sockets_open(void) MUST_USE;

/* May a socket have two names by now? */
typedef bool kept_sockets_may(void);

/* An open listener's address; does nothing if it is no Unix socket, or the directory takes no second name. It gets that at
 * once, or, with `may`, at the first look at which it may. */
void kept_sockets_add(struct kept_sockets *, const char *address, kept_sockets_may *may);

/* Puts back what is missing and logs it. What stands there instead of a socket of ours is left alone. */
void kept_sockets_look(struct kept_sockets *, struct journal *);

/* Removes the second names. NULL is fine. */
void kept_sockets_close(struct kept_sockets *);

#endif
