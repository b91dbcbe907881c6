/*
 * greylist_query.h - the tuples of a greylist as an administrator sees them, and which of them he asks for.
 *
 * Reads keys and records that a store holds. What he writes is made into fields of keys first, so that it finds what
 * is stored under them. Never reads a store.
 */
#ifndef GREYLIST_QUERY_H
#define GREYLIST_QUERY_H

#include "policy/rules/greylist.h"
#include "policy/util/address.h"
#include "policy/util/text.h"

/* ---- tuples ---- */

enum greylist_tuple_state {
	TUPLE_WAITING, /* its next try waits, if it comes now */
	TUPLE_DUE,     /* its next try passes, if it comes within retry_window */
	TUPLE_PASS,    /* an administrator lets its next try pass */
	TUPLE_KNOWN,   /* it has passed */
	TUPLE_FREE,    /* it has passed auto_pass times */
	TUPLE_EXPIRED, /* it would begin anew; the next sweep drops it */
	TUPLE_STATES
};
const char *greylist_tuple_word(enum greylist_tuple_state); /* "waiting", "due", ... */
/* False: there is no such word. */
bool greylist_tuple_state_read(struct span word, enum greylist_tuple_state *out) MUST_USE;

struct greylist_tuple {
	struct span sender, rcpt, network; /* fields of the key, borrowed; empty where the key was too long for them */
	bool cut;                          /* the last field that is there ends in GREYLIST_KEY_TAIL bytes of hash */
	struct greylist_record record;
	enum greylist_tuple_state state;
	int64_t due;     /* when a try passes; 0: any passes now, or it would begin anew */
	int64_t expires; /* when it would begin anew, if it does not come again */
};

/* False for a key of another kind, and for a tuple that was forgotten. */
bool greylist_tuple_read(const struct greylist_settings *, const char *key, size_t length,
    const struct greylist_record *, int64_t now, struct greylist_tuple *out) MUST_USE;

/* ---- queries ---- */

/* Addresses: one, or all of a domain and of those below it. */
struct greylist_addresses {
	bool any, is_domain;
	char given[GREYLIST_KEY_MAX + 1],
	    normal[GREYLIST_KEY_MAX + 1]; /* either finds it; of a domain only normal counts */
};

struct greylist_query {
	struct greylist_addresses sender, rcpt;
	enum { CLIENT_ANY, CLIENT_NETWORK, CLIENT_FIELD } client;
	struct prefix network;
	char field[GREYLIST_KEY_MAX + 2]; /* "@domain", or "-" for hidden clients */
};

void greylist_query_open(struct greylist_query *); /* asks for all */

/* An address as it is sent or as it is listed, with or without angle brackets; "<>" and "" are the null sender; "@domain"
 * and "domain" are all of a domain. */
void greylist_query_sender(struct greylist_query *, const char *);
void greylist_query_rcpt(struct greylist_query *, const char *);
/* An address, a network, "@domain" (tuples that are kept under a domain, because SPF passed), or "-". */
bool greylist_query_client(struct greylist_query *, const char *, struct fault *why) MUST_USE;

enum greylist_match {
	MATCH_NO,
	MATCH_YES,
	MATCH_BUT_CLIENT /* all else matches, but it is kept under a domain, and an address is asked for */
};
/* What cannot be seen of a key that was too long does not match. */
enum greylist_match greylist_query_matches(const struct greylist_query *, const struct greylist_tuple *);

/* The first place at or behind `at` where a key may match, into out; not terminated. 0: there is none. */
size_t greylist_query_seek(const struct greylist_query *, const char *at, size_t length, char out[GREYLIST_KEY_MAX + 1]);

#endif
