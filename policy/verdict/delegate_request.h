/*
 * delegate_request.h - reads requests of Postfix's policy delegation protocol (SMTPD_POLICY_README).
 *
 * Every length is limited; what breaks the protocol is a fault as soon as it arrives, not only when
 * the request is whole.
 */
#ifndef DELEGATE_REQUEST_H
#define DELEGATE_REQUEST_H

#include "policy/util/frame.h"

enum {
	DELEGATE_LINE_MAX = 8 * 1024,  /* Postfix's own lines stop at 2 KiB (line_length_limit) */
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

/* A frame_cut: the lines "name=value" up to the empty one. */
enum framing delegate_request_cut(struct span *bytes, struct span *out, struct fault *why);

/* Reads lines that were cut; they are split in place, and *out points into them. */
void delegate_request_read(struct frame *lines, struct delegate_request *out);

#endif
