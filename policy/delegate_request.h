/*
 * delegate_request.h - reads requests of Postfix's policy delegation protocol (SMTPD_POLICY_README).
 *
 * Floor 1. Fed bytes as they come, in pieces of any size; hands out one request at a time. Every
 * length has a ceiling; what breaks the protocol is a fault, and then nothing more can be read.
 */
#ifndef DELEGATE_REQUEST_H
#define DELEGATE_REQUEST_H

#include <stdbool.h>

#include "fault.h"
#include "text.h"

enum {
	DELEGATE_LINE_MAX = 8 * 1024, /* Postfix's own lines stop at 2 KiB (line_length_limit) */
	DELEGATE_ATTRIBUTES_MAX = 128, /* Postfix 3.7 sends 30 */
	DELEGATE_REQUEST_MAX = 32 * 1024
};

/* What is read of a request; all else is skipped. Never NULL; "" where it was not sent. */
struct delegate_request {
	const char *protocol_state; /* "RCPT" */
	const char *client_address, *client_port, *client_name;
	const char *helo_name, *sender, *recipient;
	const char *sasl_username;
	const char *queue_id;
};

struct delegate_reader;

/* NULL without memory. Given. */
struct delegate_reader *delegate_reader_open(void) MUST_USE;
void delegate_reader_close(struct delegate_reader *); /* NULL is fine */

enum delegate_reading {
	DELEGATE_MORE,   /* all bytes are used up and the request is not complete */
	DELEGATE_READY,  /* *out is a request, until the next call; bytes behind it are left */
	DELEGATE_BROKEN  /* *why says how; the reader is of no use any more */
};
enum delegate_reading delegate_reader_feed(struct delegate_reader *, struct span *bytes,
    struct delegate_request *out, struct fault *why) MUST_USE;

/* Has a request begun that is not complete? */
bool delegate_reader_is_within(const struct delegate_reader *);

#endif
