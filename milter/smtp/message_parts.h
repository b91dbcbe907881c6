/*
 * message_parts.h - what a message holds, for the files of message.
 *
 * message.c moves it along, relayed_client.c finds whose it is, gather.c fills its facts, greylisting.c
 * asks the store, refusals.c remembers who was refused.
 */
#ifndef MESSAGE_PARTS_H
#define MESSAGE_PARTS_H

#include "milter/smtp/message.h"
#include "milter/smtp/refusals.h"

enum { FROM_RAW_MAX = 64 * 1024, HOPS_MAX = 16 /* fields that a relay may have written */,
	REPLY_FIELDS_MAX = 4 };

struct message {
	const struct services *services;
	const struct smtp_client *client;
	const struct snapshot *snapshot;
	const struct judge *judge;
	struct arena *arena;
	struct budget budget; /* of waiting for DNS */
	int64_t reserve_ms;   /* of it, for names that stand in the policy: an eighth */
	struct facts facts;
	struct verdict verdict;
	char id[40];
	const char *qid;
	bool exempt, headers_ended, ended;
	const char *received[HOPS_MAX]; /* of a gateway's message, topmost first */
	size_t received_count;
	int64_t spent; /* microseconds in our hands */

	/* headers */
	struct mailbox_list authors;
	size_t rcpt_room; /* of facts->rcpts and facts->rcpt_mailboxes */
	struct text from; /* all From bodies, joined by newlines */
	unsigned from_fields;
	size_t from_last; /* of authors, counted from one: the last address of a field that cannot be read; 0: none */
	bool from_broken;
	const char *replies[REPLY_FIELDS_MAX]; /* bodies of Reply-To fields; NULL: no memory, or too long */
	size_t reply_fields; /* all that there are */
	unsigned results_seen; /* Authentication-Results fields so far */
	unsigned *forged;
	size_t forged_count, forged_room;
	struct dkim_check *dkim;
	bool body_wanted;
	unsigned spf_from_asked, dmarc_asked; /* domains of authors */

	/* greylisting */
	enum greylist_state grey; /* of the message as a whole */
	enum tri asks_at_rcpt; /* is the greylist asked there? UNKNOWN: not found out yet */
	bool vendor_promised;     /* promised_vendor is found out */
	const struct vendor *promised_vendor; /* for whose sake the delegate lets it by a greylister; NULL: it does not */
	bool asked_at_rcpt;       /* every recipient so far passed the greylist at RCPT */
	int64_t wait;             /* seconds, for the reply */
	struct refused refused[REFUSALS]; /* recipients that were refused at RCPT */
	enum action done;
};

const char *message_authserv_id(const struct message *);

#endif
