/*
 * delegate_reply.h - what Postfix is told at RCPT: go on, ask your greylister, or refuse.
 *
 * Pure: works on the policy and on what is known of the session. There is no word for OK or PERMIT, so
 * none can be the reply: only greylisting is ever skipped, never a later check.
 */
#ifndef DELEGATE_REPLY_H
#define DELEGATE_REPLY_H

#include <stdbool.h>

#include "policy/mail/facts.h"
#include "policy/util/text.h"
#include "policy/verdict/verdict.h"

/* All that can be replied. */
enum delegate_word {
	DELEGATE_DUNNO, /* no opinion: the restrictions that follow decide */
	DELEGATE_CLASS, /* the restriction class that greylists */
	DELEGATE_REFUSE /* 550 5.7.26 */
};

enum delegate_why {
	DELEGATE_OTHER_STATE, /* the request is not for RCPT */
	DELEGATE_EXEMPT,      /* logged in, or one of our own networks */
	DELEGATE_KNOWN,       /* a relay or an authorised outbound address: no stranger */
	DELEGATE_PROMISED,    /* what is known satisfies a vendor's policy */
	DELEGATE_TRUSTED,     /* listed; the proof can only come with the message */
	DELEGATE_UNDECIDED,   /* the same, but delegate.undecided wants it greylisted */
	DELEGATE_MONITOR,     /* the daemon is in monitor mode: the greylister works as before */
	DELEGATE_STRANGER,    /* all else */
	DELEGATE_FORGED       /* the envelope names a vendor that does not sign; nothing can prove it any more */
};

struct delegate_reply {
	enum delegate_word word;
	enum delegate_why why;
	struct claim claim; /* of the vendor that decided; its vendor is NULL where none did */
};

/* facts: the connection and the envelope, at STAGE_MAIL or later, with what verdict_wants asked for. */
void delegate_decide(const struct judge *, const struct facts *, bool at_rcpt, struct delegate_reply *out);

/* Is it a promise, which the end of the message confirms or revokes? */
bool delegate_promises(const struct delegate_reply *);

/* The verdict behind a refusal, for its reply and its log line. */
void delegate_verdict(const struct delegate_reply *, struct verdict *out);

enum { DELEGATE_REPLY_MAX = 640 };

/* "action=WORD" and two newlines. greylist_class is the setting; DUNNO replaces what is no class.
 * text follows the codes of a refusal; what could break the line becomes '?'. */
void delegate_reply_write(enum delegate_word, const char *greylist_class, const char *text, struct text *out);

#endif
