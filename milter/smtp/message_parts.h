/*
 * message_parts.h - the internals of a message, shared by the files that handle one.
 *
 * message.c moves it along, relayed_client.c finds its client, gather.c fills its facts, greylisting.c
 * asks the store, refusals.c remembers the refused recipients, delay_alarm.c warns of delays, shadow.c judges by the draft.
 */
#ifndef MESSAGE_PARTS_H
#define MESSAGE_PARTS_H

#include "milter/smtp/message.h"
#include "milter/smtp/refusals.h"

enum { FROM_RAW_MAX = 64 * 1024, HOPS_MAX = 16 /* fields that a relay may have written */, REPLY_FIELDS_MAX = 4 };

struct message {
	const struct services *services;
	const struct smtp_client *client;
	const struct snapshot *snapshot;
	const struct judge *judge;
	struct arena *arena;
	struct budget budget; /* for waiting for DNS */
	int64_t reserve_ms;   /* an eighth of it, for names that are in the policy */
	struct facts facts;
	struct verdict verdict;
	char id[40];
	const char *qid;
	bool exempt, headers_ended, ended;
	const char *received[HOPS_MAX]; /* of a gateway's message, topmost first */
	size_t received_count;
	int64_t spent; /* microseconds that we took */

	/* headers */
	struct mailbox_list authors;
	size_t rcpt_room;   /* of facts->rcpts and facts->rcpt_mailboxes */
	struct text from;   /* all From bodies, joined by newlines */
	struct text sender; /* all Sender bodies, likewise */
	unsigned from_fields;
	size_t from_last; /* 1-based, in authors: the last address of a field that cannot be read; 0: none */
	bool from_broken;
	const char *replies[REPLY_FIELDS_MAX]; /* bodies of Reply-To fields; NULL: out of memory, or too long */
	size_t reply_fields;                   /* how many there are in all */
	unsigned results_seen;                 /* Authentication-Results fields so far */
	unsigned *forged;
	size_t forged_count, forged_room;
	struct dkim_check *dkim;
	bool body_wanted;
	unsigned spf_from_asked, dmarc_asked; /* domains of authors */
	unsigned dmarc_walks;                 /* that may still be made */

	/* greylisting */
	enum greylist_state grey;             /* of the message as a whole */
	struct greylist_tries tries;          /* of the same recipient; none where it only learnt */
	enum passed_by passed_by;             /* of the same recipient */
	enum tri asks_at_rcpt;                /* is the greylist asked at RCPT? UNKNOWN: not decided yet */
	bool vendor_promised;                 /* promised_vendor is known */
	const struct vendor *promised_vendor; /* for which the delegate lets it past a greylister; NULL: none */
	bool known_at_rcpt;                   /* and the tuple of some recipient had passed before */
	bool asked_at_rcpt;                   /* every recipient so far passed the greylist at RCPT */
	bool passed_at_rcpt;                  /* one of them by a setting (passed_by.h) */
	struct greylisting_round *ahead;      /* asked before it was judged; NULL: nothing */
	int64_t wait;                         /* seconds, for the reply */
	struct refused refused[REFUSALS];     /* recipients that were refused at RCPT */
	enum action done;
	enum action would; /* the same if no mode softened it */
};

#endif
