/*
 * suggest.h - what records suggest: who should become a vendor, what is never used, who can be enforced, who forges.
 *
 * Suggests only what a domain publishes, for domains that proved themselves; never an address that was merely seen, and nothing
 * for a name that looks like another. Its memory does not grow with the number of records. Never opens a file, never asks DNS.
 */
#ifndef SUGGEST_H
#define SUGGEST_H

#include "policy/advise/draft.h"
#include "policy/review/suggest_senders.h"
#include "policy/review/suggest_use.h"

enum { SUGGEST_LEAST = 3, SUGGEST_ENFORCE_LEAST = 20 };

/* All borrowed. */
struct suggest_rules {
	const struct policy *policy;
	const struct suffix_list *suffixes;
	const struct vendor *const *known; /* of files on vendor_path that are not in force */
	size_t known_count;
	uint64_t least;   /* messages that must have waited */
	uint64_t seed[2]; /* random */
};

struct suggest_counts {
	uint64_t records, judged, not_judgeable, broken;
	uint64_t older;          /* records that were left out */
	uint64_t waited, proven; /* messages; those among them that proved themselves */
	int64_t from, to;        /* of all records, milliseconds since 1970; 0: there were none */
	uint64_t broken_line;    /* the first broken one; 0: none */
	struct fault broken_why;
	uint64_t dropped; /* rare names and waiting messages that there was no room for */
};

struct suggest;

/* The rules are copied. Given; NULL without memory. */
struct suggest *suggest_open(const struct suggest_rules *) MUST_USE;
void suggest_close(struct suggest *); /* NULL is fine */

/* One record, of that line. Records before `since` (milliseconds; 0: none) are left out. False without memory. */
bool suggest_line(struct suggest *, struct span line, uint64_t number, int64_t since, struct fault *why) MUST_USE;

const struct suggest_rules *suggest_rules(const struct suggest *);
const struct suggest_counts *suggest_counts(struct suggest *);
struct use *suggest_use(struct suggest *);

/* What is to be done about a sender. */
enum suggest_kind {
	SUGGEST_DRAFT,     /* a vendor file */
	SUGGEST_ENABLE,    /* there is a file for it */
	SUGGEST_OUR_FILE,  /* a vendor in force claims it already */
	SUGGEST_OWN,       /* it is our own name */
	SUGGEST_LOOKS_LIKE /* nothing: its name looks like another */
};
struct suggest_sender {
	const struct sender *sender;
	enum suggest_kind kind;
	const struct vendor *vendor; /* ENABLE, OUR_FILE; LOOKS_LIKE: whose name; NULL: our own */
	const char *like;            /* LOOKS_LIKE: that name */
};

/* The sender of this number, most messages first; false: there is none that waited often enough. */
bool suggest_sender_at(struct suggest *, size_t number, struct suggest_sender *out);

/* Why nothing is proposed although the domain was asked, a sentence; NULL: its file is. */
const char *suggest_refusal(const struct suggest_rules *, const struct sender *, const struct draft_facts *);

/* Would enforce refuse or defer nothing of what was seen? And has enough been vouched for, of a vendor in vouch, to say so? */
bool suggest_is_clean(const struct vendor *, const struct vendor_use *);
bool suggest_may_enforce(const struct vendor *, const struct vendor_use *);

/* A name for its file that no other vendor's file has: a file of the same name would replace that. */
void suggest_name(const struct suggest_rules *, const struct sender *, char out[VENDOR_NAME_TEXT]);

#endif
