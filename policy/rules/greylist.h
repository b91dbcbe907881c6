/*
 * greylist.h - decides by a greylist record and the time whether a stranger waits.
 *
 * Records have a fixed size and are the same bytes on every host. Never reads or writes a store. Never
 * greylists by a full address: by networks and, where SPF passes, by domains (pools of hosts).
 */
#ifndef GREYLIST_H
#define GREYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/mail/facts.h"
#include "policy/util/suffix.h"

struct greylist_settings; /* of policy.h */

/* What the store keeps for one key. */
struct greylist_record {
	int64_t first;   /* first seen, seconds since 1970 */
	int64_t last;    /* last written */
	uint32_t passed; /* times it passed */
	uint32_t asked;  /* times it was deferred */
	bool let_pass;   /* an administrator said so: the next try passes */
};

enum {
	GREYLIST_KEY_MAX = 480,
	GREYLIST_KEY_TAIL = 17, /* '~' and a hash in 16 hexadecimal digits, at the end of a key that was too long */
	GREYLIST_RECORD_BYTES = 24
};
#define GREYLIST_NULL_SENDER "<>"

/*
 * The readable key of one recipient: "g sender recipient network", where network is the client's
 * ("192.0.2.0/24") or, where SPF passes, "@" and the MAIL FROM domain; for the null sender "@" and the
 * organisational domain of the HELO name, because each host of a pool has its own HELO name. A hidden
 * client is "-". kind 'g' is greylisting, 'u' the unsure tuple. A key that is too long ends in hash_bytes
 * of all of it. Bytes outside 0x21-0x7e are written \\xNN. Returns the length; out is terminated as well.
 */
size_t greylist_key(const struct greylist_settings *, const struct suffix_list *, const struct facts *,
    const char *rcpt, char kind, char out[GREYLIST_KEY_MAX + 1]);

/* The fields of a key as greylist_key writes them, of addresses as they are sent, without angle brackets; and any text,
 * only escaped. What does not fit is cut off. */
void greylist_key_sender(const char *mail_from, char out[GREYLIST_KEY_MAX + 1]);
void greylist_key_rcpt(const char *rcpt, char out[GREYLIST_KEY_MAX + 1]);
void greylist_key_plain(const char *text, char out[GREYLIST_KEY_MAX + 1]);

/* The sender as keys use it: domain in lower case, +ext dropped, prvs= and SRS undone (back to the first sender's own
 * domain), runs of digits as '#'; "" for the null sender and for nonsense. out is terminated, at most size bytes. */
void greylist_normalise(const struct mailbox *, char *out, size_t size);

enum greylist_state {
	GREYLIST_OFF,     /* no store, or not looked up */
	GREYLIST_EXEMPT,  /* network, sender or recipient is exempt */
	GREYLIST_NEW,     /* first contact, or the last one is too old: wait */
	GREYLIST_EARLY,   /* a retry before delay: wait */
	GREYLIST_DUE,     /* a retry in time: passes now */
	GREYLIST_KNOWN,   /* passed before */
	GREYLIST_FREE,    /* passed auto_pass times: not greylisted again */
	GREYLIST_NETWORK, /* would wait, but its network is known (greylist_network.h): passes now */
	GREYLIST_FAILED   /* the store could not answer: passes */
};
enum { GREYLIST_STATES = GREYLIST_FAILED + 1 };
const char *greylist_state_word(enum greylist_state);
bool greylist_state_waits(enum greylist_state); /* NEW or EARLY */

/* Which setting of the greylist let a message pass that would have waited. The word is the setting's, "" for none. */
enum passed_by { PASSED_BY_NOTHING, PASSED_BY_NETWORK, PASSED_BY_SPF, PASSED_BY_ONLY, PASSED_BY_DNSWL };
enum { PASSED_BYS = PASSED_BY_DNSWL + 1 };
const char *passed_by_word(enum passed_by);

/* Exempt by configuration? (postmaster and abuse by default) */
bool greylist_is_exempt(const struct greylist_settings *, const struct facts *, const char *rcpt);
/* Is every recipient exempt, so that none is greylisted? If no recipient is known: is the client or the sender? */
bool greylist_exempts_all(const struct greylist_settings *, const struct facts *);

/* The keys of one recipient of a message, terminated as well; network_length 0: networks are not asked (greylist_network.h). */
struct greylist_keys {
	char tuple[GREYLIST_KEY_MAX + 1], network[GREYLIST_KEY_MAX + 1], domain[GREYLIST_KEY_MAX + 1];
	size_t tuple_length, network_length, domain_length;
};

struct greylist_decision {
	enum greylist_state state;
	int64_t wait; /* seconds until a retry would pass; 0: it passes */
	enum passed_by passed_by;
	bool write; /* the record must be stored */
	struct greylist_record record;
};

/* What the log says of a decision: the how-manieth try this is, 1 where it need not wait; 0: the greylist was not asked.
 * And the seconds since the first try. */
struct greylist_tries {
	uint32_t count;
	int64_t waited;
};
struct greylist_tries greylist_tries(const struct greylist_decision *, int64_t now);

/*
 * found NULL or blank: the store has no such key. A retry passes from delay to retry_window after first contact,
 * both included; after that, mail passes for lifetime after each pass. FREE is written at most once a day.
 * A clock set back to before first contact: one delay by the new clock, no more and no less.
 * A clock set back to before the last pass: it still passes, and lifetime counts from now.
 * A clock that jumps ahead: a waiting sender may pass early once, or starts again; both heal by themselves.
 * What an administrator lets pass is DUE at its next try, within lifetime.
 */
struct greylist_decision greylist_decide(const struct greylist_settings *, const struct greylist_record *found,
    int64_t now);

/* Is a record dead at `now`, so that a sweep may drop it? A clock that was set back makes none dead. */
bool greylist_is_dead(const struct greylist_settings *, const struct greylist_record *, int64_t now);

/* A tuple that was forgotten: all zero, as old as can be. It counts as missing, and the next sweep drops it. */
bool greylist_record_is_blank(const struct greylist_record *);

/* The record of a tuple that is let pass at its next try; found is not blank. One that passes anyway is unchanged. What
 * has expired counts from now on, unless it still waits: then it keeps the time of its first try. */
struct greylist_record greylist_record_let_pass(const struct greylist_settings *, const struct greylist_record *found,
    int64_t now);

/* When it is dead, if it does not come again. No record makes it overflow. */
int64_t greylist_record_expires(const struct greylist_settings *, const struct greylist_record *);

/* Was it written after the other one? Within a second what has passed or was asked more often is newer. */
bool greylist_record_is_newer(const struct greylist_record *, const struct greylist_record *than);

void greylist_record_pack(const struct greylist_record *, uint8_t out[GREYLIST_RECORD_BYTES]);
/* False for a wrong length, version or check sum: such a record counts as missing. */
bool greylist_record_unpack(const void *bytes, size_t length, struct greylist_record *out) MUST_USE;

#endif
