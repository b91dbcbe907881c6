/*
 * message.h - handles one mail from MAIL to its end: gathers facts, asks for the verdict, updates the greylist.
 *
 * The same code is used by the milter session and by `greenlane explain`. Never decides:
 * verdict, greylist and explain do. Keeps nothing after message_close.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "milter/checks/check_dkim.h"
#include "milter/checks/resolver.h"
#include "milter/smtp/promise.h"
#include "milter/state/counters.h"
#include "milter/state/shadow_tally.h"
#include "milter/state/snapshot.h"
#include "milter/state/usage.h"
#include "milter/state/vendor_rates.h"
#include "milter/state/vendor_tally.h"
#include "milter/store/store.h"
#include "milter/system/journal.h"
#include "policy/verdict/explain.h"

enum {
	MESSAGE_ARENA_MAX = 4 * 1024 * 1024,
	MESSAGE_FORGED_MAX = 4096 /* results fields with our name that one message may carry */
};

/* What all messages share; kept. */
struct services {
	struct resolver *resolver;
	struct dkim_verifier *dkim;
	const struct suffix_list *suffixes;
	struct snapshots *snapshots;
	struct store *store;         /* NULL: no greylisting */
	struct store *unsure;        /* remembers unsure tuples; NULL: they are not remembered */
	struct journal *journal;     /* NULL: nothing is logged */
	struct vendor_tally *tally;  /* NULL: vendors' mail is not counted */
	struct shadow_tally *shadow; /* NULL: what a draft would do is not counted */
	struct counters *counters;   /* NULL: nothing is counted for /metrics */
	struct vendor_rates *rates;  /* NULL: it is not watched how vendors' mail changes */
	struct usage *usage;         /* NULL: senders are not remembered */
	struct promises *promises;   /* shared with the policy delegation; NULL: there is none */
	bool first_contact;          /* for explain: asks no greylist, but replies as at a first contact */
};

/* One SMTP client, as the session knows it; the strings must live until message_close. */
struct smtp_client {
	struct address address; /* ADDRESS_NONE: local submission */
	uint16_t port;
	const char *name, *helo;
	const char *confirmed; /* the name that the MTA confirmed (iprev_of_mta); NULL or "": none */
	const char *daemon_name;
	const char *mta_name; /* {j}; "" unknown */
	bool replies_at_rcpt; /* false: no recipient of this session is greylisted at RCPT */
	int64_t patience_ms;  /* DNS budget, if less than milter.deadline; 0: that is the budget */
	bool claims_only;     /* asks nothing that no vendor's policy needs */
	unsigned not_given;   /* bits of enum given: what explain was not given; 0 for mail */
};

struct message;

/* MAIL: borrows the policy, asks SPF. path is libmilter's ("<a@b>"); auth is {auth_authen} or "".
 * NULL without memory or policy: defer the mail. Given. */
struct message *message_open(const struct services *, const struct smtp_client *, const char *path,
    const char *auth) MUST_USE;

/* Frees everything; writes the log lines of recipients that were refused at RCPT. */
void message_close(struct message *);

void message_queue_id(struct message *, const char *qid);

/* RCPT. False: *out is the refusal of this recipient. */
bool message_rcpt(struct message *, const char *path, struct reply *out) MUST_USE;

/* One header field, value with its leading blank as with SMFIP_HDR_LEADSPC. */
void message_header(struct message *, const char *name, const char *value);

/* End of headers: looks up keys. Returns whether the body is wanted. */
bool message_headers_end(struct message *);
bool message_wants_body(const struct message *);
void message_body(struct message *, const unsigned char *bytes, size_t length);

/* What to do at the end. Everything lives until message_close. */
struct ending {
	enum action action;
	bool replies; /* send reply (reject, defer, greylist) */
	struct reply reply;
	const unsigned *forged; /* 1-based indexes of Authentication-Results fields to delete, ascending */
	size_t forged_count;
	const char *results; /* our Authentication-Results bodies; NULL: none is written */
	const char *outcome;
	const char *quarantine; /* the reason, for the MTA's queue; only for ACTION_QUARANTINE */
};
void message_end(struct message *, struct ending *out);

/* For explain and tests: borrowed until message_close. */
const struct facts *message_facts(const struct message *);
const struct verdict *message_verdict(const struct message *);
const struct judge *message_judge(const struct message *);
/* The verdict record of the whole message, as it was logged. Valid after message_end. */
void message_verdict_record(const struct message *, struct verdict_record *out);

#endif
