/*
 * milter_socket.h - the socket at which libmilter accepts the MTA, opened and taken away from it.
 *
 * libmilter looks whether it should stop once in five seconds, and keeps the socket open so long. So we look up which
 * descriptor it has, and at the stop put another in its place. Never touches sessions that are open.
 */
#ifndef MILTER_SOCKET_H
#define MILTER_SOCKET_H

#include "policy/util/fault.h"

/* Opens it at a milter address ("unix:PATH", "inet:PORT@HOST") and listens: from now on MTAs may connect, and wait until
 * smfi_main accepts them. A Unix socket that is left over is replaced. Call once, after smfi_register, in the only
 * thread. */
bool milter_socket_open(const char *address, struct fault *why) MUST_USE;

/* From now on connections are refused. Those that were accepted go on; libmilter waits for more in vain, until the process
 * ends. smfi_stop is not called: it waits for libmilter. */
void milter_socket_stop(void);

/* After milter_socket_stop: libmilter reads the end of every connection that it accepted there. What it has to say it says
 * first, then it closes the session (session_count), so a reply that is on its way is not lost with the process. */
void milter_socket_hang_up(void);

#endif
