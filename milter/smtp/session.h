/*
 * session.h - the milter callbacks: in, one call, out.
 *
 * Translates between libmilter and message; decides nothing. libmilter's worker pool
 * moves a session between threads: all state hangs on the session, none on a thread.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>

#include "milter/smtp/message.h"

/* Registers the callbacks. The services are kept until session_drain says that no session is left. */
bool session_register(const struct services *, struct fault *why) MUST_USE;

/* Sessions that have a message open; sessions at all. */
unsigned session_messages(void);
unsigned session_count(void);

/* From now on new sessions are refused in negotiation: the MTA does as its default action says. */
void session_drain(void);

#endif
