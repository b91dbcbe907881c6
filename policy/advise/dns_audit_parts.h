/*
 * dns_audit_parts.h - what the files of dns_audit share.
 *
 * dns_audit.c keeps the answers; dns_audit_word.c reads and repairs the terms of our SPF record; dns_audit_tree.c follows
 * them; dns_audit_vendor.c knows whose they are; dns_audit_spf.c judges them; dns_audit_missing.c finds what they lack;
 * dns_audit_record.c makes the record to publish; dns_audit_keys.c judges DKIM, dns_audit_dmarc.c DMARC, of which
 * dns_audit_dmarc_tags.c reads the tags and dns_audit_dmarc_tree.c walks up the tree; dns_audit_write.c writes the report.
 */
#ifndef DNS_AUDIT_PARTS_H
#define DNS_AUDIT_PARTS_H

#include "policy/advise/dns_audit.h"
#include "policy/dns/spf_text.h"
#include "policy/mail/dmarc_walk.h"
#include "policy/mail/facts.h"

enum {
	AUDIT_QUESTIONS_MAX = 400, /* for one domain */
	AUDIT_WORDS_MAX = 200,     /* of our SPF records together */
	AUDIT_TERMS_MAX = 2 * AUDIT_WORDS_MAX,
	AUDIT_FINDINGS_MAX = 300,
	AUDIT_KEYS_MAX = 64,
	AUDIT_SHOWN_MAX = 100,   /* bytes of something published, in a line for a person */
	AUDIT_WALK_MAX = 50,     /* look-ups that are followed: more are just too many */
	AUDIT_NETWORKS_MAX = 20, /* of one vendor in an SPF record */
	SPF_SIZE_ADVISED = 450   /* bytes (RFC 7208, 3.4) */
};

/* A question, its answer, and the SPF record in it once it has been read in this turn. */
struct audit_query {
	struct dns_question question;
	struct dns_answer answer;
	bool answered;
	unsigned turn;
	const struct spf_record *spf;
	const char *spf_why;
};

struct dns_audit {
	const struct dns_audit_request *request;
	struct arena *kept;  /* answers */
	struct arena *arena; /* of this turn */
	struct audit_query *queries;
	size_t query_count;
	unsigned turn;
	bool asks, starved;
	enum dns_audit_part part;
	struct dns_audit_report report;
	struct dns_audit_finding *findings;
	const char **keys;
};

/* ---- dns_audit.c ---- */

/* Never NULL: what is not known yet, or cannot be known, reads as an empty answer, and the turn or its part is
 * not used. It has records only when it is FOUND. */
const struct dns_answer *audit_ask(struct dns_audit *, const char *name, enum dns_type);

/* The only SPF record of a name (RFC 7208, 4.5); NULL with why. */
const struct spf_record *audit_spf_of(struct dns_audit *, const char *name, const char **why);

