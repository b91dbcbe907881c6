/* room: own_dns */
/*
 * own_dns_parts.h - what the files of the room own_dns share.
 *
 * Floor 6. own_dns.c keeps the answers; own_dns_word.c reads and repairs the terms of our SPF record;
 * own_dns_tree.c follows them; own_dns_vendor.c knows whose they are; own_dns_spf.c judges them;
 * own_dns_record.c makes the record to publish; own_dns_keys.c judges DKIM, own_dns_dmarc.c DMARC.
 */
#ifndef OWN_DNS_PARTS_H
#define OWN_DNS_PARTS_H

#include "facts.h"
#include "own_dns.h"
#include "spf_text.h"

enum {
	OWN_QUESTIONS_MAX = 400, /* for one domain */
	OWN_WORDS_MAX = 200,     /* of our SPF records together */
	OWN_TERMS_MAX = 2 * OWN_WORDS_MAX,
	OWN_FINDINGS_MAX = 300,
	OWN_KEYS_MAX = 64,
	OWN_SHOWN_MAX = 100,     /* bytes of something published, in a line for a person */
	OWN_WALK_MAX = 50,       /* look-ups that are followed: more are only too many */
	OWN_NETWORKS_MAX = 20,   /* of one vendor in an SPF record */
	SPF_LOOKUPS_MAX = 10, SPF_VOIDS_MAX = 2, SPF_HOSTS_MAX = 10, /* RFC 7208, 4.6.4 */
	SPF_SIZE_ADVISED = 450   /* bytes (RFC 7208, 3.4) */
};

/* An answer, and the SPF record in it once it was read in this turn. */
struct own_card {
	struct dns_question question;
	struct dns_answer answer;
	bool answered;
	unsigned turn;
	const struct spf_record *spf;
	const char *spf_why;
};

struct own_dns {
	const struct own_dns_request *request;
	struct arena *kept;  /* answers */
	struct arena *arena; /* of this turn */
	struct own_card *cards;
	size_t card_count;
	unsigned turn;
	bool asks, starved;
	enum own_dns_part part;
	struct own_dns_report report;
	struct own_dns_finding *findings;
	const char **keys;
};

/* ---- own_dns.c ---- */

/* Never NULL: what is not known yet, or not to be known, reads as an empty answer, and the turn or its part is
 * not used. Records are there only when it is FOUND. */
const struct dns_answer *own_ask(struct own_dns *, const char *name, enum dns_type);

/* The only SPF record of a name (RFC 7208, 4.5); NULL with why. */
const struct spf_record *own_spf_of(struct own_dns *, const char *name, const char **why);

void own_wrong(struct own_dns *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void own_advise(struct own_dns *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* made, or "" where memory ran out, which is noted. */
const char *own_kept(struct own_dns *, const char *made);
/* What was published, fit for a terminal. */
const char *own_shown(struct own_dns *, const char *published);

/* ---- own_dns_word.c ---- */

/* Reads one word of a record; false with what is wrong with it and, if that can be told, what to write. */
bool own_word_read(struct own_dns *, const char *word, struct spf_record *out, const char **wrong, const char **repair);

/* ---- own_dns_tree.c ---- */

/* What a term costs a receiver, with all that it leads to. */
struct own_cost {
	unsigned lookups, voids;
	const char *broken; /* why it is a permanent error; "": it is none */
	bool open;          /* it passes everybody */
	bool empty;         /* a and mx, itself: no address */
};

/* A name that a record leads to without a qualifier in between. */
struct own_reach {
	enum spf_mechanism mechanism;
	const char *name;
};
struct own_reached {
	struct own_reach list[2 * OWN_QUESTIONS_MAX];
	size_t count;
};

/* The name that a term asks for; of a macro the part behind it; "" for ip4, ip6 and all. */
const char *own_term_name(struct own_dns *, const struct spf_term *);

struct own_cost own_term_cost(struct own_dns *, const struct spf_term *, struct own_reached *);
struct own_cost own_redirect_cost(struct own_dns *, const char *target, struct own_reached *);

/* Would a record of these terms pass the address? UNKNOWN: that hangs on a macro, or on too much. */
enum answer own_passes(struct own_dns *, const struct spf_record *, const struct address *);

/* How the record of a name ends, behind redirects: the qualifier of its all; '\0': not at all. */
char own_ending(struct own_dns *, const char *name);

/* ---- own_dns_vendor.c ---- */

struct own_whose {
	const struct vendor *vendor; /* NULL: nobody's that we know */
	const struct source *source; /* that is named by the term; NULL: another name of his */
	bool delegated, relayed, enabled;
};
struct own_whose own_term_whose(struct own_dns *, const struct spf_term *);

/* The source of kind spf that has this name, of any vendor; NULL. */
const struct source *own_source_spf(const struct own_dns *, const char *name);

bool own_is_ours(const struct own_dns *, const char *name); /* under own.domains */

/* Delegations that say something of this domain, in order; NULL behind the last. */
const struct delegation *own_delegation(const struct own_dns *, size_t n);
bool own_wants(const struct delegation *, unsigned proofs); /* one alternative asks for one of these */

/* ---- own_dns_spf.c ---- */

struct own_word {
	const char *text;     /* as published; a NUL byte is a 1 */
	size_t record;        /* in which of our records */
	bool sound;
	bool joined;          /* with the word before it */
	unsigned lookups;     /* of its terms, where receivers get so far */
	const char *whose;
};
struct own_term {
	struct spf_term spf;
	const char *text; /* to be published */
	size_t word;      /* that it stands in, or repairs; of those we add: OWN_WORDS_MAX */
	struct own_cost cost;
	struct own_whose whose;
	bool dropped;
};
struct own_spf {
	struct own_dns *own;
	size_t record_count;
	const char *published; /* the first record */
	struct own_word words[OWN_WORDS_MAX];
	size_t word_count;
	struct own_term terms[OWN_TERMS_MAX];
	size_t term_count;
	char all;             /* qualifier of the strictest all that may stay; '\0': none */
	const char *redirect; /* to be published in place of all; "" */
	const char *modifiers; /* the rest: " exp=..." */
	bool has_exp;
	struct own_reached reached; /* by what is not dropped */
	unsigned voids;       /* of the published record */
};
void own_spf(struct own_dns *);

/* Adds a term to be published. NULL: there is no room for it. */
struct own_term *own_term_add(struct own_spf *, const char *text, size_t word);

/* ---- own_dns_missing.c ---- */

void own_missing_vendors(struct own_spf *);
void own_missing_hosts(struct own_spf *);

/* ---- own_dns_record.c ---- */

void own_record_make(struct own_spf *);

/* What is not dropped, as a record without its end. */
struct spf_record own_record_terms(const struct own_spf *);

/* ---- own_dns_keys.c, own_dns_dmarc.c ---- */

/* Where the key of a selector was found. */
enum own_key { OWN_KEY_NONE, OWN_KEY_BAD, OWN_KEY_HERE, OWN_KEY_ABOVE };
enum own_key own_key_find(struct own_dns *, const struct delegation *, const char *selector, bool say);

void own_keys(struct own_dns *);
void own_dmarc(struct own_dns *);

#endif
