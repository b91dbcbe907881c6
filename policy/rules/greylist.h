/*
 * greylist.h - a past record and the clock say whether a stranger waits.
 *
 * Pure: the store is the shell's. Records are fixed bytes, the same on every host.
 * Never greylists by a full address: networks and, where SPF passes, domains (pools).
 */
#ifndef GREYLIST_H
#define GREYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/mail/facts.h"
#include "policy/util/suffix.h"

struct greylist_settings; /* of policy.h */

/* What the store keeps of one key. */
struct greylist_record {
	int64_t first;   /* first seen, seconds since 1970 */
	int64_t last;    /* last written */
	uint32_t passed; /* times it passed */
	uint32_t asked;  /* times it was told to come again */
};

enum { GREYLIST_KEY_MAX = 480, GREYLIST_RECORD_BYTES = 24 };

/*
 * The key of one recipient, readable: "g sender recipient network", where network is the client's
 * ("192.0.2.0/24") or, where SPF passes, "@" and the MAIL FROM domain; for the null sender "@" and the
 * organisational domain of the HELO name, since each host of a pool has its own. A client that cannot be
 * seen is "-". kind 'g' is greylisting,
 * 'u' the unsure tuple. What is longer than fits ends in hash_bytes of the whole. Bytes
 * outside 0x21-0x7e are written \\xNN. Returns the length; out is terminated as well.
 */
size_t greylist_key(const struct greylist_settings *, const struct suffix_list *, const struct facts *,
    const char *rcpt, char kind, char out[GREYLIST_KEY_MAX + 1]);

/* The sender as keys see it: domain lower case, +ext dropped, prvs= and SRS undone (back to the
 * first sender's own domain), runs of digits as '#'; "" for the null sender and for nonsense.
 * out is terminated, at most size bytes. */
void greylist_normalise(const struct mailbox *, char *out, size_t size);

enum greylist_state {
	GREYLIST_OFF,    /* no store, or not asked */
	GREYLIST_EXEMPT, /* network, sender or recipient is exempt */
	GREYLIST_NEW,    /* first contact, or the old one is too old: wait */
	GREYLIST_EARLY,  /* came back before delay: wait */
	GREYLIST_DUE,    /* came back in time: passes now */
	GREYLIST_KNOWN,  /* passed before */
	GREYLIST_FREE    /* passed auto_pass times: not asked again */
};
const char *greylist_state_word(enum greylist_state);
bool greylist_state_waits(enum greylist_state); /* NEW or EARLY */

/* Exempt by configuration? (postmaster and abuse by default) */
bool greylist_is_exempt(const struct greylist_settings *, const struct facts *, const char *rcpt);
/* Is every recipient, so that nobody is asked about? Where none is known: is the client or the sender? */
bool greylist_exempts_all(const struct greylist_settings *, const struct facts *);

struct greylist_decision {
	enum greylist_state state;
	int64_t wait;                /* seconds until it would pass; 0 when it does */
	bool write;                  /* the record is to be kept */
	struct greylist_record record;
};

/*
 * found NULL: the store has no such key. It passes from delay to retry_window after first contact,
 * both included, and once passed for lifetime after each pass. FREE is written at most once a day.
 * A clock that went back behind first contact: one delay by the new clock, no more and no less.
 * A clock that went back behind the last pass: it still passes; its life counts from now on.
 * A clock that jumps ahead: a waiting one may pass early once, or begins anew; both heal by themselves.
 */
struct greylist_decision greylist_decide(const struct greylist_settings *,
    const struct greylist_record *found, int64_t now);

/* Is a record dead at `now`, so that a sweep may drop it? A clock that went back kills nothing. */
bool greylist_is_dead(const struct greylist_settings *, const struct greylist_record *, int64_t now);

void greylist_record_pack(const struct greylist_record *, uint8_t out[GREYLIST_RECORD_BYTES]);
/* False for a wrong length, version or check sum: such a record is treated as not there. */
bool greylist_record_unpack(const void *bytes, size_t length, struct greylist_record *out) MUST_USE;

#endif
