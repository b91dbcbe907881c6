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

/* Registers the callbacks. The services are kept: they must outlive the last session (session_count). */
bool session_register(const struct services *, struct fault *why) MUST_USE;

/* How many sessions have a message open; how many sessions there are. */
unsigned session_messages(void);
unsigned session_count(void);

/* When an MTA connected last, in seconds since 1970; 0: never. One that only negotiates is none. */
int64_t session_last_contact(void);

/* From now on new sessions are refused in negotiation: the MTA takes its default action. */
void session_drain(void);

#endif
