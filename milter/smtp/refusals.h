/*
 * refusals.h - remembers recipients that were refused at RCPT, and writes one log line for each kind.
 *
 * Never decides: verdict and greylist do. Remembers until the message is closed.
 */
#ifndef REFUSALS_H
#define REFUSALS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/mail/mailbox.h"
#include "policy/rules/greylist.h"

struct message;
struct reply;

enum refusal { REFUSAL_GREYLIST, REFUSAL_RELAYING, REFUSAL_DIFFERS };
enum { REFUSALS = REFUSAL_DIFFERS + 1 };

struct refused {
	const char **rcpts; /* NULL: none */
	size_t count;
	enum greylist_state grey;    /* of the last one */
	struct greylist_tries tries; /* the same */
	const struct vendor *vendor; /* the vendor whose exception differs */
};

/* Refusals other than greylisting: relaying for strangers, and recipients that want another mode than those
 * before them. False: *out is the refusal of this recipient. */
bool refusals_rcpt(struct message *, const char *rcpt, const struct mailbox *, struct reply *out);

void refusals_add(struct message *, enum refusal, const char *rcpt);

/* Writes the log lines. */
void refusals_write(struct message *);

#endif