void audit_wrong(struct dns_audit *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void audit_advise(struct dns_audit *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* made, or "" where memory ran out, which is noted. */
const char *audit_kept(struct dns_audit *, const char *made);
/* What was published, fit for a terminal. */
const char *audit_shown(struct dns_audit *, const char *published);
const char *audit_shown_span(struct dns_audit *, struct span published);

/* ---- dns_audit_word.c ---- */

/* Reads one word of a record; false with what is wrong with it and, where possible, what to write. */
bool audit_word_read(struct dns_audit *, const char *word, struct spf_record *out, const char **wrong,
    const char **repair);

/* ---- dns_audit_tree.c ---- */

/* What a term costs a receiver, with all that it leads to. */
struct audit_cost {
	unsigned lookups, voids;
	const char *broken; /* why it is a permanent error; "": it is not one */
	bool open;          /* it passes everybody */
	bool empty;         /* a and mx, itself: no address */
};

/* A name that a record leads to without a qualifier in between. */
struct audit_reach {
	enum spf_mechanism mechanism;
	const char *name;
};
struct audit_reached {
	struct audit_reach list[2 * AUDIT_QUESTIONS_MAX];
	size_t count;
};

/* The name that a term asks for; of a macro the part after it; "" for ip4, ip6 and all. */
const char *audit_term_name(struct dns_audit *, const struct spf_term *);

struct audit_cost audit_term_cost(struct dns_audit *, const struct spf_term *, struct audit_reached *);
struct audit_cost audit_redirect_cost(struct dns_audit *, const char *target, struct audit_reached *);

/* Would a record of these terms pass the address? UNKNOWN: that depends on a macro, or on too much. */
enum tri audit_passes(struct dns_audit *, const struct spf_record *, const struct address *);

/* How the record of a name ends, after redirects: the qualifier of its all; '\0': it has none. */
char audit_ending(struct dns_audit *, const char *name);

/* ---- dns_audit_vendor.c ---- */

struct audit_whose {
	const struct vendor *vendor; /* NULL: nobody we know */
	const struct source *source; /* that is named by the term; NULL: another name of his */
	bool delegated, relayed, enabled;
};
struct audit_whose audit_term_whose(struct dns_audit *, const struct spf_term *);

/* The source of kind spf that has this name, of any vendor; NULL. */
const struct source *audit_source_spf(const struct dns_audit *, const char *name);

bool audit_is_ours(const struct dns_audit *, const char *name); /* under own.domains */

/* Delegations that cover this domain, in order; NULL after the last. */
const struct delegation *audit_delegation(const struct dns_audit *, size_t n);
bool audit_wants(const struct delegation *, unsigned proofs); /* one alternative asks for one of these */

/* ---- dns_audit_spf.c ---- */

struct audit_word {
	const char *text; /* as published; a NUL byte is a 1 */
	size_t record;    /* in which of our records */
	bool sound;
	bool joined;      /* with the word before it */
	unsigned lookups; /* of its terms, where receivers get so far */
	const char *whose;
};
struct audit_term {
	struct spf_term spf;
	const char *text; /* to be published */
	size_t word;      /* that it is from, or repairs; of those we add: AUDIT_WORDS_MAX */
	struct audit_cost cost;
	struct audit_whose whose;
	bool dropped;
};
struct audit_spf {
	struct dns_audit *audit;
	size_t record_count;
	const char *published; /* the first record */
	struct audit_word words[AUDIT_WORDS_MAX];
	size_t word_count;
	struct audit_term terms[AUDIT_TERMS_MAX];
	size_t term_count;
	char all;              /* qualifier of the strictest all that may stay; '\0': none */
	const char *redirect;  /* to be published in place of all; "" */
	const char *modifiers; /* the rest: " exp=..." */
	bool has_exp;
	struct audit_reached reached; /* by what is not dropped */
	unsigned voids;               /* of the published record */
};
void audit_spf(struct dns_audit *);

/* Adds a term to be published. NULL: there is no room for it. */
struct audit_term *audit_term_add(struct audit_spf *, const char *text, size_t word);

/* ---- dns_audit_missing.c ---- */

void audit_missing_vendors(struct audit_spf *);
void audit_missing_hosts(struct audit_spf *);

/* ---- dns_audit_record.c ---- */

void audit_record_make(struct audit_spf *);

/* What is not dropped, as a record without its end. */
struct spf_record audit_record_terms(const struct audit_spf *);

/* ---- dns_audit_keys.c, dns_audit_dmarc.c ---- */

/* Where the key of a selector was found. */
enum audit_key { AUDIT_KEY_NONE, AUDIT_KEY_BAD, AUDIT_KEY_HERE, AUDIT_KEY_ABOVE };
enum audit_key audit_key_find(struct dns_audit *, const struct delegation *, const char *selector, bool say);

void audit_keys(struct dns_audit *);
void audit_dmarc(struct dns_audit *);

/* ---- dns_audit_dmarc_tags.c, dns_audit_dmarc_tree.c ---- */

void audit_dmarc_tags(struct dns_audit *, struct span record);

/* The walk up from the domain; shown in the report; and what receivers of RFC 7489 find in its place. */
void audit_dmarc_walk(struct dns_audit *, struct dmarc_walk *out);
void audit_dmarc_show(struct dns_audit *, const struct dmarc_walk *);
void audit_dmarc_compare(struct dns_audit *, const struct dmarc_walk *);

#endif
