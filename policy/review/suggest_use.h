/*
 * suggest_use.h - what of a policy was used while records were written: vendors, sources, networks, alternatives of
 * vouch; and who forged their names.
 *
 * Judged by today's policy from what was known then. Its memory depends on the policy alone. Never judges itself.
 */
#ifndef SUGGEST_USE_H
#define SUGGEST_USE_H

#include "policy/review/judge_again.h"
#include "policy/review/kept_names.h"

enum {
	USE_NETWORKS_MAX = 4096, /* a source with more networks is counted as a whole */
	USE_FORGERS_MAX = 4096
};

struct vendor_use {
	uint64_t records; /* that claim it */
	uint64_t vouched, unproven, forged, unsure;
	uint64_t alternatives[VOUCH_MAX]; /* records for which this one of vouch held */
};

struct forger {
	struct kept_name head;         /* a client network, in greylist.ipv4_prefix or ipv6_prefix */
	int64_t last;                  /* milliseconds since 1970 */
	char vendor[VENDOR_NAME_TEXT]; /* whose name the last one forged */
};

struct use;

/* The policy is borrowed. Given; NULL without memory. */
struct use *use_open(const struct policy *, const uint64_t seed[2]) MUST_USE;
void use_close(struct use *); /* NULL is fine */

/* A record that could be judged again; and any record, for who forged. */
void use_note(struct use *, const struct recorded *, const struct judged_again *);
void use_note_forger(struct use *, const struct recorded *);

const struct vendor_use *use_of_vendor(const struct use *, const struct vendor *);
/* Records whose client this source, or this network of a cidr or file source, held. */
uint64_t use_of_source(const struct use *, const struct source *);
bool use_tells_networks(const struct source *); /* are its networks counted one by one? */
bool use_has_network(const struct use *, const struct source *, size_t network);

/* Entries are struct forger, most records first. Borrowed. */
void **use_forgers(struct use *, size_t *count);
uint64_t use_forgers_dropped(const struct use *);

#endif
