/*
 * ask_daemon.h - asks a running greenlaned: over `control`, and by one negotiation with its milter.
 *
 * For the tool. Waits only as long as the caller allows, so that a daemon that hangs is noticed.
 */
#ifndef ASK_DAEMON_H
#define ASK_DAEMON_H

#include "policy/util/fault.h"
#include "policy/util/text.h"

enum asked {
	ASKED_ANSWERED,
	ASKED_ABSENT,    /* nobody listens there */
	ASKED_FORBIDDEN, /* permission denied */
	ASKED_HUNG,      /* somebody listens, but does not answer in time */
	ASKED_FAILED     /* cannot tell whether somebody listens */
};

enum { ASK_MILTER_MS = 2000, ASK_STATUS_MS = 5000, ASK_RELOAD_MS = 60 * 1000 };

/* Sends one request to the Unix socket "unix:PATH" and puts the reply into out, both without their newline. Sets why
 * unless it was answered. */
enum asked ask_daemon(const char *address, const char *request, int patience_ms, struct text *out, struct fault *why);

/* Negotiates with a milter at any listener's address, then quits. greenlaned does not count it as contact of an MTA. */
enum asked ask_milter(const char *address, int patience_ms, struct fault *why);

#endif
