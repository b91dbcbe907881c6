/*
 * facts.h - all that is known of one message, "not known" included.
 *
 * Filled by the shell stage by stage, read by verdict, authres, explain and verdict_record.
 * Strings are borrowed (they live in the message's arena or longer) and never NULL unless a comment says so.
 * Time is a fact, too: nothing below the shell reads a clock.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/mail/mailbox.h"
#include "policy/util/address.h"

/* Known to be so, known not to be so, or not known (yet, or not to be found out). */
enum tri { NO, YES, UNKNOWN };

enum tri tri_and(enum tri, enum tri); /* NO if either is NO */
enum tri tri_or(enum tri, enum tri);  /* YES if either is YES */
enum tri tri_not(enum tri);           /* UNKNOWN stays */
const char *tri_word(enum tri);       /* "no", "yes", "unknown" */

/* How far the SMTP conversation has come. */
enum stage { STAGE_CONNECT, STAGE_HELO, STAGE_MAIL, STAGE_RCPT, STAGE_HEADERS, STAGE_EOM };
const char *stage_word(enum stage);

/* Result words of RFC 8601, 2.7; one enum for SPF, DKIM and DMARC. */
enum auth_result {
	AUTH_NOT_ASKED, /* written "-" in the log; never in a header */
	AUTH_NONE,
	AUTH_PASS,
	AUTH_FAIL,
	AUTH_SOFTFAIL,
	AUTH_NEUTRAL,
	AUTH_POLICY,
	AUTH_TEMPERROR,
	AUTH_PERMERROR
};
const char *auth_word(enum auth_result);

struct spf_fact {
	enum auth_result result;
	bool by_helo;       /* the HELO name was checked: the sender is null (RFC 7208, 2.4) */
	const char *domain; /* the domain checked, normal form where it has one */
};

struct dkim_fact {
	const char *d, *s; /* d in normal form; "" when it has none */
	const char *a;     /* "rsa-sha256", ...; "" when not known */
	const char *b;     /* first 8 characters of b=, for header.b (RFC 6008) */
	enum auth_result result;
	bool counts;       /* may prove something (doc/DESIGN.md, DKIM and DMARC) */
	bool weak;         /* verifies, but never vouches (there, too) */
	bool passes;       /* verifies by RFC 6376 and 8301, whatever we make of it */
	bool reply_open;   /* it leaves a Reply-To that is there unsigned */
	int64_t signed_at; /* its t=, else the Date that it signs, seconds since 1970; 0: not known */
	bool secure;       /* key protected by DNSSEC */
	const char *why;   /* one slug of greenlane-record(5) when it does not count; "" when it does */
};

/* For a signature that verifies and proves something: sets whether it counts or is weak, and why. A weakness ("": none
 * seen) is a slug that is kept; a signature made more than max_age (seconds) before now is "old". */
void dkim_fact_weigh(struct dkim_fact *, const char *weakness, int64_t now, int64_t max_age);

enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };
const char *dmarc_policy_word(enum dmarc_policy);

/* The best that made DMARC pass, or would: in rising worth. */
enum dmarc_by {
	DMARC_BY_NOTHING,
	DMARC_BY_WEAK,       /* a weak signature: it saves from forged, and never vouches */
	DMARC_BY_REPLY_OPEN, /* one that counts, and leaves a Reply-To unsigned: it depends on whom that names */
	DMARC_BY_PROOF       /* SPF, or a signature that counts */
};
const char *dmarc_by_word(enum dmarc_by); /* "nothing", "weak", "reply-open", "proof" */

/* What one step of the walk up the tree found at _dmarc.DOMAIN (dmarc_walk.h). */
enum dmarc_found { DMARC_FOUND_NOTHING, DMARC_FOUND_RECORD, DMARC_FOUND_SEVERAL, DMARC_FOUND_SILENCE };
const char *dmarc_found_word(enum dmarc_found); /* "nothing", "record", "several", "silence" */
struct dmarc_step {
	const char *domain;
	enum dmarc_found found;
	char psd; /* of a record: 'y', 'n', 'u' */
};
enum { DMARC_STEPS_MAX = 8 }; /* RFC 9989, 4.10 */

