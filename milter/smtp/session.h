/*
 * session.h - the milter callbacks, each one call of message.
 *
 * Translates between libmilter and message; never decides. libmilter's worker pool
 * moves a session between threads: all state belongs to the session, none to a thread.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "milter/smtp/message.h"

/* Registers the callbacks. The services are kept, and used by whoever is inside drain.h: one for each open message. */
bool session_register(const struct services *, struct fault *why) MUST_USE;

/* How many sessions there are. Once the daemon stops (drain.h) a new one is refused in negotiation: the MTA takes its
 * default action; an open one may end its message, and begins no other. */
unsigned session_count(void);

/* When an MTA connected last, in seconds since 1970; 0: never. One that only negotiates is none. */
int64_t session_last_contact(void);

/* And by clock_ticks, which nobody sets; nothing that means anything before the first. */
int64_t session_contact_ticks(void);

/* Has a Postfix connected, by its macro v? */
bool session_postfix_came(void);

#endif
