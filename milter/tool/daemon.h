/*
 * daemon.h - what the commands that ask the running daemon share.
 *
 * Finds its control socket, asks, prints strings of its replies. Prints nothing unescaped.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdio.h>

#include "milter/peers/ask_daemon.h"
#include "policy/review/status.h"

/* As ask_daemon, at that address; and where nobody listens there, or it cannot be told, at the one that a daemon with this
 * configuration has noted in the lock of its state_dir. address is the one that was asked last. */
enum { DAEMON_ADDRESS = 1200 };
enum asked daemon_reach(const char *config, const char *request, int patience_ms, char address[DAEMON_ADDRESS],
    struct text *out, struct fault *why);

/* Where its lock is. False with why where that cannot be told. */
bool daemon_lock(const char *config, char *out, size_t size, struct fault *why) MUST_USE;

/* The number of the daemon that runs with this file, as it has noted; 0: not known. */
long daemon_pid(const char *config);

/* Asks for something other than its state. 0: the reply is in out; otherwise what to exit with, which was said. */
int daemon_ask(const char *config, const char *request, int patience_ms, struct text *out);

/* A string of a reply, ready for a terminal: '?' for what would steer it. Replaces what out held. */
void daemon_plain(struct span value, struct text *out);

/* A string of a reply behind a word, as a line. */
void daemon_print(FILE *, const char *before, struct span value);

/* "vendors: a, b" */
void daemon_print_vendors(FILE *, struct span reply);

#endif