struct dmarc_fact {
	enum auth_result result; /* NOT_ASKED, NONE (no record), PASS, FAIL, TEMPERROR */
	enum auth_result said;   /* the same by RFC 9989, for the results header and strangers.dmarc */
	enum dmarc_by by;        /* what passed, aligned as the record asks */
	enum dmarc_by signed_by; /* the same without SPF, for what a forwarder sent on; else not asked further than by */
	enum dmarc_policy policy;       /* that applies: p, sp or np, and under t=y one step milder */
	const char *tag;                /* which of them: "p", "sp", "np"; NULL: there is no record */
	bool testing;                   /* t=y: nothing is to be refused yet */
	const char *domain;             /* where the record was found; "" when none */
	const char *organisation;       /* the organisational domain, as far as the walk went; NULL: not known */
	const char *silent;             /* the domain that could not be asked about; NULL: none */
	const char *silent_of;          /* the walk up from this domain led there; NULL with silent */
	bool spf_open;                  /* TEMPERROR because the client's SPF, which aligns, is not known */
	bool spf_aligned;               /* SPF passed, in the author's organisation by the public suffix list */
	bool dkim_aligned;              /* the same of a counting signature */
	const struct dmarc_step *steps; /* the walk up from the author's domain */
	size_t step_count;
};

/* A mailbox of a Reply-To field. Kept only when a signature that counts leaves that field unsigned. */
struct reply_to {
	struct mailbox mailbox;
	bool near_author; /* in the organisational domain of an author */
};

/* Vendors by number, in rising order. Of too many only the lowest: no honest mail has more than CLAIMS_MAX. */
enum { VENDOR_NUMBERS_MAX = 17 };
struct vendor_numbers {
	uint32_t list[VENDOR_NUMBERS_MAX];
	size_t count;
};
void vendor_numbers_add(struct vendor_numbers *, uint32_t number);
/* Its index, or count when it is not there. */
size_t vendor_numbers_find(const struct vendor_numbers *, uint32_t number);

/* Beside a bit for each vendor of facts->claimed. */
#define HELD_BY_OWN (1u << 29)      /* our own name */
#define HELD_BY_VENDOR (1u << 30)   /* some enabled vendor's */
#define HELD_BY_DELEGATE (1u << 31) /* some delegation or partner may speak for it */

struct author {
	struct mailbox mailbox;
	enum auth_result spf_from; /* check_host(client, this domain); NOT_ASKED until asked */
	struct silence spf_from_silence;
	struct dmarc_fact dmarc;
	uint32_t held_by; /* whose name it is; by claims_settle */
};

/* What an spf source that cannot be listed said for this client (greenlane-vendor(5)). */
struct asked_fact {
	uint32_t source; /* number of the source in the policy */
	enum tri passes;
	struct silence silence; /* when it is UNKNOWN */
};

/* The names of the client, confirmed forward and back (iprev.h). */
enum { IPREV_NAMES_MAX = 10 }; /* as RFC 7208, 4.6.4 has it for ptr */
struct iprev_fact {
	const char *by_mta;                 /* that the MTA confirmed, normal form; NULL: it confirmed none */
	enum auth_result result;            /* of our own look-up: NOT_ASKED, PASS, FAIL, PERMERROR, TEMPERROR */
	const char *names[IPREV_NAMES_MAX]; /* that we confirmed, normal form, in rising order */
	size_t count;
	struct silence silence; /* a name that did not answer, whatever the others said */
};

/* Parts that a message may lack in `greenlane explain`, and only there: they are then not known, never "none". */
enum given { GIVEN_HELO = 1, GIVEN_MAIL_FROM = 2, GIVEN_FROM = 4, GIVEN_MESSAGE = 8, GIVEN_RCPT = 16 };
const char *given_word(enum given); /* "helo", "mail_from", ... */

struct facts;
/* The client cannot be seen, and never will be: what needs its address is NO (doc/DESIGN.md, Relays and hidden
 * clients). */
bool facts_hide_client(const struct facts *);

/* A name from the policy, asked because names that only the message brought did not answer. */
struct name_fact {
	const char *name;
	bool answered;
};

enum { AUTHORS_MAX = 1000, DKIM_MAX = 64, RCPTS_MAX = 1000, ASKED_MAX = 64, REPLIES_MAX = 16, NAME_FACTS_MAX = 32 };

