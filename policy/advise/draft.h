/*
 * draft.h - a first vendor file, from what a domain publishes.
 *
 * Gathers by ask and answer (SPF tree, DMARC, MX, DKIM keys), then writes the file with
 * a remark on each doubt. What was published goes only into remarks, never into a value: nobody
 * writes policy through DNS. Never guesses in the vendor's favour: when in doubt it trusts less.
 */
#ifndef DRAFT_H
#define DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/mail/dkim_key.h"
#include "policy/mail/dmarc_walk.h"
#include "policy/sources/sources.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"
#include "policy/util/text.h"

enum {
	DRAFT_SELECTORS_MAX = 16,
	DRAFT_INCLUDES_MAX = 32, /* more than the terms that RFC 7208, 4.6.4 allows */
	DRAFT_HOSTS_MAX = 10,
	DRAFT_TEXT_MAX = 256 * 1024
};

/* What was seen of its mail: counts for a person, beside the lines that they speak for. */
struct draft_seen {
	uint64_t messages, by_dkim, by_spf;
};

/* What is asked for; all kept until draft_close. */
struct draft_request {
	const char *domain;           /* normal form, not a public suffix */
	const char *name;             /* of the vendor; "": made from the domain */
	const char *const *selectors; /* DKIM */
	size_t selector_count;        /* at most DRAFT_SELECTORS_MAX */
	const char *const *shared;    /* domains of known shared senders, normal form */
	size_t shared_count;
	const struct suffix_list *suffixes;
	int64_t now;
	const struct draft_seen *seen; /* NULL: nothing was */
};

enum draft_spf {
	DRAFT_SPF_NONE,   /* no record */
	DRAFT_SPF_BROKEN, /* of no use: why says it */
	DRAFT_SPF_OPEN,   /* +all: it passes everybody */
	DRAFT_SPF_EMPTY,  /* it passes nobody */
	DRAFT_SPF_USABLE
};

struct draft_include {
	const char *name;
	const char *shared; /* the known shared sender that it belongs to, or NULL */
	bool foreign;       /* not below the organisational domain */
};

struct draft_key {
	const char *selector;
	const char *domain; /* where it was found: the domain or its organisational domain; "": nowhere */
	bool record;        /* the key could be read as one */
	struct dkim_key key;
};

struct draft_facts {
	const char *name, *domain, *organisation;
	const struct draft_seen *seen; /* NULL: nothing was */
	bool has_customers;            /* the public suffix list knows the domain: names below it are theirs */
	const char *shared;            /* the known shared sender that the domain belongs to, or NULL */
	char today[sizeof "2026-11-21"];
	struct {
		enum draft_spf state;
		const char *record;    /* as published, "" when none */
		char ending;           /* qualifier of its `all`, after redirects; '\0': none found */
		const char *why;       /* BROKEN */
		const char *asked_why; /* the first term that cannot be listed; "" */
		const struct source_network *networks;
		size_t network_count;
		struct draft_include includes[DRAFT_INCLUDES_MAX]; /* and redirects, in the order asked */
		size_t include_count;
	} spf;
	struct {
		bool found;
		const char *domain;       /* where */
		enum dmarc_policy policy; /* for mail of the domain */
		bool testing;             /* but only tested (t=y) */
		const char *organisation; /* by the walk up the tree; "" without a record */
	} dmarc;
	const char *hosts[DRAFT_HOSTS_MAX]; /* MX, lower case */
	size_t host_count;
	bool null_mx; /* RFC 7505: it accepts no mail */
	struct draft_key keys[DRAFT_SELECTORS_MAX];
	size_t key_count;
};

enum draft_state {
	DRAFT_ASKS,
	DRAFT_DONE,
	DRAFT_NOWHERE,  /* there is no such domain */
	DRAFT_TEMPORARY /* DNS trouble, or out of memory: why says it */
};

struct draft;
struct draft *draft_open(const struct draft_request *, struct fault *why) MUST_USE; /* given */
void draft_close(struct draft *);

/* The next question to ask, or false when there is none. */
bool draft_next(struct draft *, struct dns_question *out);
void draft_answer(struct draft *, const struct dns_answer *);

enum draft_state draft_state(const struct draft *, struct fault *why);
const struct draft_facts *draft_facts(const struct draft *); /* once it is DONE; borrowed */

/* Does a signature by this key count? Is there such a key? */
bool draft_key_counts(const struct draft_key *);
bool draft_has_key(const struct draft_facts *);

/* Writes the vendor file; returns how many doubts are in it. The text has a ceiling of DRAFT_TEXT_MAX. */
size_t draft_write(const struct draft_facts *, struct text *out);

#endif
