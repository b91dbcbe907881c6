/*
 * greylist_requests.h - answers what an administrator asks of a greylist: list, pass, forget, take.
 *
 * A request and its answer are those of greenlaned(8), under `greylist`. An answer is a piece: it is bounded, and says where
 * the next one begins. Opens no store, and does not know who asks.
 */
#ifndef GREYLIST_REQUESTS_H
#define GREYLIST_REQUESTS_H

#include <sys/types.h>

#include "milter/store/store.h"
#include "policy/rules/greylist_query.h"

enum greylist_verb { GREYLIST_LIST, GREYLIST_PASS, GREYLIST_FORGET, GREYLIST_TAKE };

enum {
	GREYLIST_PIECE = 200,     /* tuples in one answer; to the end of the page in a store without order */
	GREYLIST_LOOKED = 20000,  /* records that are looked at for one answer: a few hundredths of a second */
	GREYLIST_VALUE_MAX = 1300 /* bytes of one value of a request; no address is longer */
};

struct greylist_request {
	enum greylist_verb verb;
	struct greylist_query query;
	bool states[TUPLE_STATES];
	unsigned most; /* tuples; 0: they are only counted, and none is changed */
	size_t from_length;
	char from[STORE_KEY_ROOM];
	size_t key_length; /* not 0: this very tuple, whatever else is asked for */
	char key[GREYLIST_KEY_MAX];
	struct span records; /* that are taken, as they came; borrowed from the request's words */
};

/* Reads "list", "pass" or "forget" and what follows it, separated by blanks: NAME=VALUE, where a byte outside
 * 0x21-0x7e or a backslash is \xHH; or "take" and record=HEX:KEY for each record. False with why: what is wrong. */
bool greylist_request_read(struct span words, struct greylist_request *, struct fault *why) MUST_USE;

/* Adds " NAME=VALUE" to a request that is being written. */
void greylist_request_add(struct text *, const char *name, struct span value);

/* Adds " record=HEX:KEY": the bytes of a record in hexadecimal. */
void greylist_request_add_record(struct text *, const struct store_entry *);

/* What a request has changed. */
struct greylist_changes {
	size_t count;
	char first[GREYLIST_KEY_MAX + 1]; /* the key of the first one; "" if there is none */
};

struct journal;
/* Has the log say who changed what; hides: not the key. Nothing for what was taken, of which there may be a million. */
void greylist_changes_say(const struct greylist_changes *, const struct greylist_request *, uid_t who, bool hides,
    struct journal *);

/*
 * Does it, at `now`, and adds the members of the answer to out (an object that is open). What was changed is on disk then.
 * False when the store could not answer; some tuples may have been changed all the same. Mail does not wait.
 */
bool greylist_request_answer(const struct greylist_request *, struct store *, const struct greylist_settings *,
    int64_t now, struct text *out, struct greylist_changes *, struct fault *why) MUST_USE;

#endif