/* State of the From field(s). */
enum from_state {
	FROM_NOT_SEEN, /* headers are not complete */
	FROM_MISSING,
	FROM_READ,      /* every field parsed: authors holds at least one */
	FROM_UNREADABLE /* one does not parse; raw holds all their bodies, joined by newlines */
};
const char *from_state_word(enum from_state); /* "not-seen", "missing", "read", "unreadable" */

struct facts {
	enum stage stage; /* the last one that is complete */
	int64_t now;      /* seconds since 1970 */

	/* the connection */
	struct address peer;     /* that connected; ADDRESS_NONE: local submission */
	struct address client;   /* whose mail it is: the peer, or the host before a gateway of ours */
	bool client_hidden;      /* the peer is a gateway whose Received fields do not say (yet) whose mail it is, or
	                          * has a private address that is nobody's: client is then NONE, or the peer */
	const char *via;         /* the relay that connected; "" when none did */
	bool perhaps_relayed;    /* it may be a relay: a vendor's sources would show it, but are not known yet */
	uint16_t port;           /* of the peer */
	const char *client_name; /* as the MTA found it; never trusted */
	struct iprev_fact iprev; /* of the client; by_mta only where that is the peer */
	const char *helo;        /* "" until known */
	const char *auth;        /* {auth_authen}; "" when not authenticated */
	const char *daemon_name; /* {daemon_name}; "" when not known */

	/* the envelope */
	const char *mail_from; /* as a person would write it; "" for the null sender */
	struct mailbox sender; /* parsed; domain "" for the null sender and for nonsense */
	bool null_sender;
	size_t rcpt_count;
	const char **rcpts;             /* RCPTS_MAX at most */
	struct mailbox *rcpt_mailboxes; /* the same, parsed; domain "" for nonsense */
	struct spf_fact spf;
	const char *spf_why; /* of a PERMERROR: what is wrong, and in whose record; NULL: nothing */
	enum tri spf_narrow; /* of a PASS: by a record of no wide network that ends in -all (spf_gate.h) */
	struct silence spf_silence;

	const char *dnswl_zone; /* asked whether it lists the client; NULL: none was */
	bool dnswl;             /* it does */

	/* the message */
	enum from_state from_state;
	const char *from_raw; /* only for FROM_UNREADABLE, else ""; and Sender where no From holds a mailbox */
	size_t from_raw_length;
	size_t from_stopped; /* the byte of raw where reading ended; only for FROM_UNREADABLE */
	size_t from_fields;
	bool from_too_long; /* a From field over MAILBOX_FIELD_MAX, or over MAILBOX_CONVERSIONS and unreadable */
	struct author *authors;
	size_t author_count;
	struct vendor_numbers claimed;  /* whom From names, authors or an unreadable field; by claims_settle */
	bool own_claimed;               /* our own name is there */
	const struct author *from_last; /* the last angle address of the only field, when it cannot be read; NULL */
	const char *message_id;         /* "" when none */
	struct reply_to *replies;
	size_t reply_count;   /* REPLIES_MAX at most */
	bool replies_unclear; /* a Reply-To cannot be read, or there are more than any honest mail names */
	bool dkim_done;       /* no signature can be added to the list any more */
	struct dkim_fact *dkim;
	size_t dkim_count;
	struct asked_fact asked[ASKED_MAX];
	size_t asked_count;

	bool tuple_asked; /* the greylist was asked whether mail of this sender, recipient and network passed before */
	enum tri tuple_new;   /* YES: none did; UNKNOWN: the store could not answer */
	int64_t unsure_since; /* first time this tuple was unsure; 0: never before */
	struct name_fact names[NAME_FACTS_MAX];
	size_t name_count;
	int64_t answered_since; /* all of them have answered since this try of the tuple; 0: not all, or none asked */
	bool failed;            /* a failure of ours: store, memory, resolver */
	unsigned not_given;     /* bits of enum given; 0 for mail */
};

/* What is found from these parts (bits): UNKNOWN when one was not given, unless it is YES all the same. */
enum tri facts_known(const struct facts *, unsigned parts, enum tri);

/* Is that result final? A pass is; a failure is not as long as a signature or the sender was not given. */
bool facts_dmarc_is_known(const struct facts *, const struct dmarc_fact *);

/* The part on which the sender's SPF rests: for the null sender the HELO name. */
enum given facts_sender_part(const struct facts *);

#endif
